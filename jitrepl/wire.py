"""Records over a stream socket: a length, then the value, tagged field by field.

The worker runs arbitrary code that may write anything to any descriptor, so the shell must survive every byte
sequence: unlike `pickle` and `marshal` this can only ever yield plain data and the records of
`jitrepl.messages`. Unlike `json` it knows bytes and costs no import (docs/decisions/0005).

    frame  = length:u32le value
    value  = 'N' | 'T' | 'F' | 'i' size:u32 two's-complement | 'f' f64 | 's' size:u32 utf-8 | 'b' size:u32 bytes
           | 'd' size:u32 decimal digits
           | '[' count:u32 value*  | '{' count:u32 (key value)*  | 'S' name names items    (a `Struct`'s)
           | '(' count:u32 value*  | 'R' size:u8 class-name value*      (the record's fields, in order)
"""

from __future__ import annotations

from struct import Struct, error

from jitrepl.records import RECORDS, Record
from jitrepl.structs import Struct as StructValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Stream(Protocol):
        """The part of a socket that is used here."""

        def sendall(self, data: bytes, /) -> None: ...
        def recv(self, size: int, /) -> bytes: ...


LIMIT = 1 << 30
"""No frame may be longer, in bytes: a length beyond it is garbage, not a message."""

_U32 = Struct("<I")
_F64 = Struct("<d")


class WireError(Exception):
    """The other side sent something that is no message."""


def encode(value: object) -> bytes:
    """The bytes of a record or plain value, without the frame's length.

    Raises:
        TypeError: for a value that is no record, str, bytes, int, float, Decimal, bool, None, tuple, list, dict or
            `Struct`.
    """
    parts: list[bytes] = []
    _put(value, parts.append)
    return b"".join(parts)


def decode(data: bytes) -> object:
    """The value of `encode`'s bytes.

    Raises:
        WireError: if they are anything else.
    """
    try:
        value, end = _get(data, 0)
    except (IndexError, KeyError, UnicodeDecodeError, TypeError, RecursionError, error) as problem:
        raise WireError(f"no message: {problem!r}") from problem
    if end != len(data):
        raise WireError(f"{len(data) - end} bytes too many")
    return value


def frame(record: Record) -> bytes:
    """The bytes of one record on a stream, its length first.

    Raises:
        WireError: if the record is longer than `LIMIT`.
    """
    data = encode(record)
    if len(data) > LIMIT:
        raise WireError(f"a message of {len(data)} bytes is too long")
    return _U32.pack(len(data)) + data


def send(stream: Stream, record: Record) -> None:
    """Write one record to a stream socket.

    Raises:
        OSError: if the other side is gone.
        WireError: if the record is longer than `LIMIT`.
    """
    stream.sendall(frame(record))


def receive(stream: Stream) -> Record | None:
    """Read one record from a stream socket; None if the other side closed it between two records.

    Raises:
        OSError: if the other side is gone.
        WireError: if what arrives is no record.
    """
    head = _exactly(stream, 4)
    if head is None:
        return None
    (size,) = _U32.unpack(head)
    if size > LIMIT:
        raise WireError(f"a message of {size} bytes is too long")
    data = _exactly(stream, size)
    if data is None:
        raise WireError("the message breaks off")
    record = decode(data)
    if not isinstance(record, Record):
        raise WireError(f"{type(record).__name__} is no record")
    return record


def _exactly(stream: Stream, size: int) -> bytes | None:
    data = stream.recv(size)
    if len(data) == size:
        return data
    parts = []
    left = size
    while data:
        parts.append(data)
        left -= len(data)
        if not left:
            return b"".join(parts)
        data = stream.recv(min(left, 1 << 20))
    if parts:
        raise WireError("the message breaks off")
    return None if size else b""


def _sized(tag: bytes, data: bytes) -> bytes:
    return tag + _U32.pack(len(data)) + data


