"""What can be repeated leaves no copy, and is repeated when a copy from before it has to go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from llvmlite import binding
from transcripts import ROOT

from jitrepl import Session
from jitrepl.errors import JitreplError, ThrownError, WorkerDied
from jitrepl.messages import Call, Repeat
from jitrepl.shell import succession
from jitrepl.shell.journal import Entry

STATE = (ROOT / "tests" / "data" / "repeats.ll").read_text()

THREAD_LOCAL = """
@t = thread_local global i32 0
define i32 @bump_thread() {
  %a = load i32, ptr @t
  %b = add i32 %a, 1
  store i32 %b, ptr @t
  ret i32 %b
}
declare ptr @llvm.threadlocal.address.p0(ptr)
define ptr @where_thread() {
  %a = call ptr @llvm.threadlocal.address.p0(ptr @t)
  ret ptr %a
}
"""

CALLS = 4
CRASH = """
define void @crash(i1 %really) {
  br i1 %really, label %yes, label %no
yes:
  store volatile i32 0, ptr null
  ret void
no:
  ret void
}
"""


THREAD = """
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @usleep(i32)
define ptr @later(ptr %unused) {
  call i32 @usleep(i32 20000)
  store volatile i32 0, ptr null
  ret ptr null
}
define i32 @start() {
  %thread = alloca i64
  %r = call i32 @pthread_create(ptr %thread, ptr null, ptr @later, ptr null)
  ret i32 %r
}
define i32 @one() { ret i32 1 }
"""


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        session.load(STATE)
        session.load("define i32 @shared(i32 %n) { ret i32 %n }")
        session.load(THREAD_LOCAL)
        session.load(CRASH)
        session.call("crash", 0)  # it is compiled before it is due: no copy is made for that
        yield session


def leaves_copies(session: Session, name: str, *arguments: object) -> bool:
    """Whether each call of a function leaves a copy; of those that need none, one may be due all the same."""
    session.call(name, *arguments)
    before = session.stats()["copies"]
    for _ in range(CALLS):
        session.call(name, *arguments)
    left = session.stats()["copies"] - before
    assert left in (0, 1, CALLS)
    return left == CALLS


@pytest.mark.parametrize("name", ["one", "bump", "careful", "library", "prints", "formats"])
def test_a_call_that_only_computes_leaves_no_copy(session: Session, name: str) -> None:
    assert not leaves_copies(session, name)


def test_so_does_one_that_recurs_or_takes_pointers(session: Session) -> None:
    assert not leaves_copies(session, "recursive", 3)


@pytest.mark.parametrize(
    "name", ["asks", "allocates", "bump_thread", "looks_at_the_clock", "by_pointer", "device", "assembly"]
)
def test_any_other_call_leaves_one(session: Session, name: str) -> None:
    assert leaves_copies(session, name)


def test_what_counts_is_what_a_name_means_now(session: Session) -> None:
    assert not leaves_copies(session, "elsewhere", 1)
    session.load("declare i32 @getpid()\ndefine i32 @shared(i32 %n) {\n  %p = call i32 @getpid()\n  ret i32 %p\n}")
    assert leaves_copies(session, "elsewhere", 1)
    session.load("define i32 @shared(i32 %n) { ret i32 2 }")
    assert not leaves_copies(session, "elsewhere", 1)


def test_a_host_function_is_not_what_the_c_library_has_under_its_name(session: Session, tmp_path: Path) -> None:

    file = tmp_path / "strlen.py"
    file.write_text("from jitrepl import host\n@host('i64 (ptr)')\ndef strlen(text): return 5\n")
    session.host(str(file))
    assert leaves_copies(session, "library")


def test_what_a_declaration_promises_is_not_believed(session: Session) -> None:
    session.load("declare i32 @getppid() memory(none)\ndefine i32 @f() {\n  %p = call i32 @getppid()\n  ret i32 %p\n}")
    assert leaves_copies(session, "f")


def test_bitcode_of_unknown_origin_is_not_read_once_more(session: Session) -> None:
    text = "define i32 @f() { ret i32 1 }"
    session.load(binding.parse_assembly(text).as_bitcode())
    assert leaves_copies(session, "f")
    session.load(text)
    assert not leaves_copies(session, "f")


def test_literals_that_take_memory_leave_a_copy(session: Session) -> None:
    session.load("define i8 @first(ptr %text) {\n  %c = load i8, ptr %text\n  ret i8 %c\n}")
    assert leaves_copies(session, "first", '"abc"')


def test_not_everything_is_left_to_repeating(session: Session) -> None:
    session.call("bump")
    before = session.stats()["copies"]
    for _ in range(450):
        session.call("bump")
    assert 2 <= session.stats()["copies"] - before < 20


def test_the_first_call_of_one_leaves_none_either(session: Session) -> None:
    before = session.stats()["copies"]
    session.load("define i32 @f() { ret i32 1 }\ndefine double @h(double %x) { ret double %x }")
    assert session.call("f") == session.call("h", 1.0) == 1
    assert session.stats()["copies"] == before


def test_but_one_that_takes_long_to_compile_does(session: Session) -> None:
    before = session.stats()["copies"]
    functions = "\n".join(f"define i32 @f{n}(i32 %x) {{\n  ret i32 %x\n}}" for n in range(3000))
    session.load(functions)
    with pytest.raises(WorkerDied) as caught:
        session.load("define void @g() {\n  call i32 @f7(i32 1)\n  store volatile i32 0, ptr null\n  ret void\n}")
        session.call("g")
    assert caught.value.hint == "the session goes on, as it was before this input"
    assert session.stats()["copies"] > before


def test_a_definition_that_nobody_has_called_leaves_no_copy(session: Session) -> None:
    before = session.stats()["copies"]
    session.load("define i32 @f() { ret i32 1 }")
    assert session.stats()["copies"] == before
    session.load("define i32 @f() { ret i32 2 }")
    assert session.stats()["copies"] == before + 1


def test_memory_is_as_it_was_after_a_crash(session: Session) -> None:
    for number in range(1, 6):
        assert session.call("bump") == session.call("bump_thread") == number
    session.load("define i32 @late() { ret i32 5 }")
    with pytest.raises(WorkerDied) as caught:
        session.call("crash", 1)
    assert caught.value.hint == "the session goes on, as it was before this input"
    assert session.call("bump") == session.call("bump_thread") == 6
    assert session.call("late") == 5


def test_so_is_what_the_c_library_remembers(session: Session) -> None:
    with Session() as calm:
        calm.load(STATE)
        calm.load("define i32 @shared(i32 %n) { ret i32 %n }")
        expected = [calm.call("formats") for _ in range(8)]
    results = []
    for _ in expected:
        results.append(session.call("formats"))
        with pytest.raises(WorkerDied):
            session.call("crash", 1)
    assert results == expected


def test_what_is_repeated_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.load(STATE)
        session.load("define i32 @shared(i32 %n) { ret i32 %n }")
        for _ in range(4):
            session.call("prints")
        assert capfd.readouterr().out == "abc\n1\nabc\n2\nabc\n3\nabc\n4\n"
        session.undo(2)
        assert session.call("bump") == 3
        session.call("prints")
        assert capfd.readouterr().out == "abc\n4\n"


def test_undo_ends_between_repeated_inputs(session: Session) -> None:
    for number in range(1, 6):
        assert session.call("bump") == number
    assert session.undo(3) == (":call bump",) * 3
    assert session.call("bump") == 3
    assert session.undo(2) == (":call bump",) * 2
    assert session.call("bump") == 2


def test_addresses_stay_the_same(session: Session) -> None:
    session.load("define ptr @where() { ret ptr @where }")
    where = session.call("where")
    session.load("define i32 @later() { ret i32 1 }")
    with pytest.raises(WorkerDied):
        session.call("crash", 1)
    assert session.call("later") == 1
    assert session.call("where") == where


def test_so_do_those_of_code_that_is_compiled_again(session: Session) -> None:
    where = []
    for number in range(30):
        session.load(f"define ptr @where{number}() {{\n  ret ptr @where{number}\n}}")
        where.append(session.call(f"where{number}"))
        if number % 7 == 0:
            with pytest.raises(WorkerDied):
                session.call("crash", 1)
    with pytest.raises(WorkerDied):
        session.call("crash", 1)
    assert [session.call(f"where{number}") for number in range(30)] == where


def test_so_do_those_of_variables_of_each_thread(session: Session) -> None:
    where = session.call("where_thread")
    for number in range(1, 4):
        assert session.call("bump") == session.call("bump_thread") == number
        with pytest.raises(WorkerDied) as caught:
            session.call("crash", 1)
        assert caught.value.hint == "the session goes on, as it was before this input"
        assert session.call("where_thread") == where


LOOKS: dict[str, Callable[[Session], object]] = {
    "dump": lambda session: session.dump("one"),
    "symbols": lambda session: session.symbols(),
    "an unknown name": lambda session: session.call("nobody"),
    "a mistake": lambda session: session.load("define i32 @broken( {"),
    "a crash": lambda session: session.call("crash", 1),
    "another first crash": lambda session: session.load(FIRST.replace("NAME", "x")) and session.call("x", None),
}
LOOP = """
define i32 @loop() {
  br label %again
again:
  %n = phi i32 [ 0, %0 ], [ %next, %again ]
  %next = add i32 %n, 1
  %end = icmp eq i32 %next, 4000000
  br i1 %end, label %done, label %again
done:
  ret i32 %next
}
"""
SPIN = "define void @spin() {\n  br label %loop\nloop:\n  br label %loop\n}"
FIRST = "define i32 @NAME(ptr %p) {\n  %v = load i32, ptr %p\n  ret i32 %v\n}"


@pytest.mark.parametrize("look", LOOKS)
def test_reports_of_first_calls_know_their_code_whatever_came_before(session: Session, look: str) -> None:
    for number in range(3):
        session.load(FIRST.replace("NAME", f"first{number}"))
        try:
            LOOKS[look](session)
        except JitreplError:
            pass
        with pytest.raises(WorkerDied) as caught:
            session.call(f"first{number}", None)
        assert caught.value.frames[0].startswith(f"  at @first{number} (<input ")
        assert caught.value.hint == "the session goes on, as it was before this input"
        if look == "another first crash":
            session.unload("x")


RESULT = """
int calls;
struct Result {
  int *place;
  ~Result();
};
Result::~Result() { *place = 0; }
Result make(bool fails) {
  calls++;
  if (fails) throw 1;
  return {nullptr};
}
int count() { return calls; }
"""


def test_what_destroys_a_result_crashes_as_part_of_the_call(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "result.cpp"
    path.write_text(RESULT)
    session.load(path)
    with pytest.raises(ThrownError):
        session.call("make", True)  # which compiles it, and not yet what destroys its results
    session.dump("count")
    with pytest.raises(WorkerDied):
        session.call("make", False)
    assert session.call("count") == 1


def test_they_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    with Session(on_note=notes.append) as session:
        session.load(CRASH + "define i32 @f() { ret i32 1 }")
        session.call("f")
        monkeypatch.setattr(Entry, "moved", lambda self, reply: True)
        with pytest.raises(WorkerDied):
            session.call("crash", 1)
    assert notes == ["warning: compiled code has moved; addresses of it printed earlier are wrong"]


def test_the_report_of_a_first_call_knows_its_code(session: Session) -> None:
    session.load("define i32 @first(ptr %p) {\n  %v = load i32, ptr %p\n  ret i32 %v\n}")
    for _ in range(2):
        with pytest.raises(WorkerDied) as caught:
            session.call("first", None)
        assert caught.value.frames[0] == "  at @first (<input 5>:2)"
        assert caught.value.hint == "the session goes on, as it was before this input"


def test_that_of_a_thread_which_a_first_call_has_left_does_too() -> None:
    told: list[str] = []
    with Session(on_note=told.append) as session:
        session.load(THREAD)
        assert session.call("start") == 0
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            try:
                session.call("one")
            except WorkerDied as problem:  # if it was in the middle of the call
                told.append("\n".join([problem.message, *problem.frames]))
    assert "killed by SIGSEGV: write of address 0x0 (null)" in told[0]
    assert "\n  at @later (<input 1>:6)" in told[0]


def test_what_does_not_come_to_an_end_again_is_given_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.load(SPIN)
    for number in range(10):  # until one needs no copy: that depends on how much time the others took
        before = session.stats()["copies"]
        session.load(f"define void @waits{number}() {{ ret void }}")
        if session.stats()["copies"] == before:
            break
    monkeypatch.setattr(succession, "PATIENCE", 0.2)
    monkeypatch.setattr(succession.messages, "Repeat", lambda request: Repeat(Call("spin")))
    with pytest.raises(WorkerDied) as caught:
        session.call("crash", 1)
    assert "memory was reset" in caught.value.hint
    assert session.call("bump") == 1


def test_pressing_ctrl_c_again_does_not_keep_a_session_from_coming_back(session: Session) -> None:
    for _ in range(3):
        session.call("bump")
    session.load(LOOP)
    session.load(SPIN)
    session.call("loop")
    ended = threading.Event()

    def press() -> None:
        while not ended.wait(0.001):
            if session.pid:
                with suppress(ProcessLookupError):
                    os.kill(session.pid, signal.SIGINT)

    fingers = threading.Thread(target=press)
    fingers.start()
    try:
        with pytest.raises(WorkerDied) as caught:
            session.call("spin")
    finally:
        ended.set()
        fingers.join()
    assert caught.value.hint == "the session goes on, as it was before this input"
    assert session.call("bump") == 4


def test_what_is_not_the_same_again_is_not_taken_for_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.call("bump")
    session.call("bump")
    monkeypatch.setattr(Entry, "like", lambda self, reply: False)
    with pytest.raises(WorkerDied) as caught:
        session.call("crash", 1)
    assert caught.value.hint.startswith("the session goes on: memory was reset, 4 inputs were loaded again")
    assert session.call("bump") == 1
