"""However a session ends, no process of it is left: no worker, no sleeping copy, no zombie."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from terminal import Terminal
from transcripts import JITREPL, TIMEOUT, environment

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

VARIABLE = "JITREPL_TEST_MARK"
PATIENCE = 10
"""Seconds that the processes of a session have to end after it."""
UNREAPED = 16
"""A copy that a newer one has replaced is waited for at the next input: so many zombies there may be, and no more."""

CODE = """@g = global i32 0
declare i32 @puts(ptr)
declare i32 @sigfillset(ptr)
declare i32 @sigprocmask(i32, ptr, ptr)
declare i32 @setsid()
@text = private constant [6 x i8] c"round\\00"
define i32 @setg(i32 %x) {
  store i32 %x, ptr @g
  ret i32 %x
}
define i32 @getg() {
  %v = load i32, ptr @g
  ret i32 %v
}
define void @crash() {
  store i32 1, ptr null
  ret void
}
define void @spin() {
  call i32 @puts(ptr @text)
  br label %loop
loop:
  br label %loop
}
define void @spin_deaf() {
  %set = alloca [128 x i8]
  call i32 @sigfillset(ptr %set)
  call i32 @sigprocmask(i32 0, ptr %set, ptr null)
  call void @spin()
  ret void
}
define void @spin_apart() {
  call i32 @setsid()
  call void @spin()
  ret void
}
"""
STEPS = [":call setg 5", ":call crash", ":call setg 6", ":undo", ":call getg", ":call crash", ":undo 2"]


@pytest.fixture
def mark() -> Iterator[str]:
    """A word in the environment of the program, of which all of its processes have a copy; in the end none is left."""
    mark = uuid.uuid4().hex
    yield mark
    for process in processes(mark):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "code.ll"
    path.write_text(CODE)
    return path


def processes(mark: str) -> list[int]:
    """The processes that run with this word in their environment."""
    wanted, found = f"{VARIABLE}={mark}".encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def state(process: int) -> str:
    """What a process does (proc(5), /proc/PID/stat): `S` sleeps, `Z` has ended; "" if there is none."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def zombies(parent: int) -> list[int]:
    """The children of a process that have ended and are not waited for; a zombie has no environment any more."""
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if state(int(child)) == "Z":
            found.append(int(child))
    return found


def gone(process: int) -> bool:
    """Whether a process has ended. One that is about to end has no environment any more, and yet is sent requests."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 0)[0])
    finally:
        os.close(descriptor)


def wait(condition: Callable[[], object]) -> bool:
    """Whether something becomes true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def wait_until_all_sleep(mark: str) -> None:
    """Wait until no process of the program does anything, for as long as it would take to begin."""
    quiet = 0
    while quiet < 5:
        quiet = quiet + 1 if all(state(process) == "S" for process in processes(mark)) else 0
        time.sleep(0.01)


def assert_nothing_left(mark: str) -> None:
    assert wait(lambda: not processes(mark)), processes(mark)


