"""How much memory JITed code may take: a limit on top of what the worker itself has mapped.

The kernel's limits (setrlimit(2)) are for the whole process, of which Python, LLVM and compiled code take the most. So
a limit of the user's holds only while JITed code runs, and what that code has taken by then is counted. Between calls
the limit is what the machine has, on top of what was mapped at the start.

RLIMIT_DATA counts private memory when it becomes writable, RLIMIT_AS all that is mapped or reserved. glibc has reserved
64 MB for the heap of each thread, and `malloc` takes from those what it does not get otherwise, so the first is what
counts; Linux goes by it in mprotect(2) only where there is as much room in the second.
"""

from __future__ import annotations

import ctypes
import os

from jitrepl.worker.process import symbol_address

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SIZE, _DATA = 0, 5  # columns of `statm`
_NO_LIMIT = -1  # RLIM_INFINITY
_RESERVED = 64 << 20
_ERRNO = "__errno_location"
ENOMEM = 12  # <errno.h>


class MemoryLimit:
    """The limit of this process.

    Args:
        size: in bytes; 0 for none.
    """

    def __init__(self, size: int) -> None:
        self.size = 0
        self._taken = 0
        self._depth = 0
        self._before = (0, 0)
        self._lax = _NO_LIMIT
        self._exact = False
        place = symbol_address(_ERRNO)
        # JITed code runs in this thread, where the address of `errno` stays the same, in copies of the process too.
        self._errno = ctypes.cast(place, ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_int)))() if place else None
        self.set(size)

    def set(self, size: int) -> None:
        """Set another limit; what JITed code has taken until now does not count."""
        if size == self.size:
            return
        physical = os.sysconf("SC_PHYS_PAGES") * _PAGE
        self.size, self._taken = size, 0
        self._exact = 0 < size < physical
        self._lax = max(mapped()) + max(size, physical) if size else _NO_LIMIT
        _limit(self._lax, _NO_LIMIT)

    def begin(self) -> None:
        """JITed code is about to run."""
        if self._errno:
            self._errno[0] = 0
        self._depth += 1
        if self._exact and self._depth == 1:
            self._before = mapped()
            left = max(self.size - self._taken, 0)
            space, data = self._before
            _limit(space + left + _RESERVED, data + left)

    def end(self) -> None:
        """JITed code has come to an end, by itself or in a crash."""
        self._depth -= 1
        if self._exact and self._depth == 0:
            _limit(self._lax, _NO_LIMIT)
            grown = max(after - before for after, before in zip(mapped(), self._before, strict=True))
            self._taken = max(self._taken + grown, 0)


def mapped() -> tuple[int, int]:
    """The address space of this process, and what of it is data or stack, in bytes (proc(5), `statm`)."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        pages = file.read(128).split()
    return int(pages[_SIZE]) * _PAGE, int(pages[_DATA]) * _PAGE


def out_of_memory(problem: BaseException) -> bool:
    """Whether an exception of Python's says that there was no memory for something."""
    if isinstance(problem, MemoryError):
        return True
    if isinstance(problem, OSError) and problem.errno == ENOMEM:
        return True
    return isinstance(problem, ImportError | OSError) and "failed to map segment" in str(problem)  # dlopen(3)


def _limit(space: int, data: int) -> None:
    """Limit address space and data to so many bytes, or what the hard limits allow."""
    import resource

    for kind, size in ((resource.RLIMIT_AS, space), (resource.RLIMIT_DATA, data)):
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            size = hard if size == _NO_LIMIT else min(size, hard)
        resource.setrlimit(kind, (size, hard))
