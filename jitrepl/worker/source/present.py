"""Values of source types as text, in the spelling of their language, and as Python values.

Every value is read with care, and there are limits to length and depth: a result may be garbage, or a cycle.
"""

from __future__ import annotations

from jitrepl import formatting
from jitrepl.formatting import Formatter, Shown
from jitrepl.structs import Struct
from jitrepl.worker import floats
from jitrepl.worker.source.formatters import Pointee, library
from jitrepl.worker.source.sourcetext import ITEMS, LETTERS, escaped, list_text, more, quoted_text, tuple_text
from jitrepl.worker.source.sourcetypes import (
    CXX,
    RUST,
    Address,
    Alias,
    C,
    Enumeration,
    Member,
    Record,
    Routine,
    Scalar,
    Sequence,
    SourceType,
)
from jitrepl.worker.source.sourcevalues import Elements, Memory, SourceValue, Unreadable, float_format
from jitrepl.worker.source.spelling import short_cxx, short_rust, spell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Piece = tuple[str, object]
    """A value as text and for Python."""

_MOST = 1 << 16
"""So many elements are read of one result."""
_DEEPEST = 30
_CHARACTER_PREFIX = {"wchar_t": "L", "char8_t": "u8", "char16_t": "u", "char32_t": "U"}


class Presenter:
    """Shows one result; what is remarkable about it is in `notes` then.

    Args:
        memory: reads values.
        name_at: the name of the symbol at an address, or None.
    """

    def __init__(self, memory: Memory, name_at: Callable[[int], str | None]) -> None:
        self._memory = memory
        self._name_at = name_at
        self._left = _MOST
        self._found: dict[tuple[str, ...], Formatter | None] = {}
        self._following: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def line(self, type: SourceType, address: int) -> tuple[str, str, object, str]:
        """A value as it is shown.

        Returns:
            Its type; the value; the value for Python; and both in one where they are not written one after the
            other (`Point { x: 1 }`), else "".
        """
        text, data = self.show(SourceValue(type, address, self._memory), 0)
        name = spell(type)
        head = name.partition("<")[0]
        if text.startswith(head) and text[len(head) : len(head) + 1] in (" ", "(", ":", ""):
            scoped = text.startswith("::", len(head))
            return name, text, data, text if scoped else name + text[len(head) :]
        return name, text, data, ""

    def show(self, value: SourceValue, depth: int) -> Piece:
        """A value as text and for Python."""
        if depth > _DEEPEST:
            return "…", None
        try:
            found = self._formatter(value.source_type)
            if found is not None:
                try:
                    return self._meaning(found.function(value), value.source_type.language, depth)
                except Unreadable:
                    raise
                except BaseException as problem:  # `exit()` in a formatter is not to end the process
                    self._note_failure(found, problem)
            return self._plain(value, depth)
        except Unreadable as problem:
            return f"<{problem}>", None

    # What formatters return

    def _formatter(self, type: SourceType) -> Formatter | None:
        standard = isinstance(type.plain, Record | Address) and type.language != C
        if not standard and not formatting.registered:
            return None
        names = _names(type)
        if names not in self._found:
            candidates = [*(library() if standard else []), *formatting.registered]
            matching = (f for f in reversed(candidates) if any(map(f.matches, names)))
            self._found[names] = next(matching, None)
        return self._found[names]

    def _note_failure(self, formatter: Formatter, problem: BaseException) -> None:
        from jitrepl.worker.hosts import described

        name = getattr(formatter.function, "__name__", f"of {formatter.pattern}")
        note = f"formatter {name} failed: {described(problem, formatter.function)}"
        if note not in self.notes:
            self.notes.append(note)

    def _meaning(self, meaning: object, language: str, depth: int) -> Piece:
        """What a formatter returned, in the spelling of a language."""
        if isinstance(meaning, Shown):
            return meaning.text, meaning.data
        if isinstance(meaning, SourceValue):
            return self.show(meaning, depth + 1)
        if isinstance(meaning, Pointee):
            address = meaning.value.address
            text, data = self._followed(meaning.value, depth)
            return f"0x{address:016x} {text}", data
        if isinstance(meaning, Elements):
            return self._sequence(meaning, language, depth)
        if isinstance(meaning, bytes):
            return quoted_text(meaning, language), meaning.decode("utf-8", "surrogateescape")
        if isinstance(meaning, str):
            return quoted_text(meaning.encode("utf-8", "surrogateescape"), language), meaning
        if isinstance(meaning, bool):
            return str(meaning).lower(), meaning
        if isinstance(meaning, int | float):
            return str(meaning), meaning
        if meaning is None:
            return "None" if language == RUST else "null", None
        if isinstance(meaning, list | tuple):
            pieces = self._several(meaning, language, depth)
            values = [data for _, data in pieces]
            if isinstance(meaning, tuple):
                return tuple_text([text for text, _ in pieces], language), tuple(values)
            return list_text([text for text, _ in pieces[:ITEMS]], len(pieces), language), values
        if isinstance(meaning, dict):
            return self._mapping(meaning, language, depth)
        raise TypeError(f"a formatter cannot return a {type(meaning).__name__}")

    def _several(self, items: Iterable[object], language: str, depth: int) -> list[Piece]:
        pieces = []
        for item in items:
            if not self._count():
                break
            pieces.append(self._meaning(item, language, depth + 1))
        return pieces

    def _count(self) -> bool:
        """Whether one more element may be read."""
        self._left -= 1
        if self._left == -1:
            self.notes.append(f"the value has more than {_MOST} parts; the rest of it was not read")
        return self._left >= 0

    def _mapping(self, meaning: dict[object, object], language: str, depth: int) -> Piece:
        keys = self._several(meaning.keys(), language, depth)
        values = self._several(meaning.values(), language, depth)
        form = "{}: {}" if language == RUST else "[{}] = {}"
        pairs = [form.format(key, value) for (key, _), (value, _) in zip(keys, values, strict=False)]
        rest = more(len(pairs))
        try:
            data: object = {key: value for (_, key), (_, value) in zip(keys, values, strict=False)}
        except TypeError:  # a list is no key of a dict
            data = [(key, value) for (_, key), (_, value) in zip(keys, values, strict=False)]
        return f"{{{', '.join(pairs[:ITEMS])}{rest}}}", data

    # What needs no formatter

    def _plain(self, value: SourceValue, depth: int) -> Piece:
        plain = value.source_type.plain
        if isinstance(plain, Scalar):
            return self._scalar(value, plain)
        if isinstance(plain, Enumeration):
            return _enumeration(value, plain)
        if isinstance(plain, Address):
            return self._address(value, plain, depth)
        if isinstance(plain, Sequence):
            return self._array(value, plain, depth)
        if isinstance(plain, Record):
            return self._record(value, plain, depth)
        return ("()", ()) if plain.language == RUST else (f"<{spell(plain)}>", None)

    def _scalar(self, value: SourceValue, plain: Scalar) -> Piece:
        number = value.python()
        if plain.kind == "bool":
            return str(number).lower(), number
        if plain.kind == "char" and isinstance(number, int):
            return _character(number, plain)
        if plain.kind == "float":
            text = floats.decode(float_format(plain), value.data)
            if number != number:  # one of the many NaNs
                text = "NaN" if plain.language == RUST else "nan"
            return text, number
        if plain.kind == "complex" and isinstance(number, tuple):
            real, imaginary = number
            return f"{real}{'+' if imaginary >= 0 else '-'}{abs(imaginary)}i", number
        return str(number), number

    def _address(self, value: SourceValue, plain: Address, depth: int) -> Piece:
        if plain.kind == "::*":
            return self._to_member(value, plain)
        number = value.pointer
        target = plain.target.plain
        if plain.is_reference and not isinstance(target, Routine):
            return self._followed(value.target, depth)
        if not number:
            return "null", 0
        name = self._name_at(number)
        text = f"@{name}" if name else f"0x{number:016x}"
        if isinstance(target, Scalar) and target.kind == "char" and target.size == 1 and plain.language != RUST:
            try:
                inside = self._memory.text(number, LETTERS + 1)
                text += f" {quoted_text(inside, plain.language)}"
            except Unreadable:
                text += " <cannot be read>"
        return text, number

    def _to_member(self, value: SourceValue, plain: Address) -> Piece:
        """A pointer to a member (Itanium C++ ABI, 2.3): an offset; of a function its address, or an odd offset."""
        number = int.from_bytes(value.data[:8], "little", signed=True)
        if not isinstance(plain.target.plain, Routine):
            return ("null" if number == -1 else f"offset {number}"), number
        if not number or number & 1:
            return (f"virtual, at offset {number - 1}" if number else "null"), number
        name = self._name_at(number)
        return f"@{name}" if name else f"0x{number:016x}", number

    def _followed(self, target: SourceValue, depth: int) -> Piece:
        """What a reference stands for, unless it leads back to itself."""
        place = (target.address, id(target.source_type))
        if place in self._following:
            return f"<cycle to {target.address:#x}>", None
        self._following.append(place)
        try:
            return self.show(target, depth + 1)
        finally:
            self._following.pop()

    def _array(self, value: SourceValue, plain: Sequence, depth: int) -> Piece:
        element = plain.element.plain
        if isinstance(element, Scalar) and element.kind == "char" and element.size == 1 and plain.language != RUST:
            data = value.data
            text = data.partition(b"\0")[0] if not data.rstrip(b"\0").count(b"\0") else data
            return quoted_text(text, plain.language), data
        return self._sequence(value.elements(), plain.language, depth)

    def _sequence(self, elements: Elements, language: str, depth: int) -> Piece:
        count = len(elements)
        readable = max(0, min(count, self._left))
        numbers = elements.numbers(readable) if readable else None
        if numbers is None:
            pieces = []
            for index in range(count):
                if not self._count():
                    break
                piece = self.show(elements[index], depth + 1)
                if piece[0].startswith("<memory at"):
                    raise Unreadable(elements[index].address)
                pieces.append(piece)
            return list_text([text for text, _ in pieces[:ITEMS]], count, language), [data for _, data in pieces]
        self._left -= readable
        if readable < count:
            self._left = 0
            self._count()
        if isinstance(elements.type.plain, Scalar) and elements.type.plain.kind == "float":
            texts = [self.show(elements[index], depth + 1)[0] for index in range(min(readable, ITEMS))]
        else:
            texts = [str(number).lower() for number in numbers[:ITEMS]]
        return list_text(texts, count, language), numbers

    def _record(self, value: SourceValue, plain: Record, depth: int) -> Piece:
        if plain.variants is not None:
            return self._variant(value, plain, depth)
        if plain.is_declared_only:
            return f"<{spell(plain)} is not in the debug info>", None
        shown = []
        for member, part in value.fields():
            if not member.name.startswith("_vptr"):
                shown.append((member, *self.show(part, depth + 1)))
        if plain.language == RUST:
            return _rust_record(plain, spell(plain).partition("<")[0], shown)
        texts: list[str] = []
        names: list[str] = []
        values: list[object] = []
        for member, text, data in shown:
            if member.is_base:
                base = f"<{spell(member.type)}> = "
                if text == "{}":
                    continue
                texts.append(base + text)
            else:
                texts.append(f"{member.name} = {text}" if member.name else text)
            if isinstance(data, Struct) and (member.is_base or not member.name):
                names += data._fields
                values += data
            else:
                names.append(member.name)
                values.append(data)
        return f"{{{', '.join(texts)}}}", Struct(spell(plain), tuple(names), tuple(values))

    def _variant(self, value: SourceValue, plain: Record, depth: int) -> Piece:
        """A value of a Rust enum, as `Debug` shows it; variants of the user's own enums have its name in front."""
        assert plain.variants is not None
        member = plain.variants.choose(value.data)
        if member is None:
            return f"<no variant of {spell(plain)}>", None
        inside = member.type.plain
        if not isinstance(inside, Record):
            return member.name, member.name
        part = SourceValue(inside, value.address + member.offset, self._memory)
        shown = [(field, *self.show(item, depth + 1)) for field, item in part.fields()]
        library = plain.name.startswith(("core::", "alloc::", "std::"))
        name = member.name if library else f"{spell(plain).partition('<')[0]}::{member.name}"
        text, data = _rust_record(inside, name, shown)
        if library and isinstance(data, Struct):
            data = Struct(f"{spell(plain).partition('<')[0]}::{member.name}", data._fields, tuple(data))
        if plain.name.startswith("core::option::Option<"):
            return text, shown[0][2] if shown else None
        return text, data if shown else name


