"""Formatters: Python functions that say what the values of a source type mean.

Write them in a file and give it to `jitrepl --host FILE.py`, `:host FILE.py` or `Session.host`:

    from jitrepl import formatter

    @formatter("geo::Point")
    def point(value):
        return int(value["x"]), int(value["y"])

A formatter gets a value of the source, whose fields it reads by their names (docs/python.md), and returns what it
means: a number, str, None, list, tuple or dict, in which further source values may be; or `Shown(text, data)`, for
text that is printed as it is. It is shown in the spelling of the value's language, and is what `Session.call` returns.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


class Shown:
    """A value with a text of its own.

    Args:
        text: what is printed.
        data: what `Session.call` returns; the text if there is nothing better.
    """

    __slots__ = ("data", "text")

    def __init__(self, text: str, data: object = ...) -> None:
        self.text = text
        self.data = text if data is ... else data


class Formatter:
    """A Python function for the values of some types.

    Args:
        function: gets a value, returns what it means.
        pattern: a glob pattern for the names of types, with namespaces: `std::vector<*`. It is compared with the
            name as debug info has it (`std::vector<int, std::allocator<int> >`) and as it is shown.
    """

    __slots__ = ("function", "pattern")

    def __init__(self, function: Callable[[Any], object], pattern: str) -> None:
        self.function = function
        self.pattern = pattern

    def matches(self, name: str) -> bool:
        """Whether it is for the type of this name."""
        head, star, tail = self.pattern.partition("*")
        if not tail and "?" not in head:  # most are like this; `fnmatch` costs 5 ms to import
            return name.startswith(head) if star else name == head
        from fnmatch import fnmatchcase

        # Brackets are part of names here (`&[i32]`), not sets of letters.
        return fnmatchcase(name, self.pattern.replace("[", "[[]"))


registered: list[Formatter] = []
"""Every formatter of this process, in the order of their definition; the last one that matches wins."""


def formatter(*patterns: str) -> Callable[[F], F]:
    """Say what values of the types with such names mean (a decorator).

    Args:
        patterns: glob patterns such as `"std::vector<*"`.

    Raises:
        TypeError: if there is no pattern.
    """
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise TypeError('name the types: @formatter("Point"), @formatter("std::vector<*")')

    def register(function: F) -> F:
        registered.extend(Formatter(function, pattern) for pattern in patterns)
        return function

    return register
