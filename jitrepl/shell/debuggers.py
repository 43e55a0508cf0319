"""gdb and lldb: how each is told to attach to the worker, and to run the whole of jitrepl.

Both read JITed code from GDB's JIT interface; lldb only when it is asked to. Code that is not there yet needs a
pending breakpoint, and of the processes of jitrepl the one to follow is the first child (docs/decisions/0015).
"""

from __future__ import annotations

import os
import sys
from shlex import quote

from jitrepl import messages
from jitrepl.errors import UsageError
from jitrepl.tracer import name_of, tracer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.shell.session import Session

SELF = "none"
"""The choice of `--debugger` that stands for no debugger."""

_SET = "settings set"
_JIT = f"{_SET} plugin.jit-loader.gdb.enable on"


class Debugger:
    """A debugger, and how to say things to it.

    Args:
        attach: gives the words of a command that attaches to a process, stops at a function and lets it go on.
        launch: the words of a command in front of the words of a program that it is to run.
        again: what to type there to run the program once more.
        install: how to get it.
    """

    def __init__(self, attach: Callable[[int, str], list[str]], launch: list[str], again: str, install: str) -> None:
        self.attach = attach
        self.launch = launch
        self.again = again
        self.install = install


def _gdb_attach(pid: int, function: str) -> list[str]:
    # A pager would wait between the messages about libraries, at every screen.
    options = ["-q", "-iex", "set pagination off", "-p", str(pid)]
    return [*options, "-ex", "set breakpoint pending on", "-ex", f"break {function}", "-ex", "continue"]


def _lldb_attach(pid: int, function: str) -> list[str]:
    return ["-O", _JIT, "-p", str(pid), "-o", f"breakpoint set --name {function}", "-o", "continue"]


DEBUGGERS = {
    "gdb": Debugger(
        _gdb_attach,
        ["-q", "-ex", "set breakpoint pending on", "-ex", "set follow-fork-mode child", "--args"],
        "`inferior 1`, then `run`",  # the child that it followed has no arguments
        "apt install gdb",
    ),
    "lldb": Debugger(
        _lldb_attach,
        # The line that it keeps at the bottom of the terminal would be drawn over the prompt.
        [
            "-O",
            _JIT,
            "-O",
            f"{_SET} target.process.follow-fork-mode child",
            "-O",
            f"{_SET} show-statusline false",
            "--",
        ],
        "`run`",
        "pip install 'jitrepl[lldb]'",
    ),
}


def find(name: str) -> str | None:
    """The path of a debugger: the user's, or the one that was installed beside this Python; None if there is none."""
    from shutil import which

    return which(name) or which(name, path=os.path.dirname(sys.executable))


def attach_line(name: str, pid: int, function: str) -> str:
    """The command line that attaches a debugger to a process and waits for a function."""
    from shutil import which

    program = name if which(name) else find(name) or name
    return " ".join(quote(word) for word in [program, *DEBUGGERS[name].attach(pid, function)])


def how_to_attach(session: Session, function: str = "") -> str:
    """Let a debugger attach to the process that runs the code; how to do that, for a person.

    Args:
        session: whose process.
        function: where the debugger is to stop; by default in the function that was called or defined last.
    """
    reply = session.ask(messages.Debug())
    assert isinstance(reply, messages.Text)
    defined = [name for name, symbol in session.symbols_by_name.items() if symbol.kind == "function"]
    called = [session.last_call.name] if session.last_call else []
    name = function.removeprefix("@") or (called + defined[-1:] + [""])[0]
    return advice(session.pid, name, reply.text)


def advice(pid: int, function: str, obstacle: str) -> str:
    """What `:debug` prints.

    Args:
        pid: the process that runs the code.
        function: where to stop; "" if the session has no function yet.
        obstacle: a sentence about what stands in the way, or "".
    """
    tracer = tracer_of(pid)
    if tracer:
        return f"the code runs in process {pid}, which {name_of(tracer)} (process {tracer}) debugs already"
    lines = [f"the code runs in process {pid}; to attach to it, from another terminal:"]
    for name, debugger in DEBUGGERS.items():
        lack = "" if find(name) else f"  # not found here: {debugger.install}"
        lines.append(f"  {attach_line(name, pid, function or 'NAME')}{lack}")
    call = f"`:call {function} …`" if function else "`:call` it"
    lines.append(f"then {call} here: the debugger stops in it")
    return "\n".join([*lines, *filter(None, [obstacle])])


def launch(name: str, arguments: list[str]) -> None:
    """Become a debugger that is about to run jitrepl; does not return.

    Args:
        name: a key of `DEBUGGERS`.
        arguments: those of jitrepl.

    Raises:
        UsageError: if it is not installed.
    """
    debugger = DEBUGGERS[name]
    path = find(name)
    if path is None:
        raise UsageError(f"{name} is not installed", f"`{debugger.install}`")
    # The first `--debugger` counts, so this one takes the place of the user's.
    program = [sys.executable, "-m", "jitrepl", f"--debugger={SELF}", *arguments]
    os.execv(path, [name, *debugger.launch, *program])


def known(process: int) -> str:
    """Which of the debuggers a process is; "" if it is none of them.

    Args:
        process: as `tracer_of` gives it; 0 for none.
    """
    name = name_of(process).removesuffix("-server") if process else ""
    return name if name in DEBUGGERS else ""


def ended(name: str) -> str:
    """What to tell a user whose debugger has seen the end of the process that it had started."""
    return f"the session ended with it; in {name}, {DEBUGGERS[name].again} begins a new one"


def misled(worker: int) -> tuple[str, ...]:
    """What to tell a user who runs jitrepl in a debugger that has not followed the worker; nothing for anybody else.

    Args:
        worker: its process.
    """
    name = known(tracer_of())
    if not name or tracer_of(worker):
        return ()
    return (
        f"warning: {name} does not see the code that runs here: that is in process {worker}\n"
        f"leave {name} and start anew with `jitrepl --debugger {name} …`, or attach to it: `:debug` says how",
    )