def present(
    type: SourceType, address: int, name_at: Callable[[int], str | None]
) -> tuple[tuple[str, str, object, str], list[str]]:
    """A value of a source type at an address: what `Presenter.line` returns, and notes for the user."""
    with Memory() as memory:
        presenter = Presenter(memory, name_at)
        return presenter.line(type, address), presenter.notes


def _names(type: SourceType) -> tuple[str, ...]:
    """The names that a formatter may know a type by: typedefs on the way, full, and as shown."""
    names = []
    while isinstance(type, Alias):
        if not type.qualifier:
            names += [type.name, spell(type)]
        type = type.target
    names += [type.name, spell(type)]
    return tuple(dict.fromkeys(name for name in names if name))


def _enumeration(value: SourceValue, plain: Enumeration) -> Piece:
    number = int(value)
    scope = plain.name.rpartition("::")[0] if not plain.scoped else plain.name
    short = short_rust(scope) if plain.language == RUST else short_cxx(scope)
    prefix = f"{short}::" if short and plain.language != C else ""
    for name, known in plain.values.items():
        if known == number:
            return prefix + name, prefix + name if plain.language == RUST else number
    # Flags: several names that share no bit.
    parts, left = [], number
    for name, known in plain.values.items():
        if known > 0 and left & known == known and known.bit_count() == 1:
            parts.append(prefix + name)
            left -= known
    if parts and not left:
        return " | ".join(parts), number
    return str(number), number


