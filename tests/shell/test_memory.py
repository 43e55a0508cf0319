"""The oldest copies are given up when all of them hold too much."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from jitrepl import Session
from jitrepl.errors import UndoError, WorkerDied
from jitrepl.shell.memory import MemoryBudget, held_by, private_memory, share_of
from jitrepl.shell.settings import Limits

MEGABYTE = 1 << 20
CODE = """
@block = global ptr null
@round = global i32 0
declare ptr @malloc(i64)
declare void @free(ptr)
declare ptr @memset(ptr, i32, i64)
declare i32 @getpid()
define void @take(i64 %size) {
  %block = call ptr @malloc(i64 %size)
  store ptr %block, ptr @block
  call ptr @memset(ptr %block, i32 1, i64 %size)
  ret void
}
define void @give_back() {
  %block = load ptr, ptr @block
  call void @free(ptr %block)
  ret void
}
define i32 @rewrite(i64 %size) {
  %round = load i32, ptr @round
  %next = add i32 %round, 1
  store i32 %next, ptr @round
  %block = load ptr, ptr @block
  call ptr @memset(ptr %block, i32 %next, i64 %size)
  call i32 @getpid()
  ret i32 %next
}
define i32 @nothing() {
  call i32 @getpid()
  ret i32 0
}
define void @crash() {
  store i32 1, ptr null
  ret void
}
"""


@pytest.fixture
def session() -> Iterator[Session]:
    """A session that may have 64 MB in copies."""
    with Session(limits=Limits(undo_memory=64 * MEGABYTE)) as session:
        session.load(CODE)
        yield session


def held(session: Session) -> float:
    return session.stats()["memory of copies"]


def test_copies_that_differ_much_are_given_up_the_oldest_first(session: Session) -> None:
    session.call("take", 16 * MEGABYTE)
    for number in range(1, 12):
        assert session.call("rewrite", 16 * MEGABYTE) == number
    assert held(session) < 100 * MEGABYTE
    assert 2 <= session.stats()["copies"] <= 6
    with pytest.raises(UndoError, match="can be undone, not 9") as refused:
        session.undo(9)
    assert "undo-memory" in refused.value.hint
    session.undo(2)
    with pytest.raises(WorkerDied):
        session.call("crash")
    assert session.call("rewrite", 16 * MEGABYTE) == 10


def test_what_the_worker_has_given_back_is_counted_too(session: Session) -> None:
    session.call("take", 128 * MEGABYTE)
    session.call("give_back")
    for _ in range(3):
        session.call("nothing")
    assert held(session) < 64 * MEGABYTE
    assert session.stats()["copies"] < 6


def test_copies_that_differ_little_are_all_kept(session: Session) -> None:
    for _ in range(20):
        session.call("nothing")
    assert session.stats()["copies"] > 20
    assert 0 < held(session) < 64 * MEGABYTE


def test_the_newest_is_kept_however_large_it_is() -> None:
    with Session(limits=Limits(undo_memory=MEGABYTE)) as session:
        session.load(CODE)
        session.call("take", 16 * MEGABYTE)
        assert session.call("rewrite", 16 * MEGABYTE) == 1
        with pytest.raises(WorkerDied):
            session.call("crash")
        assert session.call("rewrite", 16 * MEGABYTE) == 2


def test_without_a_limit_nothing_is_measured() -> None:
    assert MemoryBudget(0).exceeded(os.getpid(), [1, 2, 3]) == 0


def test_processes_that_are_gone_hold_nothing() -> None:
    gone = 2**22 + 1  # larger than any process id
    assert (share_of(gone), private_memory(gone), held_by(gone, [gone]), held_by(os.getpid(), [])) == (0, 0, 0, 0)
    assert MemoryBudget(1).exceeded(gone, [gone]) == 0


def test_this_process_has_memory_of_its_own() -> None:
    assert share_of(os.getpid()) > 0
    assert private_memory(os.getpid()) > 0
