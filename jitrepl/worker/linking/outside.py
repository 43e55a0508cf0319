"""What the session's code needs and the session does not define: where that comes from.

In this order: members of archives, host functions, what a linker would add, and the process.
"""

from __future__ import annotations

from jitrepl.literal_tree import quoted
from jitrepl.worker import process
from jitrepl.worker.languages.support import source_name
from jitrepl.worker.linking.runtime import open_libraries_of
from jitrepl.worker.linking.units import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.hosting import HostFunction
    from jitrepl.worker.crashes.crash_watch import CrashWatch
    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.languages.support import Languages
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.members import Members
    from jitrepl.worker.linking.runtime import Runtime


class Outside:
    """Finds symbols for the session.

    Args:
        dylib: the session.
        hosts: the host functions.
        members: the archives.
        languages: what C++ and Rust want.
        runtime: what a linker would add.
        crashes: what stands in front of functions of the process, to see threads begin.
        note: called with remarks for the user.
    """

    def __init__(
        self,
        dylib: SessionDylib,
        hosts: Hosts,
        members: Members,
        languages: Languages,
        runtime: Runtime,
        crashes: CrashWatch,
        note: Callable[[str], object],
    ) -> None:
        self._dylib = dylib
        self._hosts = hosts
        self._members = members
        self._languages = languages
        self._runtime = runtime
        self._crashes = crashes
        self._note = note
        self._said: set[str] = set()
        self.thread_locals: set[str] = set()
        """The thread_local variables that modules of the session define or declare."""
        self.watches_threads = True
        """Whether threads get signal stacks; nobody waits longer for a program because its threads may overflow."""

    def has(self, name: str) -> bool:
        """Whether a symbol can be found."""
        there = self._hosts.find(name) is not None or process.symbol_address(name) is not None
        return there or self._members.define(name) or self._languages.provides(name) or self._runtime.provides(name)

    def brought(self, function: HostFunction) -> bool:
        """Whether the user has something else of a built-in function's name: a definition, or a use of another type."""
        name = function.name
        if name in self._dylib.defined or self._members.define(name) or process.symbol_address(name) is not None:
            return True
        declared = self._dylib.declared(name)
        return bool(declared and declared.callable and declared.type.text != function.signature)

    def declaration(self, name: str) -> str | None:
        """A line that declares the host function of a name, if there is one."""
        function = self._hosts.find(name)
        return self._hosts.signature(function).declaration(quoted(name)) if function else None

    def prepare(self, names: Iterable[str]) -> None:
        """Make ready what these undefined symbols stand for: ORC cannot compile in the middle of a look-up.

        Raises:
            JitreplError: if a member of an archive cannot be added, or a library cannot be opened.
        """
        names = list(names)
        if self.watches_threads:
            self._crashes.prepare(names)
        self._members.load(name for name in names if self._dylib.needed(name))
        open_libraries_of(names)  # before their personalities are looked for
        self._runtime.prepare(names)
        self._languages.prepare(names)
        self._runtime.prepare_thread_locals(self.thread_locals.intersection(names))  # now all libraries are open
        for name in names:
            self._compile_host(name)

    def _compile_host(self, name: str) -> None:
        """Make code for the host function of a name, if there is one, and a function is wanted."""
        function = self._hosts.find(name)
        if function is None:
            return
        declared = self._dylib.declared(name)
        if declared and not declared.callable:
            self._note(f"warning: {name} is wanted as a variable; the host function of that name is not used")
            return
        self._hosts.address(name, returns=not (declared and declared.noreturn))
        written = self._hosts.signature(function).type.text
        if declared and declared.type.text != written:
            self._note(f"warning: {name} is declared as {declared.type.text}, the host function is {written}")

    def address(self, symbol: str) -> int | None:
        """What the generator answers: host functions that code was made for, and what a linker would add.

        Of a symbol of the session's own that was unloaded, what stands behind its name.
        """
        name = name_of(symbol)
        if name != symbol:
            return self._hosts.ready(name) or process.symbol_address(name)
        address = self._hosts.ready(symbol)
        if address is None:
            return self._crashes.address(symbol) or self._runtime.address(symbol)
        if symbol not in self._said:
            self._said.add(symbol)
            self._dylib.units.occupy(symbol)
            if symbol not in self._hosts.own:
                self._note(f"Undefined symbol {source_name(symbol)}: redirect to host function @ 0x{address:016x}")
        return address
