"""Turn replies and errors into styled text. Pure functions: nothing here asks or prints.

A result goes to standard output; what is said about it (loaded, noted, failed) to standard error.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.literal_tree import quoted
from jitrepl.shell.commands.registry import Exited, Help, Leave, Overview, Plain, Several, Undone
from jitrepl.shell.symbol_names import is_made_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitrepl.errors import JitreplError
    from jitrepl.records import Record

    Fragments = list[tuple[str, str]]
    """Pairs of a style, a key of `STYLES`, and a text."""

STYLES = {
    "": "",
    "error": "1;31",
    "hint": "33",
    "note": "2",
    "type": "36",
    "name": "1",
    "value": "1",
    "remark": "2",
    "command": "1;34",
    "caret": "1;32",
    "ir": "",
}
"""ANSI colours (ECMA-48 SGR parameters) by style; readable on dark and light backgrounds."""


class Line:
    """Something to print, with its newline to come.

    Args:
        fragments: the text in pieces.
        result: whether it is a result; else it is a remark.
    """

    __slots__ = ("fragments", "result")

    def __init__(self, fragments: Fragments, result: bool) -> None:
        self.fragments = fragments
        self.result = result


def render(reply: Record, remarks: bool = False, width: int = 0) -> list[Line]:
    """What to print about a reply.

    Args:
        reply: a reply of the worker, or what a command returned.
        remarks: whether to show other readings of a value beside it, for a person at a terminal.
        width: how many columns there are for help; 0 for the usual.
    """
    if isinstance(reply, Help):
        return _help(reply, width or WIDTH)
    if isinstance(reply, Overview):
        return _overview(reply, width or WIDTH)
    if isinstance(reply, messages.Called):
        return _value(reply.value, remarks)
    if isinstance(reply, Several):
        return [line for result in reply.results for line in render(result, remarks, width)]
    if isinstance(reply, messages.Evaluated):
        return _value(reply.value, remarks, reply.name)
    return _RENDERERS[type(reply)](reply)


def render_error(problem: JitreplError) -> list[Line]:
    """What to print about an error: its message, and the next step."""
    first, *rest = problem.message.splitlines() or [""]
    place, marker, reason = first.partition(" error: ")
    if marker and place.endswith(":"):
        head: Fragments = [("name", place), ("error", " error: "), ("", reason)]
    else:
        head = [("error", "error: "), ("", first)]
    lines = [Line(head, False)]
    for line in rest:
        lines.append(Line([("caret" if line.strip() == "^" else "", line)], False))
    return lines + [Line([("hint", line)], False) for line in problem.hint.splitlines()]


def render_note(text: str) -> list[Line]:
    """What to print about something that happened on the way."""
    return [Line([("note", text)], False)]


def _value(value: messages.Value, remarks: bool, name: str = "") -> list[Line]:
    if value.type == "void":
        return []
    fragments: Fragments = [("type", value.type), ("", " "), ("value", value.text)]
    if value.shown:
        fragments = [("value", value.shown)]
    if name:
        fragments.insert(0, ("name", f"{quoted(name, '%')} = "))
    if remarks and value.remark:
        fragments.append(("remark", f"  ; {value.remark}"))
    return [Line(fragments, True)]


def _loaded(reply: messages.Loaded) -> list[Line]:
    spelled = {symbol.name: symbol.spelling for symbol in reply.defines}
    names = list(spelled)

    def listed(some: list[str]) -> str:
        return _listed(some, spelled)

    if reply.again:
        changed = [name for name in reply.changed if name in names or name not in reply.replaced]
        fresh = [name for name in names if name not in reply.replaced]
        parts = [("changed", changed), ("new", fresh), ("gone", list(reply.gone))]
        text = "; ".join(f"{word} {listed(some)}" for word, some in parts if some)
        return render_note(f"loaded {reply.name} again: {text or 'nothing is different'}")
    fresh = [name for name in names if name not in reply.replaced]
    if reply.opened:
        return render_note(f"opened {reply.name}{': ' if names else ''}{listed(names)}")
    if not reply.name.startswith("<"):
        text = f"loaded {reply.name}: {listed(fresh) or '' if reply.replaced else listed(fresh) or 'no symbols'}"
    elif fresh:
        text = f"defined {listed(fresh)}"
    elif reply.replaced:
        text = ""
    elif reply.others or reply.declares:
        declared = [f"declared {listed(list(reply.declares))}"] if reply.declares else []
        text = "; ".join([*reply.others, *declared])
    elif reply.notes:
        return []
    else:
        text = "added, with no symbols"
    if reply.replaced:
        text += f"{'; ' if fresh else ''}redefined {listed(list(reply.replaced))}"
    return render_note(text)


def _listed(names: list[str], spelled: dict[str, str] | None = None) -> str:
    """The first of some names, as their source or IR writes them."""
    spelled = spelled or {}
    own = [name for name in names if not is_made_up(spelled.get(name) or name)]
    shown = (own or names)[:_SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(spelled.get(name) or quoted(name) for name in shown) + more


_SHOWN = 8
"""How many symbols of a module are named when it is loaded."""


def _text(reply: messages.Text | messages.Optimised) -> list[Line]:
    return [Line([("ir", reply.text.rstrip("\n"))], True)] if reply.text else []


def _table(reply: messages.SymbolTable) -> list[Line]:
    left_out = f"{_counted(reply.left_out, 'symbol')} of libraries left out: `:symbols *` lists all"
    note = render_note(left_out) if reply.left_out else []
    rows = [(s.spelling or quoted(s.name), s.kind, s.type, s.module or "-", s.state) for s in reply.symbols]
    if not rows:
        return note or render_note("no symbols")
    widths = [min(40, max(len(row[column]) for row in rows)) for column in range(4)]
    lines = []
    for symbol, row in zip(reply.symbols, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        styles = ("name", "", "type", "", "")
        fragments: Fragments = []
        for style, cell in zip(styles, [*cells, row[4]], strict=True):
            fragments += [(style, cell), ("", "  ")]
        if symbol.spelling:
            fragments.append(("remark", f"; {quoted(symbol.name)}"))
        else:
            fragments.pop()
        lines.append(Line(fragments, True))
    return [*lines, *note]


def _modules(reply: messages.ModuleTable) -> list[Line]:
    if not reply.modules:
        return render_note("no modules")
    rows = [
        (row.name, _counted(row.functions, "function"), _counted(row.variables, "variable"), row.state, row.size)
        for row in reply.modules
    ]
    widths = [max(len(str(row[column])) for row in rows) for column in range(5)]
    return [
        Line(
            [
                ("name", f"{name:<{widths[0]}}  "),
                ("", f"{functions:<{widths[1]}}  {variables:<{widths[2]}}  {state:<{widths[3]}}"),
                ("", f"  {size:>{widths[4]}} bytes" if size else ""),
            ],
            True,
        )
        for name, functions, variables, state, size in rows
    ]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _unloaded(reply: messages.Unloaded) -> list[Line]:
    of = f" of {reply.name}" if reply.names else f" {reply.name}"
    spelled = dict(zip(reply.names, reply.spellings, strict=False))
    names = {name: spelling for name, spelling in spelled.items() if spelling != name}
    return render_note(f"unloaded {_listed(list(reply.names), names)}{of}")


def _hosts(reply: messages.HostsAdded) -> list[Line]:
    lines = render_note(f"host functions: {', '.join('@' + name for name in reply.names)}") if reply.names else []
    return lines + render_note(f"formatters: {', '.join(reply.formatters)}") if reply.formatters else lines


def _help(reply: Help, width: int) -> list[Line]:
    lines = _entries(reply.entries, max(len(usage) for usage, _ in reply.entries), width)
    return [*lines, Line([], True), *_paragraphs(reply.text, width)] if reply.text else lines


def _overview(reply: Overview, width: int) -> list[Line]:
    column = max(len(usage) for _, entries in reply.groups for usage, _ in entries)
    lines = []
    for title, entries in reply.groups:
        lines += [Line([("name", title)], True), *_entries(entries, column, width), Line([], True)]
    return [*lines, *_paragraphs(reply.text, width)]


def _entries(entries: tuple[tuple[str, str], ...], column: int, width: int) -> list[Line]:
    """Pairs side by side, or one below the other where that would be too narrow."""
    from textwrap import wrap

    lines = []
    beside = width - column - 2 >= _NARROWEST
    start = column + 2 if beside else _INDENT
    for usage, what in entries:
        first, *rest = wrap(what, max(width - start, _INDENT))
        head = [("command", usage.ljust(column)), ("", f"  {first}")] if beside else [("command", usage)]
        below = rest if beside else [first, *rest]
        lines += [Line(head, True), *(Line([("", " " * start + line)], True) for line in below)]
    return lines


def _paragraphs(text: str, width: int) -> list[Line]:
    from textwrap import wrap

    lines: list[Line] = []
    for paragraph in text.split("\n\n"):
        kept = paragraph.startswith("    ")  # an example
        parts = paragraph.split("\n") if kept else wrap(" ".join(paragraph.split()), width, break_on_hyphens=False)
        lines += [Line([("", part)], True) for part in [*parts, ""]]
    return lines[:-1]


WIDTH = 79
"""Help is for the narrowest of usual terminals."""
_NARROWEST, _INDENT = 30, 4


def _undone(reply: Undone) -> list[Line]:
    return [Line([("note", f"undone: {text}")], False) for text in reply.inputs]


def _nothing(_reply: Record) -> list[Line]:
    return []


_RENDERERS: dict[type, Callable[[Any], list[Line]]] = {
    messages.Loaded: _loaded,
    messages.Text: _text,
    messages.Optimised: _text,
    messages.SymbolTable: _table,
    messages.HostsAdded: _hosts,
    messages.ModuleTable: _modules,
    messages.Unloaded: _unloaded,
    messages.Done: _nothing,
    Exited: lambda reply: render_note(f"exit status {reply.status}"),
    Leave: _nothing,
    Undone: _undone,
    Plain: lambda reply: [Line([("" if reply.result else "note", reply.text)], reply.result)],
}


def plain(fragments: Fragments) -> str:
    """The text alone."""
    return "".join(text for _, text in fragments)


def coloured(fragments: Fragments) -> str:
    """The text with ANSI colours; IR is highlighted."""
    parts = []
    for style, text in fragments:
        if style == "ir":
            from jitrepl.shell.highlight import highlight

            parts.append(highlight(text))
        elif STYLES[style] and text:
            parts.append(f"\x1b[{STYLES[style]}m{text}\x1b[0m")
        else:
            parts.append(text)
    return "".join(parts)
