"""The words and tokens of LLVM IR, read from `grammars/llvm-ir.toml`.

The lexer, the completer and "is this input complete?" all ask here; which LLVM the facts are from, and how
they were verified, stands at the top of that file.
"""

from __future__ import annotations

import os  # `pathlib` would cost 4 ms of the time to the first prompt
import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from types import MappingProxyType

from jitrepl.errors import InternalError
from jitrepl.records import Record

_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class Vocabulary(Record):
    """What LLVM IR text is made of.

    Attributes:
        llvm: the LLVM version that the facts hold for, like "22.1".
        tokens: token name to regular expression.
        words: class name to its words, the class that wins a shared word first.
        families: class name to the pattern of a whole word, for open sets such as `i32` or `DW_OP_plus`.
        module_starters: words that may start a top-level entity.
        body_starters: words that may start an instruction.
        block_enders: opcodes whose statement is the last of its block.
    """

    llvm: str
    tokens: Mapping[str, str]
    words: Mapping[str, frozenset[str]]
    families: Mapping[str, str]
    module_starters: frozenset[str]
    body_starters: frozenset[str]
    block_enders: frozenset[str]

    @cached_property
    def class_of(self) -> Mapping[str, str]:
        """Each word's first class, the one that colours it. `kind` also knows the open families."""
        found: dict[str, str] = {}
        for name, words in self.words.items():
            for word in words:
                found.setdefault(word, name)
        return MappingProxyType(found)

    @cached_property
    def all_words(self) -> tuple[str, ...]:
        """All words in order, for a completer; metadata nodes and kinds carry their `!`."""
        return tuple(sorted(self.class_of))

    @cached_property
    def _families(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((name, re.compile(pattern)) for name, pattern in self.families.items())

    def kind(self, word: str) -> str | None:
        """The class that colours a word, or None when LLVM knows no such word."""
        if (name := self.class_of.get(word)) is not None:
            return name
        return next((name for name, pattern in self._families if pattern.fullmatch(word)), None)

    def kinds(self, word: str) -> tuple[str, ...]:
        """All classes of a word: `weak` is a linkage and a flag of `cmpxchg`."""
        listed = [name for name, words in self.words.items() if word in words]
        listed += [name for name, pattern in self._families if pattern.fullmatch(word)]
        return tuple(dict.fromkeys(listed))


def grammar_path(name: str) -> str:
    """Where a file of `grammars/` is: inside the installed package, or beside it in a checkout.

    Args:
        name: the file's name, like "llvm-ir.toml".

    Raises:
        InternalError: the file is in neither place.
    """
    places = [os.path.join(folder, "grammars", name) for folder in (_PACKAGE, os.path.dirname(_PACKAGE))]
    for place in places:
        if os.path.isfile(place):
            return place
    raise InternalError(
        f"the data file {name} is missing from this installation",
        "install jitrepl again; looked for " + " and ".join(places),
    )


@cache
def load() -> Vocabulary:
    """The vocabulary of the LLVM that jitrepl is built on; read once.

    Raises:
        InternalError: the data file is missing or is not what it should be.
    """
    path = grammar_path("llvm-ir.toml")
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
        words = {name: frozenset(text.split()) for name, text in data["words"].items()}
        starters = data["starters"]
        return Vocabulary(
            llvm=data["llvm"],
            tokens=MappingProxyType(data["tokens"]),
            words=MappingProxyType(words),
            families=MappingProxyType(data["families"]),
            module_starters=_expand(starters["module"], words),
            body_starters=_expand(starters["body"], words),
            block_enders=_expand(starters["block_enders"], words),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise InternalError(f"the data file {path} is damaged: {error}", "install jitrepl again") from error


def _expand(names: list[str], words: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Class names become their words; a word stays."""
    return frozenset(word for name in names for word in words.get(name, {name}))
