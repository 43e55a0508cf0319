"""The grammar of command lines: how each kind of parameter is read from the text after a command.

An annotation of a command's parameter names a kind; the names below exist for that.
"""

from __future__ import annotations

from jitrepl.digits import counted
from jitrepl.errors import UsageError
from jitrepl.literal_tree import String
from jitrepl.literals import parse, split_arguments
from jitrepl.shell.settings import SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.shell.commands.registry import Command

Name = str
"""The name of a function: `sum`, `@sum` or `@"any name"`."""
SignatureText = str
"""A function type in quotes, or nothing."""
Literals = tuple[str, ...]
"""The rest of the line as values."""
Words = tuple[str, ...]
"""The rest of the line as words, quoted as in a POSIX shell."""
Paths = tuple[str, ...]
"""Paths, at least one, up to the end of the line or to `--`."""
File = str
"""One path, up to the end of the line."""
Flags = tuple[str, ...]
"""What stands behind `--`: flags for a compiler."""
Count = int
"""A number from 1."""
Word = str
"""A word."""
Text = str
"""The rest of the line as it is."""
Thing = str
"""What has a name in the session, a symbol, type or module; the rest of the line."""
Loaded = str
"""A file that the session has loaded; the rest of the line."""
OnOff = str
"""`on` or `off`."""
SettingName = str
"""The name of a setting."""
Input = str
"""Another input: a command, with or without its colon, a path or a call."""
ShellLine = str
"""The rest of the line, for another shell; a `;` in it begins no comment."""


class Reader:
    """How a kind of parameter is read.

    Args:
        read: gives the value and what is left of the line; None for the value if there is none.
        label: what the help calls it; "" for the parameter's own name.
        optional: whether it may be missing.
        choices: the words that it can be, if they are known.
    """

    def __init__(
        self,
        read: Callable[[str], tuple[object, str]],
        label: str = "",
        optional: bool = False,
        choices: tuple[str, ...] = (),
    ) -> None:
        self.read = read
        self.label = label
        self.optional = optional
        self.choices = choices


def read_arguments(command: Command, rest: str) -> list[object]:
    """Read the text after a command's name by the command's parameters.

    Raises:
        UsageError: if something is missing or left over.
        ArgumentError: if a bracket or quote is not closed.
    """
    values: list[object] = []
    for index, (name, kind) in enumerate(command.params):
        value, rest = READERS[kind].read(rest)
        if value is None:
            if index >= command.required:
                break
            wanted = (READERS[kind].label or name.upper()).rstrip("…")
            raise UsageError(f":{command.name} wants {wanted}: {command.usage}", f"`:help {command.name}` says more")
        values.append(value)
    if rest:
        raise UsageError(f":{command.name} takes no `{rest}`: {command.usage}", f"`:help {command.name}` says more")
    return values


def cut(text: str) -> tuple[str, str]:
    """The first word of a text, and what follows it."""
    word, *rest = text.split(None, 1) or [""]
    return word, rest[0] if rest else ""


def _read_signature(text: str) -> tuple[object, str]:
    if not text.startswith('"'):
        return "", text
    end = text.find('"', 1)
    if end < 0:
        raise UsageError("the closing quote is missing", 'a function type is written like `"double (double)"`')
    if not _is_function_type(text[1:end], text[end + 1 :].split()[:1]):
        return "", text  # a name in quotes
    return text[1:end], text[end + 1 :].lstrip()


_TYPES = frozenset(("void", "half", "bfloat", "float", "double", "fp128", "x86_fp80", "ppc_fp128", "ptr"))


_VALUES = ("true", "false", "null", "inf", "nan", "undef", "poison", "zeroinitializer", *_TYPES)


def _is_function_type(text: str, following: list[str]) -> bool:
    """Whether a text in quotes is an IR type, `i32 (ptr)`, rather than a name, `add(int, int)`.

    Args:
        text: what is in the quotes.
        following: the next word, if there is one: a name follows a type, values follow a name.
    """
    if following and (following[0][0].isalpha() or following[0][0] in "@_") and following[0] not in _VALUES:
        return True
    word = text.partition("(")[0].rstrip().rpartition(" ")[2]
    if text.startswith(("{", "[", "<", "%")) or word[:1] in ("}", "]", ">", "%"):
        return True
    return word in _TYPES or (word[:1] == "i" and word[1:].isdecimal())


def _read_name(text: str) -> tuple[object, str]:
    if text.startswith(('@"', '"')):
        start = text.index('"')
        end = text.find('"', start + 1)
        if end < 0:
            raise UsageError("the name's closing quote is missing")
        literal = parse(text[start : end + 1])
        assert isinstance(literal, String)
        return literal.data.decode("utf-8", "surrogateescape"), text[end + 1 :].lstrip()
    word = text.split(None, 1)[0] if text else ""
    name, parenthesis, _ = word.partition("(")
    rest = text[len(name) :].strip()
    # `:call sum(1, 2)` is what hands type by themselves.
    if parenthesis and rest.endswith(")"):
        rest = rest[1:-1]
    return name.removeprefix("@") or None, rest


def _read_literals(text: str) -> tuple[object, str]:
    return split_arguments(text), ""


def _read_paths(text: str) -> tuple[object, str]:
    import shlex

    if not text:
        return None, ""
    words = _words(text, "paths")
    end = words.index("--") if "--" in words else len(words)
    return tuple(words[:end]) or None, shlex.join(words[end:])


def _read_file(text: str) -> tuple[object, str]:
    words = _words(text, "path")
    if len(words) > 1:
        raise UsageError(f"one path is wanted, not {len(words)}", f'a path with spaces is quoted: "{text}"')
    return (words[0] if words else None), ""


def _read_words(text: str) -> tuple[object, str]:
    return _words(text, "arguments"), ""


def _words(text: str, what: str) -> tuple[str, ...]:
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError as problem:
        raise UsageError(f"the {what} cannot be read: {problem}".lower()) from None


def _read_flags(text: str) -> tuple[object, str]:
    import shlex

    return tuple(shlex.split(text)[1:]) or None, ""


def _read_word(text: str) -> tuple[object, str]:
    word, rest = cut(text)
    return word or None, rest


def _read_count(text: str) -> tuple[object, str]:
    word, rest = cut(text)
    if not word:
        return None, ""
    count = counted(word)
    if not count:
        raise UsageError(f"a number from 1 is wanted, not {word}")
    return count, rest


def _read_text(text: str) -> tuple[object, str]:
    return text or None, ""


READERS = {
    "Name": Reader(_read_name),
    "SignatureText": Reader(_read_signature, '"TYPE"', optional=True),
    "Literals": Reader(_read_literals, "ARGS…", optional=True),
    "Words": Reader(_read_words, "ARGS…", optional=True),
    "Paths": Reader(_read_paths, "PATH…"),
    "File": Reader(_read_file),
    "Flags": Reader(_read_flags, "-- FLAGS…", optional=True),
    "Count": Reader(_read_count),
    "Word": Reader(_read_word),
    "OnOff": Reader(_read_word, choices=("on", "off")),
    "SettingName": Reader(_read_word, choices=tuple(SETTINGS)),
    "Thing": Reader(_read_text),
    "Loaded": Reader(_read_text),
    "Text": Reader(_read_text),
    "Input": Reader(_read_text),
    "ShellLine": Reader(_read_text),
}
