"""Make a function's old body lead to its new one, while code may be running in it.

Every function is compiled with 16 bytes in front of its entry and a no-op at it. To redirect one, the new address is
written into the 16 bytes, which hold an indirect jump, and the no-op becomes a short jump there, by one store.
Whoever is in the old body stays in it; every later call, by whatever pointer, reaches the new one. (Intel SDM, volume
2, "JMP"; it is how Windows' hot-patchable functions are made.)
"""

from __future__ import annotations

import ctypes

from jitrepl.errors import InternalError

PREFIX = b"\xff\x25\x02\x00\x00\x00\xcc\xcc" + bytes(8)
"""`jmp *2(%rip)`, two traps, and the address."""

PROLOGUE = b"\xf3\x0f\x1e\xfa"
"""`endbr64`, a no-op that debuggers expect at an entry: gdb would take another one for the end of the prologue, and
stop before arguments are where debug info says."""

_JUMP = b"\xeb" + bytes([256 - len(PREFIX) - 2])
_ADDRESS = 8
_READ_WRITE_EXECUTE, _READ_EXECUTE = 7, 5  # <sys/mman.h>
_PAGE = 4096

_process = ctypes.CDLL(None)
_process.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def works_on(triple: str) -> bool:
    """Whether code for a target can be redirected."""
    return triple.startswith("x86_64")


def can_redirect(address: int) -> bool:
    """Whether the code at an address, which the session has compiled, has room for a jump."""
    return ctypes.string_at(address, 2) in (PROLOGUE[:2], _JUMP) and (
        ctypes.string_at(address - len(PREFIX), _ADDRESS) == PREFIX[:_ADDRESS]
    )


def redirect(old: int, new: int) -> bytes:
    """Make calls of the function at one address reach the one at another; returns what `restore` needs."""
    with _Writable(old):
        before = ctypes.string_at(old - _ADDRESS, _ADDRESS + len(_JUMP))
        ctypes.c_uint64.from_address(old - _ADDRESS).value = new
        ctypes.memmove(old, _JUMP, len(_JUMP))
    return before


def restore(old: int, before: bytes) -> None:
    """Make calls of a function reach what they reached before it was redirected."""
    with _Writable(old):
        ctypes.memmove(old, before[_ADDRESS:], len(_JUMP))
        ctypes.memmove(old - _ADDRESS, before[:_ADDRESS], _ADDRESS)


class _Writable:
    """The page of a function's entry, while something is written there.

    It stays executable: another thread may be running in it.
    """

    def __init__(self, address: int) -> None:
        self._start = (address - len(PREFIX)) // _PAGE * _PAGE
        self._length = address + len(PROLOGUE) - self._start

    def __enter__(self) -> None:
        self._protect(_READ_WRITE_EXECUTE)

    def __exit__(self, *_: object) -> None:
        self._protect(_READ_EXECUTE)

    def _protect(self, how: int) -> None:
        if _process.mprotect(self._start, self._length, how):
            raise InternalError("the code of a function cannot be made writable", "`:load` it in a new session")
