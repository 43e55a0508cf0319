"""From addresses to functions and lines: in JITed code by its objects, elsewhere by the dynamic linker.

ORC's debug support keeps the object of everything that was linked, with the addresses of its sections, in the list
that debuggers read (`__jit_debug_descriptor`, GDB manual, "JIT Interface").
"""

from __future__ import annotations

import ctypes
import io
import os
from struct import pack_into, unpack_from

from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from jitrepl.worker.library import open_libllvm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Place:
    """What is at an address.

    Args:
        function: the name of the function; "" if it is not known.
        offset: how far behind its beginning the address is, in bytes.
        module: where the code comes from: a library's path, "" for JITed code.
        file: the source file; "" if there is no debug info.
        line: the line in it, from 1; 0 if it is not known.
    """

    __slots__ = ("file", "function", "line", "module", "offset")

    def __init__(self, function: str, offset: int, module: str = "", file: str = "", line: int = 0) -> None:
        self.function = function
        self.offset = offset
        self.module = module
        self.file = file
        self.line = line


class _Entry(ctypes.Structure):
    """`struct jit_code_entry`."""


_Entry._fields_ = (
    ("next", ctypes.POINTER(_Entry)),
    ("previous", ctypes.c_void_p),
    ("address", ctypes.c_void_p),
    ("size", ctypes.c_uint64),
)


class _Descriptor(ctypes.Structure):
    """`struct jit_descriptor`."""

    _fields_ = (
        ("version", ctypes.c_uint32),
        ("action", ctypes.c_uint32),
        ("relevant", ctypes.c_void_p),
        ("first", ctypes.POINTER(_Entry)),
    )


class _DynamicInfo(ctypes.Structure):
    """`Dl_info` of <dlfcn.h>."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def _objects() -> Iterator[bytes]:
    """The objects in the list. One that was removed may still be in it, so memory is read with care."""
    descriptor = _Descriptor.in_dll(open_libllvm(), "__jit_debug_descriptor")
    entry = descriptor.first
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        while entry:
            try:
                memory.seek(entry.contents.address or 0)
                data = memory.read(entry.contents.size)
            except (OSError, OverflowError):
                data = b""
            if data.startswith(_ELF64) and len(data) == entry.contents.size:
                yield data
            entry = entry.contents.next


_ELF64 = b"\x7fELF\x02"


class Symbolizer:
    """Looks addresses up in the objects that are linked now."""

    def __init__(self) -> None:
        self._code = [(start, end, data) for data in _objects() for start, end in _code_sections(data)]
        self._read: dict[int, _Object] = {}
        self._places: dict[int, Place | None] = {}

    def place(self, address: int) -> Place | None:
        """What is at an address, or None."""
        if address not in self._places:
            self._places[address] = self._in_objects(address) or _in_library(address)
        return self._places[address]

    def _in_objects(self, address: int) -> Place | None:
        """What of JITed code is at an address. Only the object that has it is read: that takes 2 ms."""
        for start, end, data in self._code:
            if start <= address < end:
                if start not in self._read:
                    self._read[start] = _Object(data)
                return self._read[start].place(address)
        return None


def _code_sections(data: bytes) -> Iterator[tuple[int, int]]:
    """Where an object's code begins and ends (`Elf64_Ehdr` and `Elf64_Shdr` of <elf.h>)."""
    (table,) = unpack_from("<Q", data, 0x28)
    size, count = unpack_from("<HH", data, 0x3A)
    if size < _SECTION_SIZE or table + size * count > len(data):
        return  # no longer what it was
    for at in range(table, table + size * count, size):
        flags, start, _, length = unpack_from("<QQQQ", data, at + 8)
        if flags & _EXECUTABLE and start:
            yield start, start + length


_SECTION_SIZE = 64  # bytes of an Elf64_Shdr
_EXECUTABLE = 0x4  # SHF_EXECINSTR


class _Object:
    """An ELF object with its sections at their addresses.

    In an object symbols count from the beginning of their section, and so would line numbers after relocation.
    Adding the sections' addresses to the symbols first gives real addresses everywhere.
    """

    def __init__(self, data: bytes) -> None:
        image = bytearray(data)
        elf = ELFFile(io.BytesIO(data))
        starts = [section["sh_addr"] for section in elf.iter_sections()]
        self._functions: list[tuple[int, int, str]] = []
        table = elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return
        for index, symbol in enumerate(table.iter_symbols()):
            section = symbol["st_shndx"]
            if not isinstance(section, int) or section >= len(starts):
                continue
            at = table["sh_offset"] + index * table["sh_entsize"] + 8  # st_value of Elf64_Sym
            (value,) = unpack_from("<Q", image, at)
            pack_into("<Q", image, at, value + starts[section])
            name, _, version = symbol.name.partition("#")
            if symbol["st_info"]["type"] == "STT_FUNC" and not version.startswith("local"):
                self._functions.append((value + starts[section], symbol["st_size"], name))
        self._elf = ELFFile(io.BytesIO(bytes(image)))

    def place(self, address: int) -> Place | None:
        """What of this object is at an address, or None."""
        for start, size, name in self._functions:
            if start <= address < start + max(size, 1):
                file, line = self._line(address)
                return Place(name, address - start, "", file, line)
        return None

    def _line(self, address: int) -> tuple[str, int]:
        """Source file and line (DWARF 5, section 6.2); the last row that does not lie behind the address."""
        if not self._elf.get_section_by_name(".debug_line"):
            return "", 0
        dwarf: DWARFInfo = self._elf.get_dwarf_info(relocate_dwarf_sections=True)
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is None:
                continue
            before = None
            for entry in program.get_entries():
                state = entry.state
                if state is None:
                    continue
                if before and before.address <= address < state.address:
                    return _path(program, before.file), before.line
                before = None if state.end_sequence else state
        return "", 0


def _path(program: Any, number: int) -> str:
    """The path of a line program's file. Before DWARF 5 files and folders count from 1, and folder 0 goes unsaid."""
    base = 0 if program.header.version >= 5 else 1
    files, folders = program["file_entry"], program["include_directory"]
    if not 0 <= number - base < len(files):
        return ""
    file = files[number - base]
    folder = file.dir_index - base
    before = folders[folder] if 0 <= folder < len(folders) else b""
    return os.path.join(before, file.name).decode("utf-8", "replace")


def _in_library(address: int) -> Place | None:
    info = _DynamicInfo()
    if not ctypes.CDLL(None).dladdr(ctypes.c_void_p(address), ctypes.byref(info)) or not info.file:
        return None
    module = info.file.decode("utf-8", "replace")
    if not info.name:
        return Place("", address - (info.base or 0), module)
    return Place(info.name.decode("utf-8", "replace"), address - (info.address or 0), module)