@contextmanager
def start(mark: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The program with pipes; should it hang, it is killed, and whoever reads from it sees the end."""
    variables = {**environment(), VARIABLE: mark}
    pipe = subprocess.PIPE
    command = [JITREPL, *arguments]
    with subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as made:
        watchdog = threading.Timer(TIMEOUT, made.kill)
        watchdog.start()
        try:
            yield made
        finally:
            watchdog.cancel()
            made.kill()


def ask(program: subprocess.Popen[str], line: str, answers: int = 1) -> list[str]:
    """Give a program a line; the lines that it prints."""
    assert program.stdin and program.stdout
    program.stdin.write(f"{line}\n")
    program.stdin.flush()
    return [program.stdout.readline() for _ in range(answers)]


@pytest.mark.parametrize("options", [["-k"], ["-k", "--no-snapshots"], []], ids=" ".join)
def test_after_a_script(mark: str, code: Path, options: list[str]) -> None:
    with start(mark, *options, code, "-") as program:
        out, _ = program.communicate("\n".join(STEPS), timeout=TIMEOUT)
    assert out.startswith("i32 5\n")
    assert program.returncode == 1
    assert_nothing_left(mark)


def test_after_a_prompt_with_crashes_undo_and_ctrl_c(mark: str, code: Path, tmp_path: Path) -> None:
    with Terminal([code], tmp_path, env={VARIABLE: mark}) as terminal:
        terminal.prompt()
        for step in STEPS:
            terminal.run(step)
            assert len(zombies(terminal.child.pid)) <= UNREAPED
        for function in ("spin", "spin_deaf", "spin_apart"):
            terminal.send(f":call {function}\r")
            # Earlier rounds may have scrolled away under long reports; this one stands below its call.
            shown = ["jitrepl> :call " + function, "round"]
            terminal.wait(lambda shown=shown: [line for line in terminal.lines if line][-2:] == shown)
            terminal.press("c")
            terminal.wait(lambda: terminal.waits)
            assert len(zombies(terminal.child.pid)) <= UNREAPED
        assert terminal.run(":call getg") == ["i32 0"]
        assert len(processes(mark)) > 2  # the shell, the worker, and copies
        assert wait(lambda: not zombies(terminal.child.pid))  # while nothing is typed
        assert terminal.leave() == 0
    assert_nothing_left(mark)


def test_copies_are_not_kept_without_bound(mark: str, code: Path) -> None:
    with start(mark, "-k", code, "-") as program:
        for number in range(100):
            assert ask(program, f":call setg {number}") == [f"i32 {number}\n"]
        assert len(zombies(program.pid)) <= UNREAPED
        assert wait(lambda: len(processes(mark)) <= 2 + 32 + 3)
        program.communicate()
    assert_nothing_left(mark)


@pytest.mark.parametrize("function", ["spin", "spin_deaf", "spin_apart"])
@pytest.mark.parametrize("options", [["-k"], ["-k", "--no-snapshots"], []], ids=" ".join)
def test_after_the_shell_is_killed_in_a_call(mark: str, code: Path, options: list[str], function: str) -> None:
    with start(mark, *options, code, "-") as program:
        assert ask(program, f":call setg 1\n:call setg 2\n:call {function}", 3) == ["i32 1\n", "i32 2\n", "round\n"]
        program.kill()
    assert_nothing_left(mark)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_after_the_shell_is_ended_by_a_signal_in_a_call(mark: str, code: Path, number: signal.Signals) -> None:
    with start(mark, code, "-") as program:
        assert ask(program, ":call spin") == ["round\n"]
        program.send_signal(number)
        program.communicate(timeout=TIMEOUT)
    assert_nothing_left(mark)


def test_after_the_prompt_is_killed_in_a_call(mark: str, code: Path, tmp_path: Path) -> None:
    with Terminal([code], tmp_path, env={VARIABLE: mark}) as terminal:
        terminal.prompt()
        terminal.run(":call crash")
        terminal.send(":call spin\r")
        terminal.wait(lambda: "round" in terminal.lines)
        os.kill(terminal.child.pid, signal.SIGKILL)
        terminal.child.wait()
        assert_nothing_left(mark)


def test_after_the_terminal_is_gone(mark: str, code: Path, tmp_path: Path) -> None:
    with Terminal([code], tmp_path, env={VARIABLE: mark}) as terminal:
        terminal.prompt()
        terminal.send(":call spin\r")
        terminal.wait(lambda: "round" in terminal.lines)
        terminal.child.close(force=False)  # as when its window is closed
        assert_nothing_left(mark)


def test_after_the_worker_and_its_copies_are_killed_and_stopped(mark: str, code: Path) -> None:
    with start(mark, "-k", code, "-") as program:
        assert ask(program, ":call setg 1") == ["i32 1\n"]
        while others := set(processes(mark)) - {program.pid}:  # the worker may be about to leave a copy
            for process in others:
                with suppress(ProcessLookupError):  # it ended by itself: a copy does when the worker's socket closes
                    os.kill(process, signal.SIGKILL)
                assert wait(lambda process=process: gone(process))
        assert ask(program, ":call getg") == ["i32 0\n"]  # a new worker, which has loaded the file
        wait_until_all_sleep(mark)  # a copy that is being made is nobody's yet
        for process in set(processes(mark)) - {program.pid}:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
    assert_nothing_left(mark)


def test_after_a_session_in_python(mark: str, code: Path) -> None:
    text = f"""
from jitrepl import Session
from jitrepl.errors import JitreplError
with Session() as session:
    session.load({str(code)!r})
    session.call("setg", 1)
    try:
        session.call("crash")
    except JitreplError:
        session.undo()
forgotten = Session()
forgotten.load("define i32 @f() {{ ret i32 5 }}")
print(forgotten.call("f"))
"""
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**environment(), VARIABLE: mark},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")
    assert_nothing_left(mark)


@pytest.mark.parametrize("before", ["", "crash"])
def test_after_a_python_program_is_killed_in_a_call(mark: str, code: Path, before: str) -> None:
    text = f"""
import threading
from jitrepl import Session
from jitrepl.errors import WorkerDied
session = Session()
starter = threading.Thread(target=session.load, args=({str(code)!r},))
starter.start()
starter.join()  # the worker outlives the thread that started it
assert session.call("setg", 7) == 7
if {before!r}:
    try:
        session.call({before!r})
    except WorkerDied:
        assert session.call("getg") == 7
session.call("spin_deaf")
"""
    command = [sys.executable, "-c", text]
    variables = {**environment(), VARIABLE: mark}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        assert program.stdout.readline() == "round\n"
        program.kill()
    assert_nothing_left(mark)
