"""From addresses to functions and lines: in JITed code by its objects, elsewhere by the dynamic linker.

Where functions were inlined, an address is in several at once.

ORC's debug support keeps the object of everything that was linked, with the addresses of its sections, in the list
that debuggers read (`__jit_debug_descriptor`, GDB manual, "JIT Interface").
"""

from __future__ import annotations

import ctypes
import io
from itertools import count
from struct import calcsize, iter_unpack, pack_into, unpack_from

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from jitrepl.worker.crashes.dwarf import DebugInfo
from jitrepl.worker.languages.demangle import demangle
from jitrepl.worker.library import open_libllvm
from jitrepl.worker.shared_libraries import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from elftools.elf.sections import Section


class Place:
    """What is at an address.

    Args:
        function: the name of the function; "" if it is not known.
        offset: how far behind its beginning the address is, in bytes.
        module: where the code comes from: a library's path, "" for JITed code.
        file: the source file; "" if there is no debug info.
        line: the line in it, from 1; 0 if it is not known.
        inlined: whether the function was inlined into the one of the next place.
        size: the function's size in bytes; 0 if it is not known.
    """

    __slots__ = ("file", "function", "inlined", "line", "module", "offset", "size")

    def __init__(
        self,
        function: str,
        offset: int,
        module: str = "",
        file: str = "",
        line: int = 0,
        inlined: bool = False,
        size: int = 0,
    ) -> None:
        self.function = function
        self.offset = offset
        self.module = module
        self.file = file
        self.line = line
        self.inlined = inlined
        self.size = size


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
        self._read: dict[int, Object] = {}
        self._places: dict[int, tuple[Place, ...]] = {}

    def places(self, address: int) -> tuple[Place, ...]:
        """What is at an address: inlined functions, the innermost first, then the function that has the code.

        Empty if nothing is known of it.
        """
        if address not in self._places:
            self._places[address] = self._in_objects(address) or _in_library(address)
        return self._places[address]

    def _in_objects(self, address: int) -> tuple[Place, ...]:
        """What of JITed code is at an address. Only the object that has it is read: that takes 2 ms."""
        for start, end, data in self._code:
            if start <= address < end:
                if start not in self._read:
                    self._read[start] = Object(data)
                return self._read[start].places(address)
        return ()


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


class Object:
    """An ELF object with its sections at their addresses.

    In an object symbols count from the beginning of their section, and so would line numbers after relocation.
    Adding the sections' addresses to the symbols first gives real addresses everywhere.
    """

    def __init__(self, data: bytes) -> None:
        image = bytearray(data)
        elf = ELFFile(io.BytesIO(data))
        sections = list(elf.iter_sections())
        starts = [section["sh_addr"] for section in sections]
        self._functions: list[tuple[int, int, str]] = []
        self._debug: DebugInfo | None = None
        table = elf.get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            return
        values = []
        names, first = table.stringtable.data(), table["sh_offset"]
        rows = iter_unpack(_SYMBOL, data[first : first + table["sh_size"]])
        for at, (name, info, _, section, value, size) in zip(count(first, calcsize(_SYMBOL)), rows, strict=False):
            if section < len(starts):
                value += starts[section]
                pack_into("<Q", image, at + 8, value)
                text, _, version = names[name : names.index(b"\0", name)].decode("utf-8", "replace").partition("#")
                if info & 0xF == _FUNCTION and not version.startswith("local"):
                    self._functions.append((value, size, text))
            values.append(value)
        if any(section.name == ".debug_line" for section in sections):
            _relocate(image, sections, values)
            self._debug = DebugInfo(ELFFile(io.BytesIO(bytes(image))).get_dwarf_info(relocate_dwarf_sections=False))

    @classmethod
    def placed(cls, data: bytes) -> Object:
        """An object that was not linked, with its sections at addresses that are far from each other."""
        image = bytearray(data)
        (table,) = unpack_from("<Q", data, 0x28)
        size, count = unpack_from("<HH", data, 0x3A)
        for index in range(1, count):
            pack_into("<Q", image, table + size * index + 0x10, index << 32)  # sh_addr of Elf64_Shdr
        return cls(bytes(image))

    def function(self, name: str) -> tuple[int, int] | None:
        """Address and size of a function, by its symbol."""
        return next(((start, size) for start, size, known in self._functions if known == name), None)

    def places(self, address: int) -> tuple[Place, ...]:
        """What of this object is at an address."""
        for start, size, name in self._functions:
            if start <= address < start + max(size, 1):
                points = self._debug.points(address) if self._debug else []
                offset = address - start
                if not points:
                    return (Place(demangle(name), offset, size=size),)
                *inlined, last = points
                return (
                    *(Place(demangle(p.function), offset, "", p.file, p.line, inlined=True) for p in inlined),
                    Place(demangle(name), offset, "", last.file, last.line, size=size),
                )
        return ()


def _relocate(image: bytearray, sections: list[Section], values: list[int]) -> None:
    """Relocate an object's debug info.

    pyelftools can do that, but takes 0.1 ms for each address, of which C++ has a hundred thousand.

    Args:
        image: the object; changed.
        sections: its sections.
        values: those of its symbols.
    """
    for section in sections:
        if section["sh_type"] != "SHT_RELA" or not section.name.startswith(".rela.debug_"):
            continue
        base, first = sections[section["sh_info"]]["sh_offset"], section["sh_offset"]
        for offset, info, addend in iter_unpack(_RELOCATION, bytes(image[first : first + section["sh_size"]])):
            form = _FORMS.get(info & 0xFFFFFFFF)
            if form:
                mask = (1 << 8 * calcsize(form)) - 1
                pack_into(form, image, base + offset, values[info >> 32] + addend & mask)


_SYMBOL, _RELOCATION = "<IBBHQQ", "<QQq"  # Elf64_Sym and Elf64_Rela of <elf.h>
_FUNCTION = 2  # STT_FUNC
_FORMS = {1: "<Q", 10: "<I", 11: "<I"}
"""R_X86_64_64, R_X86_64_32 and R_X86_64_32S; there are no others that say where code is."""


def _in_library(address: int) -> tuple[Place, ...]:
    info = place_of(address)
    if info is None:
        return ()
    module = info.file.decode("utf-8", "replace")
    if not info.name:
        return (Place("", address - (info.base or 0), module),)
    return (Place(demangle(info.name.decode("utf-8", "replace")), address - (info.address or 0), module),)
