from __future__ import annotations

import math
import socket
import struct
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jitrepl import wire
from jitrepl.messages import Call, Called, Done, Load, Symbol, SymbolTable, Value
from jitrepl.records import RECORDS, Record
from jitrepl.structs import Struct
from jitrepl.wire import WireError, decode, encode

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(1 << 2000), 1 << 2000)
    | st.floats(allow_nan=False)
    | texts
    | st.binary()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple)
        | st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
        | st.builds(
            lambda name, pairs: Struct(name, tuple(pairs), tuple(pairs.values())),
            texts,
            st.dictionaries(texts, inner, max_size=4),
        )
    ),
    max_leaves=20,
)
records = st.one_of(
    st.builds(Load, texts, st.binary()),
    st.builds(Call, texts, st.lists(texts).map(tuple), texts),
    st.builds(Called, texts, st.builds(Value, texts, texts, plain, texts), st.lists(texts).map(tuple)),
    st.builds(SymbolTable, st.lists(st.builds(Symbol, texts, texts, texts, texts, texts)).map(tuple)),
)


@given(plain)
def test_plain_values_come_back(value: object) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


@given(records)
def test_records_come_back(record: Record) -> None:
    assert decode(encode(record)) == record


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_record_can_cross(name: str) -> None:
    kind = RECORDS[name]
    record = kind(*range(len(kind._fields)))
    assert decode(encode(record)) == record


def test_a_nan_and_a_negative_zero_come_back() -> None:
    assert math.isnan(decode(encode(math.nan)))  # type: ignore[arg-type]
    assert math.copysign(1, decode(encode(-0.0))) == -1  # type: ignore[arg-type]
    assert str(decode(encode(Decimal("NaN")))) == "NaN"


def test_a_struct_comes_back_with_its_names() -> None:
    back = decode(encode(Struct("Point", ("x", ""), (1, [2]))))
    assert isinstance(back, Struct)
    assert (repr(back), back._asdict()) == ("Point(x=1, [2])", {"x": 1, "": [2]})
    with pytest.raises(WireError, match="no struct"):
        decode(b"S" + encode("Point") + encode(("x", "y")) + encode((1,)))


def test_text_with_bytes_that_are_no_text_comes_back() -> None:
    assert decode(encode("a\udcffb")) == "a\udcffb"


@pytest.mark.parametrize("value", [{1}, object(), 1j, bytearray(b"x"), Call, ("ok", [1j]), {"a": {1}}])
def test_other_values_cannot_cross(value: object) -> None:
    with pytest.raises(TypeError, match="cannot cross the wire"):
        encode(value)


# Bytes that are no message


def refused_or_plain(data: bytes) -> None:
    try:
        value = decode(data)
    except WireError:
        return
    encode(value)  # what was accepted is made of what may cross, nothing else


@given(st.binary(max_size=200))
@example(b"R\x04Call")
@example(b"R\xff")
@example(b"(\xff\xff\xff\xff")
@example(b"(\xff\xff\xff\xffN")
@example(b"s\xff\xff\xff\xff")
@example(b"s\x01\x00\x00\x00\xff")
@example(b"d\x03\x00\x00\x00abc")
@example(b"d\x02\x00\x00\x00\xff\xff")
@example(b"R\x06Record")
@example(b"R\x07Request")
@example(b"R\x03\xff\xfe\xfd")
@example(b"i\x00\x00\x00\x00")
@example(b"f\x00")
@example(b"(\x01\x00\x00\x00" * 100_000)
def test_any_bytes_are_plain_data_or_refused(data: bytes) -> None:
    refused_or_plain(data)


@given(records, st.data())
def test_a_frame_that_breaks_off_is_refused(record: Record, data: st.DataObject) -> None:
    encoded = encode(record)
    with pytest.raises(WireError):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(records, st.data())
def test_a_changed_frame_is_plain_data_or_refused(record: Record, data: st.DataObject) -> None:
    encoded = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    refused_or_plain(bytes(encoded))


def test_bytes_behind_a_value_are_refused() -> None:
    with pytest.raises(WireError, match="1 bytes too many"):
        decode(b"NN")


# Over a socket


@pytest.fixture
def pair() -> object:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


Pair = tuple[socket.socket, socket.socket]


def test_records_arrive_one_after_the_other_then_the_end(pair: Pair) -> None:
    left, right = pair
    wire.send(left, Call("f"))
    wire.send(left, Done())
    left.close()
    assert [wire.receive(right) for _ in range(3)] == [Call("f"), Done(), None]


def test_a_record_larger_than_the_buffers_arrives(pair: Pair) -> None:
    import threading

    left, right = pair
    record = Load("big.bc", bytes(range(256)) * 20_000)
    sender = threading.Thread(target=wire.send, args=(left, record))
    sender.start()
    assert wire.receive(right) == record
    sender.join()


@pytest.mark.parametrize(
    "sent",
    [b"\x01", b"\x05\x00\x00\x00N", struct.pack("<I", wire.LIMIT + 1), b"\x00\x00\x00\x00", b"\x01\x00\x00\x00N"],
    ids=["half a length", "half a value", "too long", "nothing", "no record"],
)
def test_what_is_no_record_is_refused(pair: Pair, sent: bytes) -> None:
    left, right = pair
    left.sendall(sent)
    left.close()
    with pytest.raises(WireError):
        wire.receive(right)


def test_a_record_beyond_the_limit_is_not_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LIMIT", 10)
    with pytest.raises(WireError, match="too long"):
        wire.send(pair[0], Load("x", bytes(100)))


def test_a_name_stands_for_one_record() -> None:
    with pytest.raises(TypeError, match="two records named Call"):
        type("Call", (Record,), {})
