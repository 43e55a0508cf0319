"""Objects as modules of the session.

An object takes part in all that modules do, except that it cannot be compiled again. What it refers to is bound when
it is linked: until then it is given to ORC anew when something moves; from then on it goes on with what it is bound to.
"""

from __future__ import annotations

from ctypes import c_uint64

from jitrepl.worker import llvm
from jitrepl.worker.linking.lowering import DSO
from jitrepl.worker.linking.modules import SessionModule, Unit
from jitrepl.worker.linking.objects import ObjectReading, Table
from jitrepl.worker.owned import Context, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.linking.units import Units

_DSO_HANDLE = "__dso_handle"
_CONSTRUCTORS, _DESTRUCTORS = "__jitrepl_constructors", "__jitrepl_destructors"


class ObjectModule(SessionModule):
    """A module that is an object.

    Args:
        name: what the user calls it.
        number: which module it is, from 1.
        reading: what was read.
    """

    __slots__ = ("reading",)

    def __init__(self, name: str, number: int, reading: ObjectReading) -> None:
        super().__init__(name, number, reading, assembly=False)
        self.reading = reading

    @property
    def object(self) -> bool:
        """Whether it is an object."""
        return True

    @property
    def bound_to(self) -> set[str]:
        """The symbols of others that its code uses."""
        return self.unit.bound_to if self.ready and isinstance(self.unit, ObjectUnit) else set()

    def uses(self, name: str) -> bool:
        """Whether it uses what others define under a name."""
        item = self.items.get(name)
        return item is not None and (not item.defined or name in self.absent)

    def parse(self, context: Context | None = None) -> Module:
        """A module without anything in it: an object has no IR."""
        own = context or Context()
        return Module(llvm.create_module(llvm.encoded(self.name), own.ptr), None if context else own)


class ObjectUnit(Unit):
    """An object as ORC has it.

    Args:
        id: what tells it from other units.
        module: the object.
        number: 1; there is never another one.
    """

    __slots__ = ("bound_to", "object")

    def __init__(self, id: str, module: ObjectModule, number: int) -> None:
        super().__init__(id, module, number)
        self.object = module
        self.bound_to: set[str] = set()

    def give(self, units: Units) -> int:
        """Give it to ORC, with its symbols as the session has them.

        Args:
            units: those of the session, which know where others are found.

        Returns:
            The resource tracker that removes it.

        Raises:
            JITError: if ORC refuses it; then nothing was added.
        """
        module, reading = self.object, self.object.reading
        bound = {item.name: units.sought(item.name) for item in module.globals if module.uses(item.name)}
        self.bound_to = set(bound.values())
        if _DSO_HANDLE in bound:
            bound[_DSO_HANDLE] = DSO + self.module_id
        names = {name: symbol for name, symbol in [*bound.items(), *self.symbols.items()] if name != symbol}
        tables = {
            self._symbol(word, number): table.section
            for word, some in ((_CONSTRUCTORS, reading.constructors), (_DESTRUCTORS, reading.destructors))
            for number, table in enumerate(some)
        }
        return units.jit.add_object(reading.image(names, module.absent, tables), self.module_id)

    def constructors(self, address: Callable[[str], int]) -> list[tuple[int, int]]:
        """The priorities and addresses of its constructors, as its tables have them.

        Args:
            address: gives the address of a symbol, and links what it needs.
        """
        return self._functions(_CONSTRUCTORS, self.object.reading.constructors, address)

    def destructors(self, address: Callable[[str], int]) -> list[tuple[int, int]]:
        """The priorities and addresses of its destructors, likewise."""
        return self._functions(_DESTRUCTORS, self.object.reading.destructors, address)

    def _functions(self, word: str, tables: list[Table], address: Callable[[str], int]) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for number, table in enumerate(tables):
            functions = (c_uint64 * table.count).from_address(address(self._symbol(word, number)))
            found += [(table.priority, function) for function in functions if function]
        return found

    def _symbol(self, word: str, number: int) -> str:
        """The symbol of one of its tables."""
        return f"{word}.{number}.{self.module_id}"
