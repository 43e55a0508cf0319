from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from transcripts import JITREPL, TIMEOUT, environment

from jitrepl.messages import Snapshot
from jitrepl.shell.copies import Copies, reap_dropped

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def test_a_copy_whose_socket_was_lost_is_waited_for() -> None:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    copies = Copies()
    copies.note(Snapshot(pid), [], os.getpid())
    assert not copies.reaches(0)
    assert "no descriptor left" in copies.missing
    assert reap_dropped(wait=True)
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_programs_that_are_started_do_not_get_the_sockets_of_copies() -> None:
    script = ':call "i32 ()" getpid\n:call "i32 ()" getpid\n!ls /proc/self/fd\n'
    command = [JITREPL, "-k", "-"]
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, timeout=TIMEOUT, env=environment(), check=True
    )
    assert done.stdout.split()[4:] == ["0", "1", "2", "3"]  # the last one is the folder


LOADED = "loaded seven.ll: @main\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [(["--run", "seven.ll"], 7, ""), (["seven.ll", "-e:run"], 0, f"{LOADED}exit status 7\n")],
)
def test_programs_end_as_they_do_where_ends_of_children_are_ignored(
    arguments: list[str], status: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "seven.ll").write_text("define i32 @main() { ret i32 7 }")
    done = ignoring_children([JITREPL, *arguments], tmp_path)
    assert (done.returncode, done.stdout + done.stderr) == (status, said)


def test_sessions_know_of_crashes_there() -> None:
    text = """
from jitrepl import Session
from jitrepl.errors import WorkerDied
with Session() as session:
    session.load("define i32 @main() { ret i32 7 } define void @crash() { unreachable } define i32 @f() { ret i32 1 }")
    print(session.run())
    for name in ("crash", "f"):
        try:
            print(session.call(name))
        except WorkerDied as problem:
            print(problem.message)
"""
    done = ignoring_children([sys.executable, "-c", text])
    assert (done.stdout.splitlines()[0], done.stdout.splitlines()[-1], done.stderr) == ("7", "1", "")
    assert "@crash was killed by SIGILL" in done.stdout


def ignoring_children(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as a parent does that wants to hear nothing of its children (sigaction(2), `SIGCHLD`)."""
    command = ["sh", "-c", 'trap "" CHLD; exec "$@"', "sh", *command]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, env=environment(), check=False
    )
