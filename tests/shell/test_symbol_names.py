from __future__ import annotations

import pytest

from jitrepl.messages import Symbol
from jitrepl.shell.symbol_names import chosen, is_of_a_library


def symbol(name: str, spelling: str = "", module: str = "a.cpp", state: str = "lazy") -> Symbol:
    return Symbol(name, "function", "void ()", module, state, spelling)


OWN = [
    symbol("sum"),
    symbol("_Z1", "ns::add(int, int)"),
    symbol("_Z2", "use(std::vector<int, std::allocator<int>> const&)"),
    symbol("_Z3", "operator+(P, P)"),
    symbol("_Z4", "mine(std::string const&)"),
    symbol("_Z5", "<rs::P as core::ops::drop::Drop>::drop"),
    symbol("printf", module="libc.so.6", state="ready"),
    symbol("nowhere", module="", state="declared"),
    symbol("__mine"),
]
THEIRS = [
    symbol("_Z11", "std::vector<int, std::allocator<int>>::push_back(int const&)"),
    symbol("_Z12", "void std::swap<int>(int&, int&)"),
    symbol("_Z13", "typeinfo for P"),
    symbol("_Z14", "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"),
    symbol("_Z15", "<u64 as core::iter::traits::accum::Sum>::sum"),
    symbol("_Z16", "core::ptr::drop_in_place<rs::P>"),
    symbol("_Znwm", "operator new(unsigned long)", module="libstdc++.so.6", state="ready"),
    symbol("__cxa_throw", module="libc++abi.so.1", state="ready"),
    symbol("__gxx_personality_v0", module="", state="declared"),
    symbol("__clang_call_terminate"),
]


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.spelling or one.name)
def test_what_the_user_wrote_or_asked_for_is_listed(one: Symbol) -> None:
    assert not is_of_a_library(one)


@pytest.mark.parametrize("one", THEIRS, ids=lambda one: one.spelling or one.name)
def test_what_headers_and_compilers_bring_is_left_out(one: Symbol) -> None:
    assert is_of_a_library(one)


@pytest.mark.parametrize(
    ("pattern", "found", "left_out"),
    [
        ("", OWN, len(THEIRS)),
        ("*", OWN + THEIRS, 0),
        ("all", OWN + THEIRS, 0),
        ("@sum", OWN[:1], 0),
        ("add", OWN[1:2], 0),
        ("ns::*", OWN[1:2], 0),
        ("push_back", THEIRS[:1], 0),
        ("drop", OWN[5:6], 2),
        ("_Z1", OWN[1:2], 0),
        ("no_such", [], 0),
    ],
)
def test_a_pattern_is_a_glob_or_a_part_of_a_name(pattern: str, found: list[Symbol], left_out: int) -> None:
    assert chosen([*OWN, *THEIRS], pattern) == (tuple(found), left_out)
