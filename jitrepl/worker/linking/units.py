"""What ORC has: the units of the session's modules, the symbols in them, and where a name leads.

ORC never lets go of a symbol while its code is there, and the code may be running. So a name's second definition gets
a symbol of its own, `f#2`. Its first body is redirected to it (`redirect.py`), and stays the address of
the function. Where that cannot be done, for data and aliases, the name gets a new *entry*: the symbol under which
other modules find it.

ORC also keeps refusing the symbols of a failed link. Here every unit that took part in one is removed and added
again, so that the user only sees the reason, and the same look-up works once that is mended.
"""

from __future__ import annotations

import ctypes

from jitrepl.worker.jit import Jit, LinkError
from jitrepl.worker.linking import redirect, rewrite
from jitrepl.worker.linking.modules import Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import TypeVar

    T = TypeVar("T")


class Settlement:
    """A unit that takes the place of code in use, which has to be linked before any more code runs.

    Args:
        unit: the unit.
    """

    __slots__ = ("copies", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.copies: list[tuple[str, str, int]] = []
        """Variables that get the values of others: the name, the symbol whereto, and the size in bytes."""


class Units:
    """The units of a session in its JITDylib.

    Args:
        jit: the LLJIT whose main JITDylib it is.
        folder_of: gives the folder where debuggers look for the text of a module; None if typed IR gets no line
            numbers, with which it takes twice the time to compile.
        redefines: whether a definition may take the place of one that is in use.
    """

    def __init__(self, jit: Jit, folder_of: Callable[[str], str] | None, redefines: bool = True) -> None:
        self.jit = jit
        self.folder_of = folder_of
        self.on_remove: Callable[[str], None] = lambda id: None
        """Called with the module id of a unit that was materialized, before it is removed."""
        self.redefines = redefines
        """Whether a definition may take the place of one that is in use, and locals can be called by name."""
        self._redirects = redefines and redirect.works_on(jit.triple)
        self._units: dict[str, Unit] = {}
        self._ids: set[str] = set()
        self._symbols: dict[str, Unit | None] = {}
        self._touched: list[Unit] = []
        self.known: Container[str] = ()
        """The names that the session defines. ORC may have more symbols: what was unloaded while it was in use."""
        self.entries: dict[str, str] = {}
        """The symbols under which names are found whose symbol is not the name itself."""
        self._addresses: dict[str, int] = {}  # of what is linked
        self.fresh: list[Unit] = []
        """Units that were materialized since somebody emptied this list."""

    # Names

    def entry(self, name: str) -> str:
        """The symbol under which other modules find a name."""
        return self.entries.get(name, name)

    def sought(self, name: str) -> str:
        """The symbol under which a module is to look for what it does not define.

        ORC has more than the session defines: what was unloaded while it was in use. That nobody is to find.
        """
        entry = self.entry(name)
        return name + _NOBODYS if name not in self.known and self._symbols.get(entry) else entry

    def free_symbol(self, name: str) -> str:
        """A symbol for a new definition of a name."""
        symbol, number = name, 1
        while symbol in self._symbols:
            number += 1
            symbol = f"{name}#{number}"
        return symbol

    def free_id(self, name: str) -> str:
        """A module id that no unit has had: the functions that ORC makes of its initialisers stay."""
        id, number = name, 1
        while id in self._ids:
            number += 1
            id = f"{name}#{number}"
        return id

    def _name(self, unit: Unit) -> None:
        """Give a unit a module id. ORC keeps the symbol of a module's initialisers when the module is removed."""
        id = unit.id
        while id in self._ids:
            id += "'"
        self._ids.add(id)
        unit.module_id = id

    def occupy(self, symbol: str) -> None:
        """Take note that somebody else has defined a symbol in the JITDylib."""
        self._symbols.setdefault(symbol, None)

    def occupied(self, symbol: str) -> bool:
        """Whether somebody who is no unit has defined a symbol in the JITDylib."""
        return symbol in self._symbols and self._symbols[symbol] is None

    def assembled(self, name: str) -> bool:
        """Whether some module's assembly may define a symbol."""
        return any(name in symbols for symbols in self.jit.assembled.values())

    def has(self, unit: Unit) -> bool:
        """Whether ORC has a unit."""
        return self._units.get(unit.module_id) is unit

    def unit_of(self, symbol: str) -> Unit | None:
        """The unit that defines a symbol."""
        return self._symbols.get(symbol)

    # Units

    def add(self, unit: Unit) -> None:
        """Give ORC a unit, with its symbols.

        Raises:
            JITError: if ORC refuses it; then nothing was added.
        """
        self._name(unit)
        self._units[unit.module_id] = unit
        try:
            unit.tracker = unit.give(self)
        except BaseException:
            del self._units[unit.module_id]
            raise
        unit.ready = False
        if unit.number == 1 and unit.module_id in self.jit.assembled:
            exported, labels = self.jit.assembled[unit.module_id], unit.module.possible_labels()
            unit.module.labels = {name: symbol for name, symbol in labels if symbol in exported}
        for symbol in unit.symbols.values():
            self._symbols[symbol] = unit

    def remove(self, unit: Unit) -> None:
        """Take a unit from ORC, code and data."""
        if unit.ready:
            self.on_remove(unit.module_id)
        self._remove(unit)

    def _remove(self, unit: Unit) -> None:
        self._addresses.clear()
        self.jit.remove(unit.tracker)
        self.jit.assembled.pop(unit.module_id, None)
        del self._units[unit.module_id]
        for symbol in unit.symbols.values():
            if self._symbols.get(symbol) is unit:
                del self._symbols[symbol]
        unit.ready = False
        if unit in self.fresh:
            self.fresh.remove(unit)

    def withdraw(self, unit: Unit, name: str) -> None:
        """Make a unit that is not materialized define a name no longer, for `again` to add it so."""
        symbol = unit.symbols.pop(name, None)
        self._addresses.clear()
        if symbol and self._symbols.get(symbol) is unit:
            del self._symbols[symbol]

    def again(self, unit: Unit) -> None:
        """Remove a unit that was not linked, and add it as its module is now."""
        self.remove(unit)
        self.add(unit)

    # What ORC tells

    def finish(self, id: str, module: int) -> None:
        """Make the last changes to a unit's IR, just before it is compiled."""
        unit = self._units.get(id)
        if unit is None:
            return
        if self._redirects:
            rewrite.make_redirectable(module, redirect.PREFIX, redirect.PROLOGUE)
        for name, symbol in unit.symbols.items():
            entry = self.entry(name)
            if symbol != entry and not symbol.startswith(f"{name}#local"):
                value = rewrite.value_named(module, symbol)
                if value:
                    rewrite.point_elsewhere(module, value, entry)
        for item in unit.module.globals:
            if item.name in unit.symbols or (item.local and item.defined):
                continue
            entry = self.sought(item.name)
            owner = self._symbols.get(entry)
            theirs = owner.module.items.get(item.name) if owner else None
            stored_otherwise = item.kind == "variable" and theirs and theirs.thread_local != item.thread_local
            if entry != item.name or stored_otherwise:
                value = rewrite.value_named(module, item.name)
                if value and stored_otherwise:
                    rewrite.store_as(value, not item.thread_local)
                if value:
                    rewrite.rename(value, entry)

    def materializing(self, id: str) -> None:
        """Take note that ORC compiles a unit."""
        unit = self._units.get(id)
        if unit:
            unit.ready = True
            self._touched.append(unit)
            self.fresh.append(unit)

    def linked(self, id: str, size: int) -> None:
        """Take note of the bytes that a unit's code and data take."""
        unit = self._units.get(id)
        if unit:
            unit.size = size

    # Look-ups

    def address(self, symbol: str) -> int:
        """The address of a symbol; what it needs is compiled and linked.

        Raises:
            LinkError: if that fails; then it is as if nobody had asked.
        """
        known = self._addresses.get(symbol)
        if known is None or self.jit.trace:
            known = self.guarded(lambda: self.jit.lookup(self.jit.prefix + symbol))
            if symbol in self._symbols:
                self._addresses[symbol] = known
        return known

    def guarded(self, look: Callable[[], T]) -> T:
        """Do something that links.

        Raises:
            LinkError: if that fails; then it is as if nobody had tried.
        """
        self._touched.clear()
        try:
            return look()
        except LinkError:
            self._heal()
            raise

    def _heal(self) -> None:
        """Remove and add again every unit of a failed link. None of their code has run."""
        touched = self._touched[:]
        for unit in touched:
            self._remove(unit)
        for unit in touched:
            self.add(unit)
        self._touched.clear()

    # Redirections

    def can_redirect(self, symbol: str) -> bool:
        """Whether calls of a function that was compiled here can be led elsewhere."""
        return self._redirects and redirect.can_redirect(self.address(symbol))

    def settle(self, settlement: Settlement, formers: dict[str, list[str]]) -> Callable[[], None]:
        """Link a unit, then have the former bodies of its functions lead to the new ones.

        Args:
            settlement: the unit, and what else is to be done.
            formers: the symbols of the former bodies of functions, by their names.

        Returns:
            What takes that back.

        Raises:
            LinkError: if it cannot be linked; then nothing has changed.
        """
        unit = settlement.unit
        addresses = {name: self.address(symbol) for name, symbol in unit.symbols.items()}
        pairs: list[tuple[int, int]] = []
        for name, address in addresses.items():
            # The first body leads to the newest, and every later one to the first: two writes, however many there are.
            first = 0
            for symbol in _ends(unit.former_locals(name) or formers.get(name, [])):
                former = self.address(symbol)
                pairs.append((former, first or address))
                first = first or former
        data = [
            (addresses[name], self.address(target), size)
            for name, target, size in settlement.copies
            if name in addresses
        ]
        led = [(old, redirect.redirect(old, new)) for old, new in pairs]
        values = [(target, ctypes.string_at(target, size)) for _, target, size in data]
        for source, target, size in data:
            ctypes.memmove(target, source, size)

        def take_back() -> None:
            for target, value in values:
                ctypes.memmove(target, value, len(value))
            for old, before in led:
                redirect.restore(old, before)

        return take_back


_NOBODYS = "#"
"""What is put behind the name of something that nobody defines now, so that ORC does not find what once did."""


def name_of(symbol: str) -> str:
    """The name that a missing symbol stands for."""
    return symbol.removesuffix(_NOBODYS)


def _ends(symbols: list[str]) -> list[str]:
    """The first and the last of some symbols."""
    return symbols[:1] + symbols[1:][-1:]
