"""Values of source types in the memory of this process, read with care: a bad pointer is an error, not a crash."""

from __future__ import annotations

import os
import struct

from jitrepl.worker import floats
from jitrepl.worker.source.sourcetypes import Address, Enumeration, Member, Record, Scalar, Sequence, SourceType
from jitrepl.worker.source.spelling import spell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FLOATS = {
    "half": ("_Float16", "__fp16", "f16"),
    "bfloat": ("__bf16",),
    "fp128": ("__float128", "_Float128", "f128"),
}
_BY_SIZE = {2: "half", 4: "float", 8: "double", 16: "x86_fp80"}
_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}  # of the module struct


class Unreadable(Exception):
    """There is no memory at an address.

    Args:
        address: where.
    """

    def __init__(self, address: int) -> None:
        super().__init__(f"memory at {address:#x} cannot be read")
        self.address = address


class Memory:
    """The memory of this process, by /proc/self/mem: reading what is not there fails instead of ending the process.

    The file is opened for each use: one that was opened before a fork is the parent's memory (proc(5)).
    """

    def __enter__(self) -> Memory:
        self._file = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, address: int, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
            Unreadable: if some of them are not there.
        """
        if not 0 <= address < 1 << 63 or size < 0 or size > _MOST:
            raise Unreadable(address)
        try:
            data = os.pread(self._file, size, address) if size else b""
        except (OSError, MemoryError):
            raise Unreadable(address) from None
        if len(data) != size:
            raise Unreadable(address + len(data))
        return data

    def text(self, address: int, limit: int) -> bytes:
        """The bytes up to a NUL, or `limit` of them.

        Raises:
            Unreadable: if not even the first is there.
        """
        found = b""
        while len(found) < limit and b"\0" not in found:
            size = min(256, 4096 - (address + len(found)) % 4096)  # what is on one page is there, or is not
            try:
                found += self.read(address + len(found), size)
            except Unreadable:
                if not found:
                    raise
                break
        return found.partition(b"\0")[0][:limit]


_MOST = 1 << 30
"""No single value is larger, in bytes: a size beyond it is garbage."""


class SourceValue:
    """A value that lies in memory, with its type in the source.

    Args:
        type: its type.
        address: where it lies.
        memory: reads it.
        bits: for a bit field, its width and its first bit.
    """

    __slots__ = ("_bits", "address", "memory", "source_type")

    def __init__(self, type: SourceType, address: int, memory: Memory, bits: tuple[int, int] | None = None) -> None:
        self.source_type = type
        self.address = address
        self.memory = memory
        self._bits = bits

    # What formatters use

    @property
    def type(self) -> str:
        """Its type as it is shown."""
        return spell(self.source_type)

    @property
    def data(self) -> bytes:
        """Its bytes.

        Raises:
            Unreadable: if they are not there.
        """
        return self.memory.read(self.address, self.source_type.plain.size)

    def __getitem__(self, key: str | int) -> SourceValue:
        """A field by name, also of a base class, or by position; an element of an array.

        Raises:
            KeyError, IndexError: if there is none.
        """
        plain = self.source_type.plain
        if isinstance(plain, Sequence) and isinstance(key, int):
            return self.elements()[key]
        if not isinstance(plain, Record):
            raise KeyError(f"{self.type} has no fields")
        if isinstance(key, int):
            return self._part([member for member in plain.members if not member.is_base][key])
        found = self._find(key)
        if found is None:
            names = ", ".join(member.name for member in plain.members if member.name and not member.is_base)
            raise KeyError(f"{self.type} has no field {key}; it has {names or 'none'}")
        return found

    def _find(self, name: str) -> SourceValue | None:
        plain = self.source_type.plain
        members = plain.members if isinstance(plain, Record) else []
        for member in members:
            if member.name in (name, f"__{name}") and not member.is_base:
                return self._part(member)
        for member in members:
            if member.is_base or not member.name:
                found = self._part(member)._find(name)
                if found is not None:
                    return found
        return None

    def _part(self, member: Member) -> SourceValue:
        return SourceValue(member.type, self.address + member.offset, self.memory, member.bits)

    def fields(self) -> Iterator[tuple[Member, SourceValue]]:
        """Its base classes and fields, each with its value."""
        plain = self.source_type.plain
        for member in plain.members if isinstance(plain, Record) else ():
            yield member, self._part(member)

    @property
    def pointer(self) -> int:
        """The address that it holds, if it is a pointer; else what its first eight bytes are as one."""
        return self.word(0)

    @property
    def target(self) -> SourceValue:
        """What it points at."""
        plain = self.source_type.plain
        if not isinstance(plain, Address):
            raise KeyError(f"{self.type} is no pointer")
        return SourceValue(plain.target, self.pointer, self.memory)

    def elements(self, count: int | None = None) -> Elements:
        """The elements of an array, or `count` of what a pointer points at."""
        plain = self.source_type.plain
        if isinstance(plain, Sequence):
            return Elements(plain.element, self.address, plain.count or 0 if count is None else count, self.memory)
        if isinstance(plain, Address):
            return Elements(plain.target, self.pointer, count or 0, self.memory)
        raise KeyError(f"{self.type} has no elements")

    def argument(self, name: str | int = 0) -> SourceType:
        """A template or generic argument of its type that is a type, by name or position.

        Raises:
            KeyError, IndexError: if there is none.
        """
        plain = self.source_type.plain
        arguments = plain.arguments if isinstance(plain, Record) else {}
        return list(arguments.values())[name] if isinstance(name, int) else arguments[name]

    def at(self, address: int, type: SourceType) -> SourceValue:
        """A value of another type elsewhere."""
        return SourceValue(type, address, self.memory)

    def word(self, offset: int, size: int = 8) -> int:
        """An unsigned number of `size` bytes at an offset within it."""
        return int.from_bytes(self.memory.read(self.address + offset, size), "little")

    def __int__(self) -> int:
        return int(self.python())  # type: ignore[call-overload, no-any-return]

    def __float__(self) -> float:
        return float(self.python())  # type: ignore[arg-type]

    def python(self) -> object:
        """A number, truth value, character or address as Python has it; enumerations are their numbers.

        Raises:
            TypeError: if it is anything else.
            Unreadable: if it is not there.
        """
        plain = self.source_type.plain
        if isinstance(plain, Address):
            return int.from_bytes(self.data, "little")
        if isinstance(plain, Enumeration):
            return self._integer(*(self._bits or (8 * plain.size, 0)), plain.signed)
        if not isinstance(plain, Scalar):
            raise TypeError(f"a {self.type} is not one number")
        if plain.kind == "float":
            return floats.to_python(float_format(plain), self.data)
        if plain.kind == "complex":
            half = Scalar("", plain.size // 2, plain.language, "float")
            data = self.data
            return tuple(floats.to_python(float_format(half), part) for part in (data[: half.size], data[half.size :]))
        signed = plain.kind == "signed" or plain.name == "char"
        value = self._integer(*(self._bits or (plain.bits, 0)), signed)
        return bool(value) if plain.kind == "bool" else value

    def _integer(self, width: int, first: int, signed: bool) -> int:
        data = self.memory.read(self.address, (first + width + 7) // 8)
        value = int.from_bytes(data, "little") >> first & (1 << width) - 1
        return value - (1 << width) if signed and width and value >> width - 1 else value


class Elements:
    """Values of one type that lie side by side; read when they are asked for.

    Args:
        type: of an element.
        address: of the first.
        count: how many.
        memory: reads them.
    """

    __slots__ = ("address", "count", "memory", "type")

    def __init__(self, type: SourceType, address: int, count: int, memory: Memory) -> None:
        self.type = type
        self.address = address
        self.count = count
        self.memory = memory

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> SourceValue:
        if not 0 <= index < self.count:
            raise IndexError(f"element {index} of {self.count}")
        return SourceValue(self.type, self.address + index * self.type.plain.size, self.memory)

    def numbers(self, count: int) -> list[object] | None:
        """The first `count` elements at once, if they are numbers; else None.

        Raises:
            Unreadable: if they are not there.
        """
        plain = self.type.plain
        if not isinstance(plain, Scalar) or plain.size not in _CODES or plain.kind not in _PACKED:
            return None
        if plain.bits != 8 * plain.size:
            return None
        code = _CODES[plain.size]
        if plain.kind == "float":
            code = {4: "f", 8: "d"}.get(plain.size, "")
            if plain.size != 8:
                return None  # the shortest decimal of a float takes more than this
        elif plain.kind == "unsigned":
            code = code.upper()
        elif plain.kind == "bool":
            code = "?"
        return list(struct.unpack(f"<{count}{code}", self.memory.read(self.address, count * plain.size)))


_PACKED = ("signed", "unsigned", "float", "bool")


def float_format(type: Scalar) -> str:
    """The IR type of a floating-point type: `double`, `x86_fp80`."""
    for text, names in _FLOATS.items():
        if type.name in names:
            return text
    return _BY_SIZE.get(type.size, "double")