def _rust_record(type: Record, name: str, shown: list[tuple[Member, str, object]]) -> Piece:
    data = Struct(name, tuple(member.name.removeprefix("__") for member, _, _ in shown), tuple(d for _, _, d in shown))
    texts = [text for _, text, _ in shown]
    if type.name.startswith("("):
        return tuple_text(texts, RUST), tuple(data)
    if not shown:
        return name, data
    if type.is_tuple:
        return f"{name}({', '.join(texts)})", data
    fields = ", ".join(f"{member.name}: {text}" for member, text, _ in shown)
    return f"{name} {{ {fields} }}", data


def _character(number: int, type: Scalar) -> Piece:
    if type.language == RUST:
        valid = number < 0x110000 and not 0xD800 <= number < 0xE000
        return (f"'{escaped(chr(number), chr(39), RUST)}'", chr(number)) if valid else (f"{number:#x}", number)
    code = number & (1 << 8 * type.size) - 1
    prefix = _CHARACTER_PREFIX.get(type.name, "")
    if type.size == 1 and code >= 128:
        return f"{prefix}'\\x{code:02x}'", number
    if code >= 0x110000 or 0xD800 <= code < 0xE000:
        return f"{code:#x}", number
    return f"{prefix}'{escaped(chr(code), chr(39), CXX)}'", number
