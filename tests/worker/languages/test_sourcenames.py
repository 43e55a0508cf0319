from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jitrepl.errors import SymbolError
from jitrepl.worker.languages.sourcenames import choose, meant_by, path_of, paths, shown
from jitrepl.worker.signatures import Signature
from jitrepl.worker.types import Float, Function, Int, Pointer, Type

INT, LONG, BYTE, DOUBLE, PTR = Int(32, 4), Int(64, 8), Int(8, 1), Float("double", 8), Pointer(0, 8)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("add(int, int)", "add"),
        ("shop::Basket::take(int)", "shop::Basket::take"),
        ("shop::Basket::size() const", "shop::Basket::size"),
        ("int shop::larger<int>(int, int)", "shop::larger<int>"),
        ("void each<int (*)(char)>(int (*)(char))", "each<int (*)(char)>"),
        ("std::ostream& operator<<(std::ostream&, int)", "operator<<"),
        ("Basket::operator()(int) const", "Basket::operator()"),
        ("(anonymous namespace)::hidden(int)", "(anonymous namespace)::hidden"),
        ("vtable for Basket", "Basket"),
        ("core::option::Option<T>::expect", "core::option::Option<T>::expect"),
        ("live", "live"),
    ],
)
def test_the_path_is_what_is_left_without_types(text: str, path: str) -> None:
    assert path_of(text) == path


LARGER = "_ZN4shop6largerIiEET_S1_S1_"
SYMBOLS = ["_Z3addii", "_ZN4shop3addEii", "_ZN4shop3addEdd", "_ZN4shop6Basket4takeEi", LARGER, "c"]


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        ("add(int, int)", ["_Z3addii"]),
        ("add(int,int)", ["_Z3addii"]),
        ("add", ["_Z3addii"]),
        ("shop::add", ["_ZN4shop3addEii", "_ZN4shop3addEdd"]),
        ("shop::add(double, double)", ["_ZN4shop3addEdd"]),
        ("add(double, double)", ["_ZN4shop3addEdd"]),
        ("take", ["_ZN4shop6Basket4takeEi"]),
        ("Basket::take", ["_ZN4shop6Basket4takeEi"]),
        ("asket::take", []),
        ("larger", [LARGER]),
        ("shop::larger<int>", [LARGER]),
        ("c", []),
        ("", []),
    ],
)
def test_a_name_means_the_symbols_that_are_spelled_so(name: str, symbols: list[str]) -> None:
    assert meant_by(name, SYMBOLS) == symbols


def test_names_that_are_not_mangled_are_shown_as_they_are() -> None:
    assert [shown(symbol) for symbol in ("_Z3addii", "add", "a b")] == ["add(int, int)", "@add", '@"a b"']
    assert paths(SYMBOLS)[-1] == "shop::larger<int>"


def overload(symbol: str, *params: Type) -> Any:
    return SimpleNamespace(name=symbol, signature=Signature(Function(INT, params, False)))


OVERLOADS = [
    overload("_Z1fi", INT),
    overload("_Z1fl", LONG),
    overload("_Z1fd", DOUBLE),
    overload("_Z1fPKc", PTR),
    overload("_Z1fid", INT, DOUBLE),
    overload("_Z1fdd", DOUBLE, DOUBLE),
]


@pytest.mark.parametrize(
    ("arguments", "symbol"),
    [
        (("1",), "_Z1fi"),
        (("0xffffffffff",), "_Z1fl"),
        (("1.5",), "_Z1fd"),
        (("inf",), "_Z1fd"),
        (('"text"',), "_Z1fPKc"),
        (("[1, 2]",), "_Z1fPKc"),
        (("null",), "_Z1fPKc"),
        (("i64 1",), "_Z1fl"),
        (("1", "2.5"), "_Z1fid"),
        (("1.5", "2.5"), "_Z1fdd"),
    ],
)
def test_an_overload_is_chosen_by_the_arguments(arguments: tuple[str, ...], symbol: str) -> None:
    assert choose("f", OVERLOADS, arguments).name == symbol


@pytest.mark.parametrize("arguments", [(), ("1", "2", "3"), ("(1, 2)",), ("undef",), ("[1",)])
def test_what_may_mean_several_is_listed(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SymbolError, match=r"`f` may be one of 6 functions\n  f\(int\)\n  f\(long\)"):
        choose("f", OVERLOADS, arguments)


def test_the_only_one_is_taken_whatever_the_arguments() -> None:
    assert choose("f", OVERLOADS[:1], ("1", "2")).name == "_Z1fi"
