from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import Terminal
from transcripts import JITREPL

from jitrepl.errors import TimedOut
from jitrepl.shell.companion import Companion

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

WAITS = """
@ready = private constant [7 x i8] c"ready\\0A\\00"
@caught = private constant [8 x i8] c"caught\\0A\\00"
declare i64 @write(i32, ptr, i64)
declare ptr @signal(i32, ptr)
declare i32 @pause()
define internal void @handle(i32 %number) {
  %w = call i64 @write(i32 1, ptr @caught, i64 7)
  ret void
}
define i32 @main(i32 %count) {
  %deaf = icmp sgt i32 %count, 1
  br i1 %deaf, label %listen, label %begin
listen:
  %h = call ptr @signal(i32 2, ptr @handle)
  br label %begin
begin:
  %w = call i64 @write(i32 1, ptr @ready, i64 6)
  br label %wait
wait:
  %p = call i32 @pause()
  br label %wait
}
"""


def child(code: str) -> int:
    """A process that runs some Python; the test waits for it."""
    return os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(3)", 3), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL)],
)
def test_the_end_of_a_child(code: str, status: int) -> None:
    with Companion() as companion:
        assert companion.wait(child(code)) == status


def test_the_time_is_up() -> None:
    begun = time.monotonic()
    pid = child("import time; time.sleep(60)")  # before the signals are blocked, which it would inherit
    with Companion() as companion, pytest.raises(TimedOut, match=r"longer than 0\.2 s"):
        companion.wait(pid, 0.2)
    assert time.monotonic() - begun < 30


def test_who_does_not_end_when_asked_is_killed() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with Companion() as companion, pytest.raises(TimedOut):
        companion.wait(child(deaf), 0.2)


def test_signals_are_as_before_afterwards() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with Companion() as companion:
        companion.wait(child(""))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def times(text: str, count: int, terminal: Terminal) -> Callable[[], bool]:
    """Whether a text is on the screen so many times."""
    return lambda: terminal.text.count(text) >= count


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "waits.ll").write_text(WAITS)
    return tmp_path / "waits.ll"


def test_ctrl_c_ends_a_program_and_jitrepl(program: Path, tmp_path: Path) -> None:
    with Terminal(["--run", program], tmp_path) as terminal:
        terminal.wait("ready")
        terminal.press("c")
        assert terminal.status() == 130


def test_a_program_may_handle_ctrl_c_itself(program: Path, tmp_path: Path) -> None:
    with Terminal(["--run", program, "--", "deaf"], tmp_path) as terminal:
        terminal.wait("ready")
        for count in range(1, 5):
            terminal.press("c")
            terminal.wait(times("caught", count, terminal))


def test_ctrl_z_stops_program_and_jitrepl_and_fg_continues_both(program: Path, tmp_path: Path) -> None:
    with Terminal(["--norc", "-i"], tmp_path, {"PS1": "shell> "}, program="/bin/bash") as terminal:
        terminal.wait("shell>")
        terminal.send(f"{JITREPL} --run waits.ll -- deaf\r")
        terminal.wait("ready")
        terminal.press("z")
        terminal.wait("Stopped")
        terminal.send("fg\r")
        terminal.wait(times("--run waits.ll", 3, terminal))
        terminal.press("c")
        terminal.wait("caught")
        terminal.press("\\")
        terminal.wait("killed by SIGQUIT")


def test_in_a_session_the_third_ctrl_c_ends_a_program_that_does_not_mind(program: Path, tmp_path: Path) -> None:
    with Terminal([program], tmp_path) as terminal:
        terminal.prompt().send(":run deaf\r")
        terminal.wait("ready")
        for count in (1, 2):
            terminal.press("c")
            terminal.wait(times("caught", count, terminal))
        # One that comes before jitrepl has taken note of the one before is one with it.
        for count in range(3, 10):
            terminal.press("c")
            terminal.wait(lambda: "SIGKILL" in terminal.text or terminal.text.count("caught") >= count)  # noqa: B023
            if "SIGKILL" in terminal.text:
                break
        terminal.wait("killed by SIGKILL")
        terminal.wait(lambda: terminal.waits)
        terminal.send(":run\r")
        terminal.wait(times("ready", 2, terminal))
        terminal.press("c")
        terminal.wait("interrupted in @main")
        terminal.wait(lambda: terminal.waits)


def test_a_signal_from_another_process_is_passed_on(program: Path) -> None:
    with subprocess.Popen([JITREPL, "--run", program, "--", "deaf"], stdout=subprocess.PIPE) as running:
        assert running.stdout and running.stdout.readline() == b"ready\n"
        try:
            running.send_signal(signal.SIGINT)
            assert running.stdout.readline() == b"caught\n"
        finally:
            running.kill()
