from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jitrepl.worker import llvm
from jitrepl.worker.linking import redirect, rewrite
from jitrepl.worker.owned import Module, parse, verify

CODE = """
@variable = global i32 5
@other = alias i32, ptr @variable
define i32 @f() {
  %r = load i32, ptr @variable
  ret i32 %r
}
define i32 @g() {
  %r = call i32 @f()
  ret i32 %r
}
@alias = alias i32 (), ptr @g
"""
BLOCKS = """
@table = internal constant [1 x ptr] [ptr blockaddress(@jumps, %there)]
define i32 @jumps() {
  %to = load ptr, ptr @table
  indirectbr ptr %to, [label %there]
there:
  ret i32 1
}
define i32 @calls() {
  %r = call i32 @jumps()
  ret i32 %r
}
"""
IN_THREAD = """
@t = external thread_local global i32
declare ptr @llvm.threadlocal.address.p0(ptr)
define ptr @where() {
  %p = call ptr @llvm.threadlocal.address.p0(ptr @t)
  ret ptr %p
}
"""

Read = Callable[[str], Module]


@pytest.fixture
def read() -> Iterator[Read]:
    """Parses IR; what became of it has to be valid at the end."""
    made: list[Module] = []

    def parsed(text: str) -> Module:
        module, message = parse(text.encode(), "test")
        assert module, message
        made.append(module)
        return module

    yield parsed
    for module in made:
        assert verify(module) == ""
        module.close()


def lines(module: Module) -> list[str]:
    return module.text().splitlines()


def test_undefine_leaves_a_body_that_nobody_emits(read: Read) -> None:
    module = read(CODE)
    rewrite.undefine(module.ptr, "f", "f#2")
    assert 'define available_externally i32 @"f#2"() {' in lines(module)
    assert '  %r = call i32 @"f#2"()' in lines(module)


def test_undefine_makes_a_variable_a_declaration(read: Read) -> None:
    module = read("@variable = global i32 5")
    rewrite.undefine(module.ptr, "variable", "variable")
    assert "@variable = external global i32" in lines(module)


def test_aliases_keep_what_they_mean_when_that_is_undefined(read: Read) -> None:
    module = read(CODE)
    rewrite.undefine(module.ptr, "variable", "variable")
    rewrite.undefine(module.ptr, "g", "g")
    assert '@other = alias i32, ptr @"variable#was"' in lines(module)
    assert '@"variable#was" = private global i32 5' in lines(module)
    assert "@variable = external global i32" in lines(module)
    assert "  %r = load i32, ptr @variable, align 4" in lines(module)
    assert '@alias = alias i32 (), ptr @"g#was"' in lines(module)
    assert "declare i32 @g()" in lines(module)


def test_an_alias_is_undefined_by_meaning_nothing(read: Read) -> None:
    module = read(CODE)
    rewrite.undefine(module.ptr, "alias", "alias")
    assert "declare i32 @alias()" in lines(module)
    assert not [line for line in lines(module) if line.startswith("@alias =")]


def test_tables_of_block_addresses_keep_the_body_that_has_the_blocks(read: Read) -> None:
    module = read(BLOCKS)
    rewrite.undefine(module.ptr, "jumps", "jumps")
    assert any('blockaddress(@"jumps#was", %there)' in line for line in lines(module))
    assert 'define private i32 @"jumps#was"() {' in lines(module)
    assert "  %r = call i32 @jumps()" in lines(module)


def test_erase_leaves_no_trace_of_the_body(read: Read) -> None:
    module = read(CODE)
    rewrite.erase(module.ptr, "f")
    assert "declare i32 @f()" in lines(module)
    assert "available_externally" not in module.text()


def test_publish_gives_a_symbol_to_what_is_internal(read: Read) -> None:
    module = read("@hidden = internal global i32 1\n@each = internal thread_local global i32 2")
    rewrite.publish(module.ptr, "hidden", "hidden#local1")
    rewrite.publish(module.ptr, "each", "each#local1")
    assert '@"hidden#local1" = hidden alias i32, ptr @hidden' in lines(module)
    assert '@"each#local1" = hidden thread_local global i32 2' in lines(module)


def test_direct_calls_of_a_modules_own_function_stay_direct(read: Read) -> None:
    module = read("define i32 @f() { ret i32 1 }\n" + "define ptr @g() {\n  %r = call i32 @f()\n  ret ptr @f\n}")
    value = rewrite.value_named(module.ptr, "f")
    assert value
    rewrite.rename(value, "f#2")
    rewrite.point_elsewhere(module.ptr, value, "f")
    assert '  %r = call i32 @"f#2"()' in lines(module)
    assert "  ret ptr @f" in lines(module)


def test_what_has_a_number_gets_it_as_its_name(read: Read) -> None:
    module = read(
        "@0 = global i32 1\n@1 = private constant i32 2\ndefine ptr @2() {\n  ret ptr @0\n}\ndeclare void @g()"
    )
    rewrite.name_unnamed(module.ptr)
    assert '@"0" = internal global i32 1' in lines(module)
    assert '@"1" = private constant i32 2' in lines(module)
    assert 'define internal ptr @"2"() {' in lines(module)
    assert "declare void @g()" in lines(module)


def test_a_variable_can_be_declared_as_one_for_all_threads(read: Read) -> None:
    module = read(IN_THREAD)
    value = rewrite.value_named(module.ptr, "t")
    assert value
    rewrite.store_as(value, False)
    assert "@t = external global i32" in lines(module)
    assert "  ret ptr @t" in lines(module)
    rewrite.store_as(value, True)
    assert "@t = external thread_local global i32" in lines(module)


def test_every_definition_gets_room_for_a_jump(read: Read) -> None:
    module = read(
        "define void @f() { ret void }\ndefine void @n() naked { unreachable }\n"
        "define void @own() prefix i8 1 { ret void }\ndeclare void @d()\n"
        "define available_externally void @elsewhere() { ret void }"
    )
    rewrite.make_redirectable(module.ptr, redirect.PREFIX, redirect.PROLOGUE)
    with_room = [line.split("@")[1].split("(")[0] for line in lines(module) if "prefix [16 x i8]" in line]
    assert with_room == ["f"]


def test_initialisers_and_assembly_are_forgotten(read: Read) -> None:
    module = read(
        'module asm "nop"\n@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] '
        "[{ i32, ptr, ptr } { i32 1, ptr @f, ptr null }]\ndefine void @f() { ret void }"
    )
    rewrite.forget_initialisers(module.ptr)
    assert not module.has_assembly
    assert not llvm.named_global(module.ptr, b"llvm.global_ctors")


@pytest.mark.parametrize(
    ("text", "written"),
    [("@v = global i32 5", "i32 5"), ("@v = external global i32", ""), ("@w = global i32 1", "")],
)
def test_initial_values_are_compared_as_text(read: Read, text: str, written: str) -> None:
    assert rewrite.initial_value(read(text).ptr, "v") == written
