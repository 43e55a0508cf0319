"""From literals to the bytes of source types: what `values.write` is for IR types."""

from __future__ import annotations

from jitrepl.errors import ArgumentError
from jitrepl.literal_tree import Literal, Number, Sequence, String, Symbol, Typed, Word
from jitrepl.literals import parse, split_arguments
from jitrepl.worker import values
from jitrepl.worker.source.libraryargs import BOX, LibraryWriter
from jitrepl.worker.source.sourcetypes import (
    RUST,
    Address,
    Enumeration,
    Member,
    Nothing,
    Record,
    Routine,
    Scalar,
    SourceType,
)
from jitrepl.worker.source.sourcetypes import Sequence as ArrayType
from jitrepl.worker.source.sourcevalues import float_format
from jitrepl.worker.source.spelling import spell
from jitrepl.worker.types import Float, Int, Pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ZEROS = ("zeroinitializer", "undef", "poison")
_NULL = ("null", "nullptr", "NULL", "none")


class Made(Literal):
    """A value with the name of its struct or variant in front: `Some(5)`, `Point { x: 1, y: 2 }`.

    Args:
        name: what stands in front.
        inside: the brackets and what is in them.
    """

    __slots__ = ("inside", "name")

    def __init__(self, name: str, inside: Sequence) -> None:
        self.name = name
        self.inside = inside

    def __str__(self) -> str:
        return f"{self.name}{self.inside}"


def read_arguments(texts: tuple[str, ...]) -> list[Literal]:
    """The arguments of a call, of which `Some (5)` is one.

    Raises:
        ArgumentError: if one is malformed.
    """
    return _joined([parse(part) for text in texts for part in split_arguments(text)])


def _joined(nodes: list[Literal]) -> list[Literal]:
    """Names and the brackets behind them, put together."""
    made: list[Literal] = []
    for node in nodes:
        before = made[-1] if made else None
        if isinstance(node, Sequence) and node.kind in "({" and isinstance(before, Word) and _is_path(before.text):
            made[-1] = Made(before.text, node)
        else:
            made.append(node)
    return made


def items_of(node: Sequence) -> list[Literal]:
    """What is between brackets, names and the brackets behind them put together."""
    return _joined(list(node.items))


def _is_path(text: str) -> bool:
    reserved = ("true", "false", "inf", "nan", *_ZEROS, *_NULL)
    return text not in reserved and all(part.isidentifier() for part in text.split("::"))


