"""`:edit`, with sed as the editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

ONE = "define i32 @one() { ret i32 1 }"
BROKEN = "define i32 @two() { rte i32 2 }"


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have the editor be another one."""

    def set_editor(command: str) -> None:
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", command)

    return set_editor


@pytest.mark.parametrize("what", ["", "1", "input 1", "one", "@one"])
def test_an_input_is_edited_and_run(jitrepl: Run, editor: Callable[[str], None], what: str) -> None:
    editor("sed -i s/1/11/")
    done = jitrepl("-e", ONE, "-e", f":edit {what}", "-e", ":call one")
    assert (done.out, done.err) == ("i32 11\n", "defined @one\nredefined @one\n")


def test_an_input_that_failed_is_mended(jitrepl: Run, editor: Callable[[str], None]) -> None:
    editor("sed -i s/rte/ret/")
    assert jitrepl("-k", "-e", BROKEN, "-e", ":edit", "-e", ":call two").out == "i32 2\n"


def test_an_instruction_is_edited(jitrepl: Run, editor: Callable[[str], None]) -> None:
    editor("sed -i s/1/3/")
    done = jitrepl("-e", "%x = add i32 1, 2", "-e", ONE, "-e", ":edit 1", "-e", "%x")
    assert done.out == "%x = i32 3\n%x = i32 5\n%x = i32 5\n"


def test_a_function_of_a_file_is_edited_there(jitrepl: Run, editor: Callable[[str], None], tmp_path: Path) -> None:
    (tmp_path / "one.ll").write_text(ONE)
    editor("sed -i s/1/11/")
    done = jitrepl("one.ll", "-e", ":edit one", "-e", ":call one")
    assert (done.out, done.err) == ("i32 11\n", "loaded one.ll: @one\nloaded one.ll again: changed @one\n")
    assert "i32 11" in (tmp_path / "one.ll").read_text()


def test_what_was_not_changed_is_not_run(jitrepl: Run, editor: Callable[[str], None], tmp_path: Path) -> None:
    (tmp_path / "two.ll").write_text("define i32 @two() { ret i32 2 }")
    editor("true")
    done = jitrepl("two.ll", "-e", ONE, "-e", ":edit one", "-e", ":edit two.ll")
    assert done.err.splitlines()[2:] == ["nothing was changed"] * 2


def test_a_file_that_the_editor_has_removed_is_told(jitrepl: Run, editor: Callable[[str], None]) -> None:
    editor("rm")
    done = jitrepl("-k", "-e", ONE, "-e", ":edit 1", "-e", ":call one")
    assert done.out == "i32 1\n"
    assert "error: what the editor left cannot be read: no such file or directory\nEDITOR says" in done.err


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("", "the editor false ended with exit status 1"),
        ("2", "there is no input 2"),
        ("9" * 5000, f"there is no input {'9' * 5000}"),
        ("nothing", "the session has no nothing"),
    ],
)
def test_what_cannot_be_edited_is_told(jitrepl: Run, editor: Callable[[str], None], what: str, error: str) -> None:
    editor("false")
    assert f"error: {error}\n" in jitrepl("-e", ONE, "-e", f":edit {what}").err
