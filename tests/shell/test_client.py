from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from transcripts import ROOT

from jitrepl import messages
from jitrepl.errors import InternalError, JitreplError, SymbolError, WorkerDied
from jitrepl.messages import Call, Called, Load, Start, Started
from jitrepl.shell import client
from jitrepl.shell.client import Worker
from jitrepl.shell.crashes import signal_name

CRASHES = (ROOT / "tests" / "data" / "crashes.ll").read_bytes()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker.spawn()
    yield made
    made.close()


@pytest.fixture
def started(worker: Worker) -> Worker:
    worker.ask(Start())
    worker.ask(Load("crashes.ll", CRASHES))
    return worker


def test_a_worker_answers_each_request(worker: Worker) -> None:
    started = worker.ask(Start())
    assert isinstance(started, Started)
    assert started.llvm.startswith("22.1.")
    worker.ask(Load("a.ll", b"define i32 @f() { ret i32 5 }"))
    called = worker.ask(Call("f"))
    assert isinstance(called, Called)
    assert called.value == messages.Value("i32", "5", 5)


def test_a_refusal_is_raised_as_its_class(started: Worker) -> None:
    with pytest.raises(SymbolError) as caught:
        started.ask(Call("recal"))
    assert (caught.value.message, caught.value.hint) == ("no @recal", "did you mean @recall?")


@pytest.mark.parametrize(
    ("call", "message", "number", "status"),
    [
        (Call("null_store"), "killed by signal 11", 11, 0),
        (Call("aborts"), "killed by signal 6", 6, 0),
        (Call("trap"), "killed by signal 4", 4, 0),
        (Call("divide", ("1", "0")), "killed by signal 8", 8, 0),
        (Call("exits", ("3",)), "exited with status 3", 0, 3),
    ],
)
def test_a_death_is_told_with_its_signal_or_status(
    started: Worker, call: Call, message: str, number: int, status: int
) -> None:
    with pytest.raises(WorkerDied) as caught:
        started.ask(call)
    assert (caught.value.message, caught.value.signal, caught.value.status) == (message, number, status)


def test_a_dead_worker_stays_dead(started: Worker) -> None:
    for _ in range(2):
        with pytest.raises(JitreplError):
            started.ask(Call("aborts"))


def test_a_worker_that_was_killed_from_outside_is_a_death(started: Worker) -> None:
    os.kill(started.pid, 9)
    with pytest.raises(WorkerDied, match="killed by signal 9"):
        started.ask(Call("recall"))


def test_a_worker_that_dies_of_a_request_has_read_it(started: Worker) -> None:
    with pytest.raises(WorkerDied):
        started.ask(Call("aborts"))
    assert not started.unread


def test_a_worker_that_dies_with_a_request_unread_is_known(started: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_LOOK_MS", 60_000)  # it is not ended for having stopped
    os.kill(started.pid, signal.SIGSTOP)
    threading.Timer(0.1, os.kill, (started.pid, signal.SIGKILL)).start()
    with pytest.raises(WorkerDied, match="killed by signal 9"):
        started.ask(Call("recall"))
    assert started.unread


def test_close_ends_the_process_and_can_be_called_twice() -> None:
    worker = Worker.spawn()
    worker.ask(Start())
    worker.close()
    worker.close()
    assert not Path(f"/proc/{worker.pid}").exists()


def test_a_fresh_worker_can_be_closed_before_it_was_asked() -> None:
    worker = Worker.spawn()
    worker.close()
    assert not Path(f"/proc/{worker.pid}").exists()


@pytest.mark.parametrize(
    "nonsense",
    [b"garbage that is no frame", struct.pack("<I", 1) + b"?", struct.pack("<I", 1) + b"N", struct.pack("<I", 1 << 31)],
)
def test_a_worker_that_talks_nonsense_is_ended(nonsense: bytes) -> None:
    ours, theirs = socket.socketpair()
    pid = os.posix_spawn("/bin/sleep", ["sleep", "1000"], os.environ)
    worker = Worker(pid, ours)
    theirs.sendall(nonsense)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(InternalError, match="no message"):
        worker.ask(Start())
    worker.close()
    theirs.close()
    assert not Path(f"/proc/{pid}").exists()


def test_modules_of_the_current_folder_do_not_come_in_the_way(tmp_path: Path) -> None:
    for name in ("struct", "os", "jitrepl"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')")
    code = (
        "from jitrepl import Session\nwith Session() as session: print(session.call('abs', -3, signature='i32 (i32)'))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3\n", "")


@pytest.mark.parametrize(("number", "name"), [(11, "SIGSEGV"), (6, "SIGABRT"), (63, "signal 63")])
def test_signals_have_names(number: int, name: str) -> None:
    assert signal_name(number) == name
