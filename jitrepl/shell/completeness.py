"""Is this input complete, or does Enter open another line? And how far is that line indented?

Nothing here parses: brackets, strings, comments and names are told apart with the token patterns of
`jitrepl.shell.vocabulary`. Input that is wrong already, whatever may follow, counts as complete, so that LLVM says what
is wrong with it before more is typed: C, a `define` whose name has no `@`, a letter that IR does not have.
"""

from __future__ import annotations

import re
from functools import cache

from jitrepl.shell.inputs import is_shell_line
from jitrepl.shell.vocabulary import load

_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}
_CLOSER = {opener: closer for closer, opener in _CLOSES.items()}
_BEFORE_NAME = {
    "types", "type_words", "linkage", "preemption", "visibility", "dll_storage", "calling_conventions", "module_words",
    "parameter_attributes", "return_attributes", "function_attributes", "old_attributes", "unnamed_address",
}  # fmt: skip
"""The classes of words that stand between `define` and the function's name."""
_INDENT = "  "


def is_complete(text: str, *, blank_lines_submit: bool = True) -> bool:
    """Whether Enter at the end of `text` should submit it.

    Incomplete are: an open string, quoted name, comment or bracket; a `define` whose body has not begun; a
    last line that ends in `,`, `=` or a backslash. All else is complete, and so is wrong input (a bracket
    that closes nothing). Of several pasted entities the last one decides. A line that starts with `:` is a
    command and complete by itself.

    Args:
        text: what was typed, without the newline of this Enter.
        blank_lines_submit: two blank lines at the end submit whatever is there, so that nobody is trapped in
            an input that will not end. Leave it out where no one presses keys: IR in files has blank lines.
    """
    if not text.strip() or is_shell_line(text):
        return True
    if blank_lines_submit and not any(line.strip() for line in text.split("\n")[-2:]):
        return True
    return not _scan(text).open


def indent(text: str) -> str:
    """The indentation for the line that follows `text`.

    Two spaces for each open `{`, `[` and `(`; none where a label or the closing `}` of a function comes next,
    that is after a terminator.

    Args:
        text: what was typed, without the newline of this Enter.
    """
    state = _scan(text)
    if state.in_token:
        return ""
    if len(state.brackets) == 1 and state.in_body and state.statement in load().block_enders and not state.trailing:
        return ""
    return _INDENT * sum(1 for bracket in state.brackets if bracket != "<")


def ends_label(text: str) -> bool:
    """Whether a `:` behind `text` would make the last word a label of a function's body.

    Args:
        text: what stands before the cursor.
    """
    word = text.rpartition("\n")[2].strip()
    state = _scan(text)
    return state.in_body and len(state.brackets) == 1 and re.fullmatch(load().tokens["run"], word) is not None


def open_for(text: str) -> str:
    """Why an input goes on, in a few words; "" if whoever typed it will know.

    That is where a bracket or quote stays open and more stands behind it on its line, and where the last line is
    blank: somebody has pressed Enter twice.

    Args:
        text: what was typed, without the newline of the last Enter.
    """
    state = _scan(text)
    if not state.open or (state.trailing and text.split("\n")[-1].strip()):
        return ""
    patient = not text.split("\n")[-1].strip()
    if state.in_token:
        return f"{_OPENED[state.previous[:2]]} of line {text.count(chr(10), 0, state.token_at) + 1} is not closed"
    if not state.brackets:
        return "the body of the function is missing" if patient and state.awaits_body else ""
    bracket, at = state.brackets[-1], state.opened_at[-1]
    line = text.count("\n", 0, at) + 1
    behind = text[at + 1 :].partition("\n")[0]
    comment = behind.partition(";")[2]
    if _CLOSER[bracket] in comment:
        return f"the {_CLOSER[bracket]} in line {line} is in a comment, which `;` begins"
    return f"the {bracket} of line {line} is not closed" if patient or behind.split(";")[0].strip() else ""


class _Opened(dict[str, str]):
    def __missing__(self, begin: str) -> str:
        return "the string" if begin.startswith('"') else "the name in quotes"


_OPENED = _Opened({"/*": "the comment"})
"""What a token without an end is, by what it begins with."""


