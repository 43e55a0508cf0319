"""Commands that steer the session: take back, limit, leave."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import Count, OnOff, SettingName, ShellLine, Text
from jitrepl.shell.commands.registry import STAYS, Exited, Leave, Plain, Undone, command
from jitrepl.shell.session import Session
from jitrepl.shell.settings import SETTINGS
from jitrepl.shell.system import run_by_shell


@command("u", group="modules")
def undo(session: Session, count: Count = 1) -> Record:
    """Take back the last input, or the last COUNT: definitions, and what calls did to memory.

    The process that runs the code leaves copies of itself; the one from before the input goes on. What was printed or
    written to files stays.
    """
    return Undone(session.undo(count))


@command()
def set_(session: Session, name: SettingName = "", value: Text = "") -> Record:
    """Set a limit or a compiler's flags, or show them all: `:set timeout 5s`, `:set cflags -O2`.

    timeout is how long an input may run (500ms, 5s, 2min, off), memory-limit how much memory JITed code
    may take (512M, 2G, off), undo-depth how many inputs `:undo` can reach, undo-memory how much memory the copies
    for it may hold (1G, off), beyond which the oldest are dropped. cflags are for C and C++, cxxflags are added for
    C++, rustflags are for Rust; `none` removes them. Flags do not affect what is already loaded.
    """
    if name and name not in SETTINGS:
        raise UsageError(f"no setting {name}", f"the settings are {', '.join(SETTINGS)}")
    if value:
        setattr(getattr(session, SETTINGS[name].owner), SETTINGS[name].field, SETTINGS[name].read(value))
        session.apply_limits()
    chosen = {name: SETTINGS[name]} if name else SETTINGS
    rows = [(key, s.show(getattr(getattr(session, s.owner), s.field)), s.help) for key, s in chosen.items()]
    width = max(7, *(len(shown) for _, shown, _ in rows))
    return Plain("\n".join(f"{key:<13} {shown:<{width}} {help}" for key, shown, help in rows))


@command(group="hidden")
def next(session: Session) -> Record:
    """End the input before this line; in a script, the IR after it is an input of its own."""
    return messages.Done()


@command(group="looking")
def trace(session: Session, state: OnOff = "") -> Record:
    """Print what ORC does to standard error: `:trace on`, `:trace off`.

    There is a line for each module that is added, each look-up and its reason, what is materialized for it, each symbol
    that the generator is asked for and where it is found, what is linked where, and static initialisers.
    """
    if state not in ("", "on", "off"):
        raise UsageError(f":trace is on or off, not {state}", "`:help trace` says more")
    if state:
        session.limits.trace = state == "on"
        session.apply_limits()
    return messages.Done() if state else Plain(f"tracing is {'on' if session.limits.trace else 'off'}")


@command("!")
def shell(session: Session, line: ShellLine) -> Record:
    """Run a command in the system's shell: `:!ls`, `!ls`, `:shell ls`.

    Its exit status is shown unless it is 0. The command gets the whole line: `;` does not begin a comment.
    """
    if line.split()[0] == "cd" and not set(line) & set(";&|"):
        raise UsageError("`cd` would only affect a shell of its own", STAYS)
    status = run_by_shell(line)
    if status < 0:
        return Plain(f"killed by signal {-status}", result=False)
    return Exited(status) if status else messages.Done()


@command("q", "exit")
def quit(session: Session) -> Record:
    """Leave; Ctrl-D does the same."""
    return Leave()
