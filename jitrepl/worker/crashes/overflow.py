"""Whether an access failed because a stack was full.

Below a thread's stack lies a guard page; below the main thread's lies nothing, and the kernel makes the stack longer
until it reaches its limit (setrlimit(2), `RLIMIT_STACK`). A large frame may miss both and come to lie anywhere: then it
is the stack pointer that tells.
"""

from __future__ import annotations

_NEAR = 1 << 16
"""How far below the stack pointer, in bytes, code may write: 128 in its red zone, more where it fills a new frame."""
_MAIN = "[stack]"
"""What proc(5) calls the mapping with the stack of the main thread."""


def overflowed(maps: str, address: int, stack: int, thread: int) -> bool:
    """Whether an access that failed was behind the end of the stack.

    Args:
        maps: the process's mappings, as proc(5) has them in `maps`.
        address: what was accessed.
        stack: the stack pointer.
        thread: what pthread_self(3) returned, which in glibc is an address at the upper end of the thread's stack;
            0 for the main thread.
    """
    for line in maps.splitlines():
        words = line.split(maxsplit=5)
        start, dash, end = words[0].partition("-") if words else ("", "", "")
        if not dash:
            continue
        bottom, top = int(start, 16), int(end, 16)
        if bottom <= thread < top or (not thread and words[-1] == _MAIN):
            return stack - _NEAR <= address < bottom
    return False
