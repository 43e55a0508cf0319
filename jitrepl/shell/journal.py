"""What a session did that changed it, in order: what can be undone, and what a new worker is told again.

Entry number k (from 1) led to the state that the worker's copy number k has; copy 0 is the empty session.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.literal_tree import escape, quoted
from jitrepl.shell.sources import full_path, quoted_path

_REPEATABLE = (messages.Loaded, messages.Unloaded, messages.HostsAdded, messages.Done)
"""Replies to requests that may be made again of another worker. What a call did to memory is not repeated."""


_SHOWN = 8
"""How many symbols of a module are named."""


class Entry:
    """A request that changed the session.

    Args:
        request: the request.
        reply: what it was answered with.
    """

    __slots__ = ("_address", "_result", "defines", "failed", "gone", "name", "repeatable", "request")

    def __init__(self, request: messages.Request, reply: messages.Reply) -> None:
        self.request = request
        self._result = _result_of(reply)
        self._address = reply.address if isinstance(reply, messages.Called) else 0
        self.repeatable = isinstance(reply, _REPEATABLE)
        self.failed = isinstance(reply, messages.Failed)
        self.name = ""
        if isinstance(reply, messages.Loaded) or (isinstance(reply, messages.Unloaded) and reply.whole):
            self.name = reply.name
        self.defines = reply.defines if isinstance(reply, messages.Loaded) else ()
        self.gone: tuple[str, ...] = ()
        if isinstance(reply, messages.Loaded | messages.Unloaded):
            self.gone = reply.gone if isinstance(reply, messages.Loaded) else reply.names

    def like(self, reply: messages.Reply) -> bool:
        """Whether the request, made again, was answered as it was then."""
        return self._result == _result_of(reply)

    def moved(self, reply: messages.Reply) -> bool:
        """Whether the code that was called lies elsewhere, now that the request was made again."""
        return isinstance(reply, messages.Called) and self._address != reply.address

    def apply(self, symbols: dict[str, messages.Symbol]) -> None:
        """Update a table of symbols with what this entry defined and removed."""
        for name in self.gone:
            symbols.pop(name, None)
        symbols.update((symbol.name, symbol) for symbol in self.defines)


def _result_of(reply: messages.Reply) -> object:
    if isinstance(reply, messages.Called):
        return reply.value.text
    return (reply.name, reply.defines) if isinstance(reply, messages.Loaded) else type(reply)


class Journal:
    """The entries of a session."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.symbols: dict[str, messages.Symbol] = {}
        """The symbols that the inputs of the session define, by their names."""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, request: messages.Request, reply: messages.Reply) -> None:
        """Note what a worker answered, if it changed the session."""
        if messages.changes(request, reply):
            entry = Entry(request, reply)
            self._entries.append(entry)
            entry.apply(self.symbols)

    def entries(self, start: int = 0, end: int | None = None) -> list[Entry]:
        """Those after the first `start`, up to the one with number `end`."""
        return self._entries[start:end]

    def cut(self, number: int) -> list[Entry]:
        """Forget the entries after the first `number`, and return them."""
        gone = self._entries[number:]
        del self._entries[number:]
        self.symbols.clear()
        for entry in self._entries:
            entry.apply(self.symbols)
        return gone

    def source_line(self, name: str, number: int) -> str:
        """A line of an input of the session, from 1; "" if there is none."""
        for entry in reversed(self._entries):
            if isinstance(entry.request, messages.Load) and entry.name == name:
                if b"\0" in entry.request.data:
                    return ""  # what a compiler made of a source; that is in its file
                lines = entry.request.data.decode("utf-8", "replace").split("\n")
                return lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return ""

    def loaded(self) -> dict[str, messages.Load]:
        """What the session has loaded and not unloaded, by name, as it was loaded."""
        found: dict[str, messages.Load] = {}
        for entry in self._entries:
            if isinstance(entry.request, messages.Load):
                found[entry.name] = entry.request
            elif isinstance(entry.request, messages.Unload):
                found.pop(entry.name, None)
        return found

    def files(self) -> dict[str, messages.Load]:
        """The files of it."""
        return {name: request for name, request in self.loaded().items() if not name.startswith("<")}


def described(request: messages.Request) -> str:
    """What a request does, for a sentence."""
    if isinstance(request, messages.Call):
        return f"@{request.name}"
    if isinstance(request, messages.Evaluate):
        return request.name
    if isinstance(request, messages.Show):
        return f"looking up {request.what}"
    if isinstance(request, messages.Optimise):
        return f"{'compiling' if request.assembly else 'running passes over'} {request.what or 'the session'}"
    if isinstance(request, messages.Run):
        return "compiling @main"
    if isinstance(request, messages.Load):
        return f"loading {request.name}"
    if isinstance(request, messages.Unload):
        return f"unloading {request.what}"
    if isinstance(request, messages.AddHost | messages.AddLibrary):
        return f"opening {request.path}"
    return type(request).__name__


def as_input(entry: Entry) -> str:
    """What the user did, in a few words: `:call sum 1 2`, `sum.ll: @sum`."""
    request = entry.request
    if isinstance(request, messages.Load):
        names = ", ".join(quoted(symbol.name) for symbol in entry.defines[:_SHOWN])
        more = f" and {len(entry.defines) - _SHOWN} more" if len(entry.defines) > _SHOWN else ""
        return f"{request.name}: {names}{more}" if names else request.name
    return as_line(request)


def as_line(request: messages.Request) -> str:
    """The command that makes a request."""
    if isinstance(request, messages.Call):
        signature = f'"{request.signature}" ' if request.signature else ""
        # A name of the source is read the same way as one of IR; a quote in front could be that of a signature.
        odd = any(letter.isspace() or letter in '"(\\' for letter in request.name)
        name = f'@"{escape(request.name.encode("utf-8", "surrogateescape"))}"' if odd else request.name
        return " ".join([f":call {signature}{name}", *request.arguments])
    if isinstance(request, messages.Evaluate):
        return request.text.strip()
    if isinstance(request, messages.Unload):
        return f":unload {request.what}{'!' * request.force}"
    if isinstance(request, messages.AddHost):
        return f":host {quoted_path(request.path)}"
    if isinstance(request, messages.AddLibrary):
        return f":lib {quoted_path(request.path)}"
    if isinstance(request, messages.Load):
        if request.command:
            return request.command
        from shlex import join

        line = f":load {quoted_path(full_path(request.name))}"
        return f"{line} -- {join(request.flags)}" if request.flags else line
    return described(request)
