"""The session's JITDylib: the modules in it, the symbols they define, and what to do when a link fails.

ORC keeps refusing the symbols of a failed link. Here every module that took part in one is removed and added
again, so that the user only sees the reason, and the same call works once that is mended.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import DuplicateError, InputError, InternalError, JITError, UndefinedError
from jitrepl.worker import llvm
from jitrepl.worker.jit import Jit, LinkError
from jitrepl.worker.missing import suggestion, undefined
from jitrepl.worker.owned import Context, Module, parse
from jitrepl.worker.reader import BITCODE_MAGIC, Global, Reader, Reading, names_of_types, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")


class SessionModule:
    """A module of the session.

    Args:
        name: its id, unique in the session.
        reading: what was read.
        tracker: what removes it from the JITDylib.
        assembly: whether it has module-level assembly, which may define what `globals` only declares.
    """

    __slots__ = ("assembly", "constructs", "data", "destructs", "globals", "name", "ready", "tracker")

    def __init__(self, name: str, reading: Reading, tracker: int, assembly: bool) -> None:
        self.name = name
        self.data = reading.data
        self.globals = reading.globals
        self.constructs = reading.constructs
        self.destructs = reading.destructs
        self.tracker = tracker
        self.assembly = assembly
        self.ready = False

    def parse(self, context: Context | None = None) -> Module:
        """The module anew, as it was added."""
        module, message = parse(self.data, self.name, context)
        if module is None:
            raise InternalError(f"{self.name} cannot be read a second time: {message}")
        return module


class SessionDylib:
    """The modules and symbols of a session.

    Args:
        jit: the LLJIT whose main JITDylib it is.
        hosts: gives the names that host functions define, for suggestions.
        prepare: called before a link with the names that it may have to find outside of the session. ORC cannot
            compile anything in the middle of a look-up, so code for host functions has to be there before.
    """

    def __init__(self, jit: Jit, hosts: Callable[[], list[str]], prepare: Callable[[Iterable[str]], None]) -> None:
        self._jit = jit
        self._hosts = hosts
        self._prepare = prepare
        self._wanted: dict[str, None] = {}
        self.modules: dict[str, SessionModule] = {}
        self._defined: dict[str, tuple[SessionModule, Global]] = {}
        self._touched: list[SessionModule] = []
        self.declare_host: Callable[[str], str | None] = lambda name: None
        """Gives a line that declares the host function of a name, if there is one."""
        self.number_lines = False
        """Whether inputs without debug info get line numbers, for crash reports; that doubles the time to compile."""
        self._placed: set[str] = set()
        self._names: dict[int, str] = {}
        self.reader = Reader(jit.triple, jit.layout, self)

    # What the session knows

    def find(self, name: str) -> tuple[SessionModule, Global] | None:
        """The definition of a symbol, local ones of a module included if no other has the name."""
        found = self._defined.get(name)
        if found:
            return found
        local = [(m, g) for m in self.modules.values() for g in m.globals if g.name == name and g.defined]
        return local[0] if len(local) == 1 else None

    def declared(self, name: str) -> Global | None:
        """How the session's modules declare a symbol that none of them defines."""
        for module in reversed(self.modules.values()):
            for candidate in module.globals:
                if candidate.name == name and not candidate.defined:
                    return candidate
        return None

    def address_of(self, name: str) -> int | None:
        """The address of a symbol that the session defines, in IR or in some module's assembly; None if none does.

        Raises:
            UndefinedError, JITError: as `lookup`.
        """
        if name in self._defined:
            return self.lookup(name)
        if any(module.assembly for module in self.modules.values()):
            try:
                return self.lookup(name)
            except UndefinedError:
                return None
        return None

    def name_at(self, address: int) -> str | None:
        """The symbol of the session that lies at an address, if its module is materialized."""
        for module in self.modules.values():
            if module.ready and module.name not in self._placed:
                self._placed.add(module.name)
                for item in module.globals:
                    if self._defined.get(item.name, (None,))[0] is module and not item.thread_local:
                        self._names[self._jit.lookup(self._jit.prefix + item.name)] = item.name
        return self._names.get(address)

    def names(self) -> Iterator[str]:
        """The names of all symbols that the session defines or declares."""
        for module in self.modules.values():
            for item in module.globals:
                yield item.name

    def symbols(self) -> Iterator[messages.Symbol]:
        """A row for each symbol: the definitions by module, then what is only declared."""
        shown = set(self._defined)
        for module in self.modules.values():
            for item in module.globals:
                if item.defined and not item.private:
                    yield describe(item, module.name, "ready" if module.ready else "lazy")
        for module in self.modules.values():
            for item in module.globals:
                if not item.defined and item.name not in shown:
                    shown.add(item.name)
                    yield describe(item, "", "declared")

    # What earlier inputs lend to a new one: the `Known` of jitrepl.worker.reader

    def declaration(self, name: str) -> str | None:
        """A line that declares a symbol of the session, or a host function."""
        found = self._defined.get(name)
        known = found[1] if found else self.declared(name)
        return known.declaration() if known else self.declare_host(name)

    def type_definitions(self, names: set[str]) -> str:
        """Definitions of those of these named types that the session has, and of the types in them."""
        found: dict[str, str] = {}
        for module in reversed(self.modules.values()):
            wanted = names - set(found)
            if not wanted:
                break
            with module.parse() as parsed:
                context = parsed.context
                while wanted and context:
                    fresh = {name: _type_text(context, name) for name in wanted}
                    known = {name: text for name, text in fresh.items() if text}
                    found.update(known)
                    wanted = names_of_types(" ".join(known.values())) - set(found)
        return "".join(f"{text} " for text in found.values())

    def hint(self, name: str) -> str:
        """What somebody who used an unknown symbol may have meant."""
        similar = suggestion(name, [*self.names(), *self._hosts()])
        return similar or f"define {quoted(name)} first, or `declare` it with its type"

    # Changes

    def add(self, data: bytes, name: str) -> tuple[SessionModule, list[str]]:
        """Read an input and add it as a module.

        Returns:
            The module, and notes for the user.

        Raises:
            InputError: if it cannot be read.
            DuplicateError: if it defines what is defined already; then nothing was added.
        """
        reading = self.reader.read(data, name)
        with reading.module:
            self._refuse_duplicates(reading.globals, name)
            unique, count = name, 1
            while unique in self.modules:
                count += 1
                unique = f"{name}#{count}"
            reading.module.identifier = unique
            assembly = reading.module.has_assembly
            if assembly:
                _refuse_mixture(reading, name)
            self._stamp(reading.module, unique, reading.data)
            try:
                tracker = self._jit.add(reading.module)
            except JITError as problem:
                raise self._duplicate(problem, reading.globals, name) from None
        module = SessionModule(unique, reading, tracker, assembly)
        self.modules[unique] = module
        for item in module.globals:
            if item.defined and not item.local:
                self._defined.setdefault(item.name, (module, item))
            elif not item.defined:
                self._wanted[item.name] = None
        return module, reading.notes

    def _stamp(self, module: Module, name: str, data: bytes) -> None:
        """Give typed IR its line numbers, if somebody will want to know them."""
        if self.number_lines and data[:4] not in BITCODE_MAGIC:
            from jitrepl.worker.lines import stamp_lines

            stamp_lines(module, name, data.decode("utf-8", "surrogateescape"))

    def discard(self, module: SessionModule) -> None:
        """Take back a module that was just added."""
        self._jit.remove(module.tracker)
        del self.modules[module.name]
        self._defined = {name: pair for name, pair in self._defined.items() if pair[0] is not module}

    def _refuse_duplicates(self, globals: list[Global], name: str) -> None:
        for item in globals:
            if item.kind == "ifunc":
                raise InputError(f"{name}: ORC cannot link the ifunc {quoted(item.name)}", "call what it resolves to")
            if not item.defined or item.local or item.weak:
                continue
            earlier = self._defined.get(item.name)
            if earlier and not earlier[1].weak:
                by = "itself: it was loaded before" if earlier[0].name == name else earlier[0].name
                raise DuplicateError(
                    f"{name}: {quoted(item.name)} is already defined by {by}",
                    f"give it another name, or take the old one back with `:undo`; `:dump {item.name}` shows it",
                )

    def _duplicate(self, problem: JITError, globals: list[Global], name: str) -> JITError | DuplicateError:
        """What the user reads of ORC's refusal to add a module."""
        for item in globals:
            if item.defined and f"symbol '{self._jit.prefix}{item.name}'" in problem.message:
                by = "a host function" if item.name in self._hosts() else "the session"
                return DuplicateError(
                    f"{name}: {quoted(item.name)} is already defined by {by}, and in use", "give it another name"
                )
        return problem

    # Look-ups

    def lookup(self, name: str) -> int:
        """The address of a symbol that the session defines.

        Raises:
            UndefinedError: if something that it needs is defined nowhere.
            JITError: if it cannot be compiled or linked.
        """
        return self._guarded(lambda: self._jit.lookup(self._jit.prefix + name))

    def initializer(self, module: SessionModule) -> int:
        """Compile a module that has static initialisers; the address of the function that runs them.

        Raises:
            UndefinedError, JITError: as `lookup`.
        """

        def compile() -> int:
            self._jit.materialize_initializers(module.name)
            return self._jit.lookup(f"{self._jit.prefix}__orc_init_func.{module.name}")

        return self._guarded(compile)

    def finalizers(self) -> Iterator[int]:
        """The addresses of the functions that run static destructors, those of the last module first."""
        for module in reversed(self.modules.values()):
            if module.destructs and module.ready:
                yield self._jit.lookup(f"{self._jit.prefix}__orc_deinit_func.{module.name}")

    def hosts_changed(self) -> None:
        """Host functions were added: symbols that were not found before may be now."""
        for module in self.modules.values():
            self._wanted.update((item.name, None) for item in module.globals if not item.defined)

    def materializing(self, module_id: str) -> None:
        """Take note that ORC compiles a module."""
        module = self.modules.get(module_id)
        if module:
            module.ready = True
            self._touched.append(module)

    def _guarded(self, look: Callable[[], T]) -> T:
        self._touched.clear()
        if self._wanted:
            outside = [name for name in self._wanted if name not in self._defined]
            self._wanted.clear()
            self._prepare(outside)
        try:
            return look()
        except LinkError as problem:
            self._heal()
            if problem.missing:
                names = [name.removeprefix(self._jit.prefix) for name in problem.missing]
                candidates = [*self._defined, *self._hosts()]
                raise undefined(sorted(names), self.modules.values(), candidates) from None
            raise JITError(problem.message) from None

    def _heal(self) -> None:
        """Remove and add again every module of the failed link. None of their code has run."""
        for module in self._touched:
            self._jit.remove(module.tracker)
        for module in self._touched:
            module.ready = False
            parsed = module.parse()
            llvm.set_triple(parsed.ptr, self._jit.triple.encode())
            llvm.set_layout(parsed.ptr, self._jit.layout.encode())
            parsed.identifier = module.name
            self._stamp(parsed, module.name, module.data)
            module.tracker = self._jit.add(parsed)
        self._touched.clear()


def _refuse_mixture(reading: Reading, name: str) -> None:
    """Refuse what ORC only gets right in IR, in a module that has to be given to it as an object."""
    what = [f"thread_local {quoted(item.name)}" for item in reading.globals if item.thread_local]
    what += ["static initialisers"] * (reading.constructs or reading.destructs)
    if what:
        raise InputError(
            f"{name}: {what[0]} beside module-level assembly does not work here",
            "move the assembly into a module of its own",
        )


def describe(item: Global, module: str, state: str) -> messages.Symbol:
    """A row about a global value."""
    return messages.Symbol(item.name, item.kind, item.type.text, module, state)


def _type_text(context: Context, name: str) -> str:
    type = llvm.named_type(context.ptr, name.encode())
    return llvm.text_of(llvm.print_type(type)) if type else ""
