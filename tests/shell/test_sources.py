from __future__ import annotations

from pathlib import Path

import pytest

from jitrepl.errors import InputError
from jitrepl.shell.sources import is_path, is_script, read_source


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_read_as_bytes(folder: Path) -> None:
    (folder / "a.bc").write_bytes(b"BC\xc0\xde")
    assert read_source("a.bc") == b"BC\xc0\xde"


def test_a_tilde_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "a.ll").write_text("x")
    assert read_source("~/a.ll") == b"x"


def test_a_missing_file_is_told_with_one_that_may_be_meant(folder: Path) -> None:
    (folder / "sum.ll").write_text("")
    with pytest.raises(InputError) as caught:
        read_source("smu.ll")
    assert (caught.value.message, caught.value.hint) == ("no file smu.ll", "did you mean sum.ll?")


def test_a_missing_folder_is_told() -> None:
    with pytest.raises(InputError, match="there is no folder nowhere"):
        read_source("nowhere/a.ll")


@pytest.mark.parametrize(("path", "reason"), [(".", "is a directory"), ("a\0b", "cannot be read: embedded null byte")])
def test_what_cannot_be_read_is_told(path: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_source(path)


@pytest.mark.parametrize("line", ["sum.ll", "a/b.bc", "/x", "./x", "../x y", "~/x", "  sum.ll  "])
def test_these_lines_are_paths(line: str) -> None:
    assert is_path(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "define i32 @f() {",
        "@g = global i32 0",
        "%T = type {}",
        '!0 = !{!"a.ll"}',
        "; a.ll",
        "}",
        "foo",
        "$c = comdat any",
        'source_filename = "a.ll"',
        ":load a.ll",
    ],
)
def test_these_lines_are_none(line: str) -> None:
    assert not is_path(line)


def test_a_name_is_a_path_if_there_is_such_a_file(folder: Path) -> None:
    (folder / "my file").write_text("")
    assert is_path("my file")
    assert is_path('"my file"')
    assert not is_path("your file")


@pytest.mark.parametrize(
    ("name", "text", "script"),
    [
        ("a.txt", "add i32 1, 2\n", True),
        ("a", "define i32 @f() {\n  ret i32 7\n}\ncall i32 @f()\n", True),
        ("a.ll", "define i32 @f() {\n  ret i32 7\n}\ncall i32 @f()\n", False),
        ("a", "define i32 @f() {\n  ret i32 7\n}\n", False),
        ("a.ll", "@g = global i32 1\n:print g\n", True),
        ("a.jitrepl", "", True),
        ("a.c", "int f(void) {\n:x\n}", False),
        ("a.bc", "BC\0\n:x", False),
    ],
)
def test_a_script_has_a_command_or_an_instruction_of_its_own(name: str, text: str, script: bool) -> None:
    assert is_script(name, text.encode()) == script
