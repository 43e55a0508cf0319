"""Is this input complete, or does Enter open another line? And how far is that line indented?

Nothing here parses: brackets, strings, comments and names are told apart with the token patterns of
`jitrepl.shell.vocabulary`, and wrong input counts as complete so that LLVM can say what is wrong with it.
"""

from __future__ import annotations

import re
from functools import cache

from jitrepl.shell.vocabulary import load

_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}
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
    if not text.strip():
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


class _State:
    """What is open at the end of a text."""

    in_token: bool = False  # a string, quoted name or block comment has no end yet
    in_body: bool = False  # the outermost bracket is a function's body
    awaits_body: bool = False  # a `define` without its `{`
    has_name: bool = False  # … whose @name has been seen
    has_parameters: bool = False  # … and whose parameter list is closed
    data_braces: int = 0  # … and whose prefix or prologue data has this many `{…}` to come
    broken: bool = False  # a bracket closed what was not open
    trailing: bool = False  # the last token asks for more
    ends_in_command: bool = False
    statement: str = ""  # the word that the current instruction starts with
    line_start: bool = True
    previous: str = ""  # the last token

    def __init__(self) -> None:
        self.brackets: list[str] = []

    @property
    def open(self) -> bool:
        if self.broken or self.ends_in_command:
            return False
        return self.in_token or bool(self.brackets) or self.awaits_body or self.trailing

    def token(self, kind: str, text: str) -> None:
        """Take one token that is neither space nor comment."""
        if self.previous in ("prefix", "prologue") and text != "{":
            self.data_braces = int(kind == "name" and text[0] == "%")
        if kind == "open":
            self._opened(text)
        elif kind == "close":
            self._closed(text)
        elif kind == "name" and not self.brackets and text[0] == "@":
            self.has_name = True
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

    def _closed(self, bracket: str) -> None:
        if not self.brackets or self.brackets.pop() != _CLOSES[bracket]:
            self.broken = True
        elif not self.brackets:
            self.in_body = False
            self.has_parameters |= bracket == ")" and self.has_name

    def _run(self, word: str) -> None:
        if self.brackets:
            return
        if word == "define" or (self.line_start and word in load().module_starters):
            self.awaits_body = word == "define"
            self.has_name = self.has_parameters = False
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


def _scan(text: str) -> _State:
    state = _State()
    for match in _pattern().finditer(text):
        kind = match.lastgroup or "other"
        if kind == "newline":
            state.line_start = True
        elif kind == "command":
            state.ends_in_command, state.trailing = True, False
        elif kind not in ("space", "comment"):
            state.ends_in_command = False
            state.in_token = kind.startswith("open_")
            # A quoted name is a name, a plain string is neither name nor word.
            name = kind in ("quoted", "open_quoted") and match[0][0] != '"'
            state.token("name" if name else kind, match[0])
    return state
