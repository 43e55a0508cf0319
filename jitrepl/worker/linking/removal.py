"""Take a module, or one symbol, out of the session, and give its memory back."""

from __future__ import annotations

from jitrepl.errors import SymbolError
from jitrepl.worker.linking.changes import Change
from jitrepl.worker.linking.missing import suggestion, using_functions
from jitrepl.worker.linking.modules import SessionModule
from jitrepl.worker.linking.units import Settlement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitrepl.worker.linking.dylib import SessionDylib

_SHOWN = 5


class Removal(Change):
    """Something on its way out of the session.

    Args:
        dylib: the session.
        what: a module, as `:dump` takes it, or a symbol.

    Raises:
        SymbolError: if the session has nothing of that name.
    """

    def __init__(self, dylib: SessionDylib, what: str) -> None:
        super().__init__(dylib)
        name = what.removeprefix("@").strip('"')
        module = dylib.module_called(what)
        found = None if module else dylib.defined.get(name)
        if module is None and found is None:
            name = self._spelled(name)
            found = dylib.defined.get(name)
        if module is None and found is None:
            similar = suggestion(name, [*dylib.defined, *(module.name for module in dylib.modules.values())])
            raise SymbolError(f"the session has no {what}", similar or "`:modules` lists what there is")
        self.module: SessionModule = module or found[0]  # type: ignore[index]
        mine = [name for name, pair in dylib.defined.items() if pair[0] is self.module]
        self.names = mine if module else [name]
        more = any(self.module.stands_by(name) for name in self.module.absent)
        self.whole = self.names == mine and (module is not None or not more)
        """Whether it is all that the module defines; then the module goes, and its memory."""

    def _spelled(self, name: str) -> str:
        """The symbol that C++ or Rust spells so.

        Raises:
            SymbolError: if there are several.
        """
        from jitrepl.worker.languages.sourcenames import mangled, meant_by, shown

        meant = [
            symbol for symbol in meant_by(name, mangled(self.dylib.modules.values())) if symbol in self.dylib.defined
        ]
        if len(meant) > 1:
            which = "\n".join(f"  {shown(symbol)}" for symbol in meant)
            raise SymbolError(f"`{name}` may be one of {len(meant)} symbols\n{which}", "write the one that you mean")
        return meant[0] if meant else name

    def users(self) -> list[str]:
        """Who uses it: `@f of <input 3>`."""
        from jitrepl.worker.languages.sourcenames import shown

        found = []
        for name in self.names:
            for user in self.dylib.users_of([name]):
                if user is self.module:
                    continue  # it goes on with a variable of its earlier version
                functions = using_functions(user, name)
                called = f"the former {user.name}" if user.name == self.module.name else user.name
                found += [f"{shown(function)} of {called}" for function in functions] or [called]
            if not self.whole:
                others = [other for other in using_functions(self.module, name) if other != name]
                found += [f"{shown(other)} of {self.module.name}" for other in others]
        return list(dict.fromkeys(found))

    def refuse_if_bound(self, what: str) -> None:
        """Refuse to take out what an object uses that is linked: unlike IR, it cannot be compiled again without.

        Raises:
            SymbolError: naming the object.
        """
        for user in self.dylib.users_of(self.names):
            if user is not self.module and user.object and user.ready:
                raise SymbolError(
                    f"{what} is used by {user.name}, an object, which is linked to it", "unload that one first"
                )

    def refuse_if_used(self, what: str) -> None:
        """Refuse to take out what is used.

        Raises:
            SymbolError: naming the users.
        """
        users = self.users()
        if users:
            more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
            raise SymbolError(
                f"{what} is used by {', '.join(users[:_SHOWN])}{more}",
                f"`:unload {what}!` unloads it all the same; calls of its users then fail until it is defined again",
            )

    def run(self, end: Callable[[SessionModule], None]) -> None:
        """Take it out.

        Args:
            end: runs what a module wants done before it goes.

        Raises:
            JITError: if what uses it cannot be compiled without it; then nothing was done.
        """
        try:
            self._run()
        except BaseException:
            self.take_back()
            raise
        if self.whole:
            end(self.module)
        for module in self._unused():
            self.dylib.retired.remove(module)
            for unit in module.units:
                if self.units.has(unit):
                    self.units.remove(unit)
        self._forget_former()

    def _run(self) -> None:
        dylib, module = self.dylib, self.module
        for name in self.names:
            users = [module] * (not self.whole) + dylib.users_of([name])
            self._keep_for(name, any(user.ready for user in users))
            pair = dylib.defined.pop(name)
            self.undo_by(lambda name=name, pair=pair: dylib.defined.__setitem__(name, pair))  # type: ignore[misc]
            if not self.whole:
                self.give_up(module, name)
                if module.unit.ready:
                    self.leave_out(module, name)
                else:
                    self.withdraw(module.unit, name)
        self.add_withdrawn()
        if self.whole:
            self.retire(module)
        dylib.want(self.names)
        revived = list(self._revive())
        affected = [*(each for each in revived if each.ready), *dylib.users_of(self.names)]
        settlements = self.rebuild(dict.fromkeys(affected))
        replacing = [each for each in revived if not each.ready and any(map(dylib.formers.get, self.names))]
        self.settle([*settlements, *(Settlement(each.unit) for each in replacing)])

    def _keep_for(self, name: str, in_use: bool) -> None:
        """Keep a definition for those who have its address, or have nobody find it."""
        units, unit = self.units, self.module.unit
        symbol = unit.symbols.get(name) or units.entry(name)
        if in_use and unit.ready and self.dylib.defined[name][1].kind == "function" and units.can_redirect(symbol):
            self.formers_of(name).append(symbol)
            return
        if in_use:
            for held in [*self.formers_of(name), symbol, units.entry(name)]:
                self.hold(name, held)
            self.formers_of(name).clear()
        if not self.dylib.formers.get(name):
            self.move_entry(name, name)

    def _revive(self) -> Iterator[SessionModule]:
        """Make modules define what was merged with a weak definition that goes; those that define something now."""
        dylib, units = self.dylib, self.units
        for name in self.names:
            for module in dylib.modules.values():
                if name in dylib.defined or module is self.module or not module.stands_by(name):
                    continue
                self._define_again(module, name)
                dylib.defined[name] = (module, module.items[name])
                self.undo_by(lambda name=name: dylib.defined.pop(name))  # type: ignore[misc]
                if not module.ready:
                    symbol = units.free_symbol(name)
                    module.unit.symbols[name] = symbol
                    units.again(module.unit)
                    if not dylib.formers.get(name):
                        self.move_entry(name, symbol)
                yield module

    def _define_again(self, module: SessionModule, name: str) -> None:
        unit, units, ready = module.unit, self.units, module.ready

        def restore() -> None:
            module.absent[name] = name
            module.revived.discard(name)
            if not ready:
                units.withdraw(unit, name)
                units.again(unit)

        self.undo_by(restore)
        del module.absent[name]
        if ready:
            module.revived.add(name)

    def _former(self) -> Iterator[tuple[bool, str, list[str]]]:
        """What is kept in memory for a name, and whether it still has to be."""
        dylib = self.dylib
        for kept in (dylib.formers, dylib.held):
            for name, symbols in kept.items():
                yield bool(name in dylib.defined or dylib.users_of([name])), name, symbols

    def _unused(self) -> list[SessionModule]:
        """The modules whose memory can be given back: what was unloaded and its former versions, if nobody needs it."""
        dylib = self.dylib
        live = {symbol for module in dylib.modules.values() for symbol in module.absent.values()}
        for module in [*dylib.modules.values(), *dylib.retired]:
            live |= module.bound_to
        live.update(self.units.entry(name) for name in dylib.defined)
        dead = set[str]()
        for needed, _, symbols in self._former():
            (live if needed else dead).update(symbols)
        found = []
        for module in dylib.retired:
            own = {symbol for unit in module.units for symbol in unit.symbols.values()}
            theirs = module is self.module or module.name == self.module.name or dead & own
            if theirs and not live & own:
                found.append(module)
        return found

    def _forget_former(self) -> None:
        for name in [name for needed, name, _ in self._former() if not needed]:
            self.dylib.formers.pop(name, None)
            self.dylib.held.pop(name, None)
            self.units.entries.pop(name, None)
