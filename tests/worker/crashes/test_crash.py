"""The note of a process that died, as it is told: the right functions and lines, at -O0 and at -O2."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from transcripts import ROOT, SCRIPTS, TIMEOUT

from jitrepl import Session
from jitrepl.crash_report import CrashReport
from jitrepl.errors import Interrupted, WorkerDied

SOURCE = ROOT / "tests" / "data" / "reports.c"
LINES = {
    match[1]: number
    for number, line in enumerate(SOURCE.read_text().splitlines(), 1)
    if (match := re.search(r"// (\w+)$", line))
}
SPIN = "define void @spin() {\n  br label %loop\nloop:\n  br label %loop\n}"


HOW = [("-O0", True), ("-O2", True), ("-O2", False)]


@pytest.fixture(scope="module", params=HOW, ids=["-O0", "-O2", "-O2, without copies"])
def session(
    request: pytest.FixtureRequest, bitcode: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """A session with reports.c, compiled with debug info at this level, that keeps copies or does not."""
    level, copies = request.param
    clang = shutil.which("clang-22", path=str(SCRIPTS)) or "clang-22"
    target = tmp_path_factory.mktemp("reports") / "reports.bc"
    command = [clang, level, "-g", "-emit-llvm", "-c", str(SOURCE), "-o", str(target)]
    subprocess.run(command, check=True, timeout=TIMEOUT)
    with Session(snapshots=copies) as session:
        session.load(target)
        yield session


def has_copies(session: Session) -> bool:
    return session.stats()["copies"] > 0


def crash(session: Session, name: str, *arguments: object) -> CrashReport:
    """The report of a call that ends the process."""
    with pytest.raises(WorkerDied, match=f"@{name} was killed by"):
        session.call(name, *arguments)
    return session.last_crash


def in_source(report: CrashReport) -> list[tuple[str, int]]:
    """The frames that have a line: functions and lines, the innermost first."""
    assert all(os.path.samefile(frame.file, SOURCE) for frame in report.frames if frame.line)
    return [(frame.function, frame.line) for frame in report.frames if frame.line]


def line(name: str) -> tuple[str, int]:
    return name, LINES[name]


def test_the_chain_of_calls_has_its_lines(session: Session) -> None:
    report = crash(session, "outer")
    assert (report.signal, report.access, report.address) == (signal.SIGSEGV, "read", 8)
    # At -O2 the first two are inlined; for the reader nothing changes.
    assert in_source(report) == [line("value_of"), line("sum"), line("twice"), line("outer")]
    inlined = [frame.inlined for frame in report.frames]
    assert inlined in ([False] * 4, [True, True, False, False])


def test_the_code_around_is_disassembled(session: Session) -> None:
    report = crash(session, "outer")
    texts = [instruction.text for instruction in report.code if instruction.address == report.frames[0].address]
    assert len(texts) == 1
    assert re.match(r"movl 0x8\(%r\w+\), %e\w+", texts[0])
    assert len(report.code) > 4


def test_a_crash_in_a_callback_of_libc_shows_both_sides(session: Session) -> None:
    report = crash(session, "in_qsort")
    assert in_source(report) == [line("compare"), line("in_qsort")]
    assert any("libc" in frame.module for frame in report.frames[1:-1])


@pytest.mark.parametrize(("name", "arguments"), [("in_strlen", (16,)), ("in_printf", ()), ("in_abort", ())])
def test_a_crash_in_libc_shows_who_called_it(session: Session, name: str, arguments: tuple[int, ...]) -> None:
    report = crash(session, name, *arguments)
    assert "libc" in report.frames[0].module
    assert in_source(report) == [line(name)]


def test_a_function_of_libc_is_named(session: Session) -> None:
    assert "abort" in [frame.function for frame in crash(session, "in_abort").frames]


def test_a_crash_in_a_thread_names_its_function(session: Session) -> None:
    report = crash(session, "in_thread")
    assert (report.access, report.address) == ("write", 24)
    assert in_source(report) == [line("run")]
    assert (report.main, report.overflow) == (False, False)


def test_a_stack_overflow_is_called_that_and_its_recursion_is_one_line(session: Session) -> None:
    with pytest.raises(WorkerDied, match="stack overflow") as caught:
        session.call("deep", 0)
    assert any(re.search(r"at @deep \(.*\)  \(\d+ times or more\)", text) for text in caught.value.frames)
    assert len(caught.value.frames) <= 4
    assert in_source(session.last_crash)[1] == line("deep")


def test_a_stack_overflow_in_a_thread_is_one_too(session: Session) -> None:
    report = crash(session, "deep_in_thread")
    assert report.overflow
    assert not report.main
    assert set(in_source(report)) == {line("deep")}
    assert len(report.frames) > 200


@pytest.mark.parametrize("name", ["hungry", "huge"])
@pytest.mark.parametrize("where", ["", "_in_thread"])
def test_an_overflow_by_few_large_frames_is_one_too(session: Session, name: str, where: str) -> None:
    report = crash(session, name + where, *(() if where else (0,)))
    assert report.overflow
    # A frame of 1 MB may miss the guard page and find other memory below: then it takes a few more. What it has
    # overwritten there may be what a process needs that reports its own crash: then the walk of the stack ends early.
    least = {"hungry": 7 if has_copies(session) else 1, "huge": 1}[name]
    assert len([frame for frame in report.frames if frame.function == name]) >= least
    assert report.main == (not where)


def test_all_threads_are_told(session: Session) -> None:
    report = crash(session, "among_threads")
    assert not report.main
    if not has_copies(session):
        assert report.threads == ()  # the process reports its own crash, and only of the thread that had it
        return
    stacks = [[frame.function for frame in thread.frames] for thread in report.threads]
    assert sorted(name for stack in stacks for name in stack if name in LINES) == ["among_threads", "waits", "waits"]
    assert {thread.name for thread in report.threads} >= {"sleeper"}
    (deaf,) = (thread for thread in report.threads if not thread.frames)
    assert deaf.name == ""


def test_the_thread_of_the_calls_is_told_as_the_others_are(session: Session) -> None:
    report = crash(session, "in_thread")
    if has_copies(session):
        (thread,) = report.threads
        assert [frame.function for frame in thread.frames if frame.line] == ["in_a_thread", "in_thread"]


def test_a_jump_to_null_names_who_jumped(session: Session) -> None:
    report = crash(session, "jumps")
    assert (report.access, report.address) == ("jump", 0)
    assert in_source(report)[0] == line("jumps")


def test_an_endless_loop_that_is_interrupted_names_its_function(
    session: Session, interrupt_soon: Callable[[Session], None]
) -> None:
    interrupt_soon(session)
    with pytest.raises(Interrupted, match=r"interrupted in @loops\n  at @loops "):
        session.call("loops")
    ((function, number),) = in_source(session.last_crash)
    assert function == "loops"
    assert LINES["loops"] - 1 <= number <= LINES["loops"]  # the condition, or the body


@pytest.fixture
def interrupt_soon() -> Iterator[Callable[[Session], None]]:
    """Do what Ctrl-C does, once a session's call uses the processor: both processes get the signal."""
    waiting = threading.main_thread().ident
    assert waiting

    def interrupt(session: Session) -> None:
        start = used(session.pid)
        end = time.monotonic() + TIMEOUT
        while used(session.pid) < start + 20 and time.monotonic() < end:
            time.sleep(0.01)
        signal.pthread_kill(waiting, signal.SIGINT)
        with suppress(ProcessLookupError):  # it may have been told of it
            os.kill(session.pid, signal.SIGINT)

    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
    yield lambda session: threading.Thread(target=interrupt, args=(session,), daemon=True).start()
    signal.signal(signal.SIGINT, former)


