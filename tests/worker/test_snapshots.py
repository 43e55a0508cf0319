"""Copies that cannot be made, or that are of no use: the session goes on, and says what that means."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

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
        with pytest.raises(UndoError, match="that state was not kept, because the process could not be copied"):
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


DAMAGE = """
declare i32 @mprotect(ptr, i64, i32)
@count = global i32 0
define i32 @next() {
  %n = load i32, ptr @count
  %m = add i32 %n, 1
  store i32 %m, ptr @count
  ret i32 %m
}
define i32 @damage(ptr %start, i64 %size) {
  %r = call i32 @mprotect(ptr %start, i64 %size, i32 0)
  ret i32 %r
}
"""


def code_of_llvm(process: int) -> tuple[int, int]:
    """Where a process has libLLVM's code, and how many bytes of it."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    line = next(line for line in lines if "libLLVM" in line and "r-xp" in line)
    start, end = (int(word, 16) for word in line.split()[0].split("-"))
    return start, end - start


def test_a_call_that_has_broken_the_process_is_taken_back_when_that_shows() -> None:
    notes: list[str] = []
    with Session(on_note=notes.append) as session:
        session.load(DAMAGE)
        for number in range(1, 4):
            assert session.call("next") == number
        assert session.call("damage", *code_of_llvm(session.pid)) == 0
        told = ""
        try:
            session.load("define i32 @later() { ret i32 5 }")
        except WorkerDied as problem:
            told = problem.hint
        assert "the session goes on: memory is as it was 1 input ago" in "\n".join([told, *notes])
        assert session.call("next") == 4
        session.load("define i32 @later() { ret i32 5 }")
        assert session.call("later") == 5
        assert "signal 0" not in "".join(notes)


def test_a_worker_that_is_killed_again_and_again_has_its_copies() -> None:
    notes: list[str] = []
    with Session(on_note=notes.append) as session:
        session.load(HOARD)
        for _ in range(6):
            os.kill(session.pid, signal.SIGKILL)
            while " Z " not in Path(f"/proc/{session.pid}/stat").read_text():
                time.sleep(0.001)
            assert session.call("get") == 0
    assert len(notes) == 6
    assert all("was killed by SIGKILL" in note for note in notes)
