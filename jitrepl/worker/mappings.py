"""Keep the number of memory mappings small, which every copy of the process has to copy one by one.

JITLink gives each module pages of its own, code and read-only data in turn, and the kernel keeps a mapping for each
run of pages with the same protection: 2,000 modules make thousands, and a fork takes 10 µs for each. Read-only data
of JITed code may as well be executable; then neighbours become one mapping (mprotect(2), proc(5) on `maps`).
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_READ_EXECUTE = 5  # PROT_READ | PROT_EXEC of <sys/mman.h>
_ANONYMOUS, _UNNAMED = "00:00", 5  # the device, and how many words a line has without a path

_process = ctypes.CDLL(None)
_process.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def runs(maps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The ranges of addresses in which code and read-only data lie side by side, and belong to no file.

    Args:
        maps: the lines of `/proc/self/maps`.
    """
    start = end = 0
    kinds: set[str] = set()
    for line in maps:
        words = line.split()
        first, last = (int(word, 16) for word in words[0].split("-"))
        mine = words[1] in ("r--p", "r-xp") and words[3] == _ANONYMOUS and len(words) == _UNNAMED
        if kinds and not (mine and first == end):
            if len(kinds) > 1:
                yield start, end
            kinds = set()
        if mine:
            start = start if kinds else first
            end = last
            kinds.add(words[1])
    if len(kinds) > 1:
        yield start, end


def merge() -> None:
    """Make one mapping of each such range."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        found = list(runs(file))
    for start, end in found:
        _process.mprotect(start, end - start, _READ_EXECUTE)
