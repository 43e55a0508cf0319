from __future__ import annotations

import os
import shlex

import pytest

from jitrepl import Session
from jitrepl.errors import UsageError
from jitrepl.shell import debuggers
from jitrepl.shell.debuggers import advice, attach_line, how_to_attach, known, launch, misled


@pytest.mark.parametrize("name", debuggers.DEBUGGERS)
def test_an_attach_line_is_for_a_shell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    words = shlex.split(attach_line(name, 4242, "operator new(unsigned long)"))
    assert os.path.basename(words[0]) == name
    assert "4242" in words
    assert [word for word in words if word.endswith("operator new(unsigned long)")]
    assert words[-1] == "continue"


def test_advice_says_what_is_missing_and_what_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debuggers, "find", lambda name: None)
    text = advice(os.getpid(), "", "only root may")
    assert text.startswith(f"the code runs in process {os.getpid()};")
    assert "break NAME" in text
    assert "# not found here: apt install gdb" in text
    assert text.endswith("\nonly root may")


def test_who_is_debugged_already_is_told_by_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debuggers, "tracer_of", lambda pid: os.getpid())
    text = advice(7, "f", "")
    assert (
        text
        == f"the code runs in process 7, which {debuggers.name_of(os.getpid())} (process {os.getpid()}) debugs already"
    )


def test_debug_is_about_the_function_that_was_called_or_defined_last(session: Session) -> None:
    assert "break NAME" in how_to_attach(session)
    session.load("define i32 @f() { ret i32 1 }\ndefine i32 @g() { ret i32 2 }\n@v = global i32 0")
    assert "break g" in how_to_attach(session)
    session.call("f")
    assert "break f" in how_to_attach(session)
    assert "break other" in how_to_attach(session, "@other")


def test_only_gdb_and_lldb_are_known() -> None:
    assert known(0) == ""
    assert known(os.getpid()) == ""


def test_nobody_is_misled_without_a_debugger() -> None:
    assert misled(os.getpid()) == ()


def test_a_debugger_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debuggers, "find", lambda name: None)
    with pytest.raises(UsageError, match="lldb is not installed") as caught:
        launch("lldb", [])
    assert caught.value.hint == "`pip install 'jitrepl[lldb]'`"
