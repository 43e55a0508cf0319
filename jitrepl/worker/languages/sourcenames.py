"""Names as C++ and Rust spell them: which symbol of the session one means, and which of several overloads."""

from __future__ import annotations

from jitrepl import literals
from jitrepl.errors import ArgumentError, SymbolError
from jitrepl.literal_tree import Char, Number, Sequence, String, Symbol, Typed, Word, quoted
from jitrepl.worker.languages.demangle import demangle
from jitrepl.worker.languages.support import MANGLED
from jitrepl.worker.types import Array, Float, Int, Pointer, Struct, Type, Vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from jitrepl.literal_tree import Literal
    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.reader import Global


def shown(symbol: str) -> str:
    """What to call a symbol: `add(int, int)` if it is mangled, else `@add`."""
    spelled = demangle(symbol)
    return quoted(symbol) if spelled == symbol else spelled


def mangled(modules: Iterable[SessionModule]) -> list[str]:
    """The names that C++ and Rust gave to what some modules define, each once; also those that one module sees."""
    items = (item for module in modules for item in module.globals)
    return list(dict.fromkeys(item.name for item in items if item.defined and item.name.startswith(MANGLED)))


def meant_by(name: str, symbols: Iterable[str]) -> list[str]:
    """The mangled symbols that a name may mean.

    Args:
        name: `add(int, int)`, `ns::add`, or the end of such a path, `add`.
        symbols: those that there are.

    Returns:
        Those whose whole spelling it is, if there are any; else those whose path it is; else whose path ends so.
    """
    wanted = _squeezed(name)
    found: dict[int, list[str]] = {}
    for symbol in symbols:
        if symbol.startswith(MANGLED):
            rank = _rank(wanted, demangle(symbol))
            if rank is not None:
                found.setdefault(rank, []).append(symbol)
    return found[min(found)] if found else []


def _rank(wanted: str, text: str) -> int | None:
    whole = _squeezed(text)
    if wanted == whole:
        return 0
    path = path_of(text)
    short = path.rpartition("<")[0].removesuffix("::") if path.endswith(">") else path
    for rank, squeezed in ((1, _squeezed(path)), (1, _squeezed(short))):
        if wanted == squeezed:
            return rank
        if squeezed.endswith(f"::{wanted}"):
            return rank + 1
    return 2 if whole.endswith(f"::{wanted}") else None


def paths(symbols: Iterable[str]) -> list[str]:
    """The paths, without parameters, of the symbols that are mangled."""
    return [path_of(demangle(symbol)) for symbol in symbols if symbol.startswith(MANGLED)]


def path_of(text: str) -> str:
    """The path in a demangled name, without result type, parameters and qualifiers: `ns::max<int>`."""
    end = _parameters_at(text)
    head = text[:end] if end > 0 else text
    operator = head.find("operator")
    depth = 0
    for at in range(operator if operator > 0 else len(head) - 1, -1, -1):
        depth += {">": 1, ")": 1, "}": 1, "<": -1, "(": -1, "{": -1}.get(head[at], 0)
        if head[at] == " " and depth == 0:
            return head[at + 1 :]
    return head


def _parameters_at(text: str) -> int:
    """Where the parameter list begins: the bracket that belongs to the last closing one."""
    depth = 0
    for at in range(text.rfind(")"), -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0:
            return -1 if text[at:] == "(anonymous namespace)" else at
    return -1


def _squeezed(text: str) -> str:
    return text.replace(" ", "")


def choose(name: str, candidates: Collection[Global], arguments: tuple[str, ...]) -> Global:
    """The one function of several that a call means, by the number and kinds of its arguments.

    Raises:
        SymbolError: if none or several fit.
    """
    if len(candidates) == 1:
        return next(iter(candidates))
    try:
        values = [literals.parse(text) for text in arguments]
    except ArgumentError:
        values = []  # the call will say what is wrong with them
    scores = {item.name: _score(item, values) for item in candidates}
    best = max(scores.values())
    fitting = [item for item in candidates if scores[item.name] == best]
    if best >= 0 and len(fitting) == 1:
        return fitting[0]
    lines = "\n".join(f"  {demangle(item.name)}" for item in candidates)
    raise SymbolError(
        f"`{name}` may be one of {len(candidates)} functions\n{lines}",
        f'write the one that you mean in quotes: `:call "{demangle(next(iter(candidates)).name)}" …`',
    )


def _score(item: Global, values: list[Literal]) -> int:
    """How well arguments fit a function; -1 if they do not."""
    if item.signature is None or len(values) != len(item.signature.params):
        return -1
    total = 0
    for type, value in zip(item.signature.params, values, strict=True):
        fit = _fit(type, value)
        if fit < 0:
            return -1
        total += fit
    return total


def _fit(type: Type, value: Literal) -> int:
    """How well a literal fits a type: 2 as C would read it, 1 if it can be converted, -1 if it cannot."""
    if isinstance(value, Typed):
        return 2 if value.type_text == type.text else -1
    exact, others = _readings(value)
    return 2 if type.text == exact else 1 if isinstance(type, others) else -1


_AGGREGATES = (Array, Struct, Vector)
_WORDS: dict[str, tuple[str, tuple[type[Type], ...]]] = {
    "true": ("i1", (Int,)),
    "false": ("i1", (Int,)),
    "null": ("ptr", (Pointer,)),
    "inf": ("double", (Float,)),
    "nan": ("double", (Float,)),
}


def _readings(value: Literal) -> tuple[str, tuple[type[Type], ...]]:
    """The type that a literal has in C, and the kinds of types that it can be read as."""
    if isinstance(value, Number):
        number = value.integer()
        if number is None:
            return "double", (Float,)
        return ("i32" if -(2**31) <= number < 2**31 else "i64"), (Int, Float)
    if isinstance(value, String | Symbol):
        return "ptr", (Pointer, Array)
    if isinstance(value, Char):
        return "i8", (Int,)
    if isinstance(value, Sequence):
        return ("ptr", (Pointer, *_AGGREGATES)) if value.kind == "[" else ("", _AGGREGATES)
    word = value.text.lstrip("+-") if isinstance(value, Word) else ""
    return _WORDS.get(word, ("", (Type,)))
