"""Change what the session's modules define, so that it can be taken back."""

from __future__ import annotations

from jitrepl.worker.linking.modules import SessionModule, Unit
from jitrepl.worker.linking.units import Settlement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.worker.linking.dylib import SessionDylib


class Change:
    """A change of the session, made of steps that each note their inverse.

    Args:
        dylib: the session.
    """

    def __init__(self, dylib: SessionDylib) -> None:
        self.dylib = dylib
        self.units = dylib.units
        self._withdrawn: dict[Unit, None] = {}
        self._inverse: list[Callable[[], object]] = []

    def undo_by(self, *inverse: Callable[[], object]) -> None:
        """Take note of what takes a step back; of several, the last is done first."""
        self._inverse += inverse

    def take_back(self) -> None:
        """Restore everything as it was before."""
        while self._inverse:
            self._inverse.pop()()

    # Definitions

    def withdraw(self, unit: Unit, name: str) -> None:
        """Take a definition from a unit that nobody has used; `add_withdrawn` makes it so."""
        module, units = unit.module, self.units
        if unit not in self._withdrawn:
            self._withdrawn[unit] = None
            symbols, absent = dict(unit.symbols), dict(module.absent)

            def restore() -> None:
                units.remove(unit)
                unit.symbols, module.absent = symbols, absent
                units.add(unit)

            self.undo_by(restore)
        units.withdraw(unit, name)
        module.absent[name] = name

    def add_withdrawn(self) -> None:
        """Give ORC the units again that definitions were withdrawn from, if there is anything left."""
        for unit in self._withdrawn:
            module = unit.module
            if module.means_something() or unit.number > 1:
                self.units.again(unit)
                continue
            self.units.remove(unit)
            self.undo_by(lambda each=unit: self.units.add(each))  # type: ignore[misc]
            self.undo_by(self.dylib.leave(module))

    def leave_out(self, module: SessionModule, name: str) -> None:
        """Make code of a module that is compiled from now on use another definition than its own."""
        borrowed = name in module.borrowed

        def restore() -> None:
            del module.absent[name]
            if borrowed:
                module.borrowed.add(name)

        self.undo_by(restore)
        module.borrowed.discard(name)
        module.absent[name] = name

    def give_up(self, module: SessionModule, name: str) -> None:
        """Do not revive this definition when its replacement goes."""
        if name not in module.given_up:
            module.given_up.add(name)
            self.undo_by(lambda: module.given_up.discard(name))

    def formers_of(self, name: str) -> list[str]:
        """The former bodies of a function, to be changed."""
        formers = self.dylib.formers
        before = list(formers.get(name, ()))
        self.undo_by(lambda: formers.__setitem__(name, before))
        return formers.setdefault(name, [])

    def hold(self, name: str, symbol: str) -> None:
        """Keep something in memory that code in use may have the address of."""
        held = self.dylib.held
        before = list(held.get(name, ()))
        self.undo_by(lambda: held.__setitem__(name, before))
        held.setdefault(name, []).append(symbol)

    def move_entry(self, name: str, symbol: str) -> None:
        """Make a name mean a symbol."""
        entries = self.units.entries
        before = entries.get(name)
        if (before or name) == symbol:
            return
        if symbol == name:
            del entries[name]
        else:
            entries[name] = symbol
        self.undo_by(lambda: entries.__setitem__(name, before) if before else entries.pop(name, None))

    # Modules

    def retire(self, module: SessionModule) -> None:
        """Make the session forget a module that defines nothing any more; free what nothing refers to."""
        dylib = self.dylib
        if dylib.modules.get(module.id) is module:
            self.undo_by(dylib.leave(module))
        self.forget_settlements(module)
        if any(unit.ready for unit in module.units):
            dylib.retired.append(module)
            self.undo_by(lambda: dylib.retired.remove(module))
            return
        for unit in module.units:
            if self.units.has(unit):
                self.units.remove(unit)
                self.undo_by(lambda each=unit: self.units.add(each))  # type: ignore[misc]

    def forget_settlements(self, module: SessionModule) -> None:
        """Drop everything that waits for a module's code."""
        unsettled = self.dylib.unsettled
        before = list(unsettled)
        unsettled[:] = [settlement for settlement in unsettled if settlement.unit.module is not module]
        if len(unsettled) < len(before):
            self.undo_by(lambda: unsettled.__setitem__(slice(None), before))

    def rebuild(self, modules: Iterable[SessionModule]) -> list[Settlement]:
        """Compile code again that uses something which has moved; its data stays where it is.

        What was not materialized yet finds the right things anyway.
        """
        settlements = []
        for module in modules:
            if module.object:
                if not module.ready and self.units.has(module.unit):
                    self.units.again(module.unit)  # it was told where to find things when it was added
            elif module.ready:
                settlements.append(self._rebuild(module))
            elif module.assembly and self.units.has(module.unit):
                self.units.again(module.unit)  # it was compiled when it was added
        return settlements

    def _rebuild(self, module: SessionModule) -> Settlement:
        units = self.units
        unit = Unit(units.free_id(module.name), module, len(module.units) + 1)
        for item in module.definitions():
            current = module.unit.symbols.get(item.name)
            if item.kind == "function" and current:
                self.formers_of(item.name).append(current)
            if item.kind == "function" or item.name in module.revived:
                unit.symbols[item.name] = symbol = units.free_symbol(item.name)
                if not self.dylib.formers.get(item.name):
                    self.move_entry(item.name, symbol)
        unit.name_locals()
        units.add(unit)
        self.undo_by(lambda: units.remove(unit))
        module.units.append(unit)
        self.undo_by(module.units.pop)
        return Settlement(unit)

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """Make settlements take effect, as soon as all is there that they need.

        Raises:
            JITError: if something cannot be compiled or linked.
        """
        unsettled = self.dylib.unsettled
        for settlement in settlements:
            unsettled.append(settlement)
            self.undo_by(lambda each=settlement: _discard(unsettled, each))  # type: ignore[misc]
        self.undo_by(*self.dylib.settle())


def _discard(unsettled: list[Settlement], settlement: Settlement) -> None:
    if settlement in unsettled:
        unsettled.remove(settlement)
