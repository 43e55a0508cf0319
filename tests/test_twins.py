"""Two sessions are given the same inputs, and one of them crashes in between: nobody could tell from the results."""

from __future__ import annotations

import random

import pytest

from jitrepl import Session
from jitrepl.errors import WorkerDied

STATE = """
%node = type { i32, ptr }
@counter = global i32 0
@seed = global i32 1
@head = global ptr null
declare ptr @malloc(i64)
declare void @free(ptr)
declare i32 @putchar(i32)
define i32 @tick() {
  %a = load i32, ptr @counter
  %b = add i32 %a, 1
  store i32 %b, ptr @counter
  ret i32 %b
}
define i32 @rnd() {
  %a = load i32, ptr @seed
  %b = mul i32 %a, 1103515245
  %c = add i32 %b, 12345
  store i32 %c, ptr @seed
  ret i32 %c
}
define void @push(i32 %v) {
  %n = call ptr @malloc(i64 16)
  store i32 %v, ptr %n
  %h = load ptr, ptr @head
  %next = getelementptr %node, ptr %n, i64 0, i32 1
  store ptr %h, ptr %next
  store ptr %n, ptr @head
  ret void
}
define i32 @pop() {
  %h = load ptr, ptr @head
  %none = icmp eq ptr %h, null
  br i1 %none, label %empty, label %some
empty:
  ret i32 -1
some:
  %v = load i32, ptr %h
  %next.at = getelementptr %node, ptr %h, i64 0, i32 1
  %next = load ptr, ptr %next.at
  store ptr %next, ptr @head
  call void @free(ptr %h)
  ret i32 %v
}
define void @crash(ptr %place) {
  store i32 0, ptr %place
  ret void
}
"""
DEFINED = """
@vNUMBER = global i32 START
define i32 @addNUMBER(i32 %x) {
  %a = load i32, ptr @vNUMBER
  %b = add i32 %a, %x
  store i32 %b, ptr @vNUMBER
  ret i32 %b
}
define ptr @whereNUMBER() {
  ret ptr @addNUMBER
}
"""
FATAL = """
declare void @abort()
define void @dieNUMBER() {
  call void @abort()
  ret void
}
"""
STEPS = 80


class Twin:
    """One of the two.

    Args:
        session: its session.
        seed: for what both do.
        crashes: for when it crashes; None for never.
    """

    def __init__(self, session: Session, seed: int, crashes: random.Random | None) -> None:
        self.session = session
        self.results: list[object] = []
        self._choose = random.Random(seed)
        self._crashes = crashes
        self._defined: list[int] = []
        self._where: dict[int, object] = {}

    def live(self) -> None:
        """Make all inputs."""
        self.session.load(STATE)
        for number in range(STEPS):
            self._step(number)
            if self._crashes and self._crashes.random() < 0.3:
                self._crash(number)

    def _step(self, number: int) -> None:
        call, choose = self.session.call, self._choose
        kind = choose.choice(["tick", "rnd", "push", "pop", "define", "add", "where"])
        if kind == "define":
            self.session.load(DEFINED.replace("NUMBER", str(number)).replace("START", str(choose.randrange(100))))
            self._defined.append(number)
        elif kind == "push":
            call(kind, choose.randrange(100))
        elif kind in ("add", "where"):
            if not self._defined:
                return
            which = choose.choice(self._defined)
            if kind == "add":
                self.results.append(call(f"add{which}", choose.randrange(100)))
            else:  # where code lies is another thing in each twin, but stays the same
                address = call(f"where{which}")
                self.results.append(self._where.setdefault(which, address) == address)
        else:
            self.results.append(call(kind))

    def _crash(self, number: int) -> None:
        assert self._crashes
        with pytest.raises(WorkerDied) as caught:
            if self._crashes.random() < 0.5:
                self.session.call("crash", None)
            else:
                self.session.load(FATAL.replace("NUMBER", str(number)))
                self.session.call(f"die{number}")
        assert caught.value.hint == "the session goes on, as it was before this input"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_crashes_leave_no_trace(seed: int) -> None:
    notes: list[str] = []
    with Session(on_note=notes.append) as session, Session() as calm:
        twin, other = Twin(session, seed, random.Random(seed)), Twin(calm, seed, None)
        twin.live()
        other.live()
    assert twin.results == other.results
    assert not notes
