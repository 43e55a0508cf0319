"""The history of the prompt, in a file."""

from __future__ import annotations

from contextlib import suppress

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.history import FileHistory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document


class ForgivingHistory(FileHistory):
    """A file of inputs; one that cannot be written any more is no reason to disturb the user."""

    def store_string(self, string: str) -> None:
        """Append an input to the file."""
        with suppress(OSError):
            super().store_string(string)


class SuggestWhatWorked(AutoSuggest):
    """Suggest the rest of a line of an earlier input, but of none that failed in this session."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def note(self, text: str, failed: bool) -> None:
        """Take note of how an input went the last time."""
        (self._failed.add if failed else self._failed.discard)(text)

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """The rest of the line that the text ends in."""
        begun = document.text.rpartition("\n")[2]
        if not begun.strip():
            return None
        for text in reversed(buffer.history.get_strings()):
            if text in self._failed:
                continue
            for line in reversed(text.splitlines()):
                if line.startswith(begun):
                    return Suggestion(line[len(begun) :])
        return None
