from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from steps import Steps, caller, constant, getter, setter

from jitrepl.errors import DuplicateError, JitreplError, UndefinedError
from jitrepl.worker.linking import linkage
from jitrepl.worker.linking.linkage import KEEP, REFUSE, REPLACE, RESET, SHARE


def item(kind: str = "variable", type: str = "i32", **more: bool) -> Any:
    """A global value, as far as `verdict` looks at it."""
    flags = {"weak": False, "thread_local": False, "constant": False, "common": False, "comdat": False} | more
    return SimpleNamespace(kind=kind, type=SimpleNamespace(text=type), **flags)


STRONG, WEAK, FUNCTION = item(), item(weak=True), item("function", "i32 ()")
TABLE = {
    "a weak definition gives way": (STRONG, WEAK, {}, KEEP),
    "of two weak ones the first stays": (WEAK, WEAK, {}, KEEP),
    "another version's weak definition replaces its own": (WEAK, WEAK, {"again": True}, RESET),
    "linkers refuse two strong ones": (STRONG, STRONG, {"replace": False}, REFUSE),
    "linkers prefer a strong one to a weak one": (WEAK, STRONG, {"replace": False}, RESET),
    "a function is replaced": (FUNCTION, FUNCTION, {}, REPLACE),
    "a variable becomes a function": (STRONG, FUNCTION, {}, REPLACE),
    "a function becomes a variable": (FUNCTION, STRONG, {}, REPLACE),
    "a variable goes on": (STRONG, STRONG, {"same_initial": True}, SHARE),
    "another initialiser resets it": (STRONG, STRONG, {}, RESET),
    "another type moves it": (STRONG, item(type="i64"), {"same_initial": True}, REPLACE),
    "a constant is moved": (item(constant=True), item(constant=True), {}, REPLACE),
    "the same constant is not": (item(constant=True), item(constant=True), {"same_initial": True}, SHARE),
    "a constant becomes a variable": (item(constant=True), STRONG, {"same_initial": True}, REPLACE),
    "each thread's own goes on": (item(thread_local=True), item(thread_local=True), {"same_initial": True}, SHARE),
    "each thread's own is moved": (item(thread_local=True), item(thread_local=True), {}, REPLACE),
    "each thread's own becomes all threads'": (item(thread_local=True), STRONG, {"same_initial": True}, REPLACE),
    "constructors want memory that nobody used": (STRONG, STRONG, {"same_initial": True, "fresh": True}, REPLACE),
}


@pytest.mark.parametrize("case", TABLE)
def test_verdicts(case: str) -> None:
    old, new, more, expected = TABLE[case]
    given = {"replace": True, "again": False, "same_initial": False, "fresh": False} | more
    assert linkage.verdict(old, new, **given) == expected


def test_every_verdict_is_in_the_table() -> None:
    assert {row[3] for row in TABLE.values()} == {KEEP, SHARE, RESET, REPLACE, REFUSE}


# Functions


def test_every_caller_gets_the_new_body(steps: Steps) -> None:
    steps.load(constant("f", 1) + caller("inside", "f") + "define ptr @address() { ret ptr @f }")
    steps.load(caller("outside", "f"))
    steps.load("define i32 @through(ptr %p) {\n  %r = call i32 %p()\n  ret i32 %r\n}")
    before = str(steps.call("address"))
    assert steps.calls("inside", "outside") == [1, 1]
    for number in (2, 3, 4):
        steps.load(constant("f", number))
        assert steps.calls("f", "inside", "outside") == [number] * 3
        assert steps.call("through", before) == number
    assert str(steps.call("address")) == before


def test_a_weak_definition_is_replaced_by_a_strong_one_only(steps: Steps) -> None:
    steps.load(constant("w", 1, "weak") + caller("use", "w"))
    steps.load(constant("w", 2, "linkonce_odr") + constant("x", 1))
    assert steps.calls("use", "w") == [1, 1]
    steps.load(constant("w", 3))
    steps.load(constant("w", 4, "weak"))
    assert steps.calls("use", "w") == [3, 3]


@pytest.mark.parametrize("used", [True, False])
def test_an_alias_follows_its_function_and_can_be_replaced(steps: Steps, used: bool) -> None:
    steps.load("@a = alias i32 (), ptr @f\n" + constant("f", 1) + caller("through", "a") + caller("direct", "f"))
    if used:
        assert steps.calls("a", "through", "direct") == [1, 1, 1]
    steps.load(constant("f", 2))
    assert steps.calls("f", "a", "through", "direct") == [2, 2, 2, 2]
    steps.load("@a = alias i32 (), ptr @g\n" + constant("g", 3))
    assert steps.calls("f", "a", "through", "direct") == [2, 3, 3, 2]
    steps.load(constant("a", 4))
    assert steps.calls("f", "g", "a", "through", "direct") == [2, 3, 4, 4, 2]


