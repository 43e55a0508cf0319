"""Texts and lists in the spelling of a language, cut where they get long."""

from __future__ import annotations

from jitrepl.worker.source.sourcetypes import RUST

ITEMS = 100
"""So many elements of a sequence are printed; Python gets more."""
LETTERS = 1000
"""So many bytes of a text are printed."""


def list_text(texts: list[str], count: int, language: str) -> str:
    """A list of `count` elements, the first of which are given."""
    left, right = "[]" if language == RUST else "{}"
    return f"{left}{', '.join(texts)}{more(count)}{right}"


def more(count: int) -> str:
    """What stands for those of `count` elements that are not printed; "" if all are."""
    return f", … {count - ITEMS} more" if count > ITEMS else ""


def tuple_text(texts: list[str], language: str) -> str:
    """A tuple of some values."""
    if language == RUST:
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    return f"{{{', '.join(texts)}}}"


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\\": "\\\\"}


def escaped(text: str, quote: str, language: str) -> str:
    """A text as it stands between two `quote`s."""
    parts = []
    for letter in text:
        if letter == quote:
            parts.append(f"\\{letter}")
        elif letter in _ESCAPES:
            parts.append(_ESCAPES[letter])
        elif letter.isprintable():
            parts.append(letter)
        elif 0xDC80 <= ord(letter) <= 0xDCFF:  # a byte that is no UTF-8
            parts.append(f"\\x{ord(letter) - 0xDC00:02x}")
        elif language == RUST:
            parts.append(f"\\u{{{ord(letter):x}}}")
        else:
            parts.append(f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\U{ord(letter):08x}")
    return "".join(parts)


def quoted_text(data: bytes, language: str) -> str:
    """A text in quotes, cut where it is too long."""
    shown = data[:LETTERS].decode("utf-8", "surrogateescape")
    rest = f"… {len(data) - LETTERS} more bytes" if len(data) > LETTERS else ""
    return f'"{escaped(shown, chr(34), language)}"{rest}'