class Writer:
    """Writes values of source types.

    Args:
        memory: keeps buffers, knows symbols.
        allocate: gives memory that code of a language may release: `(language, size, align) -> address`, 0 if there
            is no allocator.
    """

    def __init__(self, memory: values.Memory, allocate: Callable[[str, int, int], int]) -> None:
        self._memory = memory
        self._library = LibraryWriter(memory, allocate, lambda type, node: self._elements(type, items_of(node)))

    def write(self, type: SourceType, node: Literal) -> bytes:
        """The bytes of a value.

        Raises:
            ArgumentError: if the literal is no value of the type; the message says where.
            SymbolError: if `@name` means nothing.
        """
        plain = type.plain
        if isinstance(node, Typed):
            node = node.value
        if isinstance(node, Word) and node.text in _ZEROS:
            return bytes(plain.size)
        if isinstance(plain, Scalar):
            return self._scalar(type, plain, node)
        if isinstance(plain, Enumeration):
            return _enumeration(type, plain, node)
        if isinstance(plain, Address):
            return self._address(type, plain, node)
        if isinstance(plain, ArrayType):
            return self._array(type, plain, node)
        if isinstance(plain, Record):
            return self._record(type, plain, node)
        return bytes(plain.size)

    def _scalar(self, type: SourceType, plain: Scalar, node: Literal) -> bytes:
        if plain.kind == "complex":
            parts = node.items if isinstance(node, Sequence) else (node, Number("0"))
            half = Scalar(plain.name, plain.size // 2, plain.language, "float")
            if len(parts) != 2:
                raise ArgumentError(f"{spell(type)} wants (real, imaginary), not {node.short}")
            return b"".join(self._scalar(half, half, part) for part in parts)
        if plain.kind == "float":
            form = float_format(plain)
            try:
                return values.write(Float(form, plain.size), str(node), self._memory)
            except ArgumentError as problem:
                raise ArgumentError(problem.message.replace(form, spell(type)), problem.hint) from None
        integer = Int(plain.bits, plain.size)
        integer.text = spell(type)
        data = values.write(integer, str(node), self._memory)
        if plain.kind == "bool" and int.from_bytes(data, "little") > 1:
            raise ArgumentError(f"{spell(type)} is true or false, not {node.short}")
        return data

    def _address(self, type: SourceType, plain: Address, node: Literal) -> bytes:
        target = plain.target.plain
        buffered = None
        if isinstance(node, Sequence) and not isinstance(target, Nothing | Routine):
            items = items_of(node)
            if node.kind == "[" and not plain.is_reference:
                buffered = b"".join(self._elements(plain.target, items))
            else:
                buffered = self.write(plain.target, node)
        elif isinstance(node, Made) or (plain.is_reference and not isinstance(node, Symbol) and not _is_null(node)):
            buffered = self.write(plain.target, node)
        if buffered is not None:
            owned = self._library.box(plain, buffered) if plain.name.startswith(BOX) else 0
            return (owned or self._memory.keep(buffered)).to_bytes(plain.size, "little")
        pointer = Pointer(0, plain.size)
        pointer.text = spell(type)
        text = "null" if isinstance(node, Word) and node.text in _NULL else str(node)
        return values.write(pointer, text, self._memory)

    def _elements(self, type: SourceType, items: list[Literal]) -> list[bytes]:
        written = []
        for index, item in enumerate(items, 1):
            try:
                written.append(self.write(type, item))
            except ArgumentError as problem:
                raise ArgumentError(f"element {index}: {problem.message}", problem.hint) from None
        return written

    def _array(self, type: SourceType, plain: ArrayType, node: Literal) -> bytes:
        name = spell(type)
        if isinstance(node, String):
            if len(node.data) > plain.size:
                raise ArgumentError(f"{node.short} has {len(node.data)} bytes, {name} holds {plain.size}")
            return node.data.ljust(plain.size, b"\0")
        if not isinstance(node, Sequence):
            raise ArgumentError(f"{name} wants [ … ], not {node.short}")
        items = items_of(node)
        count = plain.count or 0
        if len(items) != count and (plain.language == RUST or len(items) > count):
            raise ArgumentError(f"{name} wants {count} element{'s' * (count != 1)}, {len(items)} given")
        return b"".join(self._elements(plain.element, items)).ljust(plain.size, b"\0")

    # Structs, classes, enums

    def _record(self, type: SourceType, plain: Record, node: Literal) -> bytes:
        made = self._library.write(type, plain, node)
        if made is not None:
            return made
        if plain.variants is not None:
            return self._variant(type, plain, node)
        if isinstance(node, Made):
            if node.name.rpartition("::")[2] != spell(plain).rpartition("::")[2].partition("<")[0]:
                raise ArgumentError(f"{spell(type)} is wanted, {node.name} is given")
            node = node.inside
        if isinstance(node, Word) and plain.language == RUST and not plain.members:
            return bytes(plain.size)
        if not isinstance(node, Sequence) or node.kind == "<":
            literal = self._library.wants(plain)
            if literal:
                raise ArgumentError(f"{spell(type)} wants {literal}, not {node.short}")
            brackets = "( … )" if plain.is_tuple else "{ … }"
            raise ArgumentError(f"{spell(type)} wants {brackets}, not {node.short}", _example(plain))
        return self._fields(type, plain, node)

    def _fields(self, type: SourceType, plain: Record, node: Sequence) -> bytes:
        """The bytes of a struct by its fields, named or in their order."""
        name = spell(type)
        fields = [member for member in plain.members if not _is_hidden(member)]
        if len(fields) != len(plain.members) or plain.is_declared_only:
            raise ArgumentError(f"a value of type {name} cannot be written here", "pass the address of one")
        pairs = _named(items_of(node))
        data = bytearray(plain.size)
        most = 1 if plain.kind == "union" else len(fields)
        least = most if plain.language == RUST and plain.kind != "union" else 0
        if not least <= len(pairs) <= most:
            plural = "s" * (most != 1)
            raise ArgumentError(f"{name} wants {most} field{plural}, {len(pairs)} given", _example(plain))
        for index, (key, item) in enumerate(pairs):
            member = fields[index] if key is None else _member(name, fields, key)
            try:
                written = self.write(member.type, item)
            except ArgumentError as problem:
                shown = member.name.removeprefix("__") or str(index + 1)
                raise ArgumentError(f"field {shown} of {name}: {problem.message}", problem.hint) from None
            _place(data, member, written)
        return bytes(data)

    def _variant(self, type: SourceType, plain: Record, node: Literal) -> bytes:
        """The bytes of a Rust enum's value: `None`, `Some(5)`, `Shape::Circle(2.5)`."""
        assert plain.variants is not None
        wanted = node.name if isinstance(node, Made) else node.text if isinstance(node, Word) else ""
        option = plain.name.startswith("core::option::Option<")
        if isinstance(node, String) and not option:  # as Python has it
            wanted = node.data.decode("utf-8", "replace")
        wanted = wanted.rpartition("::")[2]
        if option and wanted not in ("Some", "None"):
            none = isinstance(node, Word) and node.text == "null"
            wanted, node = ("None", node) if none else ("Some", Made("Some", Sequence("(", (node,))))
        for number, member in plain.variants.choices:
            if member.name != wanted:
                continue
            data = bytearray(plain.size)
            inside = member.type.plain
            if isinstance(inside, Record) and inside.members:
                if not isinstance(node, Made):
                    raise ArgumentError(f"{wanted} of {spell(type)} wants ( … )", _example(inside))
                part = self._fields(inside, inside, node.inside)
                data[member.offset : member.offset + len(part)] = part
            if number is not None:
                size, at = plain.variants.size, plain.variants.offset
                data[at : at + size] = (number & (1 << 8 * size) - 1).to_bytes(size, "little")
            return bytes(data)
        names = ", ".join(member.name for _, member in plain.variants.choices)
        raise ArgumentError(f"{spell(type)} has no variant {wanted or node.short}", f"it has {names}")


def _is_null(node: Literal) -> bool:
    return isinstance(node, Word) and node.text in _NULL


def _is_hidden(member: Member) -> bool:
    """Whether a member is what only a constructor sets: a base class, a pointer to virtual functions."""
    return member.is_base or member.name.startswith("_vptr")


def _member(name: str, fields: list[Member], key: str) -> Member:
    for member in fields:
        if key in (member.name, member.name.removeprefix("__")):
            return member
    known = ", ".join(member.name for member in fields)
    raise ArgumentError(f"{name} has no field {key}", f"it has {known}")


def _place(data: bytearray, member: Member, written: bytes) -> None:
    if member.bits is None:
        data[member.offset : member.offset + len(written)] = written
        return
    width, first = member.bits
    size = (first + width + 7) // 8
    mask = (1 << width) - 1
    whole = int.from_bytes(data[member.offset : member.offset + size], "little")
    whole = whole & ~(mask << first) | (int.from_bytes(written, "little") & mask) << first
    data[member.offset : member.offset + size] = whole.to_bytes(size, "little")


def _named(items: list[Literal]) -> list[tuple[str | None, Literal]]:
    """The fields between brackets, with their names where they have some: `x = 1`, `.x = 1`, `x: 1`."""
    pairs: list[tuple[str | None, Literal]] = []
    key: str | None = None
    at = 0
    while at < len(items):
        node = items[at]
        at += 1
        if key is None and (isinstance(node, Word) or (isinstance(node, Number) and node.text[:1] == ".")):
            following = items[at] if at < len(items) else None
            sign = next((sign for sign in ("=", ":") if sign in node.text.replace("::", "  ")), "")
            if sign:
                cut = node.text.replace("::", "  ").index(sign)
                key, rest = node.text[:cut].lstrip("."), node.text[cut + 1 :]
                if not rest:
                    continue
                node = parse(rest)
            elif isinstance(following, Word) and following.text[:1] in ("=", ":"):
                key, rest = node.text.lstrip("."), following.text[1:]
                at += 1
                if not rest:
                    continue
                node = parse(rest)
        pairs.append((key, node))
        key = None
    if key is not None:
        raise ArgumentError(f"a value is missing after {key}")
    return pairs


def _enumeration(type: SourceType, plain: Enumeration, node: Literal) -> bytes:
    number = None
    if isinstance(node, Word):
        number = plain.values.get(node.text.rpartition("::")[2])
    elif isinstance(node, String):  # as Python has the variants of Rust
        number = plain.values.get(node.data.decode("utf-8", "replace").rpartition("::")[2])
    elif isinstance(node, Number):
        number = node.integer()
    if number is None or not -1 << 8 * plain.size - 1 <= number < 1 << 8 * plain.size:
        names = ", ".join(list(plain.values)[:8]) + ", …" * (len(plain.values) > 8)
        raise ArgumentError(f"{spell(type)} has no value {node.short}", f"it has {names}")
    return (number & (1 << 8 * plain.size) - 1).to_bytes(plain.size, "little")


def _example(plain: Record) -> str:
    names = [member.name for member in plain.members if member.name and not _is_hidden(member)]
    if not names or plain.is_declared_only:
        return ""
    if plain.is_tuple:
        return f"its fields are {', '.join(spell(member.type) for member in plain.members)}"
    form = "{}: …" if plain.language == RUST else "{} = …"
    inside = ", ".join(form.format(name) for name in names[:8])
    return f"for example {{ {inside} }}" if plain.language == RUST else f"for example {{{inside}}}"
