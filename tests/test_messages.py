from __future__ import annotations

import inspect

import pytest

from jitrepl import messages
from jitrepl.messages import Call, Loaded, Reply, Request, Value
from jitrepl.records import RECORDS, Record


def test_fields_are_the_annotations_in_order() -> None:
    assert Value._fields == ("type", "text", "data", "remark", "shown")


def test_values_are_taken_by_position_and_by_name() -> None:
    assert Call("f", arguments=("1",)) == Call("f", ("1",), "")


def test_class_attributes_are_defaults() -> None:
    assert (Call("f").arguments, Call("f").signature) == ((), "")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Call(), "lacks its field 'name'"),
        (lambda: Call("f", (), "", 4), "takes 3 values, not 4"),
        (lambda: Call("f", name="g"), "unexpected or repeated field 'name'"),
        (lambda: Call("f", nome="g"), "unexpected or repeated field 'nome'"),
    ],
)
def test_wrong_fields_are_refused(make: object, complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        make()  # type: ignore[operator]


def test_a_record_is_frozen() -> None:
    with pytest.raises(AttributeError, match="Call is frozen"):
        Call("f").name = "g"  # type: ignore[misc]


def test_records_are_equal_when_class_and_fields_are() -> None:
    assert Call("f") == Call("f")
    assert hash(Call("f")) == hash(Call("f"))
    assert Call("f") != Call("g")
    assert messages.Dump("f") != messages.AddHost("f")


def test_a_record_shows_its_fields() -> None:
    assert repr(Call("f", ("1",))) == "Call(name='f', arguments=('1',), signature='')"


def test_every_record_of_the_module_can_be_found_by_name() -> None:
    classes = [c for _, c in inspect.getmembers(messages, inspect.isclass) if issubclass(c, Record)]
    assert all(RECORDS[c.__name__] is c for c in classes if c is not Record)


def test_every_reply_can_carry_notes() -> None:
    assert [c for c in Reply.__subclasses__() if c.__module__ == "jitrepl.replies" and "notes" not in c._fields] == []


def test_every_request_and_reply_says_what_it_is_for() -> None:
    described = [c for c in RECORDS.values() if issubclass(c, Request | Reply)]
    assert [c.__name__ for c in described if not c.__doc__] == []


def test_a_reply_is_no_request() -> None:
    assert not isinstance(Loaded("a.ll", ()), Request)
