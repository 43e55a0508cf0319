"""Lines and inlined functions of an address, from the DWARF of an object.

Sources: DWARF 5, section 2.17 (ranges), 3.3.8 (inlined subroutines), 6.2 (line numbers); pyelftools reads it.
"""

from __future__ import annotations

import os
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE
    from elftools.dwarf.dwarfinfo import DWARFInfo

    Ranges = list[tuple[int, int]]
    """Where code begins and ends, pair by pair."""

_SCOPES = ("DW_TAG_inlined_subroutine", "DW_TAG_lexical_block", "DW_TAG_try_block", "DW_TAG_catch_block")


class Point:
    """A place in a source, in one of the functions that are at an address.

    Args:
        function: its linkage name, or its name; "" for the function that the code lies in, whose symbol says it.
        file: the source file.
        line: the line in it, from 1; 0 if it is not known.
    """

    __slots__ = ("file", "function", "line")

    def __init__(self, function: str, file: str, line: int) -> None:
        self.function = function
        self.file = file
        self.line = line


class DebugInfo:
    """The debug info of an object whose sections have their addresses.

    Args:
        dwarf: as pyelftools reads it, relocated.
    """

    def __init__(self, dwarf: DWARFInfo) -> None:
        self._units = [_Unit(dwarf, unit) for unit in dwarf.iter_CUs()]

    def points(self, address: int) -> list[Point]:
        """What the source has at an address: the innermost inlined function first, the function itself last.

        Empty if there is no debug info about it.
        """
        for unit in self._units:
            row = unit.row(address)
            if row is not None:
                return unit.points(address, *row)
        return []


class _Unit:
    """A compilation unit; results are cached, because several frames may lie in it."""

    def __init__(self, dwarf: DWARFInfo, unit: CompileUnit) -> None:
        self._dwarf = dwarf
        self._unit = unit
        self._program = dwarf.line_program_for_CU(unit)
        self._starts: list[int] | None = None
        self._rows: list[tuple[int, int, int]] = []
        self._functions: list[tuple[int, int, DIE]] | None = None

    def row(self, address: int) -> tuple[str, int] | None:
        """File and line of the last row of the line table that does not lie behind an address."""
        if self._starts is None:
            self._rows = sorted(self._lines(), key=lambda row: row[0])
            self._starts = [row[0] for row in self._rows]
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        _, file, line = self._rows[index]
        return None if line < 0 else (self._path(file), line)

    def _lines(self) -> Iterator[tuple[int, int, int]]:
        """Address, file number and line of each row; line -1 where a sequence ends."""
        for entry in self._program.get_entries() if self._program else ():
            state = entry.state
            if state is not None:
                yield state.address, state.file, -1 if state.end_sequence else state.line

    def points(self, address: int, file: str, line: int) -> list[Point]:
        """The functions at an address, the innermost of which is at this line."""
        found = []
        for scope in reversed(self._inlined(address)):
            found.append(Point(_name(scope), file, line))
            attributes = scope.attributes
            number = attributes.get("DW_AT_call_file")
            called = attributes.get("DW_AT_call_line")
            file, line = self._path(number.value) if number else "", called.value if called else 0
        return [*found, Point("", file, line)]

    def _inlined(self, address: int) -> list[DIE]:
        """The inlined subroutines that an address lies in, the outermost first."""
        scope = self._function(address)
        found = []
        while scope is not None:
            inside = (child for child in scope.iter_children() if child.tag in _SCOPES)
            scope = next((child for child in inside if _covers(self._ranges(child), address)), None)
            if scope is not None and scope.tag == "DW_TAG_inlined_subroutine":
                found.append(scope)
        return found

    def _function(self, address: int) -> DIE | None:
        if self._functions is None:
            self._functions = [
                (start, end, die)
                for die in self._unit.iter_DIEs()
                if die.tag == "DW_TAG_subprogram"
                for start, end in self._ranges(die)
            ]
        return next((die for start, end, die in self._functions if start <= address < end), None)

    def _ranges(self, die: DIE) -> Ranges:
        attributes = die.attributes
        if "DW_AT_ranges" in attributes:
            return list(self._listed(attributes["DW_AT_ranges"].value))
        if "DW_AT_low_pc" not in attributes or "DW_AT_high_pc" not in attributes:
            return []
        start, end = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
        return [(start, end.value if end.form.startswith("DW_FORM_addr") else start + end.value)]

    def _listed(self, offset: int) -> Iterator[tuple[int, int]]:
        low = self._unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        base = low.value if low else 0
        lists: Any = self._dwarf.range_lists()
        for entry in lists.get_range_list_at_offset(offset, cu=self._unit) if lists else ():
            if hasattr(entry, "base_address"):
                base = entry.base_address
            else:
                extra = 0 if entry.is_absolute else base
                yield entry.begin_offset + extra, entry.end_offset + extra

    def _path(self, number: int) -> str:
        return _path(self._program, number) if self._program else ""


def _covers(ranges: Ranges, address: int) -> bool:
    return any(start <= address < end for start, end in ranges)


def _name(die: DIE) -> str:
    """The name of what an inlined subroutine is an instance of; it may stand at the origin of its origin."""
    for _ in range(_ORIGINS):
        for key in ("DW_AT_linkage_name", "DW_AT_name"):
            if key in die.attributes:
                return str(die.attributes[key].value.decode("utf-8", "replace"))
        origin = next((key for key in ("DW_AT_abstract_origin", "DW_AT_specification") if key in die.attributes), None)
        if origin is None:
            break
        die = die.get_DIE_from_attribute(origin)
    return ""


_ORIGINS = 8
"""More steps from one origin to the next than any compiler makes."""


def _path(program: Any, number: int) -> str:
    """The path of a line program's file. Before DWARF 5 files and folders count from 1, and folder 0 goes unsaid."""
    base = 0 if program.header.version >= 5 else 1
    files, folders = program["file_entry"], program["include_directory"]
    if not 0 <= number - base < len(files):
        return ""
    file = files[number - base]
    folder = file.dir_index - base
    before = folders[folder] if 0 <= folder < len(folders) else b""
    return os.path.join(before, file.name).decode("utf-8", "replace")
