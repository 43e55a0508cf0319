from __future__ import annotations

import pytest

from jitrepl import messages
from jitrepl.errors import IRError, JitreplError, SymbolError
from jitrepl.messages import Called, Loaded, Symbol, Value
from jitrepl.shell import render as rendering
from jitrepl.shell.commands.registry import Help, Leave, Overview, Several
from jitrepl.shell.render import Line, coloured, plain, render, render_error, render_note


def text(lines: list[Line]) -> list[str]:
    return [plain(line.fragments) for line in lines]


def symbol(name: str, kind: str = "function", type: str = "i32 ()") -> Symbol:
    return Symbol(name, kind, type, "<input 1>", "lazy")


def test_a_result_is_its_type_and_value() -> None:
    (line,) = render(Called("f", Value("i32", "5", 5)))
    assert (plain(line.fragments), line.result) == ("i32 5", True)


def test_a_value_with_its_type_in_it_is_shown_alone() -> None:
    assert text(render(Called("f", Value("Point", "Point { x: 1 }", (1,), "", "Point { x: 1 }")))) == ["Point { x: 1 }"]


def test_a_file_may_register_host_functions_formatters_or_both() -> None:
    both = messages.HostsAdded(("f", "g"), (), ("Point", "std::*"))
    assert text(render(both)) == ["host functions: @f, @g", "formatters: Point, std::*"]
    assert text(render(messages.HostsAdded((), (), ("Point",)))) == ["formatters: Point"]


def test_void_shows_nothing() -> None:
    assert render(Called("f", Value("void", "", None))) == []


def test_other_readings_are_for_people_only() -> None:
    reply = Called("f", Value("i8", "-1", -1, "unsigned 255, 0xff"))
    assert text(render(reply)) == ["i8 -1"]
    assert text(render(reply, remarks=True)) == ["i8 -1  ; unsigned 255, 0xff"]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Loaded("<input 1>", (symbol("f"), symbol("g"))), "defined @f, @g"),
        (Loaded("sum.ll", (symbol("sum"),)), "loaded sum.ll: @sum"),
        (Loaded("<input 1>", (symbol("a name"),)), 'defined @"a name"'),
        (Loaded("<input 1>", (), ("puts",)), "declared @puts"),
        (Loaded("a.ll", ()), "loaded a.ll: no symbols"),
        (
            Loaded("a.ll", tuple(symbol(f"f{n}") for n in range(10))),
            "loaded a.ll: @f0, @f1, @f2, @f3, @f4, @f5, @f6, @f7 and 2 more",
        ),
    ],
)
def test_what_was_loaded_is_one_remark(reply: Loaded, line: str) -> None:
    (shown,) = render(reply)
    assert (plain(shown.fragments), shown.result) == (line, False)


def test_symbols_are_a_table_in_columns() -> None:
    table = messages.SymbolTable((symbol("f"), Symbol("longer", "variable", "ptr", "", "ready")))
    assert text(render(table)) == [
        "@f       function  i32 ()  <input 1>  lazy",
        "@longer  variable  ptr     -          ready",
    ]


def test_no_symbols_is_a_remark() -> None:
    (line,) = render(messages.SymbolTable(()))
    assert (plain(line.fragments), line.result) == ("no symbols", False)


def test_help_stands_in_columns() -> None:
    assert text(render(Help(((":a", "x"), (":long", "y")), "more"))) == [":a     x", ":long  y", "", "more"]


def test_narrow_help_stands_below_its_usage() -> None:
    lines = text(render(Help((("a" * 20, "one two three four five six"),)), width=24))
    assert lines == ["a" * 20, "    one two three four", "    five six"]


def test_an_overview_has_groups() -> None:
    groups = (("One", ((":a", "x"),)), ("Two", ((":long", "y"),)))
    expected = ["One", ":a     x", "", "Two", ":long  y", "", "more"]
    assert text(render(Overview(groups, "more"))) == expected


def test_several_results_follow_each_other() -> None:
    assert text(render(Several((messages.Text("a\n"), Leave(), messages.Done(), messages.Text("b"))))) == ["a", "b"]


def test_every_reply_can_be_rendered() -> None:
    shown_elsewhere = {"Failed", "Started", "Called", "Evaluated", "Undone", "CrashReport", "Running"}
    kinds = {kind for kind in messages.Reply.__subclasses__() if kind.__module__ == "jitrepl.replies"}
    missing = {kind.__name__ for kind in kinds if kind not in rendering._RENDERERS}
    assert missing <= shown_elsewhere


def test_an_error_is_its_message_and_the_next_step() -> None:
    lines = render_error(SymbolError("no @smu", "did you mean @sum?"))
    assert text(lines) == ["error: no @smu", "did you mean @sum?"]
    assert not any(line.result for line in lines)


def test_an_error_of_llvm_begins_with_its_place() -> None:
    lines = render_error(IRError("<input 1>:2:3: error: expected type\n  x\n  ^"))
    assert text(lines) == ["<input 1>:2:3: error: expected type", "  x", "  ^"]
    assert lines[0].fragments[0] == ("name", "<input 1>:2:3:")
    assert lines[2].fragments == [("caret", "  ^")]


def test_an_empty_message_is_still_an_error() -> None:
    assert text(render_error(JitreplError(""))) == ["error: "]


def test_colours_are_added_and_nothing_else() -> None:
    (line,) = render(Called("f", Value("i32", "5", 5)))
    assert coloured(line.fragments) == "\x1b[36mi32\x1b[0m \x1b[1m5\x1b[0m"


def test_notes_are_no_results() -> None:
    (line,) = render_note("something")
    assert not line.result
