"""Line numbers for typed IR."""

from __future__ import annotations

import pytest

from jitrepl import Session
from jitrepl.errors import WorkerDied
from jitrepl.worker.lines import _bodies

LOOP = """\
define i32 @f(ptr %p) {
  ; a comment, and a blank line

entry:
  br label %loop
loop:
  switch i32 1, label %loop [
    i32 1, label %out
  ]
out:
  %v = load i32, ptr %p ; here
  ret i32 %v
}"""


def test_labels_comments_and_continuations_begin_no_instruction() -> None:
    assert dict(_bodies(LOOP.split("\n"))) == {"f": (1, [5, 7, 11, 12])}


def test_a_function_on_one_line_has_its_line() -> None:
    assert dict(_bodies(["", "define void @g() { ret void }"])) == {"g": (2, [])}


def test_quoted_names_and_lent_types_are_no_obstacle() -> None:
    text = '%T = type { i32 } define %T @"a b"(%T %x) {\n  ret %T %x\n}'
    assert dict(_bodies(text.split("\n"))) == {"a b": (1, [2])}


def test_a_crash_names_the_typed_line(session: Session) -> None:
    session.load(LOOP)
    with pytest.raises(WorkerDied) as caught:
        session.call("f", None)
    assert caught.value.frames == ("  at @f (<input 1>:11)", "    11 | %v = load i32, ptr %p ; here")


def test_callers_of_other_inputs_are_named_with_their_lines(session: Session) -> None:
    session.load(LOOP)
    session.load("define i32 @g() {\n  %r = call i32 @f(\n    ptr null)\n  ret i32 %r\n}")
    with pytest.raises(WorkerDied) as caught:
        session.call("g")
    assert caught.value.frames[-1] == "  at @g (<input 2>:2)"


def test_numbering_leaves_dump_and_result_as_they_were(session: Session) -> None:
    session.load(LOOP)
    assert "!dbg" not in session.dump("f") and "DILocation" not in session.dump()
    assert session.call("f", [7]) == 7
