"""Thread-local variables of shared libraries: where `__tls_get_addr` finds one in any thread."""

from __future__ import annotations

import ctypes

_process = ctypes.CDLL(None)
_PT_TLS = 7  # <elf.h>


class _Segment(ctypes.Structure):
    """`Elf64_Phdr` of <elf.h>."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("physical", ctypes.c_uint64),
        ("file_size", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("align", ctypes.c_uint64),
    )


class _Library(ctypes.Structure):
    """`struct dl_phdr_info` of <link.h>; `block` is the library's TLS in this thread."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(_Segment)),
        ("count", ctypes.c_uint16),
        ("added", ctypes.c_uint64),
        ("removed", ctypes.c_uint64),
        ("module", ctypes.c_size_t),
        ("block", ctypes.c_void_p),
    )


_Visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)


def tls_index(address: int) -> tuple[int, int] | None:
    """The module number and the offset of the thread-local variable that lies at an address in this thread.

    These two are a `tls_index`, which `__tls_get_addr` takes (ELF Handling For Thread-Local Storage, 3.4.2).

    Args:
        address: as `dlsym` gives it for a thread-local symbol.

    Returns:
        None if no library's TLS is there: the symbol is not thread-local.
    """
    found: list[tuple[int, int]] = []

    def visit(library: ctypes._Pointer[_Library], _size: int, _data: int) -> int:
        item = library.contents
        for number in range(item.count):
            segment = item.segments[number]
            if segment.type == _PT_TLS and item.block and item.block <= address < item.block + segment.size:
                found.append((item.module, address - item.block))
        return len(found)

    _process.dl_iterate_phdr(_Visit(visit), None)
    return found[0] if found else None