class _State:
    """What is open at the end of a text."""

    in_token: bool = False  # a string, quoted name or block comment has no end yet
    in_body: bool = False  # the outermost bracket is a function's body
    awaits_body: bool = False  # a `define` without its `{`
    name: str = ""  # the function's
    has_name: bool = False  # … whose @name has been seen
    has_parameters: bool = False  # … and whose parameter list is closed
    data_braces: int = 0  # … and whose prefix or prologue data has this many `{…}` to come
    in_header: bool = False  # between `define` or `declare` and the name
    broken: bool = False  # no text that begins like this is IR
    begins: bool = True  # an entity comes next: a definition, metadata, an instruction
    token_at: int = 0  # where the last token begins
    trailing: bool = False  # the last token asks for more
    ends_in_command: bool = False
    statement: str = ""  # the word that the current instruction starts with
    line_start: bool = True
    previous: str = ""  # the last token

    def __init__(self) -> None:
        self.brackets: list[str] = []
        self.opened_at: list[int] = []

    @property
    def open(self) -> bool:
        if self.broken or self.ends_in_command:
            return False
        return self.in_token or bool(self.brackets) or self.awaits_body or self.trailing

    def token(self, kind: str, text: str) -> None:
        """Take one token that is neither space nor comment."""
        self.broken |= self._is_foreign(kind, text)
        self.begins = False
        if self.previous in ("prefix", "prologue") and text != "{":
            self.data_braces = int(kind == "name" and text[0] == "%")
        if kind == "open":
            self._opened(text)
        elif kind == "close":
            self._closed(text)
        elif kind == "name" and not self.brackets and text[0] == "@":
            self.name = self.name if self.has_name else text
            self.has_name, self.in_header = True, False
        elif kind == "run":
            self._run(text)
        if self.line_start and kind == "run" and text.endswith(":"):
            self.statement = ""  # a label: instructions follow
        elif self.line_start:
            self.line_start = False
            if len(self.brackets) == 1 and kind != "close":
                self.statement = text
        self.trailing = text in (",", "=", "\\")
        self.previous = text

    def _opened(self, bracket: str) -> None:
        if bracket == "{" and not self.brackets and self.awaits_body and self.has_parameters:
            if self.data_braces:
                self.data_braces -= 1
            else:
                self.awaits_body, self.in_body, self.statement = False, True, ""
        self.brackets.append(bracket)
        self.opened_at.append(self.token_at)

    def _is_foreign(self, kind: str, text: str) -> bool:
        """Whether a token cannot stand here, whatever follows."""
        if kind == "other" and not (text.isascii() and text in _SIGNS):
            return True
        if self.begins:
            word = kind == "run" and text not in load().module_starters | load().body_starters
            return bool(text) and (
                (word and "." not in text) or kind in ("open", "open_quoted", "quoted") or text in _NEVER_FIRST
            )
        if self.awaits_body and self.brackets and self.has_name and kind == "run":
            return text in load().block_enders  # the parameters were never closed
        if self.brackets:
            return False
        if self.previous == self.name and self.awaits_body and not self.has_parameters:
            return text != "("
        if self.in_header and kind == "name":
            return text[0] == "@" and self.previous in ("define", "declare")  # the type is missing
        if self.in_header and kind == "run" and not text[0].isdecimal():
            return _BEFORE_NAME.isdisjoint(load().kinds(text))  # a name without its `@`
        return False

    def _closed(self, bracket: str) -> None:
        if not self.brackets or self.brackets.pop() != _CLOSES[bracket]:
            self.broken = True
            return
        self.opened_at.pop()
        if not self.brackets:
            self.begins = self.in_body
            self.in_body = False
            self.has_parameters |= bracket == ")" and self.has_name

    def _run(self, word: str) -> None:
        if self.brackets:
            return
        if word == "define" or (self.line_start and word in load().module_starters):
            self.awaits_body = word == "define"
            self.has_name = self.has_parameters = False
            self.in_header = word in ("define", "declare")
            self.name = ""
            self.data_braces = 0
        elif word in ("prefix", "prologue"):
            self.data_braces = 2  # a type and a value, either of which may be in braces


@cache
def _pattern() -> re.Pattern[str]:
    token = load().tokens
    quoted = r'[@%$!]?"[^"]*'
    return re.compile(
        r"^[ \t]*(?P<command>:[^\n]*)"
        r"|(?P<space>[ \t\r\0]+)|(?P<newline>\n)"
        rf"|(?P<comment>{token['comment']}|{token['block_comment']})|(?P<open_comment>/\*[\s\S]*)"
        rf"|(?P<quoted>{quoted}\")|(?P<open_quoted>{quoted})"
        rf"|(?P<name>{token['global']}|{token['local']}|{token['metadata']}|{token['comdat']})"
        rf"|(?P<run>{token['run']}:?)"
        rf"|(?P<open>{token['open']})|(?P<close>{token['close']})|(?P<other>[\s\S])",
        re.MULTILINE,
    )


_SIGNS = "=,*|:!#/@%$^\\"
"""What is no name, word or bracket by itself, and may stand in IR; a backslash asks for another line."""


_NEVER_FIRST = "=,*|:#/"


def _scan(text: str) -> _State:
    state = _State()
    for match in _pattern().finditer(text):
        kind = match.lastgroup or "other"
        if kind == "newline":
            state.line_start = True
        elif kind == "command":
            state.ends_in_command, state.trailing, state.begins = True, False, True
        elif kind not in ("space", "comment"):
            state.ends_in_command = False
            state.in_token = kind.startswith("open_")
            state.token_at = match.start()
            # A quoted name is a name, a plain string is neither name nor word.
            name = kind in ("quoted", "open_quoted") and match[0][0] != '"'
            state.token("name" if name else kind, match[0])
    return state
