"""The session's JITDylib: the modules in it, which of them defines what, and what they lack."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import DuplicateError, JITError, JitreplError, UndefinedError
from jitrepl.filetypes import ELF_MAGIC
from jitrepl.literal_tree import quoted
from jitrepl.worker.jit import Jit, LinkError
from jitrepl.worker.linking.admission import Admission
from jitrepl.worker.linking.generator import LLJIT_OWN
from jitrepl.worker.linking.lending import Lender
from jitrepl.worker.linking.missing import hint_for, undefined
from jitrepl.worker.linking.modules import SessionModule, describe
from jitrepl.worker.linking.units import Settlement, Units, name_of
from jitrepl.worker.reader import Global, Reader, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from jitrepl.worker.linking.objects import ObjectReading

    T = TypeVar("T")


class SessionDylib:
    """The modules and symbols of a session.

    Args:
        jit: the LLJIT whose main JITDylib it is.
        units: what ORC has of the modules.
        hosts: gives the names that host functions define.
        outside: whether a symbol can be found outside of the session, in the process.
        prepare: called before a link with the names that it may have to find outside of the session. ORC cannot
            compile anything in the middle of a look-up, so code for host functions has to be there before.
    """

    def __init__(
        self,
        jit: Jit,
        units: Units,
        hosts: Callable[[], list[str]],
        outside: Callable[[str], bool],
        prepare: Callable[[Iterable[str]], None],
    ) -> None:
        self._jit = jit
        self.units = units
        self._hosts = hosts
        self.written_hosts: Callable[[], list[str]] = list
        """Gives the names of the user's own host functions."""
        self._outside = outside
        self._prepare = prepare
        self._wanted: dict[str, None] = {}
        self.modules: dict[str, SessionModule] = {}
        """The modules by their ids."""
        self.retired: list[SessionModule] = []
        """Modules whose definitions were all replaced, and whose code or data may still be in use."""
        self.defined: dict[str, tuple[SessionModule, Global]] = {}
        """What defines each name."""
        units.known = self.defined
        self.users: dict[str, dict[SessionModule, None]] = {}
        """The modules that define or declare each name."""
        self.formers: dict[str, list[str]] = {}
        """The symbols of a function's former bodies, which lead to the current one."""
        self.held: dict[str, list[str]] = {}
        """The symbols of what was replaced or unloaded while others had its address."""
        self.unsettled: list[Settlement] = []
        """Units that replace code in use, and that lack something."""
        self._by_name: dict[str, SessionModule] = {}
        self._count = 0
        self._names: dict[int, str] = {}
        self.lender = Lender(self, hosts)
        self.reader = Reader(jit.triple, jit.layout, self.lender)

    # What the session knows

    def find(self, name: str) -> tuple[SessionModule, Global] | None:
        """The definition of a symbol, local ones of a module included if no other has the name."""
        found = self.defined.get(name)
        if found:
            return found
        local = self.locals_named(name)
        return local[0] if len(local) == 1 else None

    def locals_named(self, name: str) -> list[tuple[SessionModule, Global]]:
        """The definitions of a name that only their modules see."""
        found = [(module, module.items[name]) for module in self.modules.values() if name in module.items]
        return [(module, item) for module, item in found if item.defined and item.local]

    def declared(self, name: str) -> Global | None:
        """How the session's modules declare a symbol that none of them defines."""
        modules = (module for module in reversed(self.users.get(name, {})) if not module.object)
        return next((module.items[name] for module in modules if not module.items[name].defined), None)

    def needed(self, name: str) -> bool:
        """Whether a module needs a symbol: one that refers to it weakly can do without."""
        return any(module.uses(name) and not module.items[name].weak for module in self.users.get(name, ()))

    def address_of(self, name: str) -> int | None:
        """The address of a symbol that the session defines, in IR or in some module's assembly; None if none does.

        Raises:
            UndefinedError, JITError: as `lookup`.
        """
        if name in self.defined:
            return self.lookup(name)
        found = self.find(name)
        symbol = found[0].local_symbol(name) if found else ""
        if symbol:
            return self.lookup(name, symbol)
        if any(module.assembly for module in self.modules.values()):
            try:
                return self.lookup(name)
            except UndefinedError:
                return None
        return None

    def name_at(self, address: int) -> str | None:
        """The symbol of the session that lies at an address, if its module is materialized."""
        while self.units.fresh:
            unit = self.units.fresh.pop()
            for item in unit.module.definitions():
                if not item.thread_local and self.defined.get(item.name, (None,))[0] is unit.module:
                    self._names[self.units.address(self.units.entry(item.name))] = item.name
        return self._names.get(address)

    def names(self) -> Iterator[str]:
        """The names of all symbols that the session defines or declares."""
        for module in self.modules.values():
            for item in module.globals:
                yield item.name

    def symbols(self) -> Iterator[messages.Symbol]:
        """A row for each symbol: the definitions by module, then what is only declared."""
        shown = set(self.defined)
        for module in self.modules.values():
            for item in module.globals:
                if item.defined and not item.private and item.name not in module.absent:
                    yield describe(item, module.name, "ready" if module.ready else "lazy")
        for module in self.modules.values():
            for item in module.globals:
                if not item.defined and item.name not in shown:
                    shown.add(item.name)
                    yield describe(item, "", "declared")

    # Changes

    def add(self, data: bytes, name: str, replace: bool = True) -> Admission:
        """Read an input and add it as a module; what it defines takes the place of what had those names before.

        Args:
            data: textual IR, bitcode, or an object.
            name: what the user calls it. A module that had the name is replaced as a whole.
            replace: whether a second definition replaces the first; else it is refused, as a linker would.

        Returns:
            What was done, which can be taken back.

        Raises:
            InputError: if it cannot be read.
            DuplicateError: if it defines what is defined already, and may not.
            UndefinedError, JITError: if it replaces code that is in use, and cannot be linked.
        """
        if data.startswith(ELF_MAGIC):
            from jitrepl.worker.linking.objects import read_object

            return self._admitted(read_object(data, name), name, replace)
        reading = self.reader.read(data, name)
        with reading.module:
            return self._admitted(reading, name, replace)

    def _admitted(self, reading: Reading | ObjectReading, name: str, replace: bool) -> Admission:
        admission = Admission(self, reading, name, replace)
        try:
            admission.run()
        except JITError as problem:
            raise self._duplicate(problem, reading.globals, name) from None
        return admission

    def next_number(self) -> int:
        """The number of a new module."""
        self._count += 1
        return self._count

    def named(self, name: str) -> SessionModule | None:
        """The module that the user calls by a name, the last one if there are several."""
        return self._by_name.get(name)

    def module_called(self, name: str) -> SessionModule | None:
        """The module that a user means by a path, a file's base name, `<input 3>` or `input 3`."""
        found = self.named(name) or self.named(f"<{name.strip('<>')}>")
        if found:
            return found
        ends = [module for module in self.modules.values() if module.name.rpartition("/")[2] == name]
        return ends[-1] if ends else None

    def enter(self, module: SessionModule) -> Callable[[], None]:
        """Make a module and what it defines known to the session.

        Returns:
            What takes that back.
        """
        before = {item.name: self.defined.get(item.name) for item in module.definitions()}
        previous = self._by_name.get(module.name)
        self.modules[module.id] = self._by_name[module.name] = module
        for item in module.globals:
            self.users.setdefault(item.name, {})[module] = None
            if not item.defined:
                self._wanted[item.name] = None
        for item in module.definitions():
            self.defined[item.name] = (module, item)

        def take_back() -> None:
            self._forget(module)
            for name, pair in before.items():
                self.defined.pop(name, None)
                if pair:
                    self.defined[name] = pair
            if previous:
                self._by_name[module.name] = previous

        return take_back

    def leave(self, module: SessionModule) -> Callable[[], None]:
        """Make the session forget a module.

        Returns:
            What takes that back.
        """
        named = self._by_name.get(module.name) is module
        pairs = ((name, self.defined.get(name)) for name in module.items)
        mine = {name: pair for name, pair in pairs if pair and pair[0] is module}
        self._forget(module)
        for name in mine:
            del self.defined[name]

        def take_back() -> None:
            self.modules[module.id] = module
            self.modules = dict(sorted(self.modules.items(), key=lambda pair: pair[1].number))
            self.defined.update(mine)
            if named:
                self._by_name[module.name] = module
            for item in module.globals:
                self.users.setdefault(item.name, {})[module] = None

        return take_back

    def _forget(self, module: SessionModule) -> None:
        del self.modules[module.id]
        if self._by_name.get(module.name) is module:
            del self._by_name[module.name]
        for item in module.globals:
            users = self.users.get(item.name)
            if users and module in users:
                del users[module]
                if not users:
                    del self.users[item.name]

    def users_of(self, names: Iterable[str]) -> list[SessionModule]:
        """The modules that use what others define under one of these names."""
        found = {module: None for name in names for module in self.users.get(name, ()) if module.uses(name)}
        return list(found)

    def _duplicate(self, problem: JITError, globals: list[Global], name: str) -> JITError | DuplicateError:
        """What the user reads of ORC's refusal to add a module."""
        for item in globals:
            if item.defined and f"symbol '{self._jit.prefix}{item.name}'" in problem.message:
                return DuplicateError(
                    f"{name}: {quoted(item.name)} is already defined by module-level assembly", "give it another name"
                )
        return problem

    # Look-ups

    def lookup(self, name: str, symbol: str = "") -> int:
        """The address of what the session defines under a name.

        Args:
            name: the name.
            symbol: its symbol, if it is one that only its module sees.

        Raises:
            UndefinedError: if something that it needs is defined nowhere.
            JITError: if it cannot be compiled or linked.
        """
        if self.unsettled:
            self._settle_late(name)
        found = self.find(name)
        return self.linked(lambda: self.units.address(symbol or self.units.entry(name)), found and found[0], name)

    def want(self, names: Iterable[str]) -> None:
        """Names were unloaded: host functions may have to take their places."""
        self._wanted.update(dict.fromkeys(names))

    def hosts_changed(self) -> None:
        """Host functions were added: symbols that were not found before may be now."""
        for module in self.modules.values():
            self._wanted.update((item.name, None) for item in module.globals if not item.defined)

    def settle(self) -> list[Callable[[], None]]:
        """Link what replaces code in use, if all is there that it needs, and have it take effect.

        Returns:
            What takes that back, to be called in reverse order.

        Raises:
            JITError: if something cannot be compiled or linked; then nothing has changed.
        """
        inverses: list[Callable[[], None]] = []
        for settlement in list(self.unsettled):
            if self._lacking(self._reach(settlement.unit.module, lazy=True)):
                continue
            try:
                inverse = self.linked(lambda each=settlement: self.units.settle(each, self.formers))  # type: ignore[misc]
            except JITError:
                for done in reversed(inverses):
                    done()
                raise
            self.unsettled.remove(settlement)
            inverses += [lambda each=settlement: self.unsettled.append(each), inverse]  # type: ignore[misc]
        return inverses

    def _settle_late(self, name: str) -> None:
        """Link what waited for a definition; refuse a look-up of what calls something that still waits."""
        try:
            self.settle()
        except JITError as problem:
            failure: JITError | None = problem
        else:
            failure = None
        if not self.unsettled:
            return
        waiting = {settlement.unit.module for settlement in self.unsettled}
        found = self.defined.get(name)
        reached = self._reach(found[0], lazy=False) if found else ()
        needed = [module for module in reached if module in waiting]
        if needed and failure:
            raise failure
        if needed:
            raise undefined(sorted(self._lacking(reached)), self.modules.values(), [*self.defined, *self._hosts()])

    def _lacking(self, modules: Iterable[SessionModule]) -> set[str]:
        """What some modules need, and nobody defines."""
        return {
            item.name
            for module in modules
            for item in module.needs()
            if (item.defined or not item.weak) and item.name not in self.defined and not self._provided(item.name)
        }

    def _reach(self, module: SessionModule, lazy: bool) -> dict[SessionModule, None]:
        """A module and those that it needs; only those that are not linked yet, if `lazy`."""
        reached = {module: None}
        todo = [module]
        while todo:
            for item in todo.pop().needs():
                found = self.defined.get(item.name)
                if found and found[0] not in reached and not (lazy and found[0].ready):
                    reached[found[0]] = None
                    todo.append(found[0])
        return reached

    def _provided(self, name: str) -> bool:
        return (
            name.startswith(LLJIT_OWN) or self.units.occupied(name) or self.units.assembled(name) or self._outside(name)
        )

    def linked(self, look: Callable[[], T], module: SessionModule | None = None, name: str = "") -> T:
        """Do something that links, for the sake of a module, or one definition of it, if there is one.

        Raises:
            UndefinedError, JITError: as `lookup`.
        """
        while self._wanted:
            outside = [name for name in self._wanted if name not in self.defined]
            self._wanted.clear()
            try:
                self._prepare(outside)
            except JitreplError:
                self._wanted.update(dict.fromkeys(outside))
                raise
        try:
            return look()
        except LinkError as problem:
            if problem.missing:
                names = {name_of(symbol.removeprefix(self._jit.prefix)) for symbol in problem.missing}
                if module:  # ORC stops at the first object that lacks something
                    names |= self._lacking(self._reach(module, lazy=True))
                from jitrepl.worker.linking.reach import on_the_way

                near = on_the_way(self, name, names)
                candidates = [*self.defined, *self._hosts()]
                start = "" if module is None or module.object else name
                raise undefined(sorted(names), self.modules.values(), candidates, near, start) from None
            raise JITError(problem.message, hint_for(problem.message)) from None
