from __future__ import annotations

from pathlib import Path as FilePath

import pytest

from jitrepl.shell.inputs import (
    IR,
    OPCODES,
    CommandLine,
    Look,
    Path,
    Splitter,
    Statement,
    numbered_inputs,
    split_inputs,
    without_comment,
)
from jitrepl.shell.vocabulary import load


def inputs(text: str) -> list[object]:
    return list(split_inputs(text.split("\n")))


def test_ir_goes_on_until_a_command() -> None:
    assert inputs("define i32 @f() {\n  ret i32 5\n}\n:call f\n") == [
        IR("define i32 @f() {\n  ret i32 5\n}"),
        CommandLine(":call f"),
    ]


def test_several_definitions_are_one_input() -> None:
    text = "declare void @g()\n\ndefine void @f() {\n  ret void\n}"
    assert inputs(text) == [IR(text)]


def test_ir_at_the_end_is_an_input() -> None:
    assert inputs(":a\n@g = global i32 1") == [CommandLine(":a"), IR("@g = global i32 1")]


def test_commands_may_be_indented_where_no_ir_is_open() -> None:
    assert inputs("  :call f  ") == [CommandLine(":call f")]
    assert inputs("@g = global i32 1\n  :x") == [IR("@g = global i32 1\n  :x")]


@pytest.mark.parametrize("text", ["", "\n\n", "; a comment", "; a comment\n\n  ; another\n"])
def test_blank_lines_and_comments_alone_are_no_input(text: str) -> None:
    assert inputs(text) == []


def test_a_comment_in_front_belongs_to_its_ir() -> None:
    assert inputs("; about f\n@f = global i32 1") == [IR("; about f\n@f = global i32 1")]


def test_blank_lines_in_front_do_not_belong_to_the_ir() -> None:
    assert inputs(":a\n\n\n@f = global i32 1") == [CommandLine(":a"), IR("@f = global i32 1")]


def test_a_path_is_an_input_where_one_begins() -> None:
    assert inputs("sum.ll\n./a b.ll\n:call sum") == [Path("sum.ll"), Path("./a b.ll"), CommandLine(":call sum")]


def test_a_path_after_a_comment_is_an_input() -> None:
    assert inputs("; load it\nsum.ll") == [Path("sum.ll")]


