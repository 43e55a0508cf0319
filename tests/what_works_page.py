"""The tables of docs/what-works.md, and the page itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcripts import ROOT, matches
from what_works import SOURCES, Row, debuggers, ends, features, files, values

PAGE = ROOT / "docs" / "what-works.md"


@dataclass
class Table:
    """A table of the page.

    Args:
        name: the file that it is made from.
        make: makes its rows.
        head: what stands above its columns.
        options: for jitrepl.
        needs: the tools that it wants.
    """

    name: str
    make: Callable[..., list[Row]]
    head: Sequence[str]
    options: Sequence[str] = ()
    needs: Sequence[str] = ("clang",)

    def rows(self, folder: Path) -> list[Row]:
        """Try everything in it."""
        return self.make(SOURCES / self.name, folder, *self.options)


_BOTH = ("`:call`", "`--run`")
_STATUS = ("`:call` says", "`--run`: exit status, and what is said")
_SHOWN = ("`:call` shows",)
_NO_DEBUG = ("--rustflags=-Cdebuginfo=0",)
TABLES = (
    Table("files.txt", files, _BOTH, needs=("clang", "rustc", "ar")),
    Table("flags.txt", files, _BOTH),
    Table("ir.ll", features, _BOTH),
    Table("c.c", features, _BOTH),
    Table("cpp.cpp", features, _BOTH, ("--cxxflags=-std=c++20 -g0",)),
    Table("core.rs", features, _BOTH, needs=("rustc",)),
    Table("std.rs", features, _BOTH, _NO_DEBUG, needs=("rustc",)),
    Table("values.c", values, _SHOWN),
    Table("values.cpp", values, _SHOWN, ("--cxxflags=-std=c++20",)),
    Table("values.rs", values, _SHOWN, needs=("rustc",)),
    Table("panics.rs", values, ("`:call` says",), _NO_DEBUG, needs=("rustc",)),
    Table("ends.c", ends, _STATUS),
    Table("ends.cpp", ends, _STATUS, ("--cxxflags=-g0",)),
    Table("ends.rs", ends, _STATUS, _NO_DEBUG, needs=("rustc",)),
    Table("debuggers.txt", debuggers, ("gdb", "lldb"), needs=("clang", "gdb", "lldb")),
)
_MARK = "<!-- made from tests/data/what_works/{} -->"


class Page:
    """docs/what-works.md: text that people write, and tables that are made."""

    def __init__(self) -> None:
        self.lines = PAGE.read_text("utf-8").splitlines()

    def span(self, table: Table) -> slice:
        """The lines of a table, its head included.

        Raises:
            ValueError: if the page does not have it.
        """
        start = self.lines.index(_MARK.format(table.name)) + 1
        end = start
        while end < len(self.lines) and self.lines[end].startswith("|"):
            end += 1
        return slice(start, end)

    def names(self) -> list[str]:
        """The files that its tables are made from."""
        before, after = _MARK.split("{}")
        return [line[len(before) : -len(after)] for line in self.lines if line.startswith(before)]

    def replace(self, table: Table, lines: Sequence[str]) -> None:
        """Write the page with other lines for a table."""
        self.lines[self.span(table)] = lines
        PAGE.write_text("\n".join(self.lines) + "\n", "utf-8")


def lines_of(table: Table, rows: Iterable[Row], before: Sequence[str]) -> list[str]:
    """A table in Markdown.

    Args:
        table: which one.
        rows: its rows.
        before: its lines as they are; those with `…` that still match stay.
    """
    made = [str(Row("", list(table.head))), "|---" * (len(table.head) + 1) + "|", *map(str, rows)]
    return [next((old for old in before if "…" in old and matches(old, line)), line) for line in made]