def _put(value: object, put: Callable[[bytes], object]) -> None:
    kind = type(value)
    if kind is str:
        put(_sized(b"s", value.encode("utf-8", "surrogateescape")))  # type: ignore[attr-defined]
    elif kind is tuple:
        put(b"(" + _U32.pack(len(value)))  # type: ignore[arg-type]
        for item in value:  # type: ignore[attr-defined]
            _put(item, put)
    elif kind is int:
        size = value.bit_length() // 8 + 1  # type: ignore[attr-defined]
        put(_sized(b"i", value.to_bytes(size, "little", signed=True)))  # type: ignore[attr-defined]
    elif value is None:
        put(b"N")
    elif kind is bool:
        put(b"T" if value else b"F")
    elif kind is bytes:
        put(_sized(b"b", value))  # type: ignore[arg-type]
    elif kind is float:
        put(b"f" + _F64.pack(value))
    elif kind is list:
        put(b"[" + _U32.pack(len(value)))  # type: ignore[arg-type]
        for item in value:  # type: ignore[attr-defined]
            _put(item, put)
    elif kind is dict:
        put(b"{" + _U32.pack(len(value)))  # type: ignore[arg-type]
        for key, item in value.items():  # type: ignore[attr-defined]
            _put(key, put)
            _put(item, put)
    elif isinstance(value, StructValue):
        put(b"S")
        for part in (value._name, value._fields, tuple(value)):
            _put(part, put)
    elif kind.__name__ == "Decimal":
        put(_sized(b"d", str(value).encode()))
    elif isinstance(value, Record):
        name = kind.__name__.encode()
        put(b"R" + bytes((len(name),)) + name)
        state = value.__dict__
        for field in value._fields:
            _put(state[field], put)
    else:
        raise TypeError(f"{kind.__name__} cannot cross the wire")


def _get(data: bytes, at: int) -> tuple[object, int]:
    tag = data[at]
    at += 1
    read = _SIZED.get(tag)
    if read:
        (size,) = _U32.unpack_from(data, at)
        at += 4
        raw = data[at : at + size]
        if len(raw) != size:
            raise WireError("a value breaks off")
        return read(raw), at + size
    if tag in _SEVERAL:
        (count,) = _U32.unpack_from(data, at)
        at += 4
        items = []
        for _ in range(2 * count if tag == ord("{") else count):
            item, at = _get(data, at)
            items.append(item)
        return _SEVERAL[tag](items), at
    if tag == 0x53:  # 'S'
        name, at = _get(data, at)
        names, at = _get(data, at)
        parts, at = _get(data, at)
        return _struct(name, names, parts), at
    if tag == 0x52:  # 'R'
        end = at + 1 + data[at]
        record = RECORDS[data[at + 1 : end].decode()]
        values = []
        for _ in record._fields:
            value, end = _get(data, end)
            values.append(value)
        return record(*values), end
    if tag == 0x66:  # 'f'
        return _F64.unpack_from(data, at)[0], at + 8
    return _SINGLE[tag], at


def _struct(name: object, names: object, parts: object) -> StructValue:
    if isinstance(name, str) and isinstance(names, tuple) and isinstance(parts, tuple) and len(names) == len(parts):
        return StructValue(name, tuple(map(str, names)), parts)
    raise WireError("no struct")


def _decimal(raw: bytes) -> object:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(raw.decode())
    except InvalidOperation as problem:
        raise WireError("no decimal number") from problem


_SIZED: dict[int, Callable[[bytes], object]] = {
    ord("s"): lambda raw: raw.decode("utf-8", "surrogateescape"),
    ord("b"): lambda raw: raw,
    ord("d"): _decimal,
    ord("i"): lambda raw: int.from_bytes(raw, "little", signed=True),
}
_SEVERAL: dict[int, Callable[[list[object]], object]] = {
    ord("("): tuple,
    ord("["): list,
    ord("{"): lambda items: dict(zip(items[::2], items[1::2], strict=True)),
}
_SINGLE: dict[int, object] = {ord("N"): None, ord("T"): True, ord("F"): False}
