"""Host functions: Python functions that JITed code calls by name.

Write them in a file and give it to `jitrepl --host FILE.py`, `:host FILE.py` or `Session.host`:

    from jitrepl import host

    @host("i32 (i32, i32)")
    def add(a, b):
        return a + b

    @host                               # the annotations say double (double)
    def half(x: float) -> float:
        return x / 2

    @host("void (ptr)", pattern="log_*")  # any symbol of that form; the first argument is its name
    def log(name, text: str):
        print(name, text)

The module is not called `host`: importing it would then hide the function of that name in `jitrepl`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
else:  # `typing` costs more than everything else here

    def overload(function):
        return function


FROM_ANNOTATION = {
    "int": "i64",
    "float": "double",
    "bool": "i1",
    "str": "ptr",
    "bytes": "ptr",
    "None": "void",
}
"""The IR type that an annotation stands for when no signature is given."""


class HostFunction:
    """A Python function and the symbol that it defines for JITed code.

    Args:
        function: what is called, with one Python value a parameter: int, float, bool, tuple, or an address for
            a `ptr`; a parameter annotated `str` or `bytes` gets the NUL-terminated text that the `ptr` points at.
        signature: the IR type of the symbol, `i32 (i32, ptr)`.
        name: the symbol, or "" when there is a pattern.
        pattern: a glob pattern for symbols; the function's first argument is then the symbol that was meant.

    A name or pattern with `::` in it is for symbols as C++ or Rust spell them: `core::panicking::panic_fmt`.
    """

    def __init__(self, function: Callable[..., Any], signature: str, name: str, pattern: str) -> None:
        self.function = function
        self.signature = signature
        self.name = name
        self.pattern = pattern
        annotations = _annotations(function)
        params = _parameters(function, skip=1 if pattern else 0) or ()
        self.annotations = tuple(_spelling(annotations.get(param)) for param in params)

    @property
    def label(self) -> str:
        """What to call it: its symbol or its pattern."""
        return self.name or self.pattern

    @property
    def by_path(self) -> bool:
        """Whether it goes by how C++ or Rust spell symbols."""
        return "::" in self.label

    def matches(self, symbol: str, spelling: str = "") -> bool:
        """Whether it defines a symbol.

        Args:
            symbol: its name.
            spelling: how C++ or Rust spells it, if it does.
        """
        names = (symbol, spelling) if self.by_path else (symbol,)
        if self.name:
            return self.name in names
        from fnmatch import fnmatchcase

        return any(fnmatchcase(name, self.pattern) for name in names)


registered: list[HostFunction] = []
"""Every host function of this process, in the order of their definition; the last one for a name wins."""


@overload
def host(signature: F) -> F: ...
@overload
def host(signature: str | None = None, *, name: str = "", pattern: str = "") -> Callable[[F], F]: ...  # noqa: F811
def host(signature: Any = None, *, name: str = "", pattern: str = "") -> Any:  # noqa: F811
    """Define a symbol for JITed code by a Python function (a decorator, with or without arguments).

    Args:
        signature: the symbol's IR type, such as `"double (double, ptr)"`; None to go by the annotations.
        name: the symbol, if it is not the function's name; or what C++ or Rust calls it, with its path:
            `"core::option::unwrap_failed"`, `"ns::add(int, int)"`.
        pattern: a glob pattern such as `"log_*"` or `"core::panicking::panic_*"`: define every wanted symbol that
            matches. The function gets the symbol's name, or its path, before its other arguments.

    Raises:
        TypeError: if there is no signature and a parameter has no annotation that stands for an IR type; or no name.
    """
    if callable(signature):
        return host()(signature)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        text = signature or _from_annotations(function, skip=1 if pattern else 0)
        symbol = "" if pattern else name or getattr(function, "__name__", "")
        if not symbol and not pattern:
            raise TypeError('a host function without a name of its own is given one: host("i32 (i32)", name="f")')
        registered.append(HostFunction(function, text, symbol, pattern))
        return function

    return register


def _from_annotations(function: Callable[..., Any], skip: int) -> str:
    name = getattr(function, "__name__", "of no name")
    params = _parameters(function, skip)
    if params is None:
        raise TypeError(f'host function {name} has no annotations; give the IR signature: host("double (double)")')
    annotations = {key: _spelling(value) for key, value in _annotations(function).items()}
    types = []
    for param in [*params, "return"]:
        type = FROM_ANNOTATION.get(annotations.get(param, "None" if param == "return" else ""))
        if type is None:
            raise TypeError(
                f"host function {name}: annotate `{param}` with "
                f'{", ".join(FROM_ANNOTATION)}, or give the IR signature: @host("i32 (i32)")'
            )
        types.append(type)
    return f"{types[-1]} ({', '.join(types[:-1])})"


def code_of(function: Callable[..., Any]) -> Any:
    """The code of a function, a method or an object that can be called; None if it is not written in Python."""
    return getattr(_written(function), "__code__", None)


def _written(function: Callable[..., Any]) -> Any:
    """What was written for something that can be called."""
    return function if hasattr(function, "__code__") else type(function).__call__


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    return getattr(_written(function), "__annotations__", {})


def _parameters(function: Callable[..., Any], skip: int) -> tuple[str, ...] | None:
    """The names of a function's parameters but for the first ones; None if it is not written in Python."""
    code = code_of(function)
    if code is None:
        return None
    bound = hasattr(function, "__self__") or not hasattr(function, "__code__")
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names[skip + bound :]


def _spelling(annotation: object) -> str:
    if isinstance(annotation, type):
        return annotation.__name__
    return str(annotation) if annotation is not None else "None"
