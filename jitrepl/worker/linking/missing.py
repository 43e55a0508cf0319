"""What to say of symbols that nobody defines."""

from __future__ import annotations

from jitrepl.errors import UndefinedError
from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.languages.demangle import demangle
from jitrepl.worker.linking.rewrite import value_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from jitrepl.worker.linking.modules import SessionModule

_USERS_SHOWN = _NAMES_SHOWN = 5
_CXX = "_Z"  # what mangled names begin with
WAYS_OUT = "define it, register a host function (`:host FILE.py`), or open a library that has it (`:lib PATH`)"


def undefined(
    names: list[str],
    modules: Collection[SessionModule],
    candidates: list[str],
    near: Collection[str] = (),
    start: str = "",
) -> UndefinedError:
    """The error for symbols that nobody defines: their names, who needs them, what may have been meant, the ways out.

    Args:
        names: the symbols.
        modules: the modules of the session.
        candidates: names that are defined.
        near: those of the symbols that the definition which is wanted leads to; they come first.
        start: the name of that definition, if it is known what it leads to.
    """
    if near:
        names = [*(name for name in names if name in near), *(name for name in names if name not in near)]
    from jitrepl.worker.languages.sourcenames import shown

    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    lines = [f"Symbols not found: [ {', '.join(map(demangle, names[:_NAMES_SHOWN]))}{more} ]"]
    hints = []
    for name in names[:_NAMES_SHOWN]:
        users = list(_users(name, modules))
        what = shown(name)
        aside = f", not on the way from {shown(start)}" if near and name not in near else ""
        lines += [f"  {what} is used by {user}{aside}" for user in users[:_USERS_SHOWN]]
        if len(users) > _USERS_SHOWN:
            lines.append(f"  {what} is used by {len(users) - _USERS_SHOWN} more")
        similar = "" if name.startswith(_CXX) else suggestion(name, candidates)
        if similar:
            hints.append(f"{quoted(name)}: {similar}" if len(names) > 1 else similar)
    if start and not near:
        those = "none of them" if len(names) > 1 else "it"
        verb = "refers to" if len(names) > 1 else "does not refer to"
        hints.append(f"{shown(start)} {verb} {those}, but its module is linked as a whole")
    if any(name.startswith(_CXX) for name in names):
        hints.append("neither libstdc++ nor libc++ has it: other libraries of C++ are opened by `:lib NAME`")
    return UndefinedError("\n".join(lines), "\n".join([*hints, WAYS_OUT]))


def _users(name: str, modules: Collection[SessionModule]) -> Iterator[str]:
    """Who uses a symbol that is not defined: `@f of <input 3>`."""
    from jitrepl.worker.languages.sourcenames import shown

    for module in modules:
        if not module.uses(name):
            continue
        functions = using_functions(module, name)
        if functions:
            yield from (f"{shown(function)} of {module.name}" for function in functions)
        else:
            yield module.name


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """`did you mean @sum?`, or "" if no candidate is like the name."""
    from difflib import get_close_matches

    close = get_close_matches(name, [c for c in dict.fromkeys(candidates) if c != name], n=2)
    return f"did you mean {' or '.join(quoted(c) for c in close)}?" if close else ""


def hint_for(message: str) -> str:
    """The next step after a link that failed for another reason; "" if LLVM's message says all there is to say."""
    if "is out of range of" in message:
        return "it was compiled for a fixed place in memory: compile it with -fPIC"
    return ""


def using_functions(module: SessionModule, name: str) -> list[str]:
    """The functions of a module that use a global value; of an object that is not known."""
    if module.object:
        return []
    with module.parse() as parsed:
        value = value_named(parsed.ptr, name)
        return list(dict.fromkeys(_using_functions(value))) if value else []


def _using_functions(value: int) -> Iterator[str]:
    use = llvm.first_use(value)
    while use:
        instruction = llvm.as_instruction(llvm.user_of(use))
        if instruction:
            yield llvm.name_of(llvm.block_function(llvm.instruction_block(instruction)))
        use = llvm.next_use(use)
