"""The modules of a session, and the units of code that ORC has of them.

A module is an input. ORC gets it as a unit, an IR module under an id of its own. When something that a module refers
to has moved, its code is compiled again, as a second unit, which uses the data of the first one.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import InternalError
from jitrepl.filetypes import is_bitcode
from jitrepl.worker import llvm
from jitrepl.worker.languages.support import source_name
from jitrepl.worker.languages.uwtable import keep_unwind_tables
from jitrepl.worker.linking import rewrite
from jitrepl.worker.linking.passes import passes_for, run_passes
from jitrepl.worker.owned import Context, Module, parse
from jitrepl.worker.reader import Global

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitrepl.worker.linking.units import Units
    from jitrepl.worker.reader import Input


class SessionModule:
    """A module of the session.

    Args:
        name: what the user calls it: a path, or `<input 3>`.
        number: which one it is, from 1.
        reading: what was read.
        assembly: whether it has module-level assembly, which may define what `globals` only declares.
    """

    __slots__ = (
        "_rest",
        "absent",
        "assembly",
        "borrowed",
        "constructs",
        "data",
        "destructs",
        "given_up",
        "globals",
        "ifuncs",
        "items",
        "labels",
        "name",
        "number",
        "revived",
        "units",
        "unnamed",
    )

    def __init__(self, name: str, number: int, reading: Input, assembly: bool) -> None:
        self.name = name
        self.number = number
        self.data = reading.data
        self.globals = reading.globals
        self.items = {item.name: item for item in reading.globals}
        self.constructs = reading.constructs
        self.destructs = reading.destructs
        self.ifuncs = reading.ifuncs
        self.assembly = assembly
        self.unnamed = reading.unnamed
        self.absent: dict[str, str] = {}
        """What its text defines and others define for it: the symbol under which they do."""
        self.borrowed: set[str] = set()
        """The variables that it defines, and that go on where an earlier module has them."""
        self.revived: set[str] = set()
        """The weak variables that it defines since the module is gone that had them; its later units do."""
        self.labels: dict[str, str] = {}
        """What its assembly defines of what its IR declares: the symbol under which its later units find it."""
        self.given_up: set[str] = set()
        """What was replaced, or taken out of it, and does not come back when the other definition goes."""
        self.units: list[Unit] = []
        self._rest: tuple[frozenset[str], set[str]] | None = None

    @property
    def object(self) -> bool:
        """Whether it is an object, which has no IR and is never compiled again (`object_modules`)."""
        return False

    @property
    def bound_to(self) -> set[str]:
        """The symbols of others that its code uses, and goes on using when they are replaced."""
        return set()

    @property
    def id(self) -> str:
        """What tells it from other modules."""
        return self.units[0].id

    @property
    def unit(self) -> Unit:
        """What has its code now."""
        return self.units[-1]

    @property
    def ready(self) -> bool:
        """Whether its code was materialized."""
        return self.unit.ready

    @property
    def size(self) -> int:
        """The bytes that its code and data take, as far as they are linked."""
        return sum(unit.size for unit in self.units)

    def elsewhere(self) -> list[str]:
        """The names that its text defines and others define for it; not what goes on from an earlier version of it."""
        return [name for name, symbol in self.absent.items() if name == symbol]

    def definitions(self) -> Iterator[Global]:
        """What it defines for others, except for what others define for it."""
        for item in self.globals:
            if item.defined and not item.local and item.name not in self.absent:
                yield item

    def locals(self) -> Iterator[Global]:
        """What only this module sees, except for constants that nothing could tell apart."""
        for item in self.globals:
            mine = item.defined and item.local and item.name and item.name not in self.absent
            if mine and not item.mergeable:
                yield item

    def stands_by(self, name: str) -> bool:
        """Whether it has a weak definition that was merged with an earlier one, and takes over when that goes."""
        item = self.items.get(name)
        if item is None or not item.defined or not item.weak or item.local:
            return False
        return self.absent.get(name) == name and name not in self.given_up

    def means_something(self) -> bool:
        """Whether it defines something, or its being there has an effect."""
        if self.constructs or self.destructs or self.assembly:
            return True
        return any(self.definitions()) or any(self.stands_by(name) for name in self.absent)

    def needs(self) -> Iterator[Global]:
        """What it uses and others have to define."""
        return (item for item in self.globals if self.uses(item.name))

    def possible_labels(self) -> Iterator[tuple[str, str]]:
        """What its assembly may define, and the symbols by which later units find that."""
        for item in self.globals:
            if not item.defined:
                yield item.name, f"{item.name}#assembly{self.number}"

    def uses(self, name: str) -> bool:
        """Whether it uses what others define under a name."""
        item = self.items.get(name)
        if item is None or not item.used or name in self.labels:
            return False
        if item.defined and name not in self.borrowed and self.absent.get(name) != name:
            return False
        return not self.absent or name in self._used_by_the_rest()

    def _used_by_the_rest(self) -> set[str]:
        """What is used by other code than that which others define now."""
        absent = frozenset(self.absent)
        if self._rest is None or self._rest[0] != absent:
            with self.parse() as parsed:
                for name in absent:
                    rewrite.erase(parsed.ptr, name)
                values = {name: rewrite.value_named(parsed.ptr, name) for name in self.items}
                self._rest = absent, {name for name, value in values.items() if value and llvm.first_use(value)}
        return self._rest[1]

    def has_alias_of(self, name: str) -> bool:
        """Whether another name of the module stands for one of its definitions."""
        if all(item.kind != "alias" for item in self.globals):
            return False
        with self.parse() as parsed:
            value = rewrite.value_named(parsed.ptr, name)
            return bool(value and rewrite.aliases_of(parsed.ptr, value))

    def local_symbol(self, name: str) -> str:
        """The symbol of a local definition; "" if it has none."""
        return self.absent.get(name) or self.unit.symbols.get(name) or self.units[0].symbols.get(name, "")

    def parse(self, context: Context | None = None) -> Module:
        """The module anew, as its text has it."""
        module, message = parse(self.data, self.name, context)
        if module is None:
            raise InternalError(f"{self.name} cannot be read a second time: {message}")
        if self.unnamed:
            rewrite.name_unnamed(module.ptr)
        return module


class Unit:
    """A module as ORC has it.

    Args:
        id: what tells it from other units, unique in the session.
        module: what it is made of.
        number: which unit of its module it is, from 1; the first one has the data.
    """

    __slots__ = ("id", "made", "module", "module_id", "number", "ready", "size", "symbols", "tracker")

    def __init__(self, id: str, module: SessionModule, number: int) -> None:
        self.id = id
        self.module_id = id
        """ORC's module id, by which it names the initialisers: another one each time that ORC gets the unit."""
        self.module = module
        self.made: Module | None = None
        """Its IR as its text has it, if somebody has that at hand; consumed by `give`."""
        self.number = number
        self.symbols: dict[str, str] = {}
        """The symbol of each thing that it defines, by its name in the module."""
        self.tracker = 0
        self.ready = False
        self.size = 0

    def name_locals(self) -> None:
        """Choose symbols for what only the module sees."""
        suffix = f"#local{self.module.number}" + f".{self.number}" * (self.number > 1)
        for item in self.module.locals():
            if item.kind == "function" or self.number == 1:
                self.symbols[item.name] = item.name + suffix

    def former_locals(self, name: str) -> list[str]:
        """The symbols of a local function in the module's earlier units; none if it is not local."""
        item = self.module.items[name]
        earlier = self.module.units[: self.number - 1]
        return [unit.symbols[name] for unit in earlier] if item.local and item.kind == "function" else []

    def give(self, units: Units) -> int:
        """Give it to ORC.

        Args:
            units: those of the session. Where others are found IR is told when it is compiled (`Units.finish`).

        Returns:
            The resource tracker that removes it.

        Raises:
            JITError: if ORC refuses it; then nothing was added.
        """
        jit, (made, self.made) = units.jit, (self.made, None)
        if made is None:
            made = self.prepare(jit.triple, jit.layout, units.folder_of)
        else:
            self.change(made, units.folder_of)
        return jit.add(made)

    def prepare(self, triple: str, layout: str, folder_of: Callable[[str], str] | None) -> Module:
        """The IR that ORC gets.

        Args:
            triple, layout: the target's.
            folder_of: gives the folder that line numbers of typed IR refer to; None for no line numbers.
        """
        module = self.module
        made = module.parse()
        self.change(made, folder_of)
        llvm.set_triple(made.ptr, triple.encode())
        llvm.set_layout(made.ptr, layout.encode())
        return made

    def change(self, made: Module, folder_of: Callable[[str], str] | None) -> None:
        """Make what was read from the module's text what ORC gets."""
        module, ptr = self.module, made.ptr
        made.identifier = self.module_id
        keep_unwind_tables(made)
        if folder_of and not is_bitcode(module.data):
            from jitrepl.worker.lines import stamp_lines

            text = module.data.decode("utf-8", "surrogateescape")
            stamp_lines(made, module.name, text, folder_of(module.name))
        for name, symbol in module.absent.items():
            rewrite.undefine(ptr, name, symbol)
        for name in module.borrowed:
            rewrite.undefine(ptr, name, name)
        if self.number > 1:
            self._leave_data(ptr)
            for name, symbol in module.labels.items():
                value = rewrite.value_named(ptr, name)
                if value:
                    rewrite.rename(value, symbol)
        elif module.assembly:
            for name, symbol in module.possible_labels():
                rewrite.export_label(ptr, name, symbol)
        for item in module.definitions():
            symbol = self.symbols.get(item.name, item.name)
            value = rewrite.value_named(ptr, item.name) if symbol != item.name else None
            if value:
                rewrite.rename(value, symbol)
        for item in module.locals():
            if item.name in self.symbols:
                rewrite.publish(ptr, item.name, self.symbols[item.name])
        for passes in passes_for(module.data):
            run_passes(ptr, passes)

    def _leave_data(self, ptr: int) -> None:
        """Use the data of the module's first unit, and run no initialiser again."""
        first = self.module.units[0]
        for item in [*self.module.definitions(), *self.module.locals()]:
            if item.kind != "function" and item.name not in self.symbols:
                rewrite.undefine(ptr, item.name, first.symbols[item.name] if item.local else item.name)
        rewrite.forget_initialisers(ptr)


def describe(item: Global, module: str, state: str) -> messages.Symbol:
    """A row about a global value."""
    spelling = source_name(item.name)
    return messages.Symbol(
        item.name, item.kind, item.type.text, module, state, "" if spelling == item.name else spelling
    )
