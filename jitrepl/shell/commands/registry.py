"""What a command is, and the table of all commands."""

from __future__ import annotations

from jitrepl.errors import UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import READERS, cut, read_arguments
from jitrepl.shell.inputs import without_comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.shell.session import Session


class Help(Record):
    """Help to show: a title line and paragraphs.

    Args:
        entries: pairs of a usage line and what it does.
        text: more about it, or "".
    """

    entries: tuple[tuple[str, str], ...]
    text: str = ""


class Overview(Record):
    """Help in groups: what there is.

    Args:
        groups: pairs of a title and its entries, as `Help` has them.
        text: more about all of it.
    """

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    text: str


class Leave(Record):
    """The user wants to leave."""


class Undone(Record):
    """Inputs that were taken back, the last first."""

    inputs: tuple[str, ...]


class Exited(Record):
    """A program has ended.

    Args:
        status: its exit status.
    """

    status: int


class Plain(Record):
    """Text to show as it is.

    Args:
        result: whether it is a result; else it is a remark.
    """

    text: str
    result: bool = True


class Several(Record):
    """The results of a command that did several things."""

    results: tuple[Record, ...]


GROUPS = {
    "running": "Running",
    "looking": "Looking",
    "compiling": "Compiling",
    "modules": "Changing",
    "steering": "Session",
    "hidden": "",
}
"""The groups of the help, by the module that most of their commands are in; what is hidden is not listed."""


class Command:
    """A command of the shell.

    Args:
        function: what it does.
        aliases: other names for it.
        group: the key of its group in the help.
    """

    def __init__(self, function: Callable[..., Record], aliases: tuple[str, ...], group: str) -> None:
        self.function = function
        self.group = group
        self.name = function.__name__.rstrip("_")
        self.aliases = aliases
        code = function.__code__
        names = code.co_varnames[1 : code.co_argcount]
        self.params = tuple((name, function.__annotations__[name]) for name in names)
        self.required = len(names) - len(function.__defaults__ or ())
        summary, _, self.details = (function.__doc__ or "").strip().partition("\n")
        self.summary = summary.rstrip(".")

    @property
    def brief(self) -> str:
        """What it does, without examples."""
        return self.summary.partition(": ")[0]

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


def command(*aliases: str, group: str = "") -> Callable[[Callable[..., Record]], Callable[..., Record]]:
    """Register a function as a command under its name and these aliases.

    Args:
        aliases: other names.
        group: its group in the help, if that is not the one of its module.
    """

    def register(function: Callable[..., Record]) -> Callable[..., Record]:
        made = Command(function, aliases, group or function.__module__.rpartition(".")[2])
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
    if "\0" in line:
        raise UsageError("a command has no NUL in it", "in text, it is written \\00")
    text = line.strip().removeprefix(":")
    if text.startswith("!"):
        text = f"! {text[1:].strip()}"
    word, rest = cut(text)
    found = COMMANDS.get(ALIASES.get(word, word))
    if found is None or "ShellLine" not in [kind for _, kind in found.params]:
        word, rest = cut(without_comment(text).rstrip())
        found = COMMANDS.get(ALIASES.get(word, word))
    if found is None:
        raise UsageError(f"no command :{word}" if word else "a command is missing after `:`", similar_command(word))
    return found.run(session, rest)


STAYS = "a session stays in the folder where it began; paths are relative to that"
_ELSEWHERE = {"cd": STAYS, "chdir": STAYS, "pwd": "`!pwd` shows the folder"}
"""What is said of commands that other prompts have."""


def similar_command(word: str) -> str:
    """The next step for somebody who typed a command that is none."""
    from difflib import get_close_matches

    if word in _ELSEWHERE:
        return _ELSEWHERE[word]
    close = get_close_matches(word, [*COMMANDS, *ALIASES], n=1)
    return f"did you mean :{close[0]}?" if close else "`:help` lists the commands"
