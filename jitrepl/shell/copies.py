"""The states of a session that it can go back to: sleeping copies of the worker, and inputs that can be repeated."""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
import os

from jitrepl.shell.memory import MemoryBudget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

    from jitrepl.messages import Snapshot

_SIGKILL = 9


class Copy:
    """A sleeping copy of a worker.

    Args:
        pid: its process, a child of this one.
        descriptor: our end of its socket.
    """

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def take(self) -> socket:
        """Give the socket away, to wake the copy by."""
        return _socket.socket(fileno=self._descriptor)  # type: ignore[return-value]

    def let_go(self) -> None:
        """Close the socket; the copy then ends by itself."""
        os.close(self._descriptor)

    def drop(self) -> None:
        """End the copy, without waiting for it: to unmap it takes the kernel a while."""
        self.let_go()
        try:
            os.kill(self.pid, _SIGKILL)
        except ProcessLookupError:
            return
        _dropped.add(self.pid)


_dropped: set[int] = set()
"""Copies that were ended and are not known to be gone."""


def reap_dropped(wait: bool = False) -> bool:
    """Take note of the ends of copies that were dropped.

    Args:
        wait: whether to wait for those that are not gone yet.

    Returns:
        Whether all are gone.
    """
    for pid in list(_dropped):
        try:
            gone, _ = os.waitpid(pid, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            gone = pid
        if gone:
            _dropped.discard(pid)
    return not _dropped


class Copies:
    """The copies that a worker has left.

    State number 0 is the empty session, number k the one after the k-th request that changed it. A state has a copy,
    or is what the copy before it becomes when requests are repeated, or is lost.
    """

    def __init__(self) -> None:
        self.limit = 1
        """How many copies are kept besides the newest."""
        self.budget = MemoryBudget()
        self.missing = ""
        """If the newest state is lost: what has been the case since the last one."""
        self.given_up = False
        """Whether any was dropped for the memory that it held."""
        self._count = 0  # the number of the next state
        self._kept: dict[int, Copy] = {}
        self._repeated: set[int] = set()

    @property
    def pids(self) -> list[int]:
        """Their processes, the oldest first."""
        return [self._kept[number].pid for number in sorted(self._kept)]

    def note(self, record: Snapshot, descriptors: list[int], worker: int) -> None:
        """Take note of what a worker has left after a request.

        Args:
            record: what it says of it.
            descriptors: takes the copy's socket from there.
            worker: its process.
        """
        number = self._count
        if record.replaces:
            number -= 1
            self._drop([number])
        else:
            self._count += 1
            if record.repeats:
                self._repeated.add(number)
                return
        self._repeated.discard(number)
        self.missing = record.since
        if not record.pid:
            return
        if not descriptors:  # this process had no room for the socket; the copy sees that it is closed, and ends
            self.missing = "jitrepl had no descriptor left (`ulimit -n`)"
            _dropped.add(record.pid)
            return
        self._kept[number] = Copy(record.pid, descriptors.pop())
        self._drop(sorted(self._kept)[: max(len(self._kept) - self.limit - 1, 0)])
        exceeding = self.budget.exceeded(worker, self.pids)
        self.given_up = self.given_up or exceeding > 0
        self._drop(sorted(self._kept)[:exceeding])
        reap_dropped()

    def reaches(self, number: int) -> bool:
        """Whether there is a way back to a state."""
        while number in self._repeated and number not in self._kept:
            number -= 1
        return number in self._kept

    def repeated_from(self, number: int, end: int) -> int:
        """The last state, up to number `end`, that a state becomes when requests are repeated."""
        while number < end and number + 1 in self._repeated:
            number += 1
        return number

    def older_than(self, number: int) -> list[int]:
        """The numbers of the states before another that there is a way back to."""
        return [state for state in range(number) if self.reaches(state)]

    def back_to(self, number: int) -> Copies:
        """Hand over the copies that are not newer than a state; those that are newer are ended."""
        older = Copies()
        older.limit, older.budget.limit, older.given_up = self.limit, self.budget.limit, self.given_up
        self._drop([state for state in self._kept if state > number])
        older._kept, self._kept = self._kept, {}
        older._repeated = self._repeated
        return older

    def take_newest(self) -> tuple[int, Copy] | None:
        """Take the newest copy out; the next state to come gets its number."""
        if not self._kept:
            return None
        self._count = max(self._kept)
        return self._count, self._kept.pop(self._count)

    def drop(self) -> None:
        """End all copies."""
        self._drop(list(self._kept))

    def let_go(self) -> None:
        """Close all sockets; the copies then end by themselves."""
        for copy in self._kept.values():
            copy.let_go()

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            if number in self._kept:
                self._kept.pop(number).drop()
