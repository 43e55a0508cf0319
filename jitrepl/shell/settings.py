"""What `:set` sets: a table of names, each with how its value is read and shown."""

from __future__ import annotations

import os

from jitrepl.digits import counted
from jitrepl.errors import ArgumentError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

OFF = "off"
_ENDLESS = 1 << 62
_DURATIONS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Limits:
    """What a session does not let its code exceed.

    Args:
        timeout: how long an input may run, in seconds; 0 for ever.
        memory: how much memory JITed code may take, in bytes; 0 for what the machine gives.
        undo_depth: how many inputs can be undone.
        trace: whether the worker tells on standard error what ORC does.
        undo_memory: how much memory the copies for that may hold, in bytes; 0 for any.

    Raises:
        ArgumentError: if one of them is set to what is no number, or one that is out of range.
    """

    __slots__ = ("memory", "timeout", "trace", "undo_depth", "undo_memory")

    def __init__(
        self,
        timeout: float = 0,
        memory: int | None = None,
        undo_depth: int = 32,
        trace: bool = False,
        undo_memory: int | None = None,
    ) -> None:
        self.timeout = timeout
        self.memory = _physical_memory() if memory is None else memory
        self.undo_depth = undo_depth
        self.trace = trace
        self.undo_memory = _physical_memory() // 4 if undo_memory is None else undo_memory

    def __setattr__(self, name: str, value: object) -> None:
        if not isinstance(value, int | float) or not 0 <= value < _ENDLESS:
            raise ArgumentError(f"the limit {name} cannot be {value!r}", "it is a number from 0, seconds or bytes")
        super().__setattr__(name, value)


class Setting:
    """A setting of a session.

    Args:
        field: the field that it sets.
        read: from the user's text to a value.
        show: from a value to text.
        help: what it is for.
        owner: the part of the session that has the field.
    """

    def __init__(
        self, field: str, read: Callable[[str], Any], show: Callable[[Any], str], help: str, owner: str = "limits"
    ) -> None:
        self.owner = owner
        self.field = field
        self.read = read
        self.show = show
        self.help = help


def read_duration(text: str) -> float:
    """Seconds from `5s`, `500ms`, `2min`, `1.5` or `off`.

    Raises:
        UsageError: for anything else.
    """
    return _read(text, _DURATIONS, 1.0, "a time is written like 5s, 500ms, 2min or off")


def read_size(text: str) -> int:
    """Bytes from `512M`, `2G`, `4096` or `off`.

    Raises:
        UsageError: for anything else.
    """
    return int(_read(text, _SIZES, 1, "a size is written like 512M, 2G or off"))


def _read(text: str, units: dict[str, float] | dict[str, int], default: float, hint: str) -> float:
    if text == OFF:
        return 0
    number = text.lower().removesuffix("b").rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.lower().removesuffix("b")[len(number) :]
    try:
        value = float(number) * (units[unit] if unit else default)
    except (ValueError, KeyError):
        raise UsageError(f"{text} is not understood", hint) from None
    if not 0 < value < _ENDLESS:
        raise UsageError(f"{text} is out of range", hint)
    return value


def _read_depth(text: str) -> float:
    depth = counted(text)
    if not depth or depth > 1000:
        raise UsageError(f"{text} is out of range", "a number from 1 to 1000 is wanted")
    return depth


def _show_duration(seconds: float) -> str:
    return f"{seconds:g}s" if seconds else OFF


def show_size(size: float) -> str:
    """`1.5G` for a number of bytes."""
    if not size:
        return OFF
    for unit, bytes in (("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)):
        if size >= bytes:
            return f"{size / bytes:.4g}{unit}"
    return f"{size:g}"


def show_time(seconds: float) -> str:
    """`1.5 s`, `23 ms`, `120 µs` for a time that was measured."""
    for unit, length in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}" if seconds < 1000 * length else f"{seconds / length:.0f} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def read_flags(text: str) -> tuple[str, ...]:
    """The flags in a text, quoted as in a shell; quotes around all of it do not count; `none` is none.

    Raises:
        UsageError: if a quote is not closed.
    """
    import shlex

    if text in ("none", OFF):
        return ()
    try:
        words = shlex.split(text)
        if len(words) == 1 and text[:1] in "\"'":
            words = shlex.split(words[0])
    except ValueError as problem:
        raise UsageError(f"the flags cannot be read: {problem}".lower()) from None
    return tuple(words)


def _show_flags(flags: tuple[str, ...]) -> str:
    from shlex import join

    return join(flags) or "none"


def memory_hint(limit: int) -> str:
    """What to say of an input that ended after an allocation had failed."""
    return f"an allocation failed: memory-limit is {show_size(limit)}; `:set memory-limit SIZE` sets another"


SETTINGS = {
    "timeout": Setting("timeout", read_duration, _show_duration, "how long an input may run"),
    "memory-limit": Setting("memory", read_size, show_size, "how much memory JITed code may take"),
    "undo-depth": Setting("undo_depth", _read_depth, lambda value: f"{value:g}", "how many inputs `:undo` can reach"),
    "undo-memory": Setting("undo_memory", read_size, show_size, "how much memory the copies for it may hold"),
    "cflags": Setting("cflags", read_flags, _show_flags, "flags for clang", "compilation"),
    "cxxflags": Setting("cxxflags", read_flags, _show_flags, "more flags, for C++ only", "compilation"),
    "rustflags": Setting("rustflags", read_flags, _show_flags, "flags for rustc", "compilation"),
}

FLAGS = tuple(name for name, setting in SETTINGS.items() if setting.owner == "compilation")
"""The settings that hold flags for compilers, which are options of the program, too."""


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
