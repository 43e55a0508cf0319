"""The next step for somebody who typed something that is neither IR, nor a command, nor a path."""

from __future__ import annotations

_LEAVE = "to leave: `:quit`, or Ctrl-D"
_HELP = "`:help` lists the commands"
_EXPRESSION = "IR has instructions in place of expressions: `add i32 1, 2`"
_COMMENT = "a comment begins with `;`"
_CLOSED = "there is nothing to close: the input before it was complete"
_PYTHON = "this looks like Python: a file of host functions is loaded by `:host FILE.py`"

_WHOLE = {
    **dict.fromkeys(("exit", "quit", "bye", "logout", "q", "exit()", "quit()"), _LEAVE),
    **dict.fromkeys(("help", "help()", "?", "man", "h"), _HELP),
    **dict.fromkeys(("}", ")", "]", "};", "})"), _CLOSED),
}
"""What is said of a whole line."""

_FIRST = {
    **dict.fromkeys(("import", "from", "def", "print", "lambda"), _PYTHON),
    **dict.fromkeys(("//", "#", "--"), _COMMENT),
}
"""What is said of a line by its first word."""

_SHELL = frozenset(("ls", "cat", "pwd", "vi", "vim", "git", "make", "clear", "echo", "rm", "cp", "mv", "which"))


def hint_for(text: str) -> str:
    """What to type instead; "" if it is not known what was meant.

    Args:
        text: an input that LLVM could not read.
    """
    line = text.strip()
    if line in _WHOLE:
        return _WHOLE[line]
    first, _, rest = line.partition(" ")
    first = first if first[:2] != "//" else "//"
    name, parenthesis, _ = line.partition("(")
    if first in _FIRST or name in _FIRST:
        return _FIRST.get(first) or _FIRST[name]
    if first in _SHELL:
        return f"to run it in a shell: `!{line}`"
    if line[:1].isdecimal() and "\n" not in line:
        return _EXPRESSION
    if parenthesis and name.replace("_", "a").isalnum() and line.endswith(")") and "\n" not in line:
        return f"to call a function: `:call {line}`"
    return _EXPRESSION if "=" in rest[:2] and "%" not in first and first.isidentifier() else ""
