"""What LLVM makes of modules, where a transcript says too little; the rest is in tests/sessions/optimising.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl import Session, messages
from jitrepl.errors import JitreplError
from jitrepl.shell.commands import run_command

NEXT = """
@count = internal global i32 0
define i32 @next() {
  %old = load i32, ptr @count
  %new = add i32 %old, 1
  store i32 %new, ptr @count
  ret i32 %new
}
"""


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


def test_variables_that_only_a_module_sees_keep_their_values(session: Session) -> None:
    session.load(NEXT)
    assert [session.call("next"), session.call("next")] == [1, 2]
    run_command(session, ":optimise")
    assert session.call("next") == 3


def test_where_static_initialisers_run_again_they_do_not_and_that_is_said(session: Session) -> None:
    session.load(
        NEXT + "@began = global i32 0\n"
        "define internal void @begin() {\n  store volatile i32 1, ptr @began\n  ret void\n}\n"
        "@llvm.global_ctors = appending global "
        "[1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @begin, ptr null }]"
    )
    assert [session.call("next"), session.call("next")] == [1, 2]
    run_command(session, ":optimise input 1")
    assert session.call("next") == 1
    assert "@count was reset: the static initialisers of <input 1> run again" in session.notes


def test_a_pass_that_is_no_text_is_none(session: Session) -> None:
    session.load(NEXT)
    with pytest.raises(JitreplError, match="unknown pass name"):
        session.ask(messages.Optimise("next", passes="\udcff"))


def test_what_clang_wants_left_alone_is_optimised(session: Session) -> None:
    body = "%p = alloca i32\n  store i32 5, ptr %p\n  %r = load i32, ptr %p\n  ret i32 %r"
    session.load(f"define i32 @f() noinline optnone {{\n  {body}\n}}")
    run_command(session, ":optimise f")
    assert "ret i32 5" in session.dump("f")


def test_without_passes_the_assembly_is_that_of_what_runs(session: Session) -> None:
    body = "%p = alloca i32\n  store i32 %x, ptr %p\n  %r = load i32, ptr %p\n  %s = add i32 %r, %r\n  ret i32 %s"
    session.load(f"define i32 @f(i32 %x) noinline optnone {{\n  {body}\n}}")
    one, whole = (session.ask(messages.Optimise(what, assembly=True)) for what in ("f", "input 1"))
    assert isinstance(one, messages.Optimised)
    assert one == whole


def test_a_saved_script_optimises_what_was_optimised(session: Session, tmp_path: Path, clang: str) -> None:
    assert clang
    source = tmp_path / "x.c"
    source.write_text("int x(void) { return X; }\n")
    session.load_file(str(source), flags=("-DX=7",))
    run_command(session, f":optimise {source}")
    script = tmp_path / "x.jitrepl"
    run_command(session, f":save {script}")
    lines = script.read_text().splitlines()
    assert lines[-2:] == [f":load {source} -- -DX=7", f":optimise {source} -O2"]
