"""The `:` commands. A command is a function: its docstring is the help, its signature is the grammar.

Parameters are read from the line one after the other, each by what its annotation names in
`jitrepl.shell.arguments`. A command returns what is to be shown; nothing here prints.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import JitreplError, SymbolError, UsageError
from jitrepl.messages import Record
from jitrepl.shell.arguments import READERS, Count, Literals, Name, Paths, SignatureText, Text, Word, read_arguments
from jitrepl.shell.crashes import full_text
from jitrepl.shell.session import Session
from jitrepl.shell.settings import SETTINGS, show_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Help(Record):
    """Help to show: a title line and paragraphs.

    Args:
        entries: pairs of a usage line and what it does.
        text: more about it, or "".
    """

    entries: tuple[tuple[str, str], ...]
    text: str = ""


class Leave(Record):
    """The user wants to leave."""


class Undone(Record):
    """Inputs that were taken back, the last first."""

    inputs: tuple[str, ...]


class Plain(Record):
    """Text to show as it is."""

    text: str


class Several(Record):
    """The results of a command that did several things."""

    results: tuple[Record, ...]


class Command:
    """A command of the shell.

    Args:
        function: what it does.
        aliases: other names for it.
    """

    def __init__(self, function: Callable[..., Record], aliases: tuple[str, ...]) -> None:
        self.function = function
        self.name = function.__name__.rstrip("_")
        self.aliases = aliases
        code = function.__code__
        names = code.co_varnames[1 : code.co_argcount]
        self.params = tuple((name, function.__annotations__[name]) for name in names)
        self.required = len(names) - len(function.__defaults__ or ())
        summary, _, self.details = (function.__doc__ or "").strip().partition("\n")
        self.summary = summary.rstrip(".")

    @property
    def usage(self) -> str:
        """How to write it: `:call [SIGNATURE] NAME [ARGS…]`."""
        words = []
        for index, (name, kind) in enumerate(self.params):
            word = READERS[kind].label or name.upper()
            words.append(word if index < self.required and not READERS[kind].optional else f"[{word}]")
        return " ".join([f":{self.name}", *words])

    def run(self, session: Session, rest: str) -> Record:
        """Read the rest of the line and do it.

        Raises:
            UsageError: if the line does not fit the command's parameters.
        """
        return self.function(session, *read_arguments(self, rest))


COMMANDS: dict[str, Command] = {}
"""Every command by its name, in the order of the help."""

ALIASES: dict[str, str] = {}


def command(*aliases: str) -> Callable[[Callable[..., Record]], Callable[..., Record]]:
    """Register a function as a command under its name and these aliases."""

    def register(function: Callable[..., Record]) -> Callable[..., Record]:
        made = Command(function, aliases)
        COMMANDS[made.name] = made
        ALIASES.update((alias, made.name) for alias in aliases)
        return function

    return register


def run_command(session: Session, line: str) -> Record:
    """Run a line that begins with `:`.

    Raises:
        UsageError: if there is no such command, or its arguments do not fit.
        JitreplError: what the command raises.
    """
    word, _, rest = without_comment(line).strip()[1:].partition(" ")
    name = ALIASES.get(word, word)
    found = COMMANDS.get(name)
    if found is None:
        raise UsageError(f"no command :{word}" if word else "a command is missing after `:`", _similar(word))
    return found.run(session, rest.strip())


def without_comment(line: str) -> str:
    """A line up to a `;` that begins a comment, as in IR: behind a space, and in no quotes."""
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == ";" and line[at - 1 : at].isspace():
            return line[:at]
    return line


def _similar(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, [*COMMANDS, *ALIASES], n=1)
    return f"did you mean :{close[0]}?" if close else "`:help` lists the commands"


@command("l")
def load(session: Session, paths: Paths) -> Record:
    """Load files with textual IR or bitcode.

    What a file is, its content says, not its name. Quote a path with spaces. A bare path at the prompt does
    the same:

        :load sum.ll "my file.bc"
        ~/ir/sum.ll
    """
    return _each(paths, session.load_file)


@command("c")
def call(session: Session, signature: SignatureText, name: Name, args: Literals) -> Record:
    """Call a function: `:call sum 1 2`.

    Arguments are read by the types of the parameters: numbers (`-1`, `0xff`, `0b11`, `'a'`, `true`, `2.5`,
    `inf`), `null`, `@global`, text (`"hi"` is a NUL-terminated buffer where a ptr is wanted), `[1, 2, 3]` (a
    buffer), structs, arrays and vectors as IR writes them or in parentheses: `(1, 2.5)`.

    A function that the session does not declare can be called with its type in front:

        :call "double (double)" cos 1.0
    """
    return session.ask_call(name, args, signature)


@command("a")
def again(session: Session, args: Literals) -> Record:
    """Repeat the last call, with other arguments if you give some: `:again 3 4`."""
    return session.ask_again(args)


@command("d")
def dump(session: Session, name: Text = "") -> Record:
    """Print the session's IR, or one thing of it.

    NAME is a function or global (`sum`, `@sum`), a type (`%T`) or a module (`sum.ll`, `input 3`). What is
    printed can be fed back in.
    """
    return session.ask(messages.Dump(name))


@command("s")
def symbols(session: Session, pattern: Text = "") -> Record:
    """List the session's symbols: name, kind, type, module, and whether the code is there yet.

    With a glob PATTERN (`f*`), only those. A symbol is `lazy` until it is materialized: looked up, compiled
    and linked.
    """
    from fnmatch import fnmatchcase

    rows = session.symbols()
    if pattern:
        rows = tuple(row for row in rows if fnmatchcase(row.name, pattern.removeprefix("@")))
    return messages.SymbolTable(rows)


@command()
def host(session: Session, paths: Paths) -> Record:
    """Run Python files that register host functions: symbols that JITed code can call.

    A file looks like this:

        from jitrepl import host

        @host("i32 (i32, i32)")
        def add(a, b):
            return a + b
    """
    return _each(paths, lambda path: messages.HostsAdded(session.host(path)))


@command()
def lib(session: Session, paths: Paths) -> Record:
    """Open shared libraries, by path or by soname; their symbols then serve the session: `:lib libz.so.1`."""
    for path in paths:
        session.library(path)
    return messages.Done()


@command("u")
def undo(session: Session, count: Count = 1) -> Record:
    """Take back the last input, or the last COUNT: definitions, and what calls did to memory.

    Each input that changed something has left a copy of the process that runs the code; the copy goes on. What
    was printed or written to files stays.
    """
    return Undone(session.undo(count))


@command()
def set_(session: Session, name: Word = "", value: Text = "") -> Record:
    """Set a limit (`:set timeout 5s`), or show them all.

    timeout is how long an input may run (500ms, 5s, 2min, off), memory-limit how much address space JITed code
    may take (512M, 2G, off), undo-depth how many inputs `:undo` can reach.
    """
    if name and name not in SETTINGS:
        raise UsageError(f"no setting {name}", f"there are {', '.join(SETTINGS)}")
    if value:
        setattr(session.limits, SETTINGS[name].field, SETTINGS[name].read(value))
        session.apply_limits()
    chosen = {name: SETTINGS[name]} if name else SETTINGS
    rows = [(key, s.show(getattr(session.limits, s.field)), s.help) for key, s in chosen.items()]
    return Plain("\n".join(f"{key:<13} {shown:<7} {help}" for key, shown, help in rows))


@command()
def stats(session: Session) -> Record:
    """Show figures: inputs, symbols, the copies that crashes and `:undo` return to, and their memory."""
    figures = session.stats()
    memory = {"worker", "memory of copies"}
    rows = [(key, show_size(value) if key in memory else f"{value:g}") for key, value in figures.items()]
    return Plain("\n".join(f"{key:<17} {shown}" for key, shown in rows))


@command("backtrace")
def bt(session: Session) -> Record:
    """Show the last crash in full: all frames, and the registers."""
    if not session.last_crash.signal:
        raise SymbolError("no crash has been noted in this session")
    return Plain(full_text(session.last_crash))


@command("h", "?")
def help(session: Session, topic: Text = "") -> Record:
    """Show what the commands do; `:help call` says more about one."""
    if not topic:
        text = "Anything else is IR, which is added to the session, or the path of a file to load."
        return Help(tuple((c.usage, c.summary) for c in COMMANDS.values()), text)
    word = topic.removeprefix(":")
    name = ALIASES.get(word, word)
    found = COMMANDS.get(name)
    if found is None:
        raise UsageError(f"no command :{word}", _similar(word))
    details = "\n".join(line.removeprefix("    ") for line in found.details.strip("\n").splitlines()).strip()
    if found.aliases:
        details += f"\n\nAlso: {', '.join(':' + alias for alias in found.aliases)}"
    return Help(((found.usage, found.summary),), details.strip())


@command("q", "exit")
def quit(session: Session) -> Record:
    """Leave; Ctrl-D does the same."""
    return Leave()


def _each(paths: Paths, do: Callable[[str], Record]) -> Record:
    """Do something with each path; an error has what was done before it."""
    results: list[Record] = []
    for path in paths:
        try:
            results.append(do(path))
        except JitreplError as problem:
            problem.before = tuple(results)
            raise
    return results[0] if len(results) == 1 else Several(tuple(results))
