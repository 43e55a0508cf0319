"""Calls of a function as one of another type: LLVM has no objection since pointers have no types, and they go wrong."""

from __future__ import annotations

from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.linking.missing import using_functions
from jitrepl.worker.linking.rewrite import value_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.owned import Module
    from jitrepl.worker.reader import Global
    from jitrepl.worker.signatures import ContextReader

_MOST = 5


def differ(one: Global | None, other: Global | None) -> bool:
    """Whether two modules take a function for one of different types; a declaration as C's `f()` goes with any."""
    if one is None or other is None or not (one.callable and other.callable):
        return False
    return one.type.text != other.type.text and not (_says_nothing(one) or _says_nothing(other))


def _says_nothing(item: Global) -> bool:
    return not item.type.text or (item.type.text.endswith(" (...)") and not item.defined)


def wrong_calls(module: Module, lent: Iterable[Global], reader: ContextReader) -> Iterator[str]:
    """Warnings of calls of what was lent to an input, if their types are other ones."""
    for item in lent:
        value = value_named(module.ptr, item.name)
        found = dict.fromkeys(_calls(value, reader)) if value else {}
        calls = [f"{quoted(name)} calls it as {type}" for name, type in found]
        if calls:
            what = item.type.text if item.callable else f"a {item.kind} of type {item.type.text}"
            yield f"warning: {quoted(item.name)} is {what}; {', '.join(calls[:_MOST])}"


def _calls(value: int, reader: ContextReader) -> Iterator[tuple[str, str]]:
    """The calls of a global value as something that it is not: who makes them, and the type in them."""
    own, use = llvm.value_type(value), llvm.first_use(value)
    while use:
        user = llvm.user_of(use)
        call = llvm.as_call(user) or llvm.as_invoke(user)
        if call and llvm.called_value(call) == value and llvm.called_type(call) != own:
            caller = llvm.name_of(llvm.block_function(llvm.instruction_block(call)))
            yield caller, reader.function_type(llvm.called_type(call)).text
        use = llvm.next_use(use)


def former_uses(module: SessionModule, new: Global, users: Iterable[SessionModule]) -> Iterator[str]:
    """Warnings of other modules that took a function for one of another type before it was defined."""
    for user in users:
        there = user.items[new.name]
        if user is not module and differ(there, new):
            functions = [quoted(name) for name in using_functions(user, new.name)]
            who = f"{', '.join(functions[:_MOST])} of {user.name}" if functions else user.name
            verb = "use" if len(functions) > 1 else "uses"
            yield f"warning: {quoted(new.name)} is {new.type.text}; {who} {verb} it as {there.type.text}"


def wrong_declarations(module: SessionModule, others: dict[str, tuple[SessionModule, Global]]) -> Iterator[str]:
    """Warnings of what a module declares otherwise than others define it."""
    for item in module.globals:
        if item.defined or not item.used or item.name not in others:
            continue
        other, there = others[item.name]
        if differ(item, there):
            yield f"warning: {quoted(item.name)} is declared as {item.type.text}, {other.name} has {there.type.text}"
