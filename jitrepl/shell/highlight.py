"""IR in ANSI colours, for output that no prompt draws."""

from __future__ import annotations

from functools import cache

from pygments import format as format_tokens
from pygments.formatters.terminal import TerminalFormatter
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token

from jitrepl.shell.lexer import IRLexer

_COLOURS = {
    Token: ("", ""),
    Comment: ("gray", "brightblack"),
    Keyword: ("blue", "brightblue"),
    Keyword.Type: ("cyan", "brightcyan"),
    Keyword.Constant: ("magenta", "brightmagenta"),
    Name.Function: ("green", "brightgreen"),
    Name.Label: ("yellow", "yellow"),
    Name.Decorator: ("gray", "brightblack"),
    Name.Attribute: ("gray", "brightblack"),
    Number: ("magenta", "brightmagenta"),
    Operator.Word: ("blue", "brightblue"),
    String: ("yellow", "yellow"),
}


@cache
def _tools() -> tuple[IRLexer, TerminalFormatter[str]]:
    return IRLexer(), TerminalFormatter(colorscheme=_COLOURS)


def highlight(text: str) -> str:
    """IR with ANSI escape sequences around its words."""
    lexer, formatter = _tools()
    return format_tokens(lexer.get_tokens(text), formatter)
