"""What a session did that changed it, in order: what can be undone, and what a new worker is told again.

Entry number k (from 1) led to the state that the worker's copy number k has; copy 0 is the empty session.
"""

from __future__ import annotations

from jitrepl import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_REPEATABLE = (messages.Loaded, messages.HostsAdded, messages.Done)
"""Replies to requests that may be made again of another worker. What a call did to memory is not repeated."""


class Entry:
    """A request that changed the session.

    Args:
        request: the request.
        reply: what it was answered with.
    """

    __slots__ = ("defines", "name", "repeatable", "request")

    def __init__(self, request: messages.Request, reply: messages.Reply) -> None:
        self.request = request
        self.repeatable = isinstance(reply, _REPEATABLE)
        self.name = reply.name if isinstance(reply, messages.Loaded) else ""
        self.defines = reply.defines if isinstance(reply, messages.Loaded) else ()


class Journal:
    """The entries of a session."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, request: messages.Request, reply: messages.Reply) -> None:
        """Note what a worker answered, if it changed the session."""
        if messages.changes(request, reply):
            self._entries.append(Entry(request, reply))

    def cut(self, number: int) -> list[Entry]:
        """Forget the entries after the first `number`, and return them."""
        gone = self._entries[number:]
        del self._entries[number:]
        return gone

    def source_line(self, name: str, number: int) -> str:
        """A line of an input of the session, from 1; "" if there is none."""
        for entry in self._entries:
            if isinstance(entry.request, messages.Load) and entry.name == name:
                lines = entry.request.data.decode("utf-8", "replace").split("\n")
                return lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return ""

    def symbols(self) -> Iterator[messages.Symbol]:
        """The symbols that the inputs of the session define."""
        for entry in self._entries:
            yield from entry.defines


def described(request: messages.Request) -> str:
    """What a request does, for a sentence."""
    if isinstance(request, messages.Call):
        return f"@{request.name}"
    if isinstance(request, messages.Load):
        return f"loading {request.name}"
    if isinstance(request, messages.AddHost | messages.AddLibrary):
        return f"opening {request.path}"
    return type(request).__name__


def as_input(entry: Entry) -> str:
    """What the user did, in a few words: `:call sum 1 2`, `sum.ll: @sum`."""
    request = entry.request
    if isinstance(request, messages.Call):
        signature = f'"{request.signature}" ' if request.signature else ""
        return " ".join([f":call {signature}{request.name}", *request.arguments])
    if isinstance(request, messages.Load):
        names = ", ".join(f"@{symbol.name}" for symbol in entry.defines)
        return f"{request.name}: {names}" if names else request.name
    if isinstance(request, messages.AddHost):
        return f":host {request.path}"
    return f":lib {request.path}" if isinstance(request, messages.AddLibrary) else described(request)
