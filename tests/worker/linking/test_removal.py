from __future__ import annotations

import pytest
from steps import Steps, caller, constant, getter, setter

from jitrepl.errors import SymbolError, UndefinedError

POINTER = (
    "@p = global ptr @f\ndefine i32 @through() {\n  %f = load ptr, ptr @p\n  %r = call i32 %f()\n  ret i32 %r\n}\n"
)


def test_what_is_used_is_kept_and_its_users_are_named(steps: Steps) -> None:
    steps.load(constant("f", 1))
    steps.load("".join(caller(f"use{n}", "f") for n in range(7)))
    with pytest.raises(SymbolError, match=r"@use4 of <input 2> and 2 more") as caught:
        steps.unload("f", force=False)
    assert "`:unload f!`" in caught.value.hint
    assert steps.call("use0") == 1
    with pytest.raises(SymbolError, match="did you mean @use0"):
        steps.unload("usee0")


def test_a_module_that_was_replaced_is_no_user_of_itself(steps: Steps) -> None:
    for value in (1, 2, 3):
        text = "@v = global i32 5\n@p = global ptr @f\n" + getter("get", "v") + constant("f", value)
        steps.load(text, name="w.ll")
        assert steps.calls("get", "f") == [5, value]
    assert steps.unload("w.ll", force=False).whole
    assert steps.modules() == {}


def test_a_former_module_that_others_need_is_told_from_its_successor(steps: Steps) -> None:
    steps.load(constant("f", 1) + caller("gone", "f"), name="w.ll")
    steps.load(caller("use", "gone"))
    steps.load(constant("f", 2), name="w.ll")
    assert steps.call("use") == 2
    with pytest.raises(SymbolError, match=r"w\.ll is used by @gone of the former w\.ll\n"):
        steps.unload("w.ll", force=False)


def test_memory_is_given_back_with_the_last_symbol_of_a_module(steps: Steps) -> None:
    steps.load(constant("f", 1) + constant("g", 2))
    steps.calls("f", "g")
    assert steps.unload("f").whole is False
    assert steps.modules() == {"<input 1>": "ready"}
    assert steps.unload("g").whole is True
    assert steps.modules() == {}
    with pytest.raises(SymbolError):
        steps.call("f")


def test_former_bodies_go_with_the_function(steps: Steps) -> None:
    for number in range(4):
        steps.load(constant("f", number))
        assert steps.call("f") == number
    assert list(steps.modules().values()).count("replaced") == 3
    steps.unload("f")
    assert steps.modules() == {}


def test_former_bodies_of_others_stay(steps: Steps) -> None:
    steps.load(constant("f", 1) + constant("g", 1))
    steps.calls("f", "g")
    steps.load(constant("f", 2))
    steps.load(constant("g", 2))
    assert steps.calls("f", "g") == [2, 2]
    steps.unload("f")
    assert steps.modules() == {"<input 1>": "replaced", "<input 3>": "ready"}
    assert steps.call("g") == 2


def test_users_fail_until_it_is_defined_again(steps: Steps) -> None:
    steps.load("@v = global i32 1\n" + constant("f", 1) + constant("rest", 0))
    steps.load(caller("use", "f") + getter("get", "v"))
    assert steps.calls("use", "get") == [1, 1]
    steps.unload("f")
    steps.unload("v")
    for name in ("use", "get"):
        with pytest.raises(UndefinedError, match=r"@f is used by @use of <input 2>"):
            steps.call(name)
    steps.load(constant("f", 3) + "@v = global i32 4")
    assert steps.calls("use", "get") == [3, 4]


@pytest.mark.parametrize("rest", ["", constant("rest", 0)])
def test_pointers_reach_the_next_definition(steps: Steps, rest: str) -> None:
    steps.load(constant("f", 1) + rest)
    steps.load(POINTER)
    assert steps.call("through") == 1
    for number in (2, 3):
        steps.unload("f")
        with pytest.raises(UndefinedError):
            steps.call("through")
        steps.load(constant("f", number))
        assert steps.call("through") == number
    for name in ("through", "p", "f"):
        steps.unload(name)
    if rest:
        steps.unload("rest")
    assert steps.modules() == {}


