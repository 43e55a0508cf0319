"""What a session knows of its code that its objects do not say.

Typed IR may have been compiled without lines: where nothing but a crash would want to know them, it is the crash that
should pay for them. It is compiled again, with lines, and the functions are compared. LLVM makes the same code with and
without debug info; should it not, the functions differ in size, and no line is better than a wrong one.
"""

from __future__ import annotations

from jitrepl.errors import JitreplError
from jitrepl.filetypes import is_bitcode
from jitrepl.worker.crashes.report import Sources
from jitrepl.worker.crashes.symbolize import Object, Place
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.jit import Jit
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.linking.modules import Unit


class SessionSources(Sources):
    """What a session knows of its code.

    Args:
        dylib: the session's modules.
        jit: compiles as the session does.
        hosts: its host functions.
    """

    def __init__(self, dylib: SessionDylib, jit: Jit, hosts: Hosts) -> None:
        self._dylib = dylib
        self._jit = jit
        self._hosts = hosts
        self._objects: dict[str, Object | None] = {}

    def host_at(self, address: int) -> tuple[str, str, int] | None:
        """Symbol, file and line of the host function whose thunk begins at an address."""
        symbol = next((symbol for symbol, start in self._hosts.compiled.items() if start == address), None)
        function = self._hosts.find(symbol) if symbol else None
        if not symbol or not function:
            return None
        code = function.function.__code__
        return symbol, code.co_filename, code.co_firstlineno

    def line_of(self, place: Place) -> tuple[str, int]:
        """File and line of a place in JITed code that has no debug info; ("", 0) if they are not known."""
        found = self._dylib.find(place.function)
        if not found or found[0].object or is_bitcode(found[0].data):
            return "", 0
        unit = found[0].unit
        if unit.id not in self._objects:
            self._objects[unit.id] = self._compile(unit)
        object = self._objects[unit.id]
        function = object.function(place.function) if object else None
        if not object or not function or function[1] != place.size:
            return "", 0
        places = object.places(function[0] + place.offset)
        return (places[-1].file, places[-1].line) if places else ("", 0)

    def _compile(self, unit: Unit) -> Object | None:
        try:
            made = unit.prepare(self._jit.triple, self._jit.layout, lambda name: "")
            self._dylib.units.finish(unit.id, made.ptr)
            return Object.placed(self._jit.object_of(made))
        except JitreplError:
            return None
