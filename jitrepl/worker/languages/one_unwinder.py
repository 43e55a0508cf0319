"""One unwinder for the process: libgcc's, which glibc uses whoever else is there.

`pthread_exit`, `pthread_cancel` and exceptions that leave a `pthread_once` unwind by `libgcc_s.so.1`, which glibc opens
by that name. If C++'s library is bound to another unwinder, the one hands the other its contexts, and the process
crashes. The wheel's libLLVM was built for LLVM's libunwind, which is told of each function's record in `.eh_frame`.
libgcc is told of a whole table, from some record to the zeros at its end (Linux Standard Base, "Exception Frames"), and
of none twice. So libLLVM gets a function in the place of `__register_frame` that tells each what it wants.
"""

from __future__ import annotations

import ctypes
from struct import iter_unpack

from jitrepl.worker.process import symbol_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LIBGCC = "libgcc_s.so.1"
REGISTER, DEREGISTER = "__register_frame", "__deregister_frame"

_LINK_MAP_BASE, _LINK_MAP_DYNAMIC = 0, 16  # l_addr and l_ld of `link_map` (<link.h>); a handle of `dlopen` is one
_SIZE, _STRINGS, _SYMBOLS, _RELOCATIONS = 2, 5, 6, 23  # DT_PLTRELSZ, DT_STRTAB, DT_SYMTAB, DT_JMPREL of <elf.h>
_RELOCATION, _RELOCATION_SIZE, _SYMBOL_SIZE = "<QQq", 24, 24  # Elf64_Rela, Elf64_Sym

_PAGE = 4096
_READ, _WRITE = 1, 2  # <sys/mman.h>

_Register = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_kept: list[object] = []
"""ctypes frees a callback that nobody refers to."""
walkers: list[ctypes.CDLL] = []
"""LLVM's libunwind, if it is there. It walks the stacks of crashes: libgcc sorts tables when it first needs them, takes
memory for that, and waits for a lock, none of which a handler can afford."""


def walker(name: str) -> int | None:
    """The address of a function of the unwinder for crashes; None if there is none."""
    if walkers:
        return ctypes.cast(walkers[0][name], ctypes.c_void_p).value
    return symbol_address(name)


class _Tables:
    """The tables of unwind records that libgcc knows.

    Args:
        libgcc: the one unwinder.
        libunwind: the other, by which stacks of crashes are walked.
    """

    def __init__(self, libgcc: ctypes.CDLL, libunwind: ctypes.CDLL) -> None:
        self._register, self._also_register = (_Register((REGISTER, library)) for library in (libgcc, libunwind))
        self._deregister, self._also_deregister = (_Register((DEREGISTER, library)) for library in (libgcc, libunwind))
        self._begun: set[int] = set()
        self._next = 0

    def register(self, record: int) -> None:
        """Take note of a function's record. libLLVM names those of a table one after the other."""
        self._also_register(record)
        known = self._reaches(record)
        self._next = record + 4 + _half(record)
        if not known:
            self._begun.add(record)
            self._register(record)

    def deregister(self, record: int) -> None:
        """Forget a function's record."""
        self._also_deregister(record)
        if record in self._begun:
            self._begun.remove(record)
            self._deregister(record)
            self._next = 0

    def _reaches(self, record: int) -> bool:
        """Whether the table of the record before goes on with this one, maybe after records that are no function's."""
        at = self._next
        while at and at < record and _half(at) and not _half(at + 4):
            at += 4 + _half(at)
        return at == record


def _half(address: int) -> int:
    return ctypes.c_uint32.from_address(address).value


def unify(libllvm: ctypes.CDLL, libunwind: ctypes.CDLL) -> None:
    """Make libLLVM register what it links with libgcc, too.

    Args:
        libllvm: bound to libgcc, which is open for the whole process.
        libunwind: the unwinder that it was made for.
    """
    tables = _Tables(ctypes.CDLL(LIBGCC), libunwind)
    functions: dict[bytes, Callable[[int], None]] = {
        REGISTER.encode(): tables.register,
        DEREGISTER.encode(): tables.deregister,
    }
    for name, slot in _slots(libllvm._handle, frozenset(functions)).items():
        callback = _Register(functions[name])
        _kept.append(callback)
        page = slot & -_PAGE
        # The linker may have made it read-only, when all was bound (RELRO).
        ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE), _READ | _WRITE)
        ctypes.c_void_p.from_address(slot).value = ctypes.cast(callback, ctypes.c_void_p).value


def _slots(handle: int, names: frozenset[bytes]) -> dict[bytes, int]:
    """Where a library has the addresses of functions that it calls and others define (`.got.plt`)."""
    base, dynamic = _pointer(handle + _LINK_MAP_BASE), _pointer(handle + _LINK_MAP_DYNAMIC)
    entries: dict[int, int] = {}
    while (tag := _pointer(dynamic)) != 0:
        entries[tag] = _pointer(dynamic + 8)
        dynamic += 16
    found: dict[bytes, int] = {}
    if not entries.keys() >= {_SIZE, _STRINGS, _SYMBOLS, _RELOCATIONS}:
        return found
    # glibc has made addresses of these on most machines; the others have offsets.
    strings, symbols, start = (
        entries[tag] if entries[tag] > base else base + entries[tag] for tag in (_STRINGS, _SYMBOLS, _RELOCATIONS)
    )
    size = entries[_SIZE] // _RELOCATION_SIZE * _RELOCATION_SIZE
    longest = max(map(len, names)) + 1
    for offset, info, _ in reversed(list(iter_unpack(_RELOCATION, ctypes.string_at(start, size)))):
        name = ctypes.string_at(strings + _half(symbols + _SYMBOL_SIZE * (info >> 32)), longest).partition(b"\0")[0]
        if name in names:
            found[name] = base + offset
            if len(found) == len(names):
                break
    return found


def _pointer(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value