def test_data_that_others_point_to_stays_in_memory(steps: Steps) -> None:
    steps.load("@v = global i32 5")
    steps.load(
        "@p = global ptr @v\n"
        + "define i32 @get() {\n  %p = load ptr, ptr @p\n  %r = load i32, ptr %p\n  ret i32 %r\n}"
    )
    assert steps.call("get") == 5
    steps.unload("v")
    steps.load("@v = global i64 6\n" + constant("f", 1))
    steps.call("f")
    steps.unload("f")
    assert steps.call("get") == 5
    steps.load("@v = global i8 7")
    assert steps.call("get") == 5


def test_nobody_finds_by_name_what_was_unloaded(steps: Steps) -> None:
    steps.load(constant("f", 1) + constant("rest", 0))
    steps.call("f")
    steps.unload("f")
    steps.load("declare i32 @f()\n" + caller("late", "f"))
    with pytest.raises(UndefinedError, match=r"\[ f \]"):
        steps.call("late")
    steps.load(constant("f", 2))
    assert steps.call("late") == 2


@pytest.mark.parametrize("rest", ["", constant("rest", 0)])
@pytest.mark.parametrize("used", [True, False])
def test_weak_definitions_take_over_in_order(steps: Steps, rest: str, used: bool) -> None:
    for number in (1, 2, 3):
        steps.load(constant("w", number, "weak") + rest.replace("rest", f"rest{number}"))
    steps.load(caller("use", "w"))
    for number in (1, 2, 3):
        if used:
            assert steps.calls("w", "use") == [number, number]
        steps.unload("w")
    with pytest.raises(UndefinedError):
        steps.call("use")


def test_a_weak_variable_takes_over_with_its_own_value(steps: Steps) -> None:
    steps.load("@w = weak global i32 1\n" + setter("set", "w"))
    steps.load("@w = weak global i32 2\n" + getter("get", "w"))
    steps.call("set", "5")
    assert steps.call("get") == 5
    steps.unload("w")
    assert steps.call("get") == 2


def test_host_functions_show_through(steps: Steps) -> None:
    from jitrepl.hosting import host

    @host("i32 ()")
    def answer() -> int:
        return 42

    steps.load(constant("answer", 1) + constant("rest", 0))
    steps.load("declare i32 @answer()\n" + caller("use", "answer"))
    assert steps.call("use") == 1
    steps.unload("answer")
    assert steps.calls("use", "answer") == [42, 42]


def test_assembly_elsewhere_does_not_stand_for_what_is_unloaded(steps: Steps) -> None:
    steps.load('module asm ".globl label\\0Alabel: ret"\n' + constant("beside", 1))
    steps.load(constant("f", 1))
    steps.load(caller("use", "f"))
    assert steps.calls("use", "beside") == [1, 1]
    steps.unload("f")
    with pytest.raises(UndefinedError):
        steps.call("use")
    steps.load(constant("f", 2))
    assert steps.call("use") == 2


@pytest.mark.parametrize("used", [True, False])
def test_a_module_that_uses_its_own_symbol_is_a_user_too(steps: Steps, used: bool) -> None:
    steps.load(constant("f", 1) + caller("use", "f"))
    if used:
        assert steps.call("use") == 1
    with pytest.raises(SymbolError, match="f is used by @use of <input 1>"):
        steps.unload("f", force=False)
    steps.unload("f")
    with pytest.raises(UndefinedError, match="@f is used by @use"):
        steps.call("use")
    steps.load(constant("f", 2))
    assert steps.call("use") == 2
    assert steps.unload("input 1", force=False).names == ("use",)
