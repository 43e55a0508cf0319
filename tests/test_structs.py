from __future__ import annotations

import copy
import pickle

import pytest

from jitrepl.structs import Struct


def test_a_struct_is_a_tuple_whose_items_have_names() -> None:
    point = Struct("Point", ("x", "y"), (1, 2))
    x, y = point
    assert (x, y) == (point.x, point.y) == (point[0], point[1]) == (1, 2)
    assert point == (1, 2)
    assert point._asdict() == {"x": 1, "y": 2}
    assert repr(point) == "Point(x=1, y=2)"


def test_names_may_be_those_of_methods_or_missing() -> None:
    value = Struct("", ("count", "index", ""), (1, 2, 3))
    assert (value.count, value.index, repr(value)) == (1, 2, "Struct(count=1, index=2, 3)")
    assert Struct("Point", ("x",), (1,)).count(1) == 1  # type: ignore[operator]


def test_a_field_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Point has no field 'z'; it has x, y"):
        _ = Struct("Point", ("x", "y"), (1, 2)).z
    with pytest.raises(AttributeError, match="Tag has no field 'z'; it has none"):
        _ = Struct("Tag", (), ()).z


def test_a_struct_can_be_copied_and_pickled() -> None:
    point = Struct("Point", ("x", "y"), (1, [2]))
    for other in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert (repr(other), other.y) == ("Point(x=1, y=[2])", [2])
