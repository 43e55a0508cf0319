"""The values a user types after `:call f`, as text and as a small tree.

The grammar is LLVM IR's constants (LangRef, "Constants") with what people type instead: `1 2` without
types or commas, `'a'`, `"text"`, `[1, 2]` for a pointer, `(1, 2)` for any aggregate. What a literal *means*
depends on the parameter it is for: `jitrepl.worker.values` decides that.
"""

from __future__ import annotations

from jitrepl.digits import integer_text
from jitrepl.errors import ArgumentError
from jitrepl.literal_tree import (
    CLOSERS,
    Char,
    Literal,
    Number,
    Sequence,
    String,
    Symbol,
    Typed,
    Word,
)
from jitrepl.structs import Struct

__all__ = [
    "Char",
    "Literal",
    "Number",
    "Sequence",
    "String",
    "Symbol",
    "Typed",
    "Word",
    "parse",
    "quote",
    "split_arguments",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# A loop over user text must not run into Python's recursion limit, here or where the tree is used.
DEEPEST: Final = 100

_PUNCTUATION: Final = frozenset("[](){}<>\"',")
_SCALARS: Final = frozenset(
    ("half", "bfloat", "float", "double", "x86_fp80", "fp128", "ppc_fp128", "ptr"),
)
_ZEROS: Final = ("zeroinitializer", "undef", "poison")
_ESCAPES: Final = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, '"': 34, "'": 39}
_PYTHON_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def split_arguments(text: str) -> tuple[str, ...]:
    """Cut the rest of a command line into one text per argument.

    Whitespace and commas separate; brackets and quotes group; a type belongs to the value after it, so
    `i32 5, ptr null` is two arguments and `<2 x i8> <i8 1, i8 2>` is one. `{} {}` is one typed value,
    `{}, {}` are two.

    Raises:
        ArgumentError: a bracket or quote is not closed, or a type has no value.
    """
    if _PUNCTUATION.isdisjoint(text):
        words = text.split()
        for word in words:
            if _is_scalar_type(word) or word[0] == "%":
                break
        else:
            return tuple(words)
    return tuple(text[start:end] for start, _, end in _Reader(text).items(""))


def parse(text: str) -> Literal:
    """Read one argument.

    Raises:
        ArgumentError: it is not one well-formed value; the message says where.
    """
    if text.isascii() and text.isdigit():
        return Number(text)
    found = _Reader(text).items("")
    if len(found) != 1:
        raise ArgumentError("a value is missing" if not found else f"{len(found)} values where one is wanted: {text}")
    return found[0][1]


def quote(value: object, use: str = "passed to a function") -> str:
    """The literal for a Python argument of `Session.call`, or for what a host function returns.

    Args:
        value: bool, int, float, None (`null`), str (`"…"`), bytes or bytearray (`c"…"`), or a list (`[…]`), a tuple
            (`(…)`, any aggregate) or a dict (a struct by the names of its fields) of these.
        use: what an error says that any other value cannot be.

    Raises:
        ArgumentError: any other type, or lists in lists without end.
    """
    return _quote(value, use, 0)


