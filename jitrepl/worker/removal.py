"""Take a module, or one symbol, out of the session, and give its memory back."""

from __future__ import annotations

from jitrepl.errors import SymbolError
from jitrepl.worker.changes import Change
from jitrepl.worker.missing import suggestion, using_functions
from jitrepl.worker.modules import SessionModule
from jitrepl.worker.reader import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.dylib import SessionDylib

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
            similar = suggestion(name, [*dylib.defined, *(module.name for module in dylib.modules.values())])
            raise SymbolError(f"the session has no {what}", similar or "`:modules` lists what there is")
        self.module: SessionModule = module or found[0]  # type: ignore[index]
        mine = [name for name, pair in dylib.defined.items() if pair[0] is self.module]
        self.names = mine if module else [name]
        self.whole = self.names == mine
        """Whether it is all that the module defines; then the module goes, and its memory."""

    def users(self) -> list[str]:
        """Who uses it: `@f of <input 3>`."""
        found = []
        for name in self.names:
            for user in self.dylib.users_of([name]):
                if user is not self.module:
                    functions = using_functions(user, name)
                    found += [f"{quoted(function)} of {user.name}" for function in functions] or [user.name]
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

    def run(self) -> None:
        """Take it out. Static destructors of the module have to have run."""
        dylib, units, module = self.dylib, self.units, self.module
        users = [user for user in dylib.users_of(self.names) if user is not module]
        for name in self.names:
            dylib.defined.pop(name, None)
            if not self.whole:
                if module.unit.ready:
                    self.leave_out(module, name)
                else:
                    self.withdraw(module.unit, name)
        self.add_withdrawn()
        if self.whole:
            dylib.leave(module)
            self.forget_settlements(module)
            if any(unit.ready for unit in module.units):
                dylib.retired.append(module)
            else:
                for unit in module.units:
                    units.remove(unit)
        for name in self.names:
            dylib.formers.pop(name, None)
            units.entries.pop(name, None)
        revived = list(self._revive())
        self._free()
        self.settle(self.rebuild(dict.fromkeys([*revived, *users])))

    def _revive(self) -> Iterator[SessionModule]:
        """Have modules define what was merged with a weak definition that goes; those that must be compiled for it."""
        dylib = self.dylib
        for name in self.names:
            for module in dylib.modules.values():
                item = module.items.get(name)
                if name in dylib.defined or not item or not item.defined or not item.weak or item.local:
                    continue
                if module is self.module or module.absent.get(name) != name:
                    continue
                del module.absent[name]
                dylib.defined[name] = (module, item)
                if module.ready:
                    module.revived.add(name)
                    yield module
                else:
                    module.unit.symbols[name] = self.units.free_symbol(name)
                    self.units.again(module.unit)

    def _free(self) -> None:
        """Give back the memory of modules that are gone, unless something in it is in use."""
        dylib, units = self.dylib, self.units
        live = {symbol for module in dylib.modules.values() for symbol in module.absent.values()}
        for module in [*dylib.modules.values(), *dylib.retired]:
            live |= module.bound_to
        for name in dylib.defined.keys() - set(self.names):
            live.add(units.entry(name))
            live.update(dylib.formers.get(name, ()))
        for module in list(dylib.retired):
            if not any(live.intersection(unit.symbols.values()) for unit in module.units):
                dylib.retired.remove(module)
                for unit in module.units:
                    if units.has(unit):
                        units.remove(unit)
