"""Which of a session's symbols are the user's own, and which of them a pattern means."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jitrepl.messages import Symbol

_LIBRARIES = ("std::", "core::", "alloc::", "hashbrown::", "__gnu_cxx::", "__cxxabiv1::")
_MADE_UP = ("decltype(", "typeinfo ", "vtable ", "VTT ", "operator", "<", "__")
_OF_COMPILERS = ("decltype(std::", "typeinfo ", "vtable ", "VTT ", "guard variable ", "operator new", "operator delete")
_TERMINATE = "__clang_call_terminate"
_RUNTIMES = ("libc++", "libstdc++", "libstd-", "libgcc", "libunwind")
_EVERYTHING = ("*", "all")


def is_made_up(name: str) -> bool:
    """Whether compilers took this from headers or crates, or made it up; it is counted, unless there are no others."""
    path = name.partition("(")[0].partition("<")[0].rpartition(" ")[2]
    return name.startswith(_MADE_UP) or path.startswith(_LIBRARIES) or name.endswith("{{closure}}")


def is_of_a_library(symbol: Symbol) -> bool:
    """Whether a symbol is what headers and compilers bring, or declare, rather than something of the user's."""
    text = symbol.spelling
    if symbol.module.startswith(_RUNTIMES):
        return True
    if not text:
        return symbol.name.startswith("__") and (
            symbol.state == "declared" or ".so" in symbol.module or symbol.name == _TERMINATE
        )
    if text.startswith(_OF_COMPILERS):
        return True
    if text.startswith("<") and "::" not in text.partition(" as ")[0]:
        return True  # a trait of a library's, for one of Rust's own types
    inside = text.lstrip("<&").removeprefix("mut ").removeprefix("dyn ")
    if text.startswith("<") and " as " in text and not inside.startswith(_LIBRARIES):
        return False  # a trait, for a type of the user's
    path = inside.partition("(")[0].partition("<")[0].rpartition(" ")[2]
    return path.startswith(_LIBRARIES)


def chosen(symbols: Sequence[Symbol], pattern: str) -> tuple[tuple[Symbol, ...], int]:
    """The symbols that `:symbols PATTERN` shows, and how many of libraries it leaves out.

    Args:
        symbols: all of the session.
        pattern: a glob for names as IR or the source has them; or else a part of them; "" for the user's own, `*` or
            `all` for all.
    """
    from fnmatch import fnmatchcase

    wanted = pattern.removeprefix("@").strip('"')
    if not wanted:
        own = tuple(symbol for symbol in symbols if not is_of_a_library(symbol))
        return own, len(symbols) - len(own)
    found = tuple(s for s in symbols if fnmatchcase(s.name, wanted) or fnmatchcase(s.spelling, wanted))
    if found or any(letter in wanted for letter in "*?["):
        return found, 0
    if wanted in _EVERYTHING:
        return tuple(symbols), 0
    parts = tuple(symbol for symbol in symbols if wanted in (symbol.spelling.partition("(")[0] or symbol.name))
    own = tuple(symbol for symbol in parts if not is_of_a_library(symbol))
    return own or parts, len(parts) - len(own) if own else 0
