"""How much memory the sleeping copies hold, and which of them have to go.

Copies share what none has written to, with each other and with the worker. What they hold is what dropping all of them
would give back: the sum of everybody's proportional shares of anonymous memory (proc(5), `smaps_rollup`) without what
the worker would have alone. To find out takes the kernel a walk through all page tables, so it is only done when
the page faults and the shrinking of the worker say that the limit may have been exceeded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_PAGE = 4096
_FAULTS, _RESIDENT = 7, 21  # minflt and rss of proc(5), `stat`, counted behind the name


class MemoryBudget:
    """Says when the copies of a worker hold too much.

    Args:
        limit: in bytes; 0 for none.
    """

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._most = 0
        """What the copies can hold at most."""
        self._faults = self._resident = 0

    def exceeded(self, worker: int, copies: Collection[int]) -> int:
        """Take note of a new copy; how many of the oldest have to be dropped.

        Args:
            worker: the process of the worker.
            copies: those of its copies, the oldest first. The newest is always kept.
        """
        if not self.limit:
            return 0
        faults, resident = _activity(worker)
        copied = max(faults - self._faults, 0) * _PAGE
        # A page that the worker wrote to is held twice; one that it gave back is still held by the copies.
        self._most += 2 * copied + max(self._resident - resident, 0)
        self._faults, self._resident = faults, resident
        if self._most <= self.limit:
            return 0
        shares = [share_of(copy) for copy in copies]
        self._most = held = max(sum(shares) - _lacking(worker), 0)
        count = 0
        while held > self.limit and count < len(shares) - 1:
            held -= shares[count]
            count += 1
        if count:
            self._most = self.limit + 1  # what it shared with others is theirs now: look again next time
        return count


def held_by(worker: int, copies: Collection[int]) -> int:
    """The memory in bytes that ending these copies of a worker would give back."""
    return max(sum(share_of(copy) for copy in copies) - _lacking(worker), 0) if copies else 0


def memory_figures(worker: int, copies: Collection[int], limit: float) -> dict[str, float]:
    """How many copies there are, and what a worker and its copies hold, in bytes.

    Args:
        worker: the process of the worker.
        copies: those of its copies.
        limit: how much they may hold.
    """
    return {
        "copies": len(copies),
        "worker": private_memory(worker),
        "memory of copies": held_by(worker, copies),
        "undo-memory": limit,
    }


def share_of(process: int) -> int:
    """The anonymous memory of a process in bytes, each page divided by the number of processes that have it."""
    return _rollup(process).get("Pss_Anon", 0)


def private_memory(process: int) -> int:
    """The memory that only this process has, in bytes; 0 if that cannot be told."""
    figures = _rollup(process)
    return figures.get("Private_Clean", 0) + figures.get("Private_Dirty", 0)


def _lacking(worker: int) -> int:
    """What a worker would have more of if it shared with nobody."""
    figures = _rollup(worker)
    return max(figures.get("Anonymous", 0) - figures.get("Pss_Anon", 0), 0)


def _rollup(process: int) -> dict[str, int]:
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            next(file)
            words = [line.split() for line in file]
    except (OSError, StopIteration):
        return {}
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in words if len(line) == 3}


def _activity(process: int) -> tuple[int, int]:
    """The page faults of a process so far, and its resident memory in bytes."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        return int(words[_FAULTS]), int(words[_RESIDENT]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0, 0
