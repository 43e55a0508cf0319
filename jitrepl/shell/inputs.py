"""Cut what the user gives into inputs: IR, commands, paths.

A command is a line that begins with `:`, which no line of IR does; it ends the IR before it. A path is a line on
its own where an input begins. Everything else is IR.
"""

from __future__ import annotations

from jitrepl.records import Record
from jitrepl.shell.sources import is_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class IR(Record):
    """Textual IR to add to the session."""

    text: str


class CommandLine(Record):
    """A line that begins with `:`."""

    text: str


class Path(Record):
    """A file to load.

    Args:
        data: its content, if it was read already: a pipe can be read only once.
    """

    text: str
    data: bytes | None = None


class Splitter:
    """Cuts lines into inputs as they come."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._blank = True

    def feed(self, line: str) -> Iterator[Record]:
        """The inputs that a line, without its newline, completes."""
        if line.startswith(":") or (self._blank and line.lstrip().startswith(":")):
            yield from self.finish()
            yield CommandLine(line.strip())
        elif self._blank and is_path(line):
            yield from self.finish()
            yield Path(line.strip())
        elif self._lines or line.strip():  # blank lines before an input are not part of it
            self._lines.append(line)
            self._blank = self._blank and _says_nothing(line)

    def finish(self) -> Iterator[Record]:
        """The input that the end of the text completes, if there is one; comments alone are none."""
        lines, self._lines, self._blank = self._lines, [], True
        if not all(_says_nothing(line) for line in lines):
            yield IR("\n".join(lines))


def _says_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    return not line.partition(";")[0].strip()


def split_inputs(lines: Iterable[str]) -> Iterator[Record]:
    """All inputs of a text, given as its lines."""
    splitter = Splitter()
    for line in lines:
        yield from splitter.feed(line)
    yield from splitter.finish()
