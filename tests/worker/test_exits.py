from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from steps import Steps

from jitrepl import Session, messages
from jitrepl.errors import HostError, WorkerDied
from jitrepl.hosting import host

RECORDING = "declare void @record(i32)\n"
INITIALISERS = """
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 200, ptr @late, ptr null }, { i32, ptr, ptr } { i32 100, ptr @early, ptr null }
]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @last, ptr null }]
declare void @record(i32)
declare i32 @atexit(ptr)
declare i32 @__cxa_atexit(ptr, ptr, ptr)
@__dso_handle = external hidden global i8
define internal void @early() {
  call void @record(i32 N1)
  %r = call i32 @atexit(ptr @first)
  ret void
}
define internal void @late() {
  call void @record(i32 N2)
  %r = call i32 @__cxa_atexit(ptr @second, ptr inttoptr (i64 N4 to ptr), ptr @__dso_handle)
  ret void
}
define internal void @first() {
  call void @record(i32 N3)
  ret void
}
define internal void @second(i32 %argument) {
  call void @record(i32 %argument)
  ret void
}
define internal void @last() {
  call void @record(i32 N5)
  ret void
}
"""
REFUSING = 0
"""What a test puts into the record to have it refuse more."""

LOADED, GONE = [1, 2], [4, 3, 5]
"""What a module records when it is loaded, and at its end: what it registered, the last first, then destructors."""


def initialising(number: int) -> str:
    """A module that records `number * 10` and so on."""
    return INITIALISERS.replace(" N", f" {number}") + f"define i32 @f{number}() {{ ret i32 {number} }}\n"


def tens(number: int, digits: list[int]) -> list[int]:
    return [number * 10 + digit for digit in digits]


@pytest.fixture
def recorded() -> Iterator[list[int]]:
    numbers: list[int] = []

    @host("void (i32)")
    def record(number: int) -> None:
        if numbers == [REFUSING]:
            raise ValueError("not now")
        numbers.append(number)

    yield numbers


@pytest.fixture
def quit(steps: Steps) -> Callable[[], object]:
    return lambda: steps.engine.answer(messages.Quit())


def test_initialisers_run_by_priority_and_the_end_is_in_reverse(
    steps: Steps, recorded: list[int], quit: Callable[[], object]
) -> None:
    steps.load(initialising(1))
    steps.load(initialising(2))
    assert recorded == tens(1, LOADED) + tens(2, LOADED)
    recorded.clear()
    quit()
    assert recorded == [24, 23, 14, 13, 25, 15]


def test_unloading_is_an_end_and_there_is_only_one(
    steps: Steps, recorded: list[int], quit: Callable[[], object]
) -> None:
    steps.load(initialising(1), "m.ll")
    steps.load(initialising(2))
    recorded.clear()
    steps.unload("m.ll")
    assert recorded == tens(1, GONE)
    steps.load(initialising(1), "m.ll")
    recorded.clear()
    quit()
    assert recorded == [14, 13, 24, 23, 15, 25]


def test_each_version_begins_and_ends_once(steps: Steps, recorded: list[int], quit: Callable[[], object]) -> None:
    for number in (1, 2):
        steps.load(initialising(number), "m.ll")
    assert recorded == tens(1, LOADED) + tens(2, LOADED)
    recorded.clear()
    steps.unload("m.ll")
    assert sorted(recorded) == sorted(tens(1, GONE) + tens(2, GONE))
    recorded.clear()
    quit()
    assert recorded == []


def test_code_that_is_compiled_again_does_not_begin_again(steps: Steps, recorded: list[int]) -> None:
    steps.load("@k = constant i32 1")
    steps.load(
        initialising(1) + "@k = external constant i32\ndefine i32 @limit() {\n  %r = load i32, ptr @k\n  ret i32 %r\n}"
    )
    recorded.clear()
    steps.load("@k = constant i32 2")
    assert steps.call("limit") == 2
    assert recorded == []


def test_what_an_end_registers_is_called_as_well(steps: Steps, recorded: list[int], quit: Callable[[], object]) -> None:
    steps.load(
        RECORDING + "declare i32 @atexit(ptr)\n"
        "define void @one() {\n  %r = call i32 @atexit(ptr @two)\n  call void @record(i32 1)\n  ret void\n}\n"
        "define void @two() {\n  call void @record(i32 2)\n  ret void\n}\n"
        "define void @begin() {\n  %r = call i32 @atexit(ptr @one)\n  ret void\n}\n"
    )
    steps.call("begin")
    quit()
    assert recorded == [1, 2]


def test_a_constructor_that_fails_takes_the_input_back(steps: Steps) -> None:
    @host("void (i32)")
    def record(_number: int) -> None:
        raise ValueError("not now")

    steps.load("@v = global i32 1\ndefine i32 @f1() { ret i32 7 }\n")
    assert steps.call("f1") == 7
    before = list(steps.engine.dylib.symbols())
    with pytest.raises(HostError, match="not now"):
        steps.load(initialising(1) + "@v = global i32 2")
    after = [symbol for symbol in steps.engine.dylib.symbols() if symbol.state != "declared"]
    assert after == before
    assert steps.call("f1") == 7
    assert not [note for note in steps.engine.take_notes() if "reset" in note]


def test_a_destructor_that_fails_keeps_the_module(steps: Steps, recorded: list[int]) -> None:
    steps.load(initialising(1), "m.ll")
    steps.load("declare i32 @f1()\ndefine i32 @use() {\n  %r = call i32 @f1()\n  ret i32 %r\n}")
    assert steps.call("use") == 1
    recorded[:] = [REFUSING]
    before = steps.modules(), steps.dump()
    with pytest.raises(HostError, match="not now"):
        steps.unload("m.ll")
    assert (steps.modules(), steps.dump()) == before
    assert steps.call("use") == 1


@pytest.mark.parametrize("snapshots", [True, False])
def test_a_constructor_that_crashes_leaves_no_module_behind(snapshots: bool) -> None:
    killer = INITIALISERS.replace(" N", " 1").replace("%r = call i32 @atexit(ptr @first)", "store i32 0, ptr null")
    with Session(snapshots=snapshots) as session:
        session.load("define i32 @f() { ret i32 1 }\ndefine void @record(i32 %n) { ret void }")
        assert session.call("f") == 1
        with pytest.raises(WorkerDied, match="loading <input 2> was killed by SIGSEGV") as caught:
            session.load(killer + "define i32 @f() { ret i32 2 }")
        assert ("@early (<input 2>" in caught.value.message) is snapshots
        assert session.call("f") == 1
        assert {symbol.module for symbol in session.symbols() if symbol.state == "ready"} >= {"<input 1>"}
        assert [row.name for row in session.modules()] == ["<input 1>"]
