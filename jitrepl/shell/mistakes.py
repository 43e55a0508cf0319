"""The next step for somebody who typed something that is neither IR, nor a command, nor a path."""

from __future__ import annotations

from jitrepl.shell.commands import COMMANDS
from jitrepl.shell.compilers import language_of
from jitrepl.shell.sources import is_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitrepl.messages import Symbol

_LEAVE = "to leave: `:quit`, or Ctrl-D"
_COLON = "commands begin with a colon"
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


_LANGUAGES = {
    ("C", ".c"): (
        "#include #define #ifdef #ifndef #pragma auto bool char const double enum extern float inline int long "
        "short signed size_t static struct typedef union unsigned void volatile"
    ),
    ("C++", ".cpp"): "class constexpr namespace template using std::cout",
    ("Rust", ".rs"): "#[derive #[no_mangle] #![no_std] fn impl let mod pub trait unsafe use",
}
_LANGUAGE_OF = {word: language for language, words in _LANGUAGES.items() for word in words.split()}
"""The words that sources of other languages begin with."""


def misplaced(text: str, reason: str, symbols: Mapping[str, Symbol]) -> str:
    """What to type instead of an input that LLVM could not read; "" if it is not known what was meant.

    Args:
        text: the input.
        reason: what LLVM says of it.
        symbols: those that the session defines, by their names.
    """
    words = text.split()
    first = words[0] if words else ""
    symbol = symbols.get(first.partition("(")[0].removeprefix("@"))
    if symbol and symbol.kind == "function":
        return f"to call it: `:call {text.strip().removeprefix('@')}`"
    hint = hint_for(text)
    if hint:
        return hint
    if first in COMMANDS:
        return f"{_COLON}: `:{text.strip()}`"
    if language_of(first):
        return f"to load it: `:load {text.strip()}`"
    language = _LANGUAGE_OF.get(first.rstrip("!("))
    if "expected top-level entity" in reason and language:
        name, suffix = language
        return f"this looks like {name}: write it to a file, and `:load` that: `:load FILE{suffix}`"
    if "expected top-level entity" in reason and first.isalpha() and not text.endswith("{"):
        return "IR begins with `define`, `declare`, `@` or `%`, a command with a colon: `:help` lists them"
    return ""


def without_colon(text: str, symbols: Mapping[str, Symbol]) -> str:
    """What to type instead of a command that is an opcode, too: `call sum 1 2`; "" if it is none.

    Args:
        text: an instruction that LLVM could not read.
        symbols: those that the session defines, by their names.
    """
    first, _, rest = text.strip().partition(" ")
    word = rest.split(" ", 1)[0]
    meant = word.removeprefix("@") in symbols if first == "call" else first in COMMANDS and is_path(word)
    return f"{_COLON}: `:{text.strip()}`" if meant else ""


def hint_for(text: str) -> str:
    """What to type instead of what people type at other prompts; "" if it is nothing like that.

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
