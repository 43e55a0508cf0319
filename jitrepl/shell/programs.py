"""Run programs: `jitrepl --run`, which ends as its program does, and `:run`, after which the session goes on."""

from __future__ import annotations

import os

from jitrepl import messages
from jitrepl.crash_report import CrashReport
from jitrepl.errors import Interrupted, JitreplError, TimedOut, UsageError, WorkerDied
from jitrepl.shell.companion import Companion
from jitrepl.shell.crashes import ended_by, short_frames, signal_of
from jitrepl.shell.render import render_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.shell.options import Options
    from jitrepl.shell.output import Output
    from jitrepl.shell.session import Session

TIMED_OUT = 124
"""The exit status of timeout(1)."""
BY_SIGNAL = 128
"""What shells add the number of a signal to."""
_SIGINT = 2
_MEANT = (1, _SIGINT, 13, 15)
"""SIGHUP, SIGINT, SIGPIPE, SIGTERM end a program without a word, as in a shell: somebody meant it."""
_PATIENCE = 3
"""How often Ctrl-C has to be pressed to end a program of a session that does not mind it."""


def run_files(session: Session, options: Options, output: Output) -> int:
    """Run the program that the files are.

    Args:
        session: one for a program.
        options: the command line.
        output: where to say what kept it from running, or that it crashed.

    Returns:
        Its exit status.

    Raises:
        JitreplError: if it cannot be run.
    """
    _check(options)
    for name in options.lib:
        session.library(name)
    for path in options.host:
        session.host(path)
    for path in options.files:
        if path == "-":
            session.load_file("<stdin>", _standard_input())
        else:
            session.load_file(path)
    try:
        with Companion() as companion:
            pid = begin(session, (argument_zero(options.files[0]), *options.arguments))
            _let_go_of_streams()
            status = companion.wait(pid, options.timeout)
    except TimedOut as problem:
        session.supervisor.release()
        output.lines(render_error(problem))
        return TIMED_OUT
    if status >= 0:
        session.supervisor.release()
        return status
    report = session.supervisor.release()
    signal = signal_of(-status, report)
    if signal not in _MEANT:
        output.lines(render_error(_killed(session, options.files[0], signal, report, "")))
    return BY_SIGNAL + signal


def _standard_input() -> bytes:
    """All of standard input; the program finds it at its end."""
    with open(0, "rb", closefd=False) as file:
        return file.read()


def run_in_session(session: Session, arguments: tuple[str, ...]) -> int:
    """Run `main` in a copy of the session's process; its exit status.

    Raises:
        JitreplError: if it cannot be run; or that a signal ended it, or the time.
    """
    home = session.symbols_by_name.get("main")
    name = argument_zero(home.module) if home else "main"
    with Companion(_PATIENCE) as companion:
        status = companion.wait(begin(session, (name, *arguments)), session.limits.timeout)
    if status < 0:
        hint = "the session goes on, as it was before this input"
        raise _killed(session, "@main", -status, session.supervisor.crash_beside(), hint)
    return status


def _killed(session: Session, name: str, signal: int, report: CrashReport, hint: str) -> JitreplError:
    """The error for a program that a signal ended."""
    frames = short_frames(report, session.supervisor.journal.source_line, goes_on=bool(hint))
    if signal == _SIGINT:
        return Interrupted("\n".join([f"interrupted in {name}", *frames]), hint)
    return WorkerDied(f"{name} was {ended_by(signal, report)}", hint, signal, 0, frames)


def begin(session: Session, arguments: tuple[str, ...]) -> int:
    """Start `main`; the process that it runs in, a child of this one."""
    reply = session.ask(messages.Run(arguments))
    assert isinstance(reply, messages.Running)
    return reply.pid


def argument_zero(path: str) -> str:
    """What a program sees as its name: its file's, less `.bc`, as with lli."""
    return path.removesuffix(".bc")


def _check(options: Options) -> None:
    if not options.files:
        raise UsageError("--run wants a FILE", "`jitrepl --run prog.bc -- ARGUMENTS`")
    if options.execute or options.interactive or options.keep_going:
        raise UsageError(
            "--run runs a program and takes no inputs", "`:run` does that in a session: jitrepl prog.bc -e :run"
        )
    missing = [path for path in options.files[1:] if path != "-" and not os.path.exists(os.path.expanduser(path))]
    if missing:
        command = f"jitrepl --run {options.files[0]} -- {' '.join(options.files[1:])}"
        raise UsageError(f"no file {missing[0]}", f"the program's arguments go after `--`: `{command}`")


def _let_go_of_streams() -> None:
    """Leave standard input and output to the program: who is at their other ends is to notice when it closes them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