def test_a_function_whose_blocks_have_addresses_is_replaced(steps: Steps) -> None:
    text = (
        "@table = {} [1 x ptr] [ptr blockaddress(@b, %x)]\n"
        "define i32 @b() {{\n  %t = load ptr, ptr @table\n  indirectbr ptr %t, [label %x]\nx:\n  ret i32 1\n}}\n"
    )
    for linkage_of_table in ("internal constant", "global"):
        steps.load(text.format(linkage_of_table) + constant("other", 5))
        steps.load(constant("b", 2))
        assert steps.calls("other", "b") == [5, 2]


def test_a_function_may_become_a_variable_and_come_back(steps: Steps) -> None:
    steps.load(constant("x", 1) + caller("use", "x"))
    assert steps.call("use") == 1
    steps.load("@x = global i32 5\n" + getter("read", "x"))
    assert steps.call("read") == 5
    assert "@read of <input 2> still uses it" in "".join(steps.load(constant("x", 3)).notes)
    assert steps.calls("x", "use") == [3, 3]


def test_names_that_look_like_versions_are_names(steps: Steps) -> None:
    steps.load(constant("f", 1) + caller("use", "f"))
    assert steps.call("use") == 1
    steps.load(constant("f", 2))
    steps.load('declare i32 @"f#2"()\ndefine i32 @early() {\n  %r = call i32 @"f#2"()\n  ret i32 %r\n}')
    with pytest.raises(UndefinedError, match="f#2"):
        steps.call("early")
    steps.load('define i32 @"f#2"() { ret i32 9 }')
    assert steps.calls("f", "use", "f#2", "early") == [2, 2, 9, 9]


def test_what_the_process_has_is_replaced_also_after_it_was_used(steps: Steps) -> None:
    steps.load("declare i32 @abs(i32)\ndefine i32 @u(i32 %a) {\n  %r = call i32 @abs(i32 %a)\n  ret i32 %r\n}")
    assert steps.call("u", "-4") == 4
    steps.load("define i32 @abs(i32 %a) { ret i32 77 }")
    assert steps.call("u", "-4") == 77
    steps.unload("abs")
    assert steps.call("u", "-4") == 4
    steps.load("define i32 @abs(i32 %a) { ret i32 78 }")
    assert steps.call("u", "-4") == 78


def test_callers_that_use_the_old_type_are_named(steps: Steps) -> None:
    steps.load(constant("f", 1) + caller("use", "f"))
    notes = steps.load("define i64 @f(i64 %a) { ret i64 %a }").notes
    assert notes == ("warning: @f was i32 () and is i64 (i64); @use of <input 1> still uses it as it was",)


# Variables


def test_a_variable_goes_on_where_it_is_unless_its_initialiser_is_another(steps: Steps) -> None:
    steps.load("@v = global i32 1\n" + getter("get", "v") + setter("set", "v"))
    steps.call("set", "7")
    assert steps.load("@v = global i32 1").notes == ("@v keeps its value",)
    assert steps.load("@v = global i32 undef").notes == ("@v keeps its value",)
    assert steps.call("get") == 7
    assert steps.load("@v = global i32 2").notes == ("@v was reset: its initialiser has changed",)
    assert steps.call("get") == 2
    assert steps.load("@v = global i64 3\n" + getter("low", "v")).notes == ("@v was reset: it was i32",)
    steps.call("set", "9")
    assert steps.calls("get", "low") == [9, 9]


def test_common_variables_are_one(steps: Steps) -> None:
    steps.load("@c = common global i32 0\n" + setter("set", "c"))
    steps.load("@c = common global i32 0\n" + getter("get", "c"))
    steps.call("set", "5")
    assert steps.call("get") == 5
    steps.load("@c = global i32 9")
    assert steps.call("get") == 9


def test_each_threads_own_variable_goes_on_moves_and_becomes_all_threads(steps: Steps) -> None:
    steps.load("@t = thread_local global i32 1\n" + getter("get", "t") + setter("set", "t"))
    steps.call("set", "5")
    steps.load("@t = thread_local global i32 1\n" + getter("more", "t"))
    assert steps.calls("get", "more") == [5, 5]
    for text in ("@t = thread_local global i32 2", "@t = global i32 3", "@t = thread_local global i32 4"):
        steps.load(text)
        assert steps.calls("get", "more") == [int(text[-1])] * 2
        steps.call("set", "6")
        assert steps.calls("get", "more") == [6, 6]


def test_an_alias_of_a_variable_follows_its_value_not_its_type(steps: Steps) -> None:
    steps.load("@v = global i32 1\n@a = alias i32, ptr @v\n" + getter("get", "a"))
    steps.load("@v = global i32 2")
    assert steps.call("get") == 2
    steps.load("@v = global i64 3")
    assert steps.call("get") == 2
    steps.load("@a = global i32 12")
    assert steps.call("get") == 12


def test_what_has_a_number_is_the_modules_own(steps: Steps) -> None:
    steps.load("@k = constant i32 1\n" + getter("limit", "k"))
    steps.load("@0 = global i32 5\n@k = external constant i32\n" + getter("get", "0") + setter("set", "0"))
    steps.load("@0 = global i32 6\n" + getter("other", "0"))
    steps.call("set", "7")
    steps.load("@k = constant i32 2")
    assert steps.calls("get", "other", "limit") == [7, 6, 2]


