from __future__ import annotations

from pathlib import Path as FilePath

import pytest

from jitrepl.shell.inputs import IR, CommandLine, Path, Splitter, split_inputs


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
