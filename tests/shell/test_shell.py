"""Scripts: what loads them, what their errors name, and when they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transcripts import ROOT

from jitrepl import Session
from jitrepl.errors import InputError, InternalError
from jitrepl.shell.commands import COMMANDS
from jitrepl.shell.output import Output, OutputLost
from jitrepl.shell.shell import Shell, as_told

Run = Callable[..., Any]

SUM = ROOT / "tests" / "data" / "sum.ll"
HALF = "define i32 @half(i32 %x) {\n  %r = sdiv i32 %x, 2\n  ret i32 %r\n}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working directory of the program, with a script that another one loads."""
    (tmp_path / "inner.jitrepl").write_text(f"{HALF}:call half 8\n")
    (tmp_path / "outer.txt").write_text("; the session\n:load inner.jitrepl\n:call half 10\n")
    return tmp_path


@pytest.mark.parametrize("line", [":load outer.txt", ":source outer.txt", "outer.txt", "inner.jitrepl\n:call half 10"])
def test_a_script_runs_wherever_it_is_loaded(jitrepl: Run, folder: Path, line: str) -> None:
    done = jitrepl("-e", line)
    assert (done.status, done.out) == (0, "i32 4\ni32 5\n")


def test_scripts_and_modules_are_loaded_in_their_order(jitrepl: Run, folder: Path) -> None:
    (folder / "use.jitrepl").write_text(":call sum 1 2\n")
    assert jitrepl("-e", f":load {SUM} use.jitrepl inner.jitrepl").out == "i32 3\ni32 4\n"


def test_what_cannot_be_read_is_told_when_it_is_its_turn(jitrepl: Run, folder: Path) -> None:
    done = jitrepl("-e", f":load {SUM} nothere.ll")
    assert done.err == f"loaded {SUM}: @sum\nerror: no file nothere.ll\n"


def test_a_file_of_ir_with_commands_is_a_script_too(jitrepl: Run, folder: Path) -> None:
    (folder / "half.ll").write_text(f"{HALF}:call half 4\n")
    assert [jitrepl("-e", line).out for line in (":load half.ll", "half.ll")] == ["i32 2\n"] * 2


def test_an_error_names_the_script_and_the_line(jitrepl: Run, folder: Path) -> None:
    (folder / "bad.jitrepl").write_text("; one\n\n:call nothing\n")
    done = jitrepl("-e", ":load bad.jitrepl", "-e", ":call nothing")
    assert (done.status, done.err.splitlines()[0]) == (1, "bad.jitrepl:3: error: no @nothing")
    assert done.err.count("error") == 1


def test_an_error_in_ir_has_the_line_and_column_of_the_script(jitrepl: Run, folder: Path) -> None:
    (folder / "bad.jitrepl").write_text(f":set\n{HALF.replace('sdiv', 'sidv')}")
    assert jitrepl("bad.jitrepl").err.startswith("bad.jitrepl:3:8: error: expected instruction opcode\n")


def test_an_error_in_a_script_ends_those_that_loaded_it(jitrepl: Run, folder: Path) -> None:
    (folder / "inner.jitrepl").write_text(f"{HALF}:call hafl 8\n:call half 8\n")
    done = jitrepl("outer.txt", "-e", ":call half 2")
    assert (done.out, "inner.jitrepl:5: error: no @hafl" in done.err) == ("", True)
    assert jitrepl("-k", "outer.txt", "-e", ":call half 2").out == "i32 4\ni32 5\ni32 1\n"


def test_a_script_that_loads_itself_is_told(jitrepl: Run, folder: Path) -> None:
    (folder / "a.jitrepl").write_text(":load b.jitrepl")
    (folder / "b.jitrepl").write_text(":load ./a.jitrepl")
    assert "b.jitrepl:1: error: ./a.jitrepl would load itself again and again\n" in jitrepl("-k", "a.jitrepl").err


def test_scripts_too_deep_are_told(jitrepl: Run, folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}.jitrepl").write_text(f":load {number + 1}.jitrepl")
    assert "49.jitrepl:1: error: scripts that load scripts are 50 deep\n" in jitrepl("0.jitrepl").err


def test_quit_in_a_script_leaves(jitrepl: Run, folder: Path) -> None:
    (folder / "quit.jitrepl").write_text(":quit\n:call nothing")
    done = jitrepl("-k", "-e", ":load quit.jitrepl inner.jitrepl", "-e", ":call nothing")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_a_script_takes_no_flags(jitrepl: Run, folder: Path) -> None:
    assert "a script takes no flags" in jitrepl("-e", ":load inner.jitrepl -- -O2").err


@pytest.mark.parametrize("begin", [b"#!/usr/bin/env jitrepl\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf#! /bin/jitrepl\n"])
def test_what_stands_in_front_of_a_text_is_skipped(jitrepl: Run, folder: Path, begin: bytes) -> None:
    (folder / "h.ll").write_bytes(begin + HALF.encode())
    (folder / "h.jitrepl").write_bytes(begin + b":load h.ll\n:call half 4\n")
    (folder / "main.ll").write_bytes(begin + b"define i32 @main() { ret i32 3 }")
    assert jitrepl("h.ll", "-e", ":call half 4").out == "i32 2\n"
    assert jitrepl("h.jitrepl").out == "i32 2\n"
    assert jitrepl("--run", "main.ll").status == 3
    text = (begin + HALF.encode()).decode() + ":call half 4\n"
    assert jitrepl("-", input=text).out == "i32 2\n"


def test_a_program_cannot_be_a_script(jitrepl: Run, folder: Path) -> None:
    assert "inner.jitrepl is a script of inputs, not a module\n" in jitrepl("--run", "inner.jitrepl").err


# What nobody expected


def unexpected(*_: object, **__: object) -> None:
    """A command with a mistake in it."""
    raise ValueError("odd")


def test_a_mistake_of_our_own_ends_no_session(
    session: Session, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(COMMANDS["stats"], "function", unexpected)
    shell = Shell(session, Output(), keep_going=True)
    assert shell.run_text(":stats\nadd i32 1, 2")
    done = capfd.readouterr()
    assert (done.out, shell.status) == ("i32 3\n", 1)
    first, *_, raised, versions, hint = done.err.splitlines()
    assert (first, raised) == ("error: Traceback (most recent call last):", "ValueError: odd")
    assert versions.startswith("jitrepl ") and "Python 3" in versions
    assert hint == "please report this"


def test_what_cannot_be_cut_into_inputs_or_shown_ends_no_session(
    session: Session, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(session, Output())
    assert not shell.run_all(map(unexpected, [1]))  # type: ignore[arg-type]
    monkeypatch.setattr("jitrepl.shell.shell.render", unexpected)
    assert not shell.run_text(":set timeout")
    assert capfd.readouterr().err.count("ValueError: odd") == 2


def test_a_watched_file_that_is_odd_ends_no_session(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "half.ll"
    file.write_text(HALF)
    session.watch.add([str(file)])
    file.write_text(HALF * 2)
    monkeypatch.setattr(session, "reload", unexpected)
    shell = Shell(session, Output())
    shell.load_changed()
    assert (shell.failures, "ValueError: odd" in capfd.readouterr().err) == (1, True)


def test_an_error_is_told_as_it_is_and_lost_output_to_nobody() -> None:
    expected, lost = InputError("no file a.ll"), OutputLost(OSError(28, "No space left on device"))
    assert as_told(expected) is expected
    assert isinstance(as_told(ValueError("odd")), InternalError)
    with pytest.raises(OutputLost):
        as_told(lost)
