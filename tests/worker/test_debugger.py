from __future__ import annotations

import os
from pathlib import Path

import pytest

from jitrepl.worker import debugger
from jitrepl.worker.debugger import SourceFiles, let_attach


@pytest.mark.parametrize(("scope", "obstacle"), [("0", ""), ("1", ""), ("2", "only root"), ("3", "no debugger")])
def test_what_yama_forbids_is_told(scope: str, obstacle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ptrace_scope"
    path.write_text(f"{scope}\n")
    monkeypatch.setattr(debugger, "_YAMA", str(path))
    text = let_attach()
    assert obstacle in text
    assert bool(text) == bool(obstacle)


def test_nothing_is_written_before_somebody_debugs(tmp_path: Path) -> None:
    files = SourceFiles(str(tmp_path / "texts"))
    files.write("<input 1>", b"text")
    assert list(tmp_path.iterdir()) == []
    files.wanted = True
    files.write("<input 1>", b"text")
    files.write("<input 1>", b"text again")
    files.write("sum.ll", b"has a file of its own")
    assert [path.read_bytes() for path in (tmp_path / "texts").iterdir()] == [b"text again"]
    assert (tmp_path / "texts").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_somebody_else_may_write_to_is_not_used(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(elsewhere)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name in ("link", "open", "missing/texts"):
        files = SourceFiles(str(tmp_path / name))
        files.wanted = True
        files.write("<input 1>", b"text")
    assert list(elsewhere.iterdir()) + list((tmp_path / "open").iterdir()) == []


def test_what_was_typed_is_in_the_folder_and_files_are_where_we_are() -> None:
    files = SourceFiles("/folder")
    assert files.folder_of("<input 1>") == "/folder"
    assert files.folder_of("sum.ll") == os.getcwd()