def test_no_line_inside_ir_is_a_path(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FilePath("}").write_text("")
    text = "define void @f() {\n  ret void\n}"
    assert inputs(text) == [IR(text)]


def test_inputs_come_as_soon_as_they_are_complete() -> None:
    splitter = Splitter()
    assert list(splitter.feed(":call f")) == [CommandLine(":call f")]
    assert list(splitter.feed("@g = global i32 1")) == []
    assert list(splitter.feed(":a")) == [IR("@g = global i32 1"), CommandLine(":a")]
    assert list(splitter.finish()) == []


def test_an_instruction_outside_of_a_function_is_an_input() -> None:
    assert inputs("add i32 1, 2\n  %x = mul i32 3, 4\n@g = global i32 1\nstore i32 5, ptr @g") == [
        Statement("add i32 1, 2"),
        Statement("  %x = mul i32 3, 4"),
        IR("@g = global i32 1"),
        Statement("store i32 5, ptr @g"),
    ]
    assert inputs('%"a b" = add i32 1, 2') == [Statement('%"a b" = add i32 1, 2')]
    assert inputs('%"a b" = type { i32 }') == [IR('%"a b" = type { i32 }')]


def test_the_instructions_of_a_function_are_not() -> None:
    text = "define i32 @f(i32 %x) { ; } no end {\n  %y = add i32 %x, 1\n%x\n  ret i32 %y\n}"
    assert inputs(f"{text}\nret i32 1") == [IR(text), Statement("ret i32 1")]


def test_an_instruction_ends_where_its_brackets_do() -> None:
    text = "%v = call { i32,\n  i32 } @f(i32 1,\n i32 2)"
    assert inputs(f"{text}\nfreeze i32 1") == [Statement(text), Statement("freeze i32 1")]


@pytest.mark.parametrize(
    "text", ["@g = global i64\nptrtoint (ptr @f to i64)", "%T = type { i32 }", "attributes #0 = { nounwind }"]
)
def test_what_is_like_an_instruction_and_is_none(text: str) -> None:
    assert inputs(text) == [IR(text)]


@pytest.mark.parametrize("text", ["%x", "%5", "@g", '@"any name"', "  %_  "])
def test_a_name_alone_is_looked_up(text: str) -> None:
    assert inputs(text) == [Look(text.strip())]


@pytest.mark.parametrize(
    ("line", "instruction"),
    [
        (":call i32 @sum(i32 1, i32 2)", "call i32 @sum(i32 1, i32 2)"),
        (":c void @f()", "call void @f()"),
        (":call { i32, i32 } @f(i32 %x)", "call { i32, i32 } @f(i32 %x)"),
    ],
)
def test_a_call_as_ir_writes_it(line: str, instruction: str) -> None:
    assert inputs(line) == [Statement(instruction, line)]


@pytest.mark.parametrize(
    "line", [":call @sum 1 2", ":call f @g (1, 2)", ':call "i32 (ptr)" puts @s', ":call sum(1, 2)", ":call f @g"]
)
def test_other_calls_are_commands(line: str) -> None:
    assert inputs(line) == [CommandLine(line)]


def test_the_opcodes_are_those_of_the_grammar() -> None:
    assert load().body_starters == OPCODES


def test_inputs_know_their_lines() -> None:
    text = "; c\n\n:a\n\n; about g\n@g = global i32 1\n\nsum.ll\n:b\n./a.ll"
    assert [number for number, _ in numbered_inputs(text.split("\n"))] == [3, 5, 9, 10]


@pytest.mark.parametrize("begin", ["\ufeff", "#!/usr/bin/env jitrepl\n", "\ufeff#! /bin/x\n"])
def test_a_byte_order_mark_and_a_line_for_the_kernel_are_no_input(begin: str) -> None:
    assert inputs(f"{begin}:a") == [CommandLine(":a")]


def test_attributes_of_rust_are_not_for_the_kernel() -> None:
    assert inputs("#![no_std]") == [IR("#![no_std]")]


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (":call f ; c", ":call f "),
        ("sum.ll  ; c", "sum.ll  "),
        (':call f "a ; b" ; c', ':call f "a ; b" '),
        (r':call f "a\" ; b" ; c', r':call f "a\" ; b" '),
        (r':call f "a\\" ; b', r':call f "a\\" '),
        (":call f ';' ' ; ' ; c", ":call f ';' ' ; ' "),
        (":call f 1 ; don't", ":call f 1 "),
        (":help don't ; c", ":help don't "),
        (":load a;b.ll", ":load a;b.ll"),
        (":call f(1);", ":call f(1);"),
    ],
)
def test_a_comment_behind_a_command_or_path_is_left_out(line: str, rest: str) -> None:
    assert without_comment(line) == rest


def test_a_path_may_have_a_comment_behind_it() -> None:
    assert inputs("sum.ll ; the sum") == [Path("sum.ll")]


@pytest.mark.parametrize("line", ["!ls", "! ls", "  !./a | wc ; echo", "!echo a=b", "!/bin/ls", "!~/x"])
def test_an_exclamation_mark_begins_a_line_for_the_systems_shell(line: str) -> None:
    assert inputs(line) == [CommandLine(line.strip())]


@pytest.mark.parametrize("line", ["!0 = !{}", "!llvm.ident = !{!0}", "!a= !{}", "!-x = !{}", "! 0 = !{}", "!0", "!"])
def test_metadata_is_ir(line: str) -> None:
    assert inputs(line) == [IR(line)]


def test_a_line_for_the_systems_shell_ends_the_ir_before_it() -> None:
    assert inputs("@g = global i32 1\n!echo hi\n@g") == [
        IR("@g = global i32 1"),
        CommandLine("!echo hi"),
        Look("@g"),
    ]


def test_an_instruction_goes_on_where_its_line_cannot_end() -> None:
    assert inputs("%y = add i32 %x,\n  1\n%y") == [Statement("%y = add i32 %x,\n  1"), Look("%y")]
