"""Colours for LLVM IR and for the commands of the shell: a Pygments lexer and a prompt_toolkit style.

The regular expressions and words come from `jitrepl.shell.vocabulary`; this module only says which of them
is which Pygments token. It follows llvm/lib/AsmParser/LLLexer.cpp with two liberties: a word that LLVM does
not know is a plain name (it may be half typed), and `name:` is a label at the start of a line, else a field.

Lexing is linear. LLVM's names, words, numbers and labels share their characters, so a run of these is
matched once and taken apart afterwards; to look ahead for a label's colon everywhere would be quadratic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from jitrepl.shell.vocabulary import Vocabulary, load

TOKEN_OF_CLASS: dict[str, _TokenType] = {
    "terminators": Keyword,
    "binary_operations": Keyword,
    "memory_operations": Keyword,
    "casts": Keyword,
    "other_operations": Keyword,
    "call_markers": Keyword,
    "types": Keyword.Type,
    "type_words": Keyword.Type,
    "constants": Keyword.Constant,
    "linkage": Keyword.Reserved,
    "preemption": Keyword.Reserved,
    "visibility": Keyword.Reserved,
    "dll_storage": Keyword.Reserved,
    "thread_local": Keyword.Reserved,
    "unnamed_address": Keyword.Reserved,
    "calling_conventions": Keyword.Reserved,
    "module_words": Keyword.Declaration,
    "comdat_kinds": Keyword.Reserved,
    "function_attributes": Name.Decorator,
    "parameter_attributes": Name.Decorator,
    "return_attributes": Name.Decorator,
    "old_attributes": Name.Decorator,
    "global_attributes": Name.Decorator,
    "attribute_arguments": Name.Decorator,
    "fast_math_flags": Keyword.Pseudo,
    "instruction_flags": Keyword.Pseudo,
    "instruction_words": Keyword.Pseudo,
    "orderings": Keyword.Pseudo,
    "atomic_operations": Operator.Word,
    "integer_predicates": Operator.Word,
    "float_predicates": Operator.Word,
    "debug_records": Keyword.Pseudo,
    "debug_constants": Name.Constant,
    "metadata_nodes": Name.Class,
    "metadata_kinds": Name.Attribute,
    "summary_words": Name.Property,
}
"""The Pygments token of each class of the vocabulary."""

COMMAND = Keyword.Namespace
"""The token of a command's name, `:call`."""

STYLE: dict[str, str] = {
    "pygments.comment": "ansibrightblack italic",
    "pygments.error": "ansired underline",
    "pygments.keyword": "ansiblue bold",
    "pygments.keyword.constant": "nobold ansimagenta",
    "pygments.keyword.declaration": "ansimagenta bold",
    "pygments.keyword.namespace": "ansigreen bold",
    "pygments.keyword.pseudo": "nobold ansiblue",
    "pygments.keyword.reserved": "nobold ansiblue",
    "pygments.keyword.type": "nobold ansicyan",
    "pygments.literal.number": "ansimagenta",
    "pygments.literal.string": "ansigreen",
    "pygments.name.attribute": "ansibrightblack",
    "pygments.name.class": "ansibrightblack bold",
    "pygments.name.constant": "ansibrightblack",
    "pygments.name.decorator": "ansibrightblack",
    "pygments.name.function": "ansigreen bold",
    "pygments.name.label": "ansired bold",
    "pygments.name.namespace": "ansibrightblack",
    "pygments.name.property": "ansibrightblack",
    "pygments.operator.word": "ansiblue",
}
"""prompt_toolkit styles by class; ANSI colours only, so that the terminal's theme keeps them readable."""

_Tokens = Iterator[tuple[int, _TokenType, str]]
_Rule = tuple[Any, ...]


class IRLexer(RegexLexer):
    """LLVM IR, and lines that start with `:` as commands of the shell.

    No text is lost or changed unless an option asks for it (Pygments strips newlines by default; this lexer
    does not). `Error` marks only what LLVM's lexer refuses too.
    """

    name = "LLVM IR (jitrepl)"
    aliases: ClassVar[list[str]] = ["jitrepl"]
    filenames: ClassVar[list[str]] = ["*.ll"]

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"stripnl": False, "ensurenl": False, **options})

    @classmethod
    def get_tokendefs(cls) -> dict[str, list[_Rule]]:
        """The rules, made when the first lexer is; Pygments asks once."""
        vocabulary = load()
        return {"root": _ir_rules(vocabulary), "command": _command_rules(vocabulary)}


