"""What earlier inputs lend to a new one: declarations, types, and hints. The `Known` of `jitrepl.worker.reader`."""

from __future__ import annotations

from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.linking.missing import suggestion
from jitrepl.worker.owned import Context
from jitrepl.worker.reader import names_of_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.linking.dylib import SessionDylib


class Lender:
    """Lends what a session has.

    Args:
        dylib: the session.
        hosts: gives the names that host functions define.
    """

    def __init__(self, dylib: SessionDylib, hosts: Callable[[], list[str]]) -> None:
        self._dylib = dylib
        self._hosts = hosts
        self.declare_host: Callable[[str], str | None] = lambda name: None
        """Gives a line that declares the host function of a name, if there is one."""

    def declaration(self, name: str) -> str | None:
        """A line that declares a symbol of the session, or a host function."""
        found = self._dylib.defined.get(name)
        known = found[1] if found else self._dylib.declared(name)
        return known.declaration() if known else self.declare_host(name)

    def type_definitions(self, names: set[str]) -> str:
        """Definitions of those of these named types that the session has, and of the types in them."""
        found: dict[str, str] = {}
        for module in reversed(self._dylib.modules.values()):
            wanted = names - set(found)
            if not wanted:
                break
            if module.object:
                continue
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
        if name in self._dylib.defined and self._dylib.defined[name][0].object:
            return f"{quoted(name)} comes from an object, which does not say its type: `declare` it"
        hidden = self._dylib.locals_named(name)
        if hidden:
            module, item = hidden[-1]
            if module.unnamed and name.isdecimal():
                return f"@{name} of {module.name} has no name, so only that input sees it: give it one"
            word = "private" if item.private else "internal"
            return (
                f"{quoted(name)} of {module.name} is {word}, so only that input sees it: "
                f"leave out `{word}` there, or put both into one input"
            )
        similar = suggestion(name, [*self._dylib.names(), *self._hosts()])
        return similar or f"define {quoted(name)} first, or `declare` it with its type"


def _type_text(context: Context, name: str) -> str:
    type = llvm.named_type(context.ptr, llvm.encoded(name))
    return llvm.text_of(llvm.print_type(type)) if type else ""
