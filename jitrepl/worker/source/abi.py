"""How source-level parameters and results become those of IR.

Compilers cut a struct into pieces: clang by the x86-64 psABI ("Parameter Passing": two eightbytes, or memory), rustc
by a convention of its own (two scalars, one integer, or an address). What the pieces are is in the IR function type;
which part of the struct each one is follows from the rules here. Where the two do not fit together, as after an
optimisation that changed the function, the call stays at the level of IR.
"""

from __future__ import annotations

from jitrepl.worker.signatures import Signature
from jitrepl.worker.source.sourcetypes import RUST, Address, Nothing, Record, Routine, Scalar, Sequence, SourceType
from jitrepl.worker.types import Float, Int, Pointer, Struct, Type, Vector, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EIGHTBYTE = 8
_REGISTERS = 16  # bytes: what is larger goes through memory


def eightbytes(*numbers: int) -> bytes:
    """Numbers as an eightbyte each."""
    return b"".join((number & (1 << 64) - 1).to_bytes(_EIGHTBYTE, "little") for number in numbers)


class Piece:
    """A part of a value that is one IR value.

    Args:
        offset: of the part, in bytes.
        type: its IR type.
        by_address: whether the IR value is the address of the whole.
    """

    __slots__ = ("by_address", "offset", "type")

    def __init__(self, offset: int, type: Type, by_address: bool = False) -> None:
        self.offset = offset
        self.type = type
        self.by_address = by_address


class Plan:
    """How a function's parameters and result are passed.

    Args:
        params: the pieces of each source-level parameter.
        result: the pieces of the result, by their offsets within the IR value; empty if there is none.
    """

    __slots__ = ("params", "result")

    def __init__(self, params: list[list[Piece]], result: list[tuple[int, Piece]]) -> None:
        self.params = params
        self.result = result

    def write(self, values: list[bytes], keep: Callable[[bytes], int]) -> list[bytes]:
        """The IR arguments for source-level values, in the order of the IR function's parameters.

        Args:
            values: the bytes of each value.
            keep: gives the address of a copy.
        """
        written = []
        for data, pieces in zip(values, self.params, strict=True):
            for piece in pieces:
                part = keep(data).to_bytes(_EIGHTBYTE, "little") if piece.by_address else data[piece.offset :]
                written.append(part[: piece.type.size].ljust(piece.type.size, b"\0"))
        return written

    def read(self, data: bytes, size: int) -> bytes:
        """The bytes of a result, from those of the IR value."""
        if len(self.result) == 1:
            return data[:size].ljust(size, b"\0")
        made = bytearray(max(size, _REGISTERS))
        for start, piece in self.result:
            made[piece.offset : piece.offset + piece.type.size] = data[start : start + piece.type.size]
        return bytes(made[:size])


def plan(type: Routine, signature: Signature) -> Plan | None:
    """How to pass values of a source-level function type by an IR signature; None if the two do not fit."""
    in_memory = any(i and i.kind == "sret" for i in signature.indirect)
    result = _result(type.result, signature.result, in_memory)
    if result is None:
        return None
    by_value = [i.kind == "byval" if i else False for i in signature.indirect if not (i and i.kind == "sret")]
    params = next(_params(type.params, list(zip(signature.params, by_value, strict=True))), None)
    return None if params is None else Plan(params, result)


def _params(wanted: list[SourceType], given: list[tuple[Type, bool]]) -> Iterator[list[list[Piece]]]:
    """All ways to fit parameters to IR parameters, the likeliest first."""
    if not wanted:
        if not given:
            yield []
        return
    for pieces in _fits(wanted[0].plain, given):
        for rest in _params(wanted[1:], given[len(pieces) :]):
            yield [pieces, *rest]


def _fits(type: SourceType, given: list[tuple[Type, bool]]) -> Iterator[list[Piece]]:
    """The ways to pass a value by the first of some IR parameters."""
    if is_empty(type):
        yield []
        return
    if not given:
        return
    first, by_value = given[0]
    if isinstance(type, Record) and type.passed_by_address:
        if isinstance(first, Pointer):
            yield [Piece(0, first, True)]
        return
    if by_value:
        if first.size >= type.size:
            yield [Piece(0, first)]
        return
    if _is_whole(type, first):
        yield [Piece(0, first)]
    if not isinstance(type, Scalar | Address) or _is_two(type):
        if len(given) > 1 and not given[1][1]:
            second = given[1][0]
            offset = _second_offset(type, first, second)
            if _is_pair(type, first, second, offset):
                yield [Piece(0, first), Piece(offset, second)]
        if isinstance(first, Pointer) and type.size > _EIGHTBYTE and not isinstance(type, Scalar):
            yield [Piece(0, first, True)]


