"""Whether an access failed because a stack was full.

Below a thread's stack lies a guard page; below the main thread's lies nothing, and the kernel makes the stack longer
until it reaches its limit (setrlimit(2), `RLIMIT_STACK`). A large frame may miss both: then the stack pointer itself
points to memory that is not there.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NEAR = 1 << 16
"""How far below the stack pointer, in bytes, code may write: 128 in its red zone, more where it fills a new frame."""


def overflowed(maps: str, address: int, stack: int) -> bool:
    """Whether an access that failed was behind the end of the stack.

    Args:
        maps: the process's mappings, as proc(5) has them in `maps`.
        address: what was accessed.
        stack: the stack pointer.
    """
    if address < stack - _NEAR:
        return False
    mappings = list(_mappings(maps))
    writable = [(start, end) for start, end, access in mappings if "w" in access]
    if any(start <= address < end for start, end in writable):
        return False
    above = min((start for start, _ in writable if start > address), default=None)
    if above is None or address >= above:
        return False
    guarded = any(start <= address < end == above for start, end, access in mappings if access.startswith("---"))
    lost = not any(start <= stack < end for start, end in writable)
    own_stack = any(start <= stack < end for start, end in writable if start == above)
    return lost or (own_stack and (guarded or address >= above - _NEAR - 1))


def _mappings(maps: str) -> Iterator[tuple[int, int, str]]:
    for line in maps.splitlines():
        words = line.split(maxsplit=2)
        if len(words) < 2 or "-" not in words[0]:
            continue
        start, _, end = words[0].partition("-")
        yield int(start, 16), int(end, 16), words[1]
