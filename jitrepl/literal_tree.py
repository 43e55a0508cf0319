"""The tree that `jitrepl.literals` reads values into, and how its parts are written.

Plain values: they are made once and not changed.
"""

from __future__ import annotations

from jitrepl.digits import decimal_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

CLOSERS: Final = {"[": "]", "(": ")", "{": "}", "<": ">", "<{": "}>"}
_NAME: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-$._")
_SHOWN: Final = 40


class Literal:
    """A value as it was written. `str()` gives text that reads back as an equal literal."""

    __slots__: tuple[str, ...] = ()

    def _parts(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Literal) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    @property
    def short(self) -> str:
        """What a message shows of it."""
        text = str(self)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({parts})"


class Number(Literal):
    """`5`, `-0x1f`, `2.5`, `0x1.8p3`, `0xK3FFF8000000000000000`: what starts like a number, unchecked."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def integer(self) -> int | None:
        """The value of a decimal, `0x`, `0b` or `0o` integer with optional sign and `_`; None for others."""
        try:
            if self.text.lstrip("+-")[:2].lower() in ("0x", "0b", "0o"):
                return int(self.text, 0)
            return decimal_integer(self.text) if self.text.isascii() else None
        except ValueError:
            return None


class String(Literal):
    """`"text"`, or `c"text"` (`raw`), to which nothing adds a NUL; `data`: the bytes between the quotes."""

    __slots__ = ("data", "raw")

    def __init__(self, data: bytes, raw: bool = False) -> None:
        self.data = data
        self.raw = raw

    def __str__(self) -> str:
        return f'{"c" * self.raw}"{escape(self.data)}"'


class Char(Literal):
    """`'a'`, `'\\n'`, `'é'`: `value` is the code point."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value

    def __str__(self) -> str:
        char = chr(self.value)
        if char in "'\\":
            return f"'\\{char}'"
        return f"'{char}'" if char.isprintable() or self.value > 255 else f"'\\x{self.value:02x}'"


class Symbol(Literal):
    """`@name` or `@"any name"`: the address of a symbol of the session; `name` without the `@`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return quoted(self.name)


class Word(Literal):
    """`true`, `null`, `undef`, `inf`, …: any other word. Python's True, False and None become IR's."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class Sequence(Literal):
    """Values in brackets; `kind` is the opening bracket: `[`, `(`, `{`, `<` or `<{`."""

    __slots__ = ("items", "kind")

    def __init__(self, kind: str, items: tuple[Literal, ...]) -> None:
        self.kind = kind
        self.items = items

    def __str__(self) -> str:
        return self.kind + ", ".join(map(str, self.items)) + CLOSERS[self.kind]


class Typed(Literal):
    """A value after its type: `i32 5`. `type_text` is the type as it was written."""

    __slots__ = ("type_text", "value")

    def __init__(self, type_text: str, value: Literal) -> None:
        self.type_text = type_text
        self.value = value

    def __str__(self) -> str:
        return f"{self.type_text} {self.value}"


def quoted(name: str, sigil: str = "@") -> str:
    """A name as IR writes it, in quotes where it needs them, as `1a` does (LangRef, "Identifiers").

    A value whose name is a number, `%1`, is one that has no other.
    """
    if name and _NAME.issuperset(name) and (not name[0].isdigit() or (sigil == "%" and name.isdigit())):
        return sigil + name
    return f'{sigil}"{escape(name.encode("utf-8", "surrogateescape"))}"'


def escape(data: bytes) -> str:
    """Bytes as LLVM writes them between quotes: `\\HH` for `"`, `\\` and what is not printable UTF-8."""
    if data.isascii() and b'"' not in data and b"\\" not in data and (text := data.decode()).isprintable():
        return text
    return "".join(
        char
        if char.isprintable() and char not in '"\\'
        else "".join(f"\\{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in data.decode("utf-8", "surrogateescape")
    )