def _is_complex(type: SourceType) -> bool:
    return isinstance(type, Scalar) and type.kind == "complex"


def _is_two(type: SourceType) -> bool:
    """Whether a number may be two in IR: `_Complex`, and a `_BitInt` of more than 64 bits."""
    return _is_complex(type) or (isinstance(type, Scalar) and _EIGHTBYTE < type.size <= _REGISTERS)


def is_empty(type: SourceType) -> bool:
    """Whether values of a type have no bytes that are passed: `()`, an empty struct."""
    plain = type.plain
    if isinstance(plain, Record) and not plain.is_declared_only and not plain.variants:
        return all(is_empty(member.type) for member in plain.members)
    if isinstance(plain, Sequence):
        return plain.count == 0
    return isinstance(plain, Nothing) and plain.size == 0


def _is_whole(type: SourceType, given: Type) -> bool:
    """Whether one IR value is the whole of a value."""
    if isinstance(type, Address):
        if type.kind == "::*":  # an offset, or the function and the adjustment of `this`
            return given.size >= type.size > 0
        return isinstance(given, Pointer)  # an optimiser may pass what it points at instead
    if isinstance(type, Scalar) and not _is_complex(type):
        kind = Float if type.kind == "float" else Int
        return isinstance(given, kind) and given.size == type.size
    if isinstance(given, Pointer) and isinstance(type, Record | Sequence) and not _holds_pointer(type):
        return False
    return given.size >= type.size > 0 and not isinstance(given, Void)


def _holds_pointer(type: SourceType) -> bool:
    """Whether a value begins with a pointer, as far as can be said: an enum's payload may be one."""
    plain = type.plain
    if isinstance(plain, Record):
        if plain.variants or plain.is_declared_only or plain.kind == "union":
            return True
        return any(_holds_pointer(m.type) for m in plain.members if m.offset == 0 and not is_empty(m.type))
    if isinstance(plain, Sequence):
        return bool(plain.count) and _holds_pointer(plain.element)
    return isinstance(plain, Address | Nothing)


def _second_offset(type: SourceType, first: Type, second: Type) -> int:
    """Where the second piece begins: in C the second eightbyte, in Rust where a struct of both would have it."""
    if type.language != RUST:
        return _EIGHTBYTE
    align = _align(second)
    return -(-first.size // align) * align


def _align(type: Type) -> int:
    if isinstance(type, Struct):
        return max((_align(field) for field in type.fields), default=1)
    return max(1, min(type.size, _REGISTERS))


def _is_pair(type: SourceType, first: Type, second: Type, offset: int) -> bool:
    if not first.size < type.size <= offset + max(second.size, _EIGHTBYTE) or offset >= type.size:
        return False
    if type.size > 2 * _REGISTERS or (isinstance(first, Struct | Vector) and first.size > _EIGHTBYTE):
        return False
    if isinstance(first, Pointer) and not _holds_pointer(type):
        return False
    return type.language != RUST or _scalars(type) in (0, 2)


def _scalars(type: SourceType) -> int:
    """How many scalars a struct has in all; 0 if that depends on its variant."""
    plain = type.plain
    if isinstance(plain, Record):
        if plain.variants:
            return 0
        counts = [_scalars(member.type) for member in plain.members if not is_empty(member.type)]
        return sum(counts) if all(counts) else 0
    if isinstance(plain, Sequence):
        return (plain.count or 0) * _scalars(plain.element)
    return 1


def _result(type: SourceType, given: Type, in_memory: bool) -> list[tuple[int, Piece]] | None:
    """The pieces of a result with their offsets in the IR value; None if it does not fit."""
    plain = type.plain
    if isinstance(given, Void):
        return [] if isinstance(plain, Nothing) or is_empty(plain) else None
    if isinstance(plain, Nothing):
        return None
    if in_memory:  # as it is; of a class that is only declared, IR alone knows the size
        return [(0, Piece(0, given))] if given.size >= plain.size else None
    if isinstance(given, Struct) and len(given.fields) == 2 and plain.language != RUST and plain.size > _EIGHTBYTE:
        first, second = given.fields
        offset = given.offsets[1] if _is_complex(plain) else _EIGHTBYTE
        return [(0, Piece(0, first)), (given.offsets[1], Piece(offset, second))]
    if isinstance(plain, Scalar | Address) and not _is_complex(plain):
        return [(0, Piece(0, given))] if _is_whole(plain, given) else None
    return [(0, Piece(0, given))] if given.size >= plain.size > 0 else None