def used(process: int) -> int:
    """The processor time that a process has taken, in hundredths of a second."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


@pytest.fixture(scope="module", params=[True, False], ids=["copies", "no copies"])
def typed(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session into which IR is typed. Without copies it has no lines until they are asked for."""
    with Session(snapshots=request.param) as session:
        yield session


def test_typed_ir_is_shown_by_its_lines(typed: Session) -> None:
    typed.load("define void @inner() {\n  store i32 1, ptr null\n  ret void\n}")
    typed.load("define void @middle() {\n  call void @inner()\n  ret void\n}")
    with pytest.raises(WorkerDied) as caught:
        typed.call("middle")
    assert caught.value.frames == (
        "  at @inner (<input 1>:2)",
        "    2 | store i32 1, ptr null",
        "  at @middle (<input 2>:2)",
    )


def test_a_crash_right_behind_a_push_shows_who_called(typed: Session) -> None:
    typed.load("define i32 @for_ever() {\n  %r = call i32 @for_ever()\n  %s = add i32 %r, 1\n  ret i32 %s\n}")
    with pytest.raises(WorkerDied, match="stack overflow") as caught:
        typed.call("for_ever")
    assert len(caught.value.frames) == 3
    assert "times or more" in caught.value.frames[2]


def test_a_loop_in_typed_ir_names_its_function(typed: Session, interrupt_soon: Callable[[Session], None]) -> None:
    typed.load(SPIN)
    interrupt_soon(typed)
    with pytest.raises(Interrupted, match="interrupted in @spin\n  at @spin "):
        typed.call("spin")


@pytest.mark.parametrize(
    ("instructions", "signal_name"),
    [
        ("call void @llvm.trap()\n  unreachable", "SIGILL"),
        ("call void @llvm.debugtrap()\n  ret i32 0", "SIGTRAP"),
        ("%z = sub i32 0, 0\n  %r = sdiv i32 1, %z\n  ret i32 %r", "SIGFPE"),
        ("%r = load volatile i32, ptr inttoptr (i64 -2401263026318606336 to ptr)\n  ret i32 %r", "SIGSEGV"),
    ],
)
def test_signals_other_than_page_faults(session: Session, instructions: str, signal_name: str) -> None:
    name = f"dies.{signal_name}"
    intrinsics = "declare void @llvm.trap()\ndeclare void @llvm.debugtrap()"
    session.load(f"{intrinsics}\ndefine i32 @{name}() noinline optnone {{\n  {instructions}\n}}")
    report = crash(session, name)
    assert report.signal == signal.Signals[signal_name]
    assert report.address is None
    assert [frame.function for frame in report.frames] == [name]


def test_what_is_ruined_may_leave_no_report_but_the_signal(bitcode: Path) -> None:
    with Session(snapshots=False) as session:
        for name in ("fault_heap_overflow", "fault_stack_smash", "fault_unmap_everything"):
            session.load(bitcode / "faults_c.bc") if not session.symbols_by_name else None
            with pytest.raises(WorkerDied, match=f"@{name} was killed by SIG(ABRT|SEGV|BUS|ILL)"):
                session.call(name)


def test_the_note_is_of_the_last_crash_only(shared: Session) -> None:
    shared.load("define void @again() {\n  store i32 1, ptr inttoptr (i64 32 to ptr)\n  ret void\n}")
    assert crash(shared, "again").address == 32
    with pytest.raises(WorkerDied, match="exit status 3"):
        shared.call("exit", 3, signature="void (i32)")
    assert shared.last_crash.signal == 0


def test_registers_are_noted(session: Session) -> None:
    registers = dict(crash(session, "in_abort").registers)
    assert registers["rip"] and registers["rsp"]
