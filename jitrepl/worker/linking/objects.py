"""ELF objects: what they define and need, and whether ORC can link them (<elf.h>; System V ABI, "Object Files").

JITLink links objects as a linker does, but for two things, which are seen to here. It drops the tables of constructors
and destructors, since nothing refers to them: each gets a symbol. And without the ORC runtime it takes a thread-local
variable for an ordinary one, in silence: such objects are refused.
"""

from __future__ import annotations

import os
from struct import Struct, error, pack_into

from jitrepl.errors import ObjectError
from jitrepl.literal_tree import quoted
from jitrepl.worker.reader import Global
from jitrepl.worker.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_CLASS, _DATA, _TYPE, _MACHINE = 4, 5, 16, 18  # offsets in Elf64_Ehdr
_64_BIT, _LITTLE_ENDIAN = 2, 1
_RELOCATABLE, _PROGRAM, _SHARED = 1, 2, 3
_MACHINES = {"x86_64": 62, "aarch64": 183}
_MACHINE_NAMES = {3: "32-bit x86", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC", 22: "IBM Z", 40: "32-bit ARM",
                  62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch"}  # fmt: skip

_HEADER = Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
_SECTION = Struct("<IIQQQQIIQQ")  # Elf64_Shdr
_SYMBOL = Struct("<IBBHQQ")  # Elf64_Sym
_SYMTAB, _NOBITS, _INIT_ARRAY, _FINI_ARRAY = 2, 8, 14, 15  # sh_type
_EXECUTABLE, _TLS = 0x4, 0x400  # SHF_EXECINSTR, SHF_TLS
_UNDEFINED, _COMMON = 0, 0xFFF2  # st_shndx
_LOCAL, _GLOBAL = 0, 1  # binding of a symbol
_OBJECT, _FUNCTION, _THREAD_LOCAL, _IFUNC = 1, 2, 6, 10  # its type
_POINTER = 8  # bytes
_DEFAULT_PRIORITY = 65535


class ObjectSymbol(Global):
    """A symbol of an object.

    An object knows a variable's size and nothing of a function's type.

    Args:
        name: its name.
        kind: `function`, `variable`, or `symbol` for one that it needs: it does not say what that is.
        size: how long it is, in bytes.
        defined: whether this object defines it.
        weak: whether another definition may take its place, or it may stay undefined.
        common: whether it is a common symbol, of which the largest of several is taken.
    """

    __slots__ = ()

    def __init__(self, name: str, kind: str, size: int, defined: bool, weak: bool, common: bool) -> None:
        self.name = name
        self.kind = kind
        self.defined = defined
        self.weak = weak
        self.common = common
        self.type = Type(f"[{size} x i8]" if size and kind == "variable" else "", size)
        self.signature = None
        self.used = True
        self.comdat = self.local = self.private = self.thread_local = self.constant = False
        self.described = self.noreturn = False

    @property
    def callable(self) -> bool:
        """Whether it is code."""
        return self.kind == "function"

    def declaration(self) -> str:
        """A line that declares it in another module; "" if its type would have to be known."""
        return f"{quoted(self.name)} = external global {self.type.text}" if self.type.text else ""


class Table:
    """A table of constructors or destructors.

    Args:
        section: the number of its section.
        count: how many functions are in it.
        priority: when it is due: constructors in rising order, destructors in falling.
    """

    __slots__ = ("count", "priority", "section")

    def __init__(self, section: int, count: int, priority: int) -> None:
        self.section = section
        self.count = count
        self.priority = priority


class ObjectReading:
    """An object that was read and can be linked.

    Args:
        data: the object.
        globals: the symbols that it defines for others, and those that it needs.
        constructors: its tables of constructors.
        destructors: its tables of destructors.
        places: where its section headers begin, and the numbers of its symbol table and of the table of their names.
    """

    __slots__ = ("constructors", "data", "destructors", "globals", "module", "notes", "places")

    ifuncs = False
    unnamed = False

    def __init__(
        self,
        data: bytes,
        globals: list[Global],
        constructors: list[Table],
        destructors: list[Table],
        places: tuple[int, int, int],
    ) -> None:
        self.data = data
        self.globals = globals
        self.constructors = constructors
        self.destructors = destructors
        self.places = places
        self.module = None
        self.notes: list[str] = []

    @property
    def constructs(self) -> bool:
        """Whether something has to run before any other code of it."""
        return bool(self.constructors)

    @property
    def destructs(self) -> bool:
        """Whether something has to run at the end."""
        return bool(self.destructors)

    def image(self, names: dict[str, str], left_out: Collection[str], tables: dict[str, int]) -> bytes:
        """The object with other symbols.

        Symbol table and names move to the end of the file, where they can grow; global symbols come last anyway.

        Args:
            names: the new names of symbols that get one.
            left_out: the symbols that it is to need rather than to define.
            tables: names for symbols that are added, each with the section at whose beginning it is.
        """
        if not (names or left_out or tables):
            return self.data
        start, symtab_index, strings_index = self.places
        headers = {index: _SECTION.unpack_from(self.data, start + _SECTION.size * index) for index in self.places[1:]}
        strings = bytearray(_contents(self.data, headers[strings_index]))
        symbols = bytearray()
        for at, info, other, section, value, size in _SYMBOL.iter_unpack(_contents(self.data, headers[symtab_index])):
            name = _text(strings, at)
            if info >> 4 != _LOCAL and name in left_out:
                info, section, value, size = _GLOBAL << 4, _UNDEFINED, 0, 0
            if info >> 4 != _LOCAL and name in names:
                at = _appended(strings, names[name])
            symbols += _SYMBOL.pack(at, info, other, section, value, size)
        for name, section in tables.items():
            symbols += _SYMBOL.pack(_appended(strings, name), _GLOBAL << 4 | _OBJECT, 0, section, 0, 0)
        image = bytearray(self.data) + bytes(-len(self.data) % _POINTER)
        for index, content in ((symtab_index, symbols), (strings_index, strings)):
            place = start + _SECTION.size * index + _OFFSET_FIELD
            pack_into("<QQ", image, place, len(image), len(content))
            image += content + bytes(-len(content) % _POINTER)
        return bytes(image)


def _appended(strings: bytearray, name: str) -> int:
    """Add a name to a table of them; where it is."""
    at = len(strings)
    strings += name.encode("utf-8", "surrogateescape") + b"\0"
    return at


def read_object(data: bytes, name: str) -> ObjectReading:
    """Read an object.

    Args:
        data: the file.
        name: what messages call it.

    Raises:
        ObjectError: if it is broken, for another machine, or has what cannot be linked here.
    """
    _refuse_foreign(data, name)
    try:
        return _read(data, name)
    except (error, IndexError, OverflowError):
        raise ObjectError(f"{name} is a truncated or corrupt object", "make it again") from None
    except ValueError as problem:
        raise ObjectError(f"{name} is a truncated or corrupt object ({problem})", "make it again") from None


def _refuse_foreign(data: bytes, name: str) -> None:
    """Refuse what is no object for this machine."""
    if len(data) < _HEADER.size:
        raise ObjectError(f"{name} is a truncated object", "make it again")
    kind = int.from_bytes(data[_TYPE : _TYPE + 2], "little")
    machine = int.from_bytes(data[_MACHINE : _MACHINE + 2], "little" if data[_DATA] == _LITTLE_ENDIAN else "big")
    here = os.uname().machine
    if machine != _MACHINES.get(here) or data[_CLASS] != _64_BIT or data[_DATA] != _LITTLE_ENDIAN:
        other = _MACHINE_NAMES.get(machine, f"another machine ({machine})")
        if machine == _MACHINES.get(here):
            other = "32-bit pointers" if data[_CLASS] != _64_BIT else "another byte order"
        raise ObjectError(f"{name} is an object for {other}, this session runs {here}", "compile it for this machine")
    if kind == _SHARED:
        raise ObjectError(f"{name} is a shared library or a program", "open a library by its path: `:lib PATH`")
    if kind == _PROGRAM:
        raise ObjectError(f"{name} is a linked program, not an object", "load the objects that it was linked from")
    if kind != _RELOCATABLE:
        raise ObjectError(f"{name} is an ELF file of type {kind}, not an object", "load an object (`cc -c`)")


def _read(data: bytes, name: str) -> ObjectReading:
    header = _HEADER.unpack_from(data)
    start, size, count, names_index = header[6], header[11], header[12], header[13]
    if size != _SECTION.size or not count:
        raise ValueError("it has no table of sections")
    sections = [_SECTION.unpack_from(data, start + size * index) for index in range(count)]
    if any(kind != _NOBITS and offset + length > len(data) for _, kind, _, _, offset, length, *_ in sections):
        raise ValueError("a section lies behind its end")
    names = _contents(data, sections[names_index])
    titles = [_text(names, section[0]) for section in sections]
    _refuse_sections(name, sections, titles)
    index = next((i for i, section in enumerate(sections) if section[1] == _SYMTAB), 0)
    if not index:
        return ObjectReading(data, [], [], [], (start, 0, 0))
    symtab = sections[index]
    strings = _contents(data, sections[symtab[6]])
    globals: list[Global] = list(_symbols(name, _contents(data, symtab), strings, sections))
    constructors = list(_tables(sections, titles, ".init_array"))
    destructors = list(_tables(sections, titles, ".fini_array"))
    return ObjectReading(data, globals, constructors, destructors, (start, index, symtab[6]))


def _contents(data: bytes, section: tuple[int, ...]) -> bytes:
    offset, length = section[4], section[5]
    return b"" if section[1] == _NOBITS else data[offset : offset + length]


def _text(strings: bytes | bytearray, at: int) -> str:
    end = strings.index(b"\0", at)
    return strings[at:end].decode("utf-8", "surrogateescape")


def _refuse_sections(name: str, sections: list[tuple[int, ...]], titles: list[str]) -> None:
    for section, title in zip(sections, titles, strict=True):
        if section[2] & _TLS:
            raise ObjectError(*_no_thread_locals(name, ""))
        if title.startswith((".ctors", ".dtors")) and section[5]:
            raise ObjectError(
                f"{name} lists its constructors as compilers did before .init_array ({title})",
                "compile it with a compiler of today",
            )
    if any(title.startswith(".gnu.lto_") for title in titles) and ".text" not in titles:
        raise ObjectError(f"{name} has GCC's intermediate code instead of machine code", "compile it without -flto")


def _no_thread_locals(name: str, symbol: str) -> tuple[str, str]:
    which = f" ({symbol})" if symbol else ""
    return (
        f"{name} uses thread-local variables{which}, which all threads would share if it were linked here",
        "load its source or its bitcode, where they work, or a shared library of it (`cc -shared`)",
    )


def _symbols(name: str, symtab: bytes, strings: bytes, sections: list[tuple[int, ...]]) -> Iterator[ObjectSymbol]:
    for at, info, _other, section, _value, size in _SYMBOL.iter_unpack(symtab):
        binding, kind = info >> 4, info & 15
        title = _text(strings, at)
        if kind == _THREAD_LOCAL:
            raise ObjectError(*_no_thread_locals(name, title))
        if kind == _IFUNC and section != _UNDEFINED:
            raise ObjectError(f"{name}: ORC cannot link the ifunc @{title}", "call what it resolves to")
        if title == "__gnu_lto_slim":
            raise ObjectError(f"{name} has GCC's intermediate code instead of machine code", "compile it without -flto")
        if binding == _LOCAL or not title or title == "_GLOBAL_OFFSET_TABLE_":
            continue
        defined = section != _UNDEFINED
        code = kind == _FUNCTION or (section < len(sections) and sections[section][2] & _EXECUTABLE)
        what = "symbol" if not defined else "function" if code else "variable"
        yield ObjectSymbol(title, what, size, defined, binding != _GLOBAL or section == _COMMON, section == _COMMON)


def _tables(sections: list[tuple[int, ...]], titles: list[str], prefix: str) -> Iterator[Table]:
    """The tables whose sections begin with `prefix`; a number behind it is their priority."""
    for at, (section, title) in enumerate(zip(sections, titles, strict=True)):
        if section[1] in (_INIT_ARRAY, _FINI_ARRAY) and title.startswith(prefix) and section[5]:
            number = title.removeprefix(prefix).strip(".")
            priority = int(number) if number.isdecimal() else _DEFAULT_PRIORITY
            yield Table(at, section[5] // _POINTER, priority)


_OFFSET_FIELD = 24  # of sh_offset and sh_size in Elf64_Shdr
