"""Values in memory: from what the user typed to the bytes of a type, and back to text or Python.

Layouts are those LLVM 22 uses on x86-64, checked by storing constants: integers, also those inside vectors,
have their bits above `iN` zero; padding is zero here and ignored when it is read; vectors are packed bit
by bit (LangRef, "Vector Type": as if bitcast to one integer).
"""

from __future__ import annotations

import struct

from jitrepl.errors import ArgumentError
from jitrepl.literals import Char, Literal, Number, Sequence, String, Symbol, Typed, Word, parse
from jitrepl.worker import floats
from jitrepl.worker.decoding import element_bits, remark, render, to_python
from jitrepl.worker.types import Array, Float, Int, Pointer, Struct, Type, Vector

__all__ = ["element_bits", "natural_type", "remark", "render", "to_python", "write", "write_variadic"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Protocol

    class Memory(Protocol):
        """What values need from the session that they are written for."""

        def keep(self, data: bytes, align: int = 16) -> int:
            """The address of a copy of `data` that lives as long as the session."""

        def address_of(self, name: str) -> int:
            """The address of a symbol of the session; `name` has no `@`.

            Raises:
                SymbolError: there is none.
            """

        def type_of(self, text: str) -> Type:
            """The type that `text` spells, with the session's layout.

            Raises:
                ArgumentError: it spells none.
            """


_ZEROS: Final = frozenset(("zeroinitializer", "undef", "poison"))
_FLOAT_WORDS: Final = frozenset(("inf", "infinity", "nan"))
_SHORT: Final = 20  # digits: what Python reads in no time
_TRUTH: Final = {"false": 0, "true": 1}
# The types an untyped item of a buffer may have, a later one holding all values of those before it.
_NUMBERS: Final = ("i32", "i64", "double")


def write(type: Type, literal: str, memory: Memory) -> bytes:
    """The bytes of an argument as a value of `type`.

    Pointers also take what they may point to: `"text"` (NUL added), `c"text"`, `[1, 2]` and `(1, "a")` become
    buffers that live as long as the session, `@name` an address.

    Args:
        type: the type of the parameter.
        literal: one argument, as `jitrepl.literals.split_arguments` gives it.
        memory: where buffers, symbols and types are.

    Returns:
        Exactly `type.size` bytes.

    Raises:
        ArgumentError: the literal is malformed or no value of this type; the message says where in it.
        SymbolError: `@name` means nothing.
    """
    if isinstance(type, Int) and literal.isdecimal() and literal.isascii() and len(literal) < _SHORT:
        value = int(literal)  # most arguments are like this, and need no tree
        if value < 1 << type.bits:
            return value.to_bytes(type.size, "little")
    return _write(type, parse(literal), memory)


def natural_type(literal: str, memory: Memory) -> Type:
    """The type of an argument in the `...` of a variadic call, after C's default promotions.

    Integers are `i32`, or `i64` when too big; fractions `double`; text, `null`, `@x` and brackets `ptr`. A
    type in front decides, but `float` becomes `double` and `i1`, `i8` and `i16` become `i32`.

    Raises:
        ArgumentError: the literal is malformed, or does not say its type.
    """
    return _variadic_type(parse(literal), memory)


def write_variadic(literal: str, memory: Memory) -> tuple[Type, bytes]:
    """An argument in the `...` of a variadic call: its `natural_type` and its bytes.

    Raises:
        ArgumentError, SymbolError: as for `write` and `natural_type`.
    """
    node = parse(literal)
    type = _variadic_type(node, memory)
    if not isinstance(node, Typed) or node.type_text == type.text:
        return type, _write(type, node, memory)
    # A promoted value must fit, and be rounded to, the type that was written.
    given = memory.type_of(node.type_text)
    data = _write(given, node.value, memory)
    if given.text == "float":
        return type, struct.pack("<d", *struct.unpack("<f", data))
    return type, _write(type, node.value, memory) if given != type else data


def _variadic_type(node: Literal, memory: Memory) -> Type:
    if isinstance(node, Sequence) and node.kind != "<":
        return memory.type_of("ptr")
    type = _item_type(node, memory)
    if type.text == "float":
        return memory.type_of("double")
    return memory.type_of("i32") if type.text in ("i1", "i8", "i16") else type


def _write(type: Type, node: Literal, memory: Memory) -> bytes:
    if isinstance(node, Typed):
        if node.type_text != type.text and (given := memory.type_of(node.type_text)).text != type.text:
            raise ArgumentError(f"{type.text} is wanted, {given.text} is given")
        node = node.value
    if isinstance(type, Int):
        return _write_int(type, node)
    if isinstance(type, Pointer):
        return _write_pointer(type, node, memory)
    if not isinstance(type, Float | Vector | Array | Struct):
        raise ArgumentError(f"a value of type {type.text} cannot be written here")
    if isinstance(node, Word) and node.text in _ZEROS:
        return bytes(type.size)
    if isinstance(type, Float):
        return _write_float(type, node)
    if isinstance(type, Struct):
        return _write_struct(type, node, memory)
    if isinstance(node, String) and isinstance(type, Array) and type.element.text == "i8":
        if len(node.data) > type.count:
            raise ArgumentError(f"{node.short} has {len(node.data)} bytes, {type.text} holds {type.count}")
        return node.data.ljust(type.size, b"\0")
    elements = []
    for index, item in enumerate(_items(type, node, "[(<", type.count, "element"), 1):
        try:
            elements.append(_write(type.element, item, memory))
        except ArgumentError as error:
            raise ArgumentError(f"element {index}: {error.message}", error.hint) from None
    if isinstance(type, Array):
        return b"".join(elements)
    width, packed = element_bits(type.element), 0
    for element in reversed(elements):
        packed = packed << width | int.from_bytes(element, "little") & (1 << width) - 1
    return packed.to_bytes(type.size, "little")


def _write_float(type: Float, node: Literal) -> bytes:
    data = floats.encode(type.text, str(node))
    if isinstance(node, Number) and "inf" in floats.decode(type.text, data) and not str(node).lower().startswith("0x"):
        raise ArgumentError(f"{node} is too large for {type.text}", "infinity is written `inf`")
    return data.ljust(type.size, b"\0")


def _write_int(type: Int, node: Literal) -> bytes:
    value = node.integer() if isinstance(node, Number) else None
    if isinstance(node, Char):
        value = node.value
    elif isinstance(node, Word):
        value = 0 if node.text in _ZEROS else _TRUTH.get(node.text)
    if value is None:
        raise ArgumentError(f"{type.text} wants an integer, not {node.short}")
    return _fitted(type.text, type.bits, value, node).to_bytes(type.size, "little")


def _write_pointer(type: Pointer, node: Literal, memory: Memory) -> bytes:
    value = node.integer() if isinstance(node, Number) else None
    if isinstance(node, Word) and (node.text in _ZEROS or node.text in ("null", "none")):
        value = 0
    elif isinstance(node, String):
        value = memory.keep(node.data if node.raw else node.data + b"\0")
    elif isinstance(node, Symbol):
        value = memory.address_of(node.name)
    elif isinstance(node, Sequence) and node.kind != "<":
        value = memory.keep(_write(_buffer_type(node, memory), node, memory))
    if value is None:
        raise ArgumentError(
            f"{type.text} wants an address, not {node.short}",
            'for example null, 0x7f00, @name, "text", [1, 2, 3], (1, "a")',
        )
    return _fitted(type.text, type.size * 8, value, node).to_bytes(type.size, "little")


def _fitted(text: str, bits: int, value: int, node: Literal) -> int:
    """`value` in two's complement; signed and unsigned spellings are both good."""
    if -1 << bits - 1 <= value < 1 << bits:
        return value & (1 << bits) - 1
    limits = f"-{1 << bits - 1} … {(1 << bits) - 1}" if bits <= 128 else f"{bits} bits"
    raise ArgumentError(f"{node.short} does not fit {text} ({limits})")


def _write_struct(type: Struct, node: Literal, memory: Memory) -> bytes:
    data = bytearray(type.size)
    items = _items(type, node, ("{", "<{", "("), len(type.fields), "field")
    for index, (item, field, offset) in enumerate(zip(items, type.fields, type.offsets, strict=True), 1):
        try:
            data[offset : offset + field.size] = _write(field, item, memory)
        except ArgumentError as error:
            raise ArgumentError(f"field {index} of {type.text}: {error.message}", error.hint) from None
    return bytes(data)


def _items(type: Type, node: Literal, kinds: str | tuple[str, ...], count: int, noun: str) -> tuple[Literal, ...]:
    if not isinstance(node, Sequence) or node.kind not in kinds:
        bracket = "{ … }" if noun == "field" else type.text[0] + "…" + type.text[-1]
        raise ArgumentError(f"{type.text} wants {bracket} or (…), not {node.short}")
    if len(node.items) != count:
        plural = "s" * (count != 1)
        raise ArgumentError(f"{type.text} wants {count} {noun}{plural}, {len(node.items)} given")
    return node.items


def _buffer_type(node: Sequence, memory: Memory) -> Type:
    """The type of what an untyped `[…]`, `(…)`, `{…}` or `<{…}>` for a pointer points to."""
    if node.kind == "[":
        return memory.type_of(f"[{len(node.items)} x {_common_type(node.items, memory)}]")
    fields = ", ".join(_item_type(item, memory).text for item in node.items)
    return memory.type_of(f"<{{ {fields} }}>" if node.kind == "<{" else f"{{ {fields} }}")


def _common_type(items: tuple[Literal, ...], memory: Memory) -> str:
    """The one type of the elements of a buffer. Where some have a type, the others take it."""
    written = [item for item in items if isinstance(item, Typed)]
    texts = list(dict.fromkeys(_item_type(item, memory).text for item in written or items))
    if not texts:
        return "i8"
    if not written and all(text in _NUMBERS for text in texts):
        return max(texts, key=_NUMBERS.index)
    if len(texts) > 1:
        raise ArgumentError(f"the items of […] have one type, here are {' and '.join(texts)}", "write (…) for a struct")
    return texts[0]


def _item_type(node: Literal, memory: Memory) -> Type:
    """The type of one item of a buffer: text and `[…]` are pointers there, `(…)` and `{…}` lie in it."""
    if isinstance(node, Typed):
        return memory.type_of(node.type_text)
    if isinstance(node, Sequence) and node.kind not in "[<":
        return _buffer_type(node, memory)
    word = node.text.lstrip("+-").lower() if isinstance(node, Word) else ""
    if isinstance(node, Char) or word in _TRUTH:
        return memory.type_of("i32")
    if isinstance(node, Number):
        value = node.integer()
        if value is None:
            return memory.type_of("double")
        return memory.type_of("i32" if -1 << 31 <= value < 1 << 31 else "i64")
    if word in _FLOAT_WORDS:
        return memory.type_of("double")
    elsewhere = isinstance(node, Sequence) and node.kind == "["
    if isinstance(node, String | Symbol) or word in ("null", "none") or elsewhere:
        return memory.type_of("ptr")
    raise ArgumentError(f"{node.short} needs its type in front", "for example i32 zeroinitializer")
