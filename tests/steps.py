"""A session in this process, for tests that load, call and unload in turn."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.worker.engine import Engine


def constant(name: str, value: int, linkage: str = "") -> str:
    """A function that gives a number."""
    return f"define {linkage} i32 @{name}() {{\n  ret i32 {value}\n}}\n"


def caller(name: str, called: str) -> str:
    """A function that calls another one."""
    return f"define i32 @{name}() {{\n  %r = call i32 @{called}()\n  ret i32 %r\n}}\n"


def getter(name: str, variable: str) -> str:
    """A function that reads a variable."""
    return f"define i32 @{name}() {{\n  %r = load i32, ptr @{variable}\n  ret i32 %r\n}}\n"


def setter(name: str, variable: str) -> str:
    """A function that writes a variable."""
    return f"define void @{name}(i32 %a) {{\n  store i32 %a, ptr @{variable}\n  ret void\n}}\n"


class Steps:
    """What is done to an engine, one after the other.

    Args:
        engine: the engine.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._inputs = 0

    def load(self, text: str, name: str = "") -> messages.Loaded:
        """Load an input."""
        self._inputs += 1
        reply = self.engine.answer(messages.Load(name or f"<input {self._inputs}>", text.encode()))
        assert isinstance(reply, messages.Loaded)
        return reply

    def call(self, name: str, *arguments: str, signature: str = "") -> object:
        """Call a function; what it gives, as Python sees it."""
        reply = self.engine.answer(messages.Call(name, arguments, signature))
        assert isinstance(reply, messages.Called)
        return reply.value.data

    def calls(self, *names: str) -> list[object]:
        """Call functions without arguments."""
        return [self.call(name) for name in names]

    def unload(self, what: str, force: bool = True) -> messages.Unloaded:
        """Take something out."""
        reply = self.engine.answer(messages.Unload(what, force))
        assert isinstance(reply, messages.Unloaded)
        return reply

    def dump(self, what: str = "") -> str:
        """Print it."""
        reply = self.engine.answer(messages.Dump(what))
        assert isinstance(reply, messages.Text)
        return reply.text

    def modules(self) -> dict[str, str]:
        """The states of the modules."""
        reply = self.engine.answer(messages.ListModules())
        assert isinstance(reply, messages.ModuleTable)
        return {row.name: row.state for row in reply.modules}
