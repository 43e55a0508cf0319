"""Commands that show what is there."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import SymbolError, UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import Name, Text, Thing
from jitrepl.shell.commands.registry import ALIASES, COMMANDS, GROUPS, Help, Overview, Plain, command, similar_command
from jitrepl.shell.crashes import full_text
from jitrepl.shell.inputs import is_instruction
from jitrepl.shell.session import Session
from jitrepl.shell.settings import show_size
from jitrepl.shell.symbol_names import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


@command("d")
def dump(session: Session, name: Thing = "") -> Record:
    """Print the session's IR, or a part of it.

    NAME is a function or global (`sum`, `@sum`, `"add(int, int)"`), a type (`%T`, `Point`) or a module (`sum.ll`,
    `input 3`). What is printed can be fed back in. Debug info is left out, unless `-g` follows: `:dump sum -g`.
    """
    words = name.split(" ")
    debug = words[-1] == "-g"
    what = " ".join(words[:-1] if debug else words).strip()
    text = session.dump(what, debug)
    if text or what:
        return messages.Text(text)
    archives = dict.fromkeys(row.module for row in session.symbols() if row.state == "archived")
    if archives:
        return Plain(f"no IR: the members of {', '.join(archives)} are loaded when something needs them", result=False)
    return Plain("no IR: nothing is loaded yet", result=False)


@command("p")
def print(session: Session, what: Text) -> Record:
    """Show a value: `:print g`, `:print %x`, `:print load i16, ptr @g`.

    WHAT is a global variable, shown as its source would write it if there is debug info; the name of a result (`%x`,
    or `%_` for the last one); or an instruction. Names with a sigil and instructions need no `:print`.
    """
    if is_instruction(what):
        return session.ask_evaluate(what)
    return session.ask(messages.Show(what if what[0] in "@%" else f"@{what}"))


@command("t")
def type(session: Session, name: Thing) -> Record:
    """Show the type of something, as its source writes it: `:type sum`.

    NAME is a function, a global variable, or a type of the source (`Point`, `struct point`), which is shown with its
    fields. That comes from debug info (`-g`); without it, the IR type is shown.
    """
    return Plain(session.describe(name))


@command("s")
def symbols(session: Session, pattern: Text = "") -> Record:
    """List the session's symbols: name, kind, type, module, and whether they are compiled yet.

    PATTERN is a glob (`f*`) or part of a name. A symbol is `lazy` until it is materialized: looked up, compiled and
    linked. C++ and Rust names are shown as their source spells them. What their libraries bring is left out;
    `:symbols *` lists everything.
    """
    return messages.SymbolTable(*chosen(session.symbols(), pattern))


@command()
def stats(session: Session) -> Record:
    """Show figures about the session: modules, inputs, memory, times, and copies to return to.

    `code` is the size of the modules' code and data, `worker` the memory of the process that they are in, with LLVM.
    `start` is how long that took to be ready; `last input` and `mean input` are the times, from request to reply, of
    inputs that changed the session.
    """
    figures = session.stats()
    rows = [(key, *_FIGURES[key]) for key in _FIGURES if key in figures]
    lines = [f"{key:<17} {show(figures[key]):<9} {what}" for key, what, show in rows]
    compilers = [f"{used.family.name:<17} {used.title}" for used in session.compilation.used.values()]
    return Plain("\n".join([*lines, *compilers]))


@command()
def debug(session: Session, name: Name = "") -> Record:
    """Show how to attach gdb or lldb to the process that runs the code, and stop in a function.

    Without NAME it is the function called or defined last. While a debugger is attached, calls have no time limit,
    Ctrl-C goes to the debugger, and no copies are made: `:undo` and crashes go back to the time before.

    To run jitrepl in a debugger from the start: `jitrepl --debugger gdb FILE…`
    """
    from jitrepl.shell.debuggers import how_to_attach

    return Plain(how_to_attach(session, name))


@command("backtrace")
def bt(session: Session) -> Record:
    """Show the last crash in full.

    That is all frames, the registers, the instructions around the one that crashed, which is marked, and the stacks of
    the other threads.
    """
    if not session.last_crash.signal:
        raise SymbolError("no crash has been noted in this session")
    return Plain(full_text(session.last_crash))


@command("h", "?", group="steering")
def help(session: Session, topic: Text = "") -> Record:
    """Show what the commands do: `:help call` says more about one, `:help keys` lists the keys of the prompt."""
    if not topic:
        groups = {title: [c for c in COMMANDS.values() if c.group == key] for key, title in GROUPS.items() if title}
        listed = tuple((title, tuple((c.usage, c.brief) for c in found)) for title, found in groups.items())
        return Overview(listed, _ELSE)
    word = topic.removeprefix(":")
    if word == "keys":
        return Help(KEYS)
    name = ALIASES.get(word, word)
    found = COMMANDS.get(name)
    if found is None:
        raise UsageError(f"no command :{word}", similar_command(word))
    details = "\n".join(line.removeprefix("    ") for line in found.details.strip("\n").splitlines()).strip()
    if found.aliases:
        details += f"\n\nAlso: {', '.join(':' + alias for alias in found.aliases)}"
    return Help(((found.usage, found.summary),), details.strip())


_ELSE = (
    "Anything else is IR, which is added to the session, or the path of a file to load. `:help call` says more about "
    "one command, `:help keys` lists the keys of the prompt."
)

KEYS = (
    ("Enter", "run the input if it is complete, else open another line"),
    ("Alt-Enter", "run the input as it is"),
    ("Tab", "complete a command, path, symbol of the session, or word of IR"),
    ("Up, Down", "earlier inputs; they are kept in `~/.local/state/jitrepl/history`"),
    ("Ctrl-R", "search them"),
    ("→ at the end", "accept the suggestion"),
    ("Ctrl-C", "clear the input; during a call: end it"),
    ("Ctrl-D", "leave"),
)
"""The keys of the prompt, and what they do."""


def _count(number: float) -> str:
    return f"{number:g}"


def _size(bytes: float) -> str:
    return f"{bytes:g}" if bytes < _KILO else show_size(bytes)


_KILO = 1024


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


_FIGURES: dict[str, tuple[str, Callable[[float], str]]] = {
    "modules": ("in the session", _count),
    "symbols": ("that they define", _count),
    "code": ("size of their code and data", _size),
    "inputs": ("that changed something", _count),
    "copies": ("to which a crash or `:undo` returns", _count),
    "worker": ("memory of the process that runs the code", _size),
    "memory of copies": ("not shared with the worker", _size),
    "undo-memory": ("its limit", _size),
    "start": ("until the first worker was ready", _milliseconds),
    "last input": ("from the request to the reply", _milliseconds),
    "mean input": ("of all that changed something", _milliseconds),
}
