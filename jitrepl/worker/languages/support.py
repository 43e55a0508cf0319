"""What C++ and Rust need besides a linker: their personalities, somebody who takes exceptions, Rust's library."""

from __future__ import annotations

from jitrepl.worker.languages.unwinding import STAND_INS, Personalities, may_throw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitrepl.errors import JitreplError, UndefinedError
    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.jit import Jit
    from jitrepl.worker.languages.rust import Rust
    from jitrepl.worker.languages.thrown import Exceptions
    from jitrepl.worker.languages.unwinding import WayOut
    from jitrepl.worker.linking.dylib import SessionDylib

MANGLED = ("_Z", "_R")
"""What the names begin with that C++ and Rust give to symbols."""


class Languages:
    """The languages of a session's code. A session of plain IR or C pays nothing for them.

    Args:
        jit: compiles what they need.
        way_out: how calls are left.
        hosts: defines the functions that panic.
        dylib: what the session declares.
    """

    def __init__(self, jit: Jit, way_out: WayOut, hosts: Hosts, dylib: SessionDylib) -> None:
        self._jit = jit
        self._way_out = way_out
        self._hosts = hosts
        self._dylib = dylib
        self._personalities = Personalities(jit)
        self._exceptions: Exceptions | None = None
        self._rust: Rust | None = None

    def library_opened(self) -> None:
        """A library was opened, the code of which may throw."""
        self._way_out.catch()

    def prepare(self, names: Iterable[str]) -> None:
        """Be ready for a link.

        Args:
            names: the symbols that it may have to find outside of the session.
        """
        names = list(names)
        if not self._way_out.catches and any(map(may_throw, names)):
            self._way_out.catch()
        mangled = [name for name in names if name.startswith(MANGLED)]
        rust = self._rust_for(mangled) if mangled else None
        if rust:
            rust.prepare(mangled)
        self._personalities.prepare(names)

    def _rust_for(self, mangled: list[str]) -> Rust | None:
        """What knows Rust, if one of these names is Rust's."""
        from jitrepl.worker.languages.demangle import is_rust

        if not any(map(is_rust, mangled)):
            return None
        from jitrepl.worker.languages.rust import Rust

        if self._rust is None:
            self._rust = Rust(self._jit, self._hosts, self._way_out, self._dylib, self._personalities)
        return self._rust

    def provides(self, name: str) -> bool:
        """Whether `prepare` would have a symbol be there, that neither a host file nor the process has now."""
        rust = self._rust_for([name]) if name.startswith(MANGLED) else None
        return name in STAND_INS or (rust is not None and rust.provides(name))

    def describe(self, exception: int) -> JitreplError:
        """The error for an exception that left a call, which is over then.

        Args:
            exception: the address of its `_Unwind_Exception`.
        """
        from jitrepl.worker.languages.thrown import Exceptions

        if self._exceptions is None:
            self._exceptions = Exceptions(self._jit)
        return self._exceptions.describe(exception, self._rust)

    def settle(self) -> None:
        """A call is over: write what the language's library has buffered."""
        if self._rust:
            self._rust.settle()

    def explain(self, problem: UndefinedError) -> None:
        """Say why symbols are missing, if that is the language's matter."""
        hint = self._rust.hint() if self._rust else ""
        if hint:
            problem.hint = f"{hint}\n{problem.hint}"


def source_name(symbol: str) -> str:
    """How the source spells a symbol; the demangler is only loaded for one that is mangled."""
    if not symbol.startswith(MANGLED):
        return symbol
    from jitrepl.worker.languages.demangle import demangle

    return demangle(symbol)
