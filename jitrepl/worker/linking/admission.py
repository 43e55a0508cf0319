"""Bring an input into the session: what becomes of the definitions that were there before.

An input takes effect as a whole or not at all: each change notes its inverse, and a failure takes all of them back.
"""

from __future__ import annotations

from jitrepl.errors import DuplicateError, JITError
from jitrepl.literal_tree import quoted
from jitrepl.worker.linking import linkage, mismatch
from jitrepl.worker.linking.changes import Change
from jitrepl.worker.linking.missing import using_functions
from jitrepl.worker.linking.modules import SessionModule, Unit
from jitrepl.worker.linking.units import Settlement
from jitrepl.worker.reader import Global, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.objects import ObjectReading


class Admission(Change):
    """An input on its way into the session.

    Args:
        dylib: the session.
        reading: what was read.
        name: what the user calls it. A module that had the name is replaced as a whole.
        replace: whether a second definition replaces the first; else it is refused, as a linker would.

    Raises:
        InputError: if ORC cannot have it.
        DuplicateError: if there is a module of that name that may not be replaced.
    """

    def __init__(self, dylib: SessionDylib, reading: Reading | ObjectReading, name: str, replace: bool) -> None:
        super().__init__(dylib)
        self._reading = reading
        self._replace = replace
        self.notes = reading.notes
        self.replaced: list[str] = []
        """The names that it defines anew."""
        self.gone: list[str] = []
        """The names that the module's previous version defined, and that nobody does now."""
        self.previous = dylib.named(name)
        """The version of the module that it replaces."""
        if self.previous and not replace:
            raise DuplicateError(f"{name} is loaded already", "name each file once")
        self.module, self._unit = self._made(reading, name)
        self._settlement = Settlement(self._unit)
        self._urgent = False
        self._kept: dict[str, SessionModule] = {}
        self._moved: dict[str, None] = {}
        self._olds: list[tuple[SessionModule, Global, Global]] = []

    def _made(self, reading: Reading | ObjectReading, name: str) -> tuple[SessionModule, Unit]:
        number, id = self.dylib.next_number(), self.units.free_id(name)
        if isinstance(reading, Reading):
            module = SessionModule(name, number, reading, reading.module.has_assembly)
            return module, Unit(id, module, 1)
        from jitrepl.worker.linking.object_modules import ObjectModule, ObjectUnit

        linked = ObjectModule(name, number, reading)
        return linked, ObjectUnit(id, linked, 1)

    def run(self) -> None:
        """Bring it in.

        Raises:
            DuplicateError: if it defines what is defined already, and may not.
            UndefinedError, JITError: if it replaces code that is in use, and cannot be linked.
        """
        try:
            self._run()
        except BaseException:
            self.take_back()
            raise

    def _run(self) -> None:
        dylib, units, module, unit = self.dylib, self.units, self.module, self._unit
        hosts = dylib.written_hosts()
        for item in list(module.definitions()):
            found = dylib.defined.get(item.name)
            if item.name in hosts and not found:
                self.notes.append(f"warning: {quoted(item.name)} hides the host function of that name")
            if found:
                self._succeed(*found, item)
            elif dylib.formers.get(item.name):
                self._resume(item)
            elif units.occupied(item.name):
                self._oust(item)
            elif item.name in dylib.users:
                self._moved[item.name] = None  # somebody may have found it in the process
            if item.name not in module.absent and item.name not in module.borrowed and item.name not in unit.symbols:
                unit.symbols[item.name] = symbol = units.free_symbol(item.name)
                self.move_entry(item.name, symbol)
        if units.redefines:
            self._share_locals()
            unit.name_locals()
        self.add_withdrawn()
        module.units.append(unit)
        unit.made = self._reading.module
        units.add(unit)
        self.undo_by(lambda: units.remove(unit))
        self.undo_by(dylib.enter(module))
        self._let_go()
        users = [user for user in dylib.users_of(self._moved) if user is not module]
        self.notes += [f"{user.name} is linked to the former ones" for user in users if user.object and user.ready]
        settlements = self.rebuild(users)
        if self._urgent:
            settlements.insert(0, self._settlement)
        self.settle(settlements)
        self._warn()
        if self._kept and not any(module.definitions()):
            names = " and ".join(quoted(name) for name in self._kept)
            self.notes.append(f"{names} stays as {next(iter(self._kept.values())).name} defines it")

    # What becomes of earlier definitions

    def _succeed(self, other: SessionModule, old: Global, new: Global) -> None:
        """Decide between an earlier definition and one of this input."""
        name = new.name
        linked = other.object or self.module.object  # of objects one only knows the sizes of variables
        same = False
        if old.kind == new.kind == "variable" and self._reading.module and not linked:
            same = linkage.same_initial(other, self._reading.module, name)
        fresh = bool(self.module.constructs or self.module.destructs or linked)
        verdict = linkage.verdict(old, new, self._replace, other is self.previous, same, fresh)
        if verdict == linkage.REFUSE:
            raise DuplicateError(
                f"{self.module.name}: {quoted(name)} is already defined by {other.name}", "give it another name"
            )
        if verdict == linkage.KEEP:
            self.module.absent[name] = name
            self._kept[name] = other
            return
        self.replaced.append(name)
        self.give_up(other, name)
        self._olds.append((other, old, new))
        if old.kind != "function":
            self._end_variable(other, old, new, verdict)
        elif not self._end_function(other, name) or new.kind != "function":
            self._abandon(name)
            self._moved[name] = None
        if self.dylib.formers.get(name):
            self._redirect(name)

    def _redirect(self, name: str) -> None:
        """Make what is in use of a former definition lead to this input's, as soon as that is linked."""
        self._unit.symbols[name] = self.units.free_symbol(name)
        self._urgent = True

    def _end_function(self, other: SessionModule, name: str) -> bool:
        """Take a function away from an earlier module; whether its body, if it has one, can be redirected."""
        current = other.unit
        symbol = current.symbols[name]
        if not current.ready and not (other.has_alias_of(name) and self._can_be_linked(symbol)):
            self.withdraw(current, name)
            return True
        self.leave_out(other, name)
        if not self.units.can_redirect(symbol):
            self.hold(name, symbol)
            return False
        self.formers_of(name).append(symbol)
        return True

    def _abandon(self, name: str) -> None:
        """Lead former bodies of a function nowhere any more; who has their address goes on with the last one."""
        for symbol in self.formers_of(name):
            self.hold(name, symbol)
        self.formers_of(name).clear()

    def _end_variable(self, other: SessionModule, old: Global, new: Global, verdict: str) -> None:
        """Take a variable, or an alias, away from an earlier module."""
        name, units = new.name, self.units
        entry = units.entry(name)
        stored = units.unit_of(entry)
        if stored is None or not (stored.ready or other.has_alias_of(name)):
            self.withdraw(other.units[0], name)
            return
        self.leave_out(other, name)
        if verdict == linkage.SHARE:
            self.module.borrowed.add(name)
            if not new.constant:
                self.notes.append(f"{quoted(name)} keeps its value")
        elif verdict == linkage.RESET:
            self._redirect(name)
            self._settlement.copies.append((name, entry, new.type.size))
            self.notes.append(f"{quoted(name)} was reset: its initialiser has changed")
        else:
            self._moved[name] = None
            self.hold(name, entry)
            if old.kind == new.kind == "variable" and not new.constant:
                changed = f": it was {old.type.text}" if old.type.text not in ("", new.type.text) else ""
                self.notes.append(f"{quoted(name)} was reset{changed}")

    def _can_be_linked(self, symbol: str) -> bool:
        """Compile a definition that nobody has asked for; whether that was possible."""
        try:
            self.dylib.lookup(symbol, symbol)
        except JITError:
            return False
        return True

    def _resume(self, item: Global) -> None:
        """Take the place of a function that was unloaded while others had its address."""
        self._moved[item.name] = None
        if item.kind == "function":
            self._redirect(item.name)
            return
        self._abandon(item.name)

    def _oust(self, item: Global) -> None:
        """Take the place of a host function that is in use."""
        name = item.name
        self.replaced.append(name)
        if item.kind == "function" and self.units.can_redirect(name):
            self.formers_of(name).append(name)
            self._redirect(name)
        else:
            self._moved[name] = None

    def _let_go(self) -> None:
        """Let go of modules that define nothing any more, and of what the module's previous version alone defined."""
        dylib, previous = self.dylib, self.previous
        if previous and previous is not self.module:
            for item in list(previous.definitions()):
                users = [user for user in dylib.users_of([item.name]) if user not in (previous, self.module)]
                if users:
                    self.notes.append(
                        f"{quoted(item.name)} is not in {previous.name} any more; it stays, {users[0].name} uses it"
                    )
                    continue
                pair = dylib.defined.pop(item.name)
                self.undo_by(lambda name=item.name, pair=pair: dylib.defined.__setitem__(name, pair))  # type: ignore[misc]
                self.leave_out(previous, item.name)
                self.gone.append(item.name)
        others = dict.fromkeys([other for other, _, _ in self._olds] + [previous] * bool(previous))
        for other in others:
            if other is None or other is self.module:
                continue
            if not (any(other.definitions()) or other.assembly if other is previous else other.means_something()):
                self.retire(other)

    def _share_locals(self) -> None:
        """Make a module's internal variables keep the values that they had in its previous version."""
        previous = self.previous
        if not previous or not previous.units[0].ready:
            return
        for item in list(self.module.locals()):
            old = previous.items.get(item.name)
            if item.kind != "variable" or item.constant or not old or not old.local:
                continue
            if self.module.constructs or self.module.destructs:
                self.notes.append(
                    f"{quoted(item.name)} was reset: the static initialisers of {self.module.name} run again"
                )
                continue
            symbol = previous.local_symbol(item.name)
            if not symbol or old.type.text != item.type.text or old.thread_local != item.thread_local:
                continue
            if self._reading.module and linkage.same_initial(previous, self._reading.module, item.name):
                self.module.absent[item.name] = symbol
            else:
                self.notes.append(f"{quoted(item.name)} was reset: its initialiser has changed")

    def _warn(self) -> None:
        """Name the callers that still use a function with its old type."""
        for _, old, new in self._olds:
            known = bool(new.callable and old.type.text and new.type.text)
            callers = list(self._callers(new)) if known and old.type.text != new.type.text else []
            if callers:
                verb = "uses" if len(callers) == 1 else "use"
                self.notes.append(
                    f"warning: {quoted(new.name)} was {old.type.text} and is {new.type.text}; "
                    f"{', '.join(callers[:_CALLERS_SHOWN])} still {verb} it as it was"
                )
        if self._replace and self._reading.module:
            self.notes += mismatch.wrong_declarations(self.module, self.dylib.defined)
            for item in self.module.definitions():
                if item.callable and item.name not in self.replaced and item.name in self.dylib.users:
                    self.notes += mismatch.former_uses(self.module, item, self.dylib.users_of([item.name]))

    def _callers(self, new: Global) -> Iterator[str]:
        for user in self.dylib.users_of([new.name]):
            if user is not self.module and user.items[new.name].type.text not in ("", new.type.text):
                for function in using_functions(user, new.name):
                    yield f"{quoted(function)} of {user.name}"


_CALLERS_SHOWN = 5
