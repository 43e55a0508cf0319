"""Print lines: results on standard output, everything else on standard error, in the order of the events."""

from __future__ import annotations

import os
import sys

from jitrepl.errors import without_colours
from jitrepl.shell.render import WIDTH, coloured, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from jitrepl.shell.render import Line

NO_NEWLINE_MARK = "⏎"
"""Stands behind output of JITed code that did not end its line."""


class OutputLost(Exception):
    """Standard output cannot be written: nobody gets the results any more. Remarks and errors may go nowhere.

    Args:
        problem: what the system says of it.
    """

    def __init__(self, problem: OSError) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Output:
    """Where the shell prints.

    Args:
        colour: `always`, `never`, or `auto`: as the environment and the terminal say.
        quiet: whether remarks are left out; errors never are.
    """

    def __init__(self, colour: str = "auto", quiet: bool = False) -> None:
        self.quiet = quiet
        self.terminal = sys.stdout.isatty()
        self.colour = wants_colour(colour, sys.stdout)
        self._colour = {True: self.colour, False: wants_colour(colour, sys.stderr)}

    @property
    def width(self) -> int:
        """How many columns of a narrow terminal can be filled; 0 elsewhere, for the usual."""
        if not self.terminal:
            return 0
        columns = _columns()
        return columns - 1 if 0 < columns <= WIDTH else 0

    def lines(self, lines: list[Line]) -> None:
        """Print lines, each to its stream."""
        for line in lines:
            stream = sys.stdout if line.result else sys.stderr
            text = (coloured if self._colour[line.result] else plain)(line.fragments)
            _write(stream, text + "\n")
        self.flush()

    def text(self, text: str) -> None:
        """Print a result as it is."""
        _write(sys.stdout, text)
        self.flush()

    def remarks(self, lines: list[Line]) -> None:
        """Print lines unless the user wants quiet."""
        if not self.quiet:
            self.lines(lines)

    def diagnostics(self, text: str) -> None:
        """Print what a compiler printed, which has ANSI colours, on standard error."""
        shown = text if self._colour[False] else without_colours(text)
        _write(sys.stderr, shown)
        self.flush()

    def flush(self) -> None:
        """Let everything out, before JITed code prints to the same place.

        Raises:
            OutputLost: if that fails; so do all that print.
        """
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError as problem:
                _failed(stream, problem)

    def fresh_line(self, mark: bool = True) -> None:
        """On a terminal: go to a new line unless the cursor is at the start of one, as zsh does.

        The mark and the spaces behind it wrap into the next line only if something stands before them.

        Args:
            mark: whether to show that the line had no end.
        """
        if not self.terminal:
            return
        columns = _columns() or 80
        sign = _encodable(NO_NEWLINE_MARK, sys.stdout, "%") if mark else " "
        if self.colour:
            sign = f"\x1b[2m{sign}\x1b[0m"
        erase = "\x1b[K" if os.environ.get("TERM") != "dumb" else " \r"
        self.text(f"{sign}{' ' * (columns - 1)}\r{erase}")


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Whether to print colours to a stream.

    Args:
        choice: `always`, `never`, or `auto`, which goes by `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and whether
            the stream is a terminal.
        stream: where the text goes.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _columns() -> int:
    """How wide the terminal says that it is; 0 if it does not know, as the pseudo-terminals of CI often do not."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 0


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(_printable(text, stream))
    except OSError as problem:
        _failed(stream, problem)


def _failed(stream: TextIO, problem: OSError) -> None:
    if stream is sys.stdout:
        raise OutputLost(problem) from None


def _printable(text: str, stream: TextIO) -> str:
    """The text with what the stream's encoding lacks replaced: a name in IR may hold any byte."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _encodable(text: str, stream: TextIO, instead: str) -> str:
    """The text, or another one if the stream's encoding lacks it."""
    return text if _printable(text, stream) == text else instead
