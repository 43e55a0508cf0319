"""From the bytes of a value to IR text, to remarks for people, and to Python."""

from __future__ import annotations

from jitrepl.digits import integer_text
from jitrepl.errors import ArgumentError
from jitrepl.literal_tree import escape
from jitrepl.literals import Char, Symbol
from jitrepl.worker import floats
from jitrepl.worker.types import Array, Float, Int, Pointer, Struct, Type, Vector, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    Python = bool | int | float | Decimal | bytes | tuple["Python", ...] | None


def render(type: Type, data: bytes, names: Callable[[int], str | None]) -> str:
    """A value as IR writes it, without its type in front; "" for void.

    Args:
        type: the type of the value.
        data: at least `type.size` bytes; padding is ignored.
        names: gives the name, without `@`, of the symbol at an address, or None.

    Raises:
        ArgumentError: values of this type cannot be read.
    """
    if isinstance(type, Int):
        value = _integer(type, data)
        return ("true" if value else "false") if type.bits == 1 else integer_text(value)
    if isinstance(type, Float):
        return floats.decode(type.text, data)
    if isinstance(type, Pointer):
        address = int.from_bytes(data[: type.size], "little")
        if not address:
            return "null"
        name = names(address)
        return f"0x{address:0{2 * type.size}x}" if name is None else str(Symbol(name))
    if isinstance(type, Array) and type.element.text == "i8" and (text := _text(data[: type.count])) is not None:
        return f'c"{text}"'
    if isinstance(type, Void):
        return ""
    inside = ", ".join(f"{part.text} {render(part, piece, names)}" for part, piece in _parts(type, data))
    if isinstance(type, Struct):
        body = f"{{ {inside} }}" if inside else "{}"
        return f"<{body}>" if type.packed else body
    return f"<{inside}>" if isinstance(type, Vector) else f"[{inside}]"


def remark(type: Type, data: bytes) -> str:
    """Other readings of an integer that help a person, such as `unsigned 255, 0xff`; "" when none does."""
    if not isinstance(type, Int) or type.bits == 1:
        return ""
    value = _integer(type, data)
    if value < 0:
        value += 1 << type.bits
        return f"unsigned {integer_text(value)}, {value:#x}"
    if type.bits == 8 and 32 <= value < 127:
        return str(Char(value))
    return f"{value:#x}" if value >= 4096 else ""


def to_python(type: Type, data: bytes) -> Python:
    """The value for Python.

    Returns:
        A signed int, bool for `i1`, float (or Decimal, where float is too narrow), the address of a pointer,
        bytes for `[N x i8]`, a tuple for other aggregates, None for void.

    Raises:
        ArgumentError: values of this type cannot be read.
    """
    if isinstance(type, Int):
        value = _integer(type, data)
        return bool(value) if type.bits == 1 else value
    if isinstance(type, Float):
        return floats.to_python(type.text, data)
    if isinstance(type, Pointer):
        return int.from_bytes(data[: type.size], "little")
    if isinstance(type, Array) and type.element.text == "i8":
        return bytes(data[: type.count])
    if isinstance(type, Void):
        return None
    return tuple(to_python(part, piece) for part, piece in _parts(type, data))


def element_bits(type: Type) -> int:
    """The bits an element of this type takes in a vector.

    Raises:
        ArgumentError: vectors of it do not exist.
    """
    if isinstance(type, Int):
        return type.bits
    if isinstance(type, Pointer):
        return type.size * 8
    if isinstance(type, Float):
        return floats.FORMATS[type.text].size * 8
    raise ArgumentError(f"a value of type {type.text} cannot be in a vector")


def _parts(type: Type, data: bytes) -> Iterator[tuple[Type, bytes]]:
    """The elements or fields of a value, each with its type."""
    if isinstance(type, Struct):
        for field, offset in zip(type.fields, type.offsets, strict=True):
            yield field, data[offset : offset + field.size]
    elif isinstance(type, Array):
        size = type.element.size
        for index in range(type.count):
            yield type.element, data[index * size : (index + 1) * size]
    elif isinstance(type, Vector):
        width, packed = element_bits(type.element), int.from_bytes(data[: type.size], "little")
        for index in range(type.count):
            bits = packed >> index * width & (1 << width) - 1
            yield type.element, bits.to_bytes(type.element.size, "little")
    else:
        raise ArgumentError(f"a value of type {type.text} cannot be read here")


def _integer(type: Int, data: bytes) -> int:
    # What lies above the bits of `iN` in memory is unspecified (LangRef, "store").
    value = int.from_bytes(data[: type.size], "little") & (1 << type.bits) - 1
    return value - (1 << type.bits) if value >> type.bits - 1 else value


def _text(data: bytes) -> str | None:
    """Printable ASCII, also with NULs behind it, as LLVM escapes it; None for other bytes."""
    text = data.rstrip(b"\0")
    if (data and not text) or not all(32 <= byte < 127 for byte in text):
        return None
    return escape(data)
