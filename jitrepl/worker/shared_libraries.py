"""The shared libraries of this process, as the dynamic loader knows them: dl_iterate_phdr(3), dladdr(3)."""

from __future__ import annotations

import ctypes
import os

_process = ctypes.CDLL(None)


class Segment(ctypes.Structure):
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


class Library(ctypes.Structure):
    """`struct dl_phdr_info` of <link.h>; `block` is the library's TLS in this thread."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(Segment)),
        ("count", ctypes.c_uint16),
        ("added", ctypes.c_uint64),
        ("removed", ctypes.c_uint64),
        ("module", ctypes.c_size_t),
        ("block", ctypes.c_void_p),
    )


class Place(ctypes.Structure):
    """`Dl_info` of <dlfcn.h>: the library in which an address lies, and the symbol before it."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


_Visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Library), ctypes.c_size_t, ctypes.c_void_p)


def libraries() -> list[Library]:
    """The libraries that are open, the program first; good as long as none is closed."""
    found: list[Library] = []

    def visit(library: ctypes._Pointer[Library], size: int, _data: int) -> int:
        whole = ctypes.string_at(library, min(size, ctypes.sizeof(Library))).ljust(ctypes.sizeof(Library), b"\0")
        found.append(Library.from_buffer_copy(whole))
        return 0

    _process.dl_iterate_phdr(_Visit(visit), None)
    return found


def place_of(address: int) -> Place | None:
    """Where an address lies; None if in no library."""
    place = Place()
    found = _process.dladdr(ctypes.c_void_p(address), ctypes.byref(place))
    return place if found and place.file else None


def library_at(address: int) -> str:
    """The path of the library in which an address lies; "" if none is known."""
    place = place_of(address)
    return os.fsdecode(place.file) if place else ""