def _quote(value: object, use: str, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return integer_text(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if type(value).__name__ == "Decimal":  # what a float wider than a double comes out as
        return str(value)
    if isinstance(value, str):
        return str(String(refuse_surrogates(value)))
    if isinstance(value, bytes | bytearray):
        return str(String(bytes(value), raw=True))
    if isinstance(value, list | tuple | dict):
        if depth == DEEPEST:
            raise ArgumentError(f"a Python {type(value).__name__} is nested more than {DEEPEST} deep")
        parts = [_quote(item, use, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
        if isinstance(value, list):
            return f"[{', '.join(parts)}]"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{name}: {part}' for name, part in zip(value, parts, strict=True))}}}"
        variant = isinstance(value, Struct) and "::" in value._name  # one of an enum needs its name
        return f"{value._name if variant else ''}({', '.join(parts)})"  # type: ignore[attr-defined]
    raise ArgumentError(
        f"a Python {type(value).__name__} cannot be {use}",
        "accepted: bool, int, float, Decimal, None, str, bytes, and lists, tuples and dicts of these",
    )


def refuse_surrogates(text: str) -> bytes:
    """The bytes of a text from Python.

    Raises:
        ArgumentError: if it has half a character in it.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ArgumentError(f"{text!a} has a lone surrogate and no UTF-8 form") from None


def _is_scalar_type(word: str) -> bool:
    return word in _SCALARS or (word[:1] == "i" and word[1:].isdecimal())


_AROUND = 60
"""So many characters are shown before and behind one that is wrong."""


class _Reader:
    """Reads values from left to right; `pos` is the next character."""

    __slots__ = ("depth", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.depth = 0

    def wrong(self, at: int, problem: str, hint: str = "") -> ArgumentError:
        """The error for what is wrong with a character, which it points at."""
        begin = max(at - _AROUND, 0)
        shown = self.text[begin : at + _AROUND].replace("\t", " ")
        return ArgumentError(f"{problem}\n  {shown}\n  {' ' * (at - begin)}^", hint)

    def items(self, closer: str, opener: str = "", opened: int = 0) -> list[tuple[int, Literal, int]]:
        """The values up to `closer` ("": the end of the text), each between its start and end."""
        text = self.text
        found: list[tuple[int, Literal, int]] = []
        while True:
            start = self.pos = self.blank(self.pos)
            if start == len(text) and closer:
                raise self.wrong(opened, f"the {opener} is never closed: {closer} is missing")
            if start == len(text) or (closer and text.startswith(closer, start)):
                self.pos = start + len(closer)
                return found
            if text[start] == ",":
                raise self.wrong(start, "a value is missing before the comma")
            if text[start] in "])}>":
                if closer:
                    raise self.wrong(start, f"{closer} is wanted here, not {text[start]}")
                raise self.wrong(start, f"the {text[start]} closes nothing")
            value = self.value()
            found.append((start, value, self.pos))
            self.pos = self.blank(self.pos)
            if text.startswith(",", self.pos):
                self.pos += 1

    def value(self) -> Literal:
        """One value with or without its type in front."""
        text, start = self.text, self.pos
        end = self.type_end(start)
        if end < 0:
            return self.bare()
        # `{}` is a type and its own only value; it is the type where such a value follows.
        hollow = frozenset("{}<>, \t\n").issuperset(text[start:end])
        follows = self.blank(end)
        if follows == len(text) or text[follows] in ",])}>":
            if not hollow:
                raise ArgumentError(f"a value is missing after the type {text[start:end]}")
        elif not hollow or text[follows] in "{<" or text.startswith(_ZEROS, follows):
            self.pos = follows
            return Typed(text[start:end], self.bare())
        return self.bare()

    def bare(self) -> Literal:
        """One value that has no type in front."""
        text, start = self.text, self.pos
        first = text[start]
        if first in "[({<":
            return self.sequence("<{" if text.startswith("<{", start) else first)
        if first == '"':
            return String(self.quoted(start))
        if first == "c" and text.startswith('"', start + 1):
            return String(self.quoted(start + 1), raw=True)
        if first == "@" and text.startswith('"', start + 1):
            return Symbol(self.quoted(start + 1, names=True).decode("utf-8", "surrogateescape"))
        if first == "'":
            return self.char()
        self.pos = self.word_end(start)
        word = text[start : self.pos]
        if first == "@":
            if word == "@":
                raise self.wrong(start, "a name is missing after the @")
            return Symbol(word[1:])
        if _is_scalar_type(word):
            raise self.wrong(start, f"a value is wanted here, not the type {word}")
        if word.lstrip("+-")[:1] in tuple("0123456789."):
            return Number(word)
        return Word(_PYTHON_WORDS.get(word, word))

    def sequence(self, kind: str) -> Sequence:
        opened = self.pos
        self.pos += len(kind)
        self.deeper()
        items = self.items(CLOSERS[kind], kind, opened)
        self.depth -= 1
        return Sequence(kind, tuple(value for _, value, _ in items))

    def quoted(self, opened: int, names: bool = False) -> bytes:
        """The bytes of the quoted text whose quote is at `opened`; in names only LLVM's `\\HH` escapes."""
        text, pos = self.text, opened + 1
        out = bytearray()
        while True:
            ends = [at for at in (text.find('"', pos), text.find("\\", pos)) if at >= 0]
            if not ends:
                raise self.wrong(opened, 'the " is never closed: " is missing')
            stop = min(ends)
            out += text[pos:stop].encode("utf-8", "surrogateescape")
            if text[stop] == '"':
                self.pos = stop + 1
                return bytes(out)
            byte, pos = self.escaped(stop, names)
            out.append(byte)

    def escaped(self, pos: int, names: bool = False) -> tuple[int, int]:
        """The byte that the escape at `pos` stands for, and where the text goes on."""
        text = self.text
        for lead in (1,) if names else (1, 2):
            digits = text[pos + lead : pos + lead + 2]
            # LLVM's two digits come first, so `\0a` is a newline, not NUL and `a`.
            if (lead == 1 or text.startswith("x", pos + 1)) and len(digits) == 2 and _HEX.issuperset(digits):
                return int(digits, 16), pos + lead + 2
        char = text[pos + 1 : pos + 2]
        if char in _ESCAPES and (not names or char == "\\"):
            return _ESCAPES[char], pos + 2
        raise self.wrong(pos, f"\\{char} is not an escape", "escapes: \\n \\t \\r \\0 \\\\ \\\" \\' \\xHH \\HH")

    def char(self) -> Char:
        text, start = self.text, self.pos
        wrong = self.wrong(start, "the ' wants one character and another '")
        if text.startswith("\\", start + 1):
            value, end = self.escaped(start + 1)
        else:
            char, end = text[start + 1 : start + 2], start + 2
            if char in ("", "'"):
                raise wrong
            value = ord(char)
        if not text.startswith("'", end):
            raise wrong
        self.pos = end + 1
        return Char(value)

    def type_end(self, start: int) -> int:
        """Where the type that begins at `start` ends, or -1 when none does."""
        text = self.text
        first = text[start : start + 1]
        if first == "%":
            if not text.startswith('"', start + 1):
                return self.word_end(start + 1)
            kept = self.pos
            self.quoted(start + 1, names=True)
            end, self.pos = self.pos, kept
            return end
        if first == "{" or text.startswith("<{", start):
            kind = "{" if first == "{" else "<{"
            return self.fields_end(start + len(kind), CLOSERS[kind])
        if first in ("[", "<"):
            return self.elements_end(start + 1, CLOSERS[first])
        end = self.word_end(start)
        word = text[start:end]
        if word == "ptr" and text.startswith("addrspace", space := self.blank(end)):
            closed = text.find(")", space)
            return closed + 1 if closed > 0 else end
        return end if _is_scalar_type(word) else -1

    def fields_end(self, pos: int, closer: str) -> int:
        pos = self.blank(pos)
        if self.text.startswith(closer, pos):
            return pos + len(closer)
        self.deeper()
        try:
            while (end := self.type_end(pos)) > 0:
                pos = self.blank(end)
                if self.text.startswith(closer, pos):
                    return pos + len(closer)
                if not self.text.startswith(",", pos):
                    return -1
                pos = self.blank(pos + 1)
            return -1
        finally:
            self.depth -= 1

    def elements_end(self, pos: int, closer: str) -> int:
        """The end of `4 x i32]` or `vscale x 4 x i32>`."""
        for _ in range(2):
            start = self.blank(pos)
            count = self.text[start : (pos := self.word_end(start))]
            start = self.blank(pos)
            if not (count.isdecimal() or count == "vscale") or self.text[start : (pos := self.word_end(start))] != "x":
                return -1
            if count != "vscale":
                break
        self.deeper()
        end = self.type_end(self.blank(pos))
        self.depth -= 1
        if end < 0 or not self.text.startswith(closer, end := self.blank(end)):
            return -1
        return end + len(closer)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ArgumentError(f"brackets are nested more than {DEEPEST} deep")

    def blank(self, pos: int) -> int:
        """The first position from `pos` on that holds no whitespace."""
        text = self.text
        while pos < len(text) and text[pos].isspace():
            pos += 1
        return pos

    def word_end(self, pos: int) -> int:
        text = self.text
        while pos < len(text) and text[pos] not in _PUNCTUATION and not text[pos].isspace():
            pos += 1
        return pos
