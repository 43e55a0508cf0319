"""The parts of `Session` that only the shell uses; `tests/test_api.py` has the others."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from transcripts import ROOT

from jitrepl import Session
from jitrepl.errors import InputError, IRError, JITError, SymbolError, UsageError, WorkerDied
from jitrepl.shell import client

DATA = ROOT / "tests" / "data"
CRASHES = str(DATA / "crashes.ll")


def test_inputs_are_numbered_also_those_that_fail(session: Session) -> None:
    assert session.add(b"@a = global i32 0").name == "<input 1>"
    with pytest.raises(IRError, match=r"^<input 2>:1:1: error"):
        session.add(b"nonsense")
    assert session.add(b"@b = global i32 0").name == "<input 3>"


def test_a_file_keeps_the_name_that_the_user_gave(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert session.load_file("tests/data/sum.ll").name == "tests/data/sum.ll"


def test_literals_are_read_where_the_types_are_known(session: Session) -> None:
    session.load_file(str(DATA / "sum.ll"))
    assert session.ask_call("sum", ("0x10", "'a'")).value.text == "113"
    assert session.ask_again(("1", "2")).value.text == "3"


def test_again_repeats_a_call_that_failed(session: Session) -> None:
    with pytest.raises(SymbolError, match="no @later"):
        session.ask_call("later", ())
    session.add(b"define i32 @later() { ret i32 4 }")
    assert session.ask_again(()).value.text == "4"


def test_again_keeps_the_signature(session: Session) -> None:
    session.ask_call("cos", ("0.0",), "double (double)")
    assert session.ask_again(("0.0",)).value.type == "double"


def test_the_session_knows_the_symbols_for_the_prompt(session: Session) -> None:
    session.add(b"define void @f() { ret void }\n@g = global i32 0")
    assert {name: symbol.kind for name, symbol in session.symbols_by_name.items()} == {"f": "function", "g": "variable"}


@pytest.mark.parametrize("snapshots", [True, False])
def test_after_a_death_everything_is_there_again(snapshots: bool) -> None:
    with Session(snapshots=snapshots) as session:
        session.load(CRASHES)
        session.host(str(DATA / "hosts.py"))
        session.add(b"declare i32 @add(i32, i32)\ndefine i32 @f() {\n %r = call i32 @add(i32 1, i32 2)\n ret i32 %r\n}")
        with pytest.raises(WorkerDied):
            session.call("null_store")
        assert session.call("f") == 3
        assert session.add(b"define i32 @g() { ret i32 1 }").defines[0].name == "g"


def test_memory_survives_a_death_with_snapshots_only() -> None:
    for snapshots, remembered in ((True, 7), (False, 0)):
        with Session(snapshots=snapshots) as session:
            session.load(CRASHES)
            session.call("remember", 7)
            with pytest.raises(WorkerDied) as caught:
                session.call("null_store")
            assert session.call("recall") == remembered
            assert ("memory was reset" in caught.value.hint) is not snapshots


def test_an_input_that_a_dying_worker_has_not_read_is_asked_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_LOOK_MS", 60_000)  # it is not ended for having stopped
    session.load_file(CRASHES)
    session.call("remember", 7)
    session.call("recall")  # what is kept of an input is kept before the next is answered
    os.kill(session.pid, signal.SIGSTOP)
    threading.Timer(0.1, os.kill, (session.pid, signal.SIGKILL)).start()
    assert session.call("recall") == 7
    assert any("since the last input, the process that runs the code was killed" in note for note in session.notes)


def test_a_worker_that_has_stopped_between_inputs_is_replaced(session: Session) -> None:
    session.load_file(CRASHES)
    session.call("remember", 7)
    session.call("recall")
    os.kill(session.pid, signal.SIGSTOP)
    assert session.call("recall") == 7
    assert session.notes[-1].startswith("warning: since the last input, the process that runs the code was stopped by")


def test_what_kills_the_worker_when_it_is_loaded_again_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    killer = """
        @name = private constant [17 x i8] c"JITREPL_TEST_DIE\\00"
        declare ptr @getenv(ptr)
        define internal void @start() {
          %found = call ptr @getenv(ptr @name)
          %dies = icmp ne ptr %found, null
          br i1 %dies, label %die, label %done
        die:
          store volatile i32 0, ptr null
          br label %done
        done:
          ret void
        }
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [
          { i32, ptr, ptr } { i32 1, ptr @start, ptr null }
        ]
        define i32 @killer() { ret i32 1 }
    """
    with Session(snapshots=False) as session:
        session.load_file(CRASHES)
        session.load(killer)
        session.load("define i32 @last() { ret i32 9 }")
        monkeypatch.setenv("JITREPL_TEST_DIE", "1")
        with pytest.raises(WorkerDied, match="@null_store was killed by SIGSEGV") as caught:
            session.call("null_store")
        assert "loading <input 1> could not be repeated: killed by signal 11" in caught.value.hint
        assert session.call("recall") == 0
        assert session.call("last") == 9
        with pytest.raises(SymbolError, match="no @killer"):
            session.call("killer")


def test_pressing_ctrl_c_again_takes_no_input_out_of_what_is_loaded_again(tmp_path: Path) -> None:
    """Also in a session without copies; three times is meant for what is loaded, should that not come to an end."""
    with Session(snapshots=False) as session:
        session.load(CRASHES)
        for number in range(20):
            session.load(f"define i32 @f{number}() {{ ret i32 {number} }}")
        before, ended = session.pid, threading.Event()

        def press() -> None:
            seen = {0, before}
            while not ended.wait(0.001) and len(seen) < 4:
                if session.pid not in seen:
                    seen.add(session.pid)
                    ended.wait(0.02)
                    with suppress(ProcessLookupError):
                        os.kill(session.pid, signal.SIGINT)

        fingers = threading.Thread(target=press)
        fingers.start()
        try:
            with pytest.raises(WorkerDied) as caught:
                session.call("null_store")
        finally:
            ended.set()
            fingers.join()
        assert caught.value.hint == "the session goes on: memory was reset, 21 inputs were loaded again"
        assert [session.call(f"f{number}") for number in range(20)] == list(range(20))


def test_what_killed_the_worker_while_it_was_loaded_is_not_loaded_again() -> None:
    killer = """
        define internal void @start() {
          store volatile i32 0, ptr null
          ret void
        }
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [
          { i32, ptr, ptr } { i32 1, ptr @start, ptr null }
        ]
    """
    with Session(snapshots=False) as session:
        session.load(CRASHES)
        with pytest.raises(WorkerDied, match="loading <input 1> was killed by SIGSEGV"):
            session.load(killer)
        assert session.call("recall") == 0


@pytest.mark.parametrize("snapshots", [True, False])
def test_a_file_that_is_gone_by_then_is_still_loaded_again(tmp_path: Path, snapshots: bool) -> None:
    path = tmp_path / "gone.ll"
    path.write_text("define i32 @f() { ret i32 5 }")
    with Session(snapshots=snapshots) as session:
        session.load(CRASHES)
        session.load(path)
        path.unlink()
        with pytest.raises(WorkerDied):
            session.call("aborts")
        assert session.call("f") == 5


def test_a_host_file_that_is_gone_by_then_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gone.py"
    path.write_text((DATA / "hosts.py").read_text())
    with Session(snapshots=False) as session:
        session.load(CRASHES)
        session.host(str(path))
        path.unlink()
        with pytest.raises(WorkerDied, match=r"gone\.py could not be repeated") as caught:
            session.call("aborts")
        assert "memory was reset" in caught.value.hint
        assert session.call("recall") == 0


def test_a_worker_that_is_gone_between_two_inputs_is_replaced(session: Session) -> None:
    session.load(CRASHES)
    import os

    os.kill(session.pid, 9)
    os.waitid(os.P_PID, session.pid, os.WEXITED | os.WNOWAIT)
    assert session.call("recall") == 0
    assert "SIGKILL" in session.notes[0]


def test_unknown_llvm_options_are_refused() -> None:
    with Session(llvm_options=("-no-such-option",)) as session, pytest.raises(UsageError):
        session.start()


def test_a_libllvm_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITREPL_LIBLLVM", "/no/such/libLLVM.so")
    with Session() as session, pytest.raises(JITError, match="libLLVM cannot be opened") as caught:
        session.start()
    assert "pip install" in caught.value.hint


def test_a_library_that_is_no_libllvm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITREPL_LIBLLVM", "libm.so.6")
    with Session() as session, pytest.raises(JITError, match="jitrepl speaks LLVM 22"):
        session.start()


COUNTER = "@n = internal global i32 0\ndefine i32 @next() {{\n  %a = load i32, ptr @n\n  %b = add i32 %a, {}\n"
COUNTER += "  store i32 %b, ptr @n\n  ret i32 %b\n}}\n"


def test_only_files_that_changed_are_loaded_again(session: Session, tmp_path: Path) -> None:
    counter, other = tmp_path / "counter.ll", tmp_path / "other.ll"
    counter.write_text(COUNTER.format(1))
    other.write_text("define i32 @other() { ret i32 1 }")
    for path in (counter, other):
        session.load(path)
    assert session.call("next") == 1
    assert session.reload() == ()
    counter.write_text(COUNTER.format(10))
    (loaded,) = session.reload()
    assert (loaded.name, loaded.again, loaded.changed) == (str(counter), True, ("next",))
    assert session.call("next") == 11
    assert session.reload() == ()
    (loaded,) = session.reload(str(other))
    assert (loaded.again, loaded.changed) == (True, ())


def test_a_file_that_cannot_be_loaded_again_leaves_what_was(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "counter.ll"
    path.write_text(COUNTER.format(1))
    session.load(path)
    assert session.call("next") == 1
    path.write_text(COUNTER.format("i32"))
    with pytest.raises(IRError):
        session.reload()
    assert session.call("next") == 2
    path.unlink()
    with pytest.raises(InputError, match="no file"):
        session.reload()
    assert session.call("next") == 3


def test_a_file_that_was_unloaded_is_not_loaded_again(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "counter.ll"
    path.write_text(COUNTER.format(1))
    session.load(path)
    session.unload("counter.ll")
    path.write_text(COUNTER.format(2))
    assert session.files() == ()
    assert session.reload() == ()


def test_reset_leaves_nothing(session: Session) -> None:
    session.load("@v = global i32 1\ndefine i32 @f() { ret i32 1 }")
    session.call("f")
    first = session.pid
    session.reset()
    assert [symbol for symbol in session.symbols() if symbol.kind != "host"] == []
    assert session.pid != first
    with pytest.raises(SymbolError, match="nothing was called yet"):
        session.again()
    assert session.load("define i32 @f() { ret i32 2 }").name == "<input 1>"
    assert session.call("f") == 2


def test_stats_count_and_measure(session: Session) -> None:
    session.load("define i32 @f() { ret i32 1 }\n@v = global i32 1")
    before = session.stats()
    session.call("f")
    session.load("define i32 @f() { ret i32 2 }")
    session.call("f")
    figures = session.stats()
    assert (figures["modules"], figures["symbols"], figures["inputs"]) == (2, 2, 4)
    assert 2 <= figures["copies"] <= 5  # what can be repeated has none, unless it took long
    assert before["code"] == 0 < figures["code"] < 1000
    assert figures["start"] > 0
    assert 0 < figures["last input"] < figures["mean input"] * 4


def test_a_forked_process_leaves_the_session_alone() -> None:
    with Session() as session:
        session.load("@g = global i32 0\ndefine i32 @f() {\n  store i32 7, ptr @g\n  ret i32 1\n}")
        session.load("define i32 @g_now() {\n  %v = load i32, ptr @g\n  ret i32 %v\n}")
        session.call("f")
        child = os.fork()
        if not child:
            refused = 1
            try:
                session.call("f")
            except UsageError:
                refused = 0
            session.close()
            os._exit(refused)
        assert os.waitpid(child, 0)[1] == 0
        assert session.call("g_now") == 7
        assert not session.notes
