"""Cut what the user gives into inputs: IR, commands, paths.

A command is a line that begins with `:`, which no line of IR does; it ends the IR before it. A path is a line on
its own where an input begins. An instruction outside of a function is an input, and so is a name alone. Everything else
is IR.
"""

from __future__ import annotations

from jitrepl.records import Record
from jitrepl.shell.sources import is_path, is_shebang

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class IR(Record):
    """Textual IR to add to the session."""

    text: str


class Statement(Record):
    """An instruction outside of a function, to be executed.

    Args:
        typed: what the user has typed instead.
    """

    text: str
    typed: str = ""


class Look(Record):
    """The name of a value, a variable or a function, to be shown."""

    text: str


class CommandLine(Record):
    """A line that begins with `:`, or with `!` for the system's shell."""

    text: str


class Path(Record):
    """A file to load.

    Args:
        data: its content, if it was read already: a pipe can be read only once.
    """

    text: str
    data: bytes | None = None


class Script(Record):
    """A file of inputs to run.

    Args:
        path: its name, as the user gave it.
        data: its content.
    """

    path: str
    data: bytes


class Inputs(Record):
    """Inputs to run in place of the one that stood for them."""

    items: tuple[Record, ...]


class Splitter:
    """Cuts lines into inputs as they come."""

    def __init__(self) -> None:
        self.line = 0
        """The line, from 1, on which the input begins that was given last."""
        self._lines: list[str] = []
        self._blank = True
        self._open = 0
        """How many brackets of the input have no end yet."""
        self._instruction = False
        self._number = 0
        self._first = 0

    def feed(self, line: str) -> Iterator[Record]:
        """The inputs that a line, without its newline, completes."""
        self._number += 1
        if self._number == 1:
            line = line.removeprefix("\ufeff")  # a byte order mark
            line = f";{line}" if is_shebang(line) else line
        begins = (self._blank and line.lstrip().startswith(":")) or (self._open <= 0 and is_shell_line(line))
        if begins or line.startswith(":"):
            yield from self.finish()
            self.line = self._number
            called = _called(without_comment(line).strip())
            yield Statement(called, line.strip()) if called else CommandLine(line.strip())
        elif self._blank and (is_path(line) or is_path(without_comment(line))):
            yield from self.finish()
            self.line = self._number
            yield Path((line if is_path(line) else without_comment(line)).strip())
        elif self._open <= 0 and not self._instruction and _is_name(without_comment(line)):
            yield from self.finish()
            self.line = self._number
            yield Look(without_comment(line).strip())
        elif self._open <= 0 and not self._instruction and is_instruction(line):
            yield from self.finish()
            self._instruction = True
            yield from self._add(line)
        elif self._lines or line.strip():  # blank lines before an input are not part of it
            yield from self._add(line)

    def _add(self, line: str) -> Iterator[Record]:
        self._first = self._first if self._lines else self._number
        self._lines.append(line)
        self._blank = self._blank and _says_nothing(line)
        self._open += _opened(line)
        if self._instruction and self._open <= 0 and not without_comment(line).rstrip().endswith((",", "=")):
            yield from self.finish()

    def finish(self) -> Iterator[Record]:
        """The input that the end of the text completes, if there is one; comments alone are none."""
        lines, self._lines, self._blank = self._lines, [], True
        kind, self._instruction, self._open = Statement if self._instruction else IR, False, 0
        if not all(_says_nothing(line) for line in lines):
            self.line = self._first
            yield kind("\n".join(lines))


def is_instruction(line: str) -> bool:
    """Whether a line begins with an opcode, maybe behind `%name =`; constant expressions have brackets behind it."""
    text = line.lstrip()
    if text.startswith('%"'):
        text = "%" + text[2:].partition('"')[2]
    words = text.split(None, 4)
    if len(words) > 2 and words[0].startswith("%") and words[1] == "=":
        words = words[2:]
    return bool(words) and words[0] in OPCODES and not any(word.startswith("(") for word in words[1:2])


def _called(line: str) -> str:
    """The instruction that `:call i32 @sum(i32 1, i32 2)` means: whoever writes IR all day types that; "" if none."""
    word, _, rest = line.partition(" ")
    before, _, behind = rest.partition("@")
    name, bracket, _ = behind.partition("(")
    if word not in (":call", ":c") or not bracket or not before.strip() or before.startswith('"'):
        return ""
    return f"call {rest}" if before.endswith(" ") and name.strip() == name and rest.endswith(")") else ""


def _is_name(line: str) -> bool:
    """Whether a line is `%name` or `@name` and nothing else."""
    text = line.strip()
    if text[:1] not in ("%", "@") or len(text) < 2:
        return False
    if text[1] == '"':
        return text.endswith('"') and text.count('"') == 2
    return all(letter.isalnum() or letter in "-_.$" for letter in text[1:])


def _opened(line: str) -> int:
    """How many brackets a line opens and does not close."""
    text = line if '"' not in line else "".join(line.split('"')[::2])
    text = text.partition(";")[0]
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


_OPCODES = (
    "add addrspacecast alloca and ashr atomicrmw bitcast br call callbr catchpad catchret catchswitch "
    "cleanuppad cleanupret cmpxchg extractelement extractvalue fadd fcmp fdiv fence fmul fneg fpext fptosi "
    "fptoui fptrunc freeze frem fsub getelementptr icmp indirectbr insertelement insertvalue inttoptr invoke "
    "landingpad load lshr mul musttail notail or phi ptrtoaddr ptrtoint resume ret sdiv select sext shl "
    "shufflevector sitofp srem store sub switch tail trunc udiv uitofp unreachable urem va_arg xor zext"
)
OPCODES = frozenset(_OPCODES.split())
"""What instructions begin with: `body_starters` of grammars/llvm-ir.toml, which is slow to read."""


def _says_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    return not line.partition(";")[0].strip()


def split_inputs(lines: Iterable[str]) -> Iterator[Record]:
    """All inputs of a text, given as its lines."""
    for _, item in numbered_inputs(lines):
        yield item


def numbered_inputs(lines: Iterable[str]) -> Iterator[tuple[int, Record]]:
    """All inputs of a text, each with the number of the line, from 1, that it begins on."""
    splitter = Splitter()
    for line in lines:
        for item in splitter.feed(line):
            yield splitter.line, item
    for item in splitter.finish():
        yield splitter.line, item


def without_comment(line: str) -> str:
    """A command or path up to a `;` that begins a comment, as in IR: behind a space, and in no quotes."""
    quote = ""
    before = " "
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and before != "\\" else quote
        elif letter == '"' or (letter == "'" and not before.isalnum() and "'" in line[at + 1 :]):
            quote = letter
        elif letter == ";" and before.isspace():
            return line[:at]
        before = "" if before == "\\" else letter
    return line


def is_shell_line(line: str) -> bool:
    """Whether a line with which an input begins is for the system's shell: `!ls`, but not `!0 = !{}`."""
    text = line.strip()
    if not text.startswith("!") or not (text[1:].lstrip()[:1].isalpha() or text[1:].lstrip()[:1] in tuple("/.~_$")):
        return False
    from re import match

    return match(r"!\s*[-\w$.\\]+\s*=", text) is None
