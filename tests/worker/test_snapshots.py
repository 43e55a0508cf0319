"""Copies that cannot be made: the session goes on, and says what that means."""

from __future__ import annotations

import pytest

from jitrepl import Session
from jitrepl.errors import UndoError, WorkerDied

HOARD = """
@count = global i32 0
declare i32 @dup(i32)
declare i32 @close(i32)
define i32 @hoard() {
  br label %loop
loop:
  %fd = call i32 @dup(i32 0)
  %n = load i32, ptr @count
  %m = add i32 %n, 1
  store i32 %m, ptr @count
  %none = icmp slt i32 %fd, 0
  br i1 %none, label %out, label %loop
out:
  ret i32 %m
}
define i32 @get() {
  %n = load i32, ptr @count
  ret i32 %n
}
define void @give_back(i32 %first, i32 %last) {
  br label %loop
loop:
  %fd = phi i32 [ %first, %0 ], [ %next, %loop ]
  call i32 @close(i32 %fd)
  %next = add i32 %fd, 1
  %end = icmp sgt i32 %next, %last
  br i1 %end, label %out, label %loop
out:
  ret void
}
define void @crash() {
  store i32 0, ptr null
  ret void
}
"""
WHY = "the process could not be copied (Too many open files)"


def test_a_call_that_takes_all_descriptors_leaves_no_copy_and_a_session() -> None:
    with Session() as session:
        session.load(HOARD)
        count = session.call("hoard")
        assert session.call("get") == count
        with pytest.raises(UndoError, match="that state was not kept: the process could not be copied"):
            session.undo()
        with pytest.raises(WorkerDied) as caught:
            session.call("crash")
        assert caught.value.hint == f"the session goes on: memory is as it was 2 inputs ago, before {WHY}"
        assert session.call("get") == 0


def test_copies_are_made_again_when_there_are_descriptors() -> None:
    with Session() as session:
        session.load(HOARD)
        count = session.call("hoard")
        session.call("give_back", 100, 900)
        with pytest.raises(WorkerDied) as caught:
            session.call("crash")
        assert caught.value.hint == "the session goes on, as it was before this input"
        assert session.call("get") == count