def _ir_rules(vocabulary: Vocabulary) -> list[_Rule]:
    token = vocabulary.tokens
    return [
        (rf"^([ \t]*)({token['command']})", _after_indent(COMMAND), "command"),
        (rf"^([ \t]*)({token['label']})", _after_indent(Name.Label)),
        (r"[ \t\r\0]+|\n+", Whitespace),
        *_sigils(vocabulary),
        (token["run"] + ":?", _run),
        (f"{token['open']}|{token['close']}", Punctuation),
        (token["label"], Name.Property),
        (token["string"], String),
        (token["comment"], Comment.Single),
        # An open comment takes all the rest, or each further /* would look for the end again.
        (rf"{token['block_comment']}|/\*[\s\S]*", Comment.Multiline),
        (token["float"], Number.Float),
        (token["punctuation"], Punctuation),
        # A string or quoted name that nobody has closed yet; only its first line, the rest may be innocent.
        (r'[@%$!]?"[^"\n]*', String),
    ]


def _command_rules(vocabulary: Vocabulary) -> list[_Rule]:
    """A command's arguments: IR values, but also file names and options, so nothing is an error."""
    token = vocabulary.tokens
    return [
        (r"\n+", Whitespace, "#pop"),
        (r"[ \t]+", Whitespace),
        (r'"[^"\n]*"?', String),
        *_sigils(vocabulary),
        (token["float"] + r"(?![\w.])", Number.Float),
        (token["run"], _argument),
        (f"{token['open']}|{token['close']}|{token['punctuation']}", Punctuation),
        (".", Text),
    ]


def _sigils(vocabulary: Vocabulary) -> list[_Rule]:
    """What the first character gives away."""
    token = vocabulary.tokens
    return [
        (token["local"], Name.Variable),
        (token["global"], Name.Function),
        (token["metadata"], _metadata),
        (token["c_string"], String),
        (token["comdat"], Name.Namespace),
        (token["attribute_group"], Name.Decorator),
        (token["debug_record"], Keyword.Pseudo),
        (token["summary"], Name.Attribute),
    ]


def _after_indent(token: _TokenType) -> Callable[[Any, re.Match[str], Any], _Tokens]:
    def split(lexer: Any, match: re.Match[str], context: Any = None) -> _Tokens:
        if match[1]:
            yield match.start(1), Whitespace, match[1]
        yield match.start(2), token, match[2]

    return split


@cache
def _words() -> dict[str, _TokenType]:
    return {word: TOKEN_OF_CLASS[name] for word, name in load().class_of.items()}


@lru_cache(maxsize=4096)
def _word(word: str) -> _TokenType:
    kind = load().kind(word)
    return Name if kind is None else TOKEN_OF_CLASS[kind]


def _metadata(lexer: Any, match: re.Match[str], context: Any = None) -> _Tokens:
    yield match.start(), _words().get(match[0], Name.Attribute), match[0]


@cache
def _piece() -> re.Pattern[str]:
    token = load().tokens
    parts = "|".join(f"(?P<{name}>{token[name]})" for name in ("float", "integer", "comdat", "ellipsis", "word"))
    return re.compile(parts + "|(?P<unknown>.)")


_TOKEN_OF_PIECE: dict[str, _TokenType] = {
    "float": Number.Float,
    "integer": Number.Integer,
    "comdat": Name.Namespace,
    "ellipsis": Punctuation,
    "unknown": Error,
}


def _run(lexer: Any, match: re.Match[str], context: Any = None) -> _Tokens:
    """Take a run of label characters apart: mostly it is one word, `ptr...` is two tokens."""
    start, run = match.start(), match[0]
    if (token := _words().get(run)) is not None:
        yield start, token, run
    elif run.endswith(":"):
        yield start, Name.Property, run
    else:
        for piece in _piece().finditer(run):
            kind = piece.lastgroup or "unknown"
            token = _word(piece[0]) if kind == "word" else _TOKEN_OF_PIECE[kind]
            yield start + piece.start(), token, piece[0]


def _argument(lexer: Any, match: re.Match[str], context: Any = None) -> _Tokens:
    """A run in a command line counts only as a whole: `add.ll` is a file, not an instruction."""
    run = match[0]
    piece = _piece().fullmatch(run)
    kind = piece.lastgroup if piece else None
    if kind == "word":
        token = _word(run)
        token = Text if token is Name else token
    else:
        token = _TOKEN_OF_PIECE.get(kind or "", Text)
    yield match.start(), Text if token is Error else token, run
