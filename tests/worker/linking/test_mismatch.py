from __future__ import annotations

import pytest
from steps import Steps

ONE = "define i32 @one(i32 %a) {\n  ret i32 %a\n}\n"


def calling(name: str, type: str, call: str) -> str:
    return f"define {type} @{name}() {{\n  %r = call {call}\n  ret {type} %r\n}}\n"


def test_a_call_of_what_was_lent_as_something_else(steps: Steps) -> None:
    steps.load(ONE + "@v = global i32 5\ndeclare i32 @printf(ptr, ...)")
    loaded = steps.load(calling("f", "float", "float @one(float 1.0)") + calling("g", "i32", "i32 @one(i32 1)"))
    assert loaded.notes == ("warning: @one is i32 (i32); @f calls it as float (float)",)
    loaded = steps.load(calling("h", "i32", "i32 @v()"))
    assert loaded.notes == ("warning: @v is a variable of type i32; @h calls it as i32 ()",)


@pytest.mark.parametrize(
    "text",
    [
        calling("f", "i32", "i32 @one(i32 1)"),
        calling("f", "i32", "i32 (ptr, ...) @printf(ptr null, i32 1)"),
        "declare i32 @one(...)\n" + calling("f", "i32", "i32 (...) @one(i32 1)"),
        "@p = global ptr @one",
    ],
)
def test_nothing_is_said_of_what_fits(steps: Steps, text: str) -> None:
    steps.load(ONE + "declare i32 @printf(ptr, ...)")
    assert steps.load(text).notes == ()


def test_a_declaration_that_differs_from_the_definition(steps: Steps) -> None:
    steps.load(ONE)
    loaded = steps.load("declare float @one(float)\n" + calling("f", "float", "float @one(float 1.0)"))
    assert loaded.notes == ("warning: @one is declared as float (float), <input 1> has i32 (i32)",)
    assert steps.load("declare float @one(float)").notes == ()  # nothing uses it


def test_a_definition_that_differs_from_former_uses(steps: Steps) -> None:
    steps.load("declare float @one(float)\n" + calling("f", "float", "float @one(float 1.0)"))
    assert steps.load(ONE).notes == ("warning: @one is i32 (i32); @f of <input 1> uses it as float (float)",)
