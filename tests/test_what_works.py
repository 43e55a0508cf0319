"""docs/what-works.md says what a run of all that is in its tables finds (see `what_works.py`, `what_works_page.py`)."""

from __future__ import annotations

from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from conftest import skip_without
from what_works import SOURCES, Function, Row, read_functions, said, verdict
from what_works_page import PAGE, TABLES, Page, Table, lines_of


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_table_is_what_a_run_finds(table: Table, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    skip_without(table.needs)
    rows = table.rows(tmp_path)
    with open(PAGE) as lock:
        flock(lock, LOCK_EX)
        page = Page()
        written = page.lines[page.span(table)]
        found = lines_of(table, rows, written)
        if request.config.getoption("--update-what-works"):
            page.replace(table, found)
        else:
            assert written == found, "if that is right: pytest tests/test_what_works.py --update-what-works"


def test_the_page_has_every_table() -> None:
    assert sorted(Page().names()) == sorted(table.name for table in TABLES)
    used = {*(table.name for table in TABLES), "main.ll"}
    others = [path.name for path in SOURCES.iterdir() if path.name not in used]
    assert [name for name in others if not name.startswith(("answer", "debugged"))] == []


# The harness itself


def test_a_row_is_a_function_with_a_comment() -> None:
    text = "/// a `call`: 42\n/// because it cannot\nint f(void) { return g(); }\nint g(void);\n"
    (function,) = read_functions(text, with_results=True)
    assert function == Function("f", "a `call`", "42", "because it cannot")
    (function,) = read_functions("/// a::b\npub fn f() -> i32 { 1 }\n", with_results=False)
    assert function == Function("f", "a::b")


def test_a_cell_is_yes_only_for_what_is_expected() -> None:
    function = Function("f", "what", "42")
    assert verdict(function, "printed\nint 42\n") == "yes"
    assert verdict(function, "int 41\n") == "no: `int 41`"
    assert verdict(function, "error: @f `ended` at 0x00007f00\n  hint 42\n") == "no: ``@f `ended` at 0x…``"
    assert verdict(function, "") == "no: nothing was printed"
    assert verdict(Function("f", "what", "42", "for a reason"), "int 4") == "no: for a reason"


def test_what_is_said_is_short() -> None:
    assert said("before\nerror: one | two\n  at f\nthe session goes on\n") == "one \\| two"
    assert said("LLVM ERROR: why\nerror: killed\n") == "LLVM ERROR: why"
    assert said("thread 'main' (12) panicked at a.rs:1:2:\nboom\nnote: more\n", lines=2) == (
        "thread 'main' panicked at a.rs:1:2: boom"
    )


def test_a_line_with_an_ellipsis_stays_if_it_matches() -> None:
    table = TABLES[0]
    before = ["| a | `at …` | yes |", "| b | yes | no: … |"]
    rows = [Row("a", ["`at 5`", "yes"]), Row("b", ["yes", "yes"])]
    assert lines_of(table, rows, before)[2:] == ["| a | `at …` | yes |", "| b | yes | yes |"]
