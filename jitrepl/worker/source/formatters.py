"""What formatters of the standard libraries share, and the table of them.

Where a library's layout is part of its ABI (libstdc++'s and libc++'s classes), it is read at fixed offsets: debug info
often leaves those types out (clang's `-fno-standalone-debug`). Rust's layouts change with each release, so fields are
found by name.
"""

from __future__ import annotations

from jitrepl.formatting import Formatter
from jitrepl.worker.source.sourcetypes import Record, SourceType
from jitrepl.worker.source.sourcevalues import SourceValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[[SourceValue], object])

_library: list[Formatter] = []

WORD = 8
"""The bytes of a pointer and of `size_t`, on x86-64."""
MOST_NODES = 1 << 16
"""No tree or list is followed further: its end may be missing."""


def library() -> list[Formatter]:
    """The formatters of the standard libraries. The last one that matches wins, and those of the user before them."""
    if not _library:
        from jitrepl.worker.source import formatters_cxx, formatters_rust  # noqa: F401 - they register themselves
    return _library


def for_types(*patterns: str) -> Callable[[F], F]:
    """Register a formatter of the standard libraries for types with such names (a decorator)."""

    def register(function: F) -> F:
        _library.extend(Formatter(function, pattern) for pattern in patterns)
        return function

    return register


class Pointee:
    """What a smart pointer owns; it is shown behind its address.

    Args:
        value: what it is.
    """

    __slots__ = ("value",)

    def __init__(self, value: SourceValue) -> None:
        self.value = value


def bytes_at(value: SourceValue, address: int, size: int) -> bytes:
    """Some bytes elsewhere in the memory of a value.

    Raises:
        Unreadable: if they are not there.
    """
    return value.memory.read(address, size)


def alignment(type: SourceType) -> int:
    """What a type is aligned to, as far as its members say, in bytes."""
    plain = type.plain
    if isinstance(plain, Record):
        known = max((alignment(member.type) for member in plain.members), default=0)
        return known or (WORD if plain.is_declared_only else 1)
    element = getattr(plain, "element", None)
    if element is not None:
        return alignment(element)
    return max(1, min(plain.size, 16))
