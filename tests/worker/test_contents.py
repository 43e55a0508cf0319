from __future__ import annotations

import pytest
from steps import Steps

from jitrepl.errors import IRError

WARNING = "warning: only this input sees @{0}, which is {1}; leave out `{1}` if later inputs are to use it"
UNSEEN = "warning: later inputs do not see {}: write it with what refers to it, as one input"


@pytest.mark.parametrize(
    ("text", "others", "notes"),
    [
        ("%T = type { i32 }", ["defined %T"], []),
        ('%"a b" = type { i32 }\n%U = type { i8 }', ['defined %"a b", %U'], []),
        ("declare void @llvm.trap()", ["declared @llvm.trap"], []),
        ('module asm ".globl nothing"', ["added module asm"], []),
        ("%T = type { i32 }\ndeclare i32 @f(i32)", ["defined %T"], []),
        ("@v = private constant i32 1", ["defined @v"], [WARNING.format("v", "private")]),
        ("define internal i32 @f() {\n  ret i32 1\n}", ["defined @f"], [WARNING.format("f", "internal")]),
        ("attributes #0 = { noinline }", [], [UNSEEN.format("attributes #0")]),
        ("!0 = !{i32 1}\n!named = !{!0}", [], [UNSEEN.format("!0, !named")]),
        ("$c = comdat any", [], [UNSEEN.format("$c")]),
        ("%T = type { i32 }\nattributes #0 = { noinline }", ["defined %T"], []),
        ('target triple = "x86_64-unknown-linux-gnu"', [], []),
        ("", [], []),
    ],
)
def test_what_is_in_an_input_without_symbols(steps: Steps, text: str, others: list[str], notes: list[str]) -> None:
    loaded = steps.load(text)
    assert (list(loaded.others), list(loaded.notes)) == (others, notes)


def test_of_an_input_with_symbols_only_what_is_of_no_use_is_told(steps: Steps) -> None:
    assert not steps.load("@v = private constant i32 1\n@p = global ptr @v\nattributes #0 = { noinline }").notes
    loaded = steps.load("@w = private constant i32 1\n@q = global i32 1")
    assert (loaded.others, loaded.notes) == ((), (WARNING.format("w", "private"),))


def test_files_may_have_what_nothing_uses(steps: Steps) -> None:
    loaded = steps.load("@v = private constant i32 1", name="a.ll")
    assert (loaded.others, loaded.notes) == ((), ())


@pytest.mark.parametrize("word", ["private", "internal"])
def test_an_error_says_what_hides_a_symbol(steps: Steps, word: str) -> None:
    steps.load(f"@v = {word} global i32 1")
    with pytest.raises(IRError) as caught:
        steps.load("define i32 @f() {\n  %x = load i32, ptr @v\n  ret i32 %x\n}")
    assert caught.value.hint.startswith(f"@v of <input 1> is {word}, so only that input sees it: leave out `{word}`")


def test_a_function_without_a_name_is_to_get_one(steps: Steps) -> None:
    loaded = steps.load("define i32 @0() {\n  ret i32 1\n}")
    note = "warning: only this input sees @0; give it a name if later inputs are to use it"
    assert (list(loaded.others), list(loaded.notes)) == (["defined @0"], [note])
    with pytest.raises(IRError) as caught:
        steps.load("define i32 @f() {\n  %x = call i32 @0()\n  ret i32 %x\n}")
    assert caught.value.hint == "@0 of <input 1> has no name, so only that input sees it: give it one"
