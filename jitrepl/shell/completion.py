"""What Tab offers: commands, paths, symbols of the session, words of IR."""

from __future__ import annotations

import os
import re

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from jitrepl.errors import UsageError
from jitrepl.literal_tree import quoted
from jitrepl.shell.arguments import READERS, cut
from jitrepl.shell.commands import ALIASES, COMMANDS
from jitrepl.shell.session import Session
from jitrepl.shell.vocabulary import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r'[@%!#$:]?[-A-Za-z0-9_.$]*$|@"[^"]*$')
_OPEN_NAME = re.compile(r'@?"[^"]*$')
_NAME = re.compile(r'[^\s(,"]*$')
_SHELL_WORD = re.compile(r"(?:\\.|[^\s\\])*$")
_QUOTED = re.compile(r'@?"[^"]*(?:"|$)')
_STATEMENT = re.compile(r"\s*(?:%[^\s=]+\s*=\s*)?(?:(?:tail|musttail|notail)\s+)?[-A-Za-z0-9_.$]*")
_BODY = re.compile(r"^\s*define\b[^{]*\{[^}]*$", re.MULTILINE)


class SessionCompleter(Completer):
    """Completes an input of a session.

    Args:
        session: whose symbols are offered.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Completions for the word before the cursor."""
        line = document.current_line_before_cursor
        if line.startswith(":"):
            yield from self._command(line, complete_event)
        elif _like_path(line) and document.line_count == 1:
            yield from self._files(line, complete_event)
        else:
            yield from self._ir(document)

    def _command(self, line: str, event: CompleteEvent) -> Iterable[Completion]:
        word, rest = cut(line[1:])
        if line[1:] == word:
            for name, command in COMMANDS.items():
                if name.startswith(word):
                    yield Completion(name, -len(word), display=f":{name}", display_meta=command.summary)
            return
        command = COMMANDS.get(ALIASES.get(word, word))  # type: ignore[assignment]
        if command is None:
            return
        kinds = [kind for _, kind in command.params]
        choices = READERS[kinds[0]].choices if kinds else ()
        if kinds and kinds[0] in ("Paths", "File"):
            yield from self._quoted_files(rest, event)
        elif command.name == "help":
            yield from _starting(rest, [*COMMANDS, "keys"])
        elif "Input" in kinds:
            yield from self._command(f":{rest.removeprefix(':')}", event)
            if " " not in rest:
                yield from self._call(rest)
        elif choices:
            yield from _starting(rest, choices)
        elif "Loaded" in kinds:
            yield from _starting(rest, self._session.files())
            yield from self._files(rest, event)
        elif "Name" in kinds:
            yield from self._call(rest)
        elif "Thing" in kinds:
            yield from self._symbols(rest, sigil=rest.startswith("@"))
            yield from _starting(rest, self._session.module_names())
        elif "Text" in kinds:
            yield from self._symbols(rest, sigil=rest.startswith("@"))

    def _call(self, rest: str) -> Iterable[Completion]:
        """What can be called; behind it, globals as arguments."""
        match = (_OPEN_NAME if rest.count('"') % 2 else _NAME).search(rest)
        last = match[0] if match else ""
        if _is_name(rest):
            yield from self._symbols(last, sigil=last.startswith("@"), callable=True)
        elif last.startswith("@"):
            yield from self._symbols(last, sigil=True)

    def _files(self, path: str, event: CompleteEvent) -> Iterable[Completion]:
        """What goes on after `path`; a folder ends in a slash, so that the next Tab looks into it."""
        for found in self._paths.get_completions(Document(path), event):
            slash = "/" if found.display_text.endswith("/") else ""
            yield Completion(found.text + slash, display=found.display)

    def _quoted_files(self, text: str, event: CompleteEvent) -> Iterable[Completion]:
        """The same at the end of a line of paths, where spaces are quoted."""
        if text.count('"') % 2:
            yield from self._files(text.rpartition('"')[2], event)
            return
        match = _SHELL_WORD.search(text)
        word = match[0] if match else ""
        for found in self._files(re.sub(r"\\(.)", r"\1", word), event):
            yield Completion(re.sub(r"([\s'\"\\])", r"\\\1", found.text), display=found.display)

    def _symbols(self, word: str, sigil: bool, callable: bool = False) -> Iterable[Completion]:
        for name, symbol in self._session.symbols_by_name.items():
            if callable and symbol.kind == "variable":
                continue
            text = quoted(name, "@" if sigil else "")
            if text.startswith(word) and (word or not symbol.spelling):
                yield Completion(text, -len(word), display_meta=symbol.type)
            elif symbol.spelling and not sigil and symbol.spelling.startswith(word.removeprefix('"')):
                yield Completion(f'"{symbol.spelling}"', -len(word), display_meta=symbol.type)

    def _ir(self, document: Document) -> Iterable[Completion]:
        before = document.text_before_cursor
        match = _WORD.search(before)
        word = match[0] if match else ""
        if word.startswith("@"):
            yield from self._symbols(word, sigil=True)
            return
        if word.startswith("%"):
            locals_ = re.findall(r"%[-A-Za-z$._][-A-Za-z$._0-9]*", document.text)
            yield from _starting(word, [name for name in dict.fromkeys(locals_) if name != word])
            return
        if not word:
            return
        vocabulary = load()
        if _STATEMENT.fullmatch(document.current_line_before_cursor):
            in_body = bool(_BODY.search(before)) or "=" in document.current_line_before_cursor
            yield from _starting(word, sorted(vocabulary.body_starters if in_body else vocabulary.module_starters))
        else:
            yield from _starting(word, vocabulary.all_words)


def _is_name(text: str) -> bool:
    """Whether the end of what stands behind `:call` is the function's name, rather than an argument."""
    try:
        _, text = READERS["SignatureText"].read(text)
    except UsageError:  # the quote is open
        return True
    return not re.search(r"[\s(,]", _QUOTED.sub("", text)) and not _QUOTED.match(text)


def _starting(word: str, candidates: Iterable[str]) -> Iterable[Completion]:
    return (Completion(name, -len(word)) for name in candidates if name.startswith(word))


def _like_path(line: str) -> bool:
    text = line.strip()
    return text.startswith(("/", "./", "../", "~")) or (
        bool(text) and " " not in text and os.sep in text and text[0] not in "@%!#$;:"
    )
