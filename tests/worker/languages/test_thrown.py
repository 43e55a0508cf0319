"""Exceptions that leave calls, in all the ways that code can be compiled; tests/sessions/cpp-*.txt has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from transcripts import ROOT

from jitrepl import Session
from jitrepl.errors import HostError, SymbolError, ThrownError, UndefinedError, by_name

HANDLERS = str(ROOT / "tests" / "data" / "languages" / "handlers.py")

# An exception of a language that nobody knows, by hand: `_Unwind_Exception` is a class, a function and two words.
RAISE = """
@exception = global [8 x i64] [i64 4705785884057096704, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0, i64 0], align 16
@done = global i32 0
declare i32 @_Unwind_RaiseException(ptr)
define i32 @raises(i32 %n) uwtable {
  store i32 %n, ptr @done
  %wanted = icmp sgt i32 %n, 9
  br i1 %wanted, label %raise, label %back
raise:
  %r = call i32 @_Unwind_RaiseException(ptr @exception)
  ret i32 -1
back:
  ret i32 %n
}
define i32 @done_now() {
  %d = load i32, ptr @done
  ret i32 %d
}
"""


def test_an_exception_of_another_language_ends_the_call(session: Session) -> None:
    session.load(RAISE)
    assert session.call("raises", 5) == 5
    with pytest.raises(
        ThrownError, match="an exception of another language: its exception class is 'ANOTHER'"
    ) as caught:
        session.call("raises", 10)
    assert caught.value.exit_status == 1
    assert session.call("done_now") == 10, "memory is as the code left it"
    assert session.call("raises", 7) == 7


def test_a_call_that_threw_can_be_undone(session: Session) -> None:
    session.load(RAISE)
    session.call("raises", 5)
    with pytest.raises(ThrownError):
        session.call("raises", 10)
    assert session.undo() == (":call raises 10",)
    assert session.call("done_now") == 5


def test_a_thunk_that_was_there_before_the_library_is_replaced(session: Session) -> None:
    session.load("define i32 @before(i32 %n) { ret i32 %n }")
    assert session.call("before", 1) == 1
    session.load(RAISE)
    with pytest.raises(ThrownError):
        session.call("raises", 10)


PERSONAL = """
declare i32 @__gxx_personality_v0(...)
declare void @ready()
define i32 @guarded() uwtable personality ptr @__gxx_personality_v0 {
  invoke void @ready() to label %fine unwind label %pad
fine:
  ret i32 5
pad:
  %pair = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pair
}
"""


def test_a_link_that_failed_does_not_spoil_the_personality(session: Session) -> None:
    session.library("libstdc++.so.6")
    session.load(PERSONAL)
    for _ in range(2):
        with pytest.raises(UndefinedError, match="ready"):
            session.call("guarded")
    session.load("define void @ready() { ret void }")
    assert session.call("guarded") == 5


@pytest.fixture(params=["throws.bc", "throws_O.bc"])
def throwing(request: pytest.FixtureRequest, languages: Path, session: Session) -> Iterator[Session]:
    session.library("libstdc++.so.6")
    session.host(HANDLERS)
    session.load(languages / request.param)
    yield session


@pytest.mark.parametrize(
    ("which", "type", "text"),
    [
        (0, "std::runtime_error", "boom"),
        (1, "int", "42"),
        (3, "char const*", "literal"),
        (4, "std::string", "text that is too long to lie in the string itself"),
        (5, "shop::SoldOut", "no apples"),
        (6, "shop::Basket", ""),
        (11, "std::logic_error", "inner"),
    ],
)
def test_optimised_or_not_an_exception_says_what_it_is(throwing: Session, which: int, type: str, text: str) -> None:
    with pytest.raises(ThrownError) as caught:
        throwing.call("boom", which)
    assert (caught.value.type, caught.value.text, caught.value.place) == (type, text, "")
    assert str(caught.value) == (f"{type}: {text}" if text else type)
    assert throwing.call("guards") == 0


def test_a_host_function_that_fails_has_destructors_run(throwing: Session) -> None:
    with pytest.raises(HostError, match="ValueError: 10 is more than 9"):
        throwing.call("guarded", 10)
    assert throwing.call("guards") == 0


def test_the_other_c_library_will_do(session: Session, languages: Path) -> None:
    """Code for libc++, which lays out strings and exceptions in its own way."""
    session.library("libc++.so.1")
    session.host(HANDLERS)
    session.load(languages / "throws_libcxx.bc")
    for which, message in ((0, "std::runtime_error: boom"), (4, "std::string: text that"), (10, "std::string: short")):
        with pytest.raises(ThrownError, match=message):
            session.call("boom", which)
    with pytest.raises(HostError):
        session.call("without_exceptions", 10)
    assert session.call("guards") == 0


def test_an_error_of_this_class_crosses_the_wire_by_name() -> None:
    assert by_name("ThrownError") is ThrownError
    bare = ThrownError("something")
    assert (bare.type, bare.text, bare.place) == ("", "", "")


@pytest.mark.parametrize("name", ["panics.bc", "panics_O.bc"])
def test_panics_have_a_place(session: Session, languages: Path, name: str) -> None:
    session.load(languages / name)
    with pytest.raises(ThrownError) as caught:
        session.call("element", 7)
    assert caught.value.type == "panic"
    assert caught.value.text == "index out of bounds: the len is 3 but the index is 7"
    assert caught.value.place == "panics.rs:55:5"
    with pytest.raises(ThrownError, match="Panic due to overflow: attempt to add"):
        session.call("sum_for_c", 2**31 - 1, 1)
    with pytest.raises(ThrownError):
        session.call("guarded_sum", 2**31 - 1, 1)
    assert session.call("alive") == 0, "the guard was dropped"


def test_the_library_is_opened_for_optimised_code_as_well(session: Session, languages: Path) -> None:
    session.load(languages / "library_O.bc")
    with pytest.raises(ThrownError, match="Panic: index out of bounds: the len is 3 but the index is 5"):
        session.call("element", 5)
    assert session.call("caught", 5) == -1
    assert session.call("panicking") is False
    assert session.call("parallel") == 60


def test_an_unknown_overload_lists_what_there_is(throwing: Session) -> None:
    with pytest.raises(SymbolError, match=r"`add` may be one of 3 functions\n  shop::add\(int, int\)"):
        throwing.call("add", 1, 2, 3)
    assert throwing.call("shop::add", 1, 2) == 3
    assert throwing.call("shop::add", 1.5, 2.5) == 4.0