def test_weak_references_may_stay_undefined(steps: Steps) -> None:
    steps.load("@e = extern_weak global i32\ndefine i1 @has() {\n  %r = icmp ne ptr @e, null\n  ret i1 %r\n}")
    assert steps.call("has") is False
    steps.load("@e = global i32 1")
    assert steps.call("has") is True
    steps.unload("e")
    assert steps.call("has") is False


# Modules with assembly; versions of a module


def test_assembly_goes_on_when_the_code_beside_it_is_compiled_again(steps: Steps) -> None:
    text = 'module asm ".globl av"\nmodule asm ".data"\nmodule asm "av: .long 7"\n@av = external global i32\n'
    steps.load("@k = constant i32 1")
    steps.load(text + "@k = external constant i32\n" + getter("get", "av") + setter("set", "av") + getter("limit", "k"))
    steps.call("set", "5")
    steps.load("@k = constant i32 2")
    assert steps.calls("get", "limit") == [5, 2]
    with pytest.raises(DuplicateError, match="@av is already defined by module-level assembly"):
        steps.load("@av = global i32 3")


def test_labels_of_the_assembly_alone_go_on_too(steps: Steps) -> None:
    steps.load("@k = constant i32 1")
    text = 'module asm "label: mov $7, %eax\\0Aret"\ndeclare i32 @label()\n@k = external constant i32\n'
    for number in (1, 2):
        steps.load(text.replace("$7", f"${number}") + caller(f"use{number}", "label") + getter(f"limit{number}", "k"))
    assert steps.calls("use1", "use2", "limit1", "limit2") == [1, 2, 1, 1]
    steps.load("@k = constant i32 2")
    assert steps.calls("use1", "use2", "limit1", "limit2") == [1, 2, 2, 2]


def test_another_version_keeps_what_only_the_module_sees(steps: Steps) -> None:
    text = "@n = internal global {0} {1}\ndefine {0} @next() {{\n  %a = load {0}, ptr @n\n  %b = add {0} %a, {2}\n"
    text += "  store {0} %b, ptr @n\n  ret {0} %b\n}}\n"
    steps.load(text.format("i32", 0, 1), "m.ll")
    assert steps.call("next") == 1
    reply = steps.load(text.format("i32", 0, 10), "m.ll")
    assert (reply.again, reply.changed) == (True, ("next",))
    assert steps.call("next") == 11
    assert "@n was reset" in steps.load(text.format("i32", 5, 10), "m.ll").notes[0]
    assert steps.call("next") == 15
    steps.load(text.format("i64", 5, 10), "m.ll")
    assert steps.call("next") == 15
    assert "@n = internal global i64 5" in steps.dump()


def test_what_a_new_version_lacks_stays_while_others_use_it(steps: Steps) -> None:
    steps.load(constant("a", 1) + constant("b", 2) + constant("c", 3), "m.ll")
    steps.load(caller("use", "a"))
    reply = steps.load(constant("b", 4), "m.ll")
    assert reply.gone == ("c",)
    assert reply.notes == ("@a is not in m.ll any more; it stays, <input 2> uses it",)
    assert steps.calls("use", "a", "b") == [1, 1, 4]
    steps.load(constant("a", 5) + constant("b", 6), "m.ll")
    assert steps.calls("use", "a", "b") == [5, 5, 6]


# What fails leaves everything as it was


@pytest.mark.parametrize(
    "broken",
    [
        "define i32 @x( {",
        "define i32 @x() {\n  ret i64 1\n}",
        'define i32 @x() {\n  call void asm "nonsense", ""()\n  ret i32 0\n}',
        'module asm "nonsense"',
        "declare i32 @llvm.read_register.i32(metadata)\n"
        "define i32 @x() {\n  %r = call i32 @llvm.read_register.i32(metadata !0)\n  ret i32 %r\n}\n"
        '!0 = !{!"none"}',
    ],
)
def test_an_input_that_fails_leaves_everything_as_it_was(steps: Steps, broken: str) -> None:
    steps.load("@v = global i32 5\n@k = constant i32 1\n" + constant("f", 1) + constant("w", 1, "weak"))
    steps.load(caller("use", "f") + getter("get", "v") + setter("set", "v") + getter("limit", "k"))
    steps.load(constant("unused", 1))
    steps.call("set", "6")
    assert steps.calls("use", "limit", "w") == [1, 1, 1]
    before = steps.dump(), list(steps.engine.dylib.symbols()), steps.modules()
    new = "@v = global i32 8\n@k = constant i32 2\n" + constant("f", 2) + constant("w", 2) + constant("unused", 2)
    with pytest.raises(JitreplError):
        steps.load(new + broken)
    assert (steps.dump(), list(steps.engine.dylib.symbols()), steps.modules()) == before
    assert steps.calls("use", "get", "limit", "w", "unused") == [1, 6, 1, 1, 1]
    steps.load(new)
    assert steps.calls("use", "get", "limit", "w", "unused") == [2, 8, 2, 2, 2]
