from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import Terminal

from jitrepl.shell.watching import Watch

FUNCTION = "define i32 @f() {{\n  ret i32 {}\n}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "f.ll"
    made.write_text(FUNCTION.format(1))
    return made


def replace(path: Path, text: str) -> None:
    """Write a file as editors do: a new one, which takes the name."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_change_is_told_once(path: Path) -> None:
    watch = Watch()
    watch.add([str(path)])
    assert (watch.changes(), watch.changed()) == (False, [])
    replace(path, FUNCTION.format(2))
    assert watch.changes()
    assert watch.changed() == [str(path)]
    assert (watch.changes(), watch.changed()) == (False, [])


def test_the_same_size_and_time_in_another_file_is_a_change(path: Path) -> None:
    watch = Watch()
    before = path.stat()
    watch.add([str(path)])
    replace(path, FUNCTION.format(2))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert watch.changed() == [str(path)]


def test_a_file_that_is_gone_is_waited_for(path: Path) -> None:
    watch = Watch()
    watch.add([str(path)])
    path.unlink()
    assert (watch.changes(), watch.changed()) == (False, [])
    path.write_text(FUNCTION.format(2))
    assert watch.changed() == [str(path)]


def test_nothing_is_watched_any_more_after_clear(path: Path) -> None:
    watch = Watch()
    watch.add([str(path)])
    watch.clear()
    path.unlink()
    assert (watch.paths, watch.changes()) == ((), False)


def test_a_script_looks_before_each_input(jitrepl: Callable[..., object], path: Path) -> None:
    host = path.with_name("edit.py")
    host.write_text(
        'from jitrepl import host\n@host("void ()")\ndef edit():\n'
        f"    open({str(path)!r}, 'a').write('define i32 @g() {{ ret i32 2 }}')\n"
    )
    done = jitrepl("--host", host, "-e", ":watch f.ll", "-e", ":call edit", "-e", ":call g")
    assert done.out == "i32 2\n"  # type: ignore[attr-defined]
    assert "loaded f.ll again: new @g" in done.err  # type: ignore[attr-defined]


def test_at_the_prompt_a_file_is_loaded_while_something_is_typed(path: Path) -> None:
    with Terminal([], path.parent).prompt() as terminal:
        assert terminal.run(":watch f.ll") == ["loaded f.ll: @f", "watching f.ll"]
        assert terminal.run(":call f") == ["i32 1"]
        terminal.send(":call")
        terminal.wait("jitrepl> :call")
        replace(path, FUNCTION.format(2))
        terminal.wait("loaded f.ll again: changed @f")
        terminal.send(" f\r")
        terminal.wait("i32 2")
        terminal.prompt()
        replace(path, FUNCTION.format("i32"))
        terminal.wait("expected")
        terminal.prompt()
        assert terminal.run(":call f") == ["i32 2"]
        assert terminal.run(":watch off") == ["no file is watched"]
        assert terminal.leave() == 0
