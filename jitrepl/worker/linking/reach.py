"""What a function leads to: which of the symbols that nobody defines are on the way from the one that was called."""

from __future__ import annotations

from jitrepl.worker import llvm
from jitrepl.worker.linking.rewrite import value_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.modules import SessionModule


def on_the_way(dylib: SessionDylib, start: str, names: Collection[str]) -> set[str]:
    """Those of some symbols that a definition of the session refers to, directly or through others.

    Args:
        dylib: the session.
        start: the name of the definition.
        names: the symbols.
    """
    found = dylib.find(start)
    if not found:
        return set()
    graphs: dict[SessionModule, dict[str, set[str]]] = {}
    reached = set[str]()
    seen = {(found[0], start)}
    todo = list(seen)
    while todo:
        module, name = todo.pop()
        if module not in graphs:
            graphs[module] = _references(module)
        for used in graphs[module].get(name, ()):
            if used in names and used not in dylib.defined:
                reached.add(used)
                continue
            local = module.items.get(used)
            there = (module, local) if local and local.defined and local.local else dylib.defined.get(used)
            if there and (there[0], used) not in seen:
                seen.add((there[0], used))
                todo.append((there[0], used))
    return reached


def _references(module: SessionModule) -> dict[str, set[str]]:
    """What each definition of a module refers to; nothing is known of an object's."""
    if module.object:
        return {}
    references: dict[str, set[str]] = {}
    with module.parse() as parsed:
        globals = {value: name for name in module.items if (value := value_named(parsed.ptr, name))}
        for value, name in globals.items():
            for user in _users(value, globals):
                references.setdefault(user, set()).add(name)
    return references


def _users(value: int, globals: dict[int, str]) -> Iterator[str]:
    """The functions and variables that use a value, also within constants."""
    use = llvm.first_use(value)
    while use:
        user = llvm.user_of(use)
        instruction = llvm.as_instruction(user)
        if instruction:
            yield llvm.name_of(llvm.block_function(llvm.instruction_block(instruction)))
        elif user in globals:
            yield globals[user]
        else:
            yield from _users(user, globals)
        use = llvm.next_use(use)
