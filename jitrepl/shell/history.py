"""The history of the prompt, in a file."""

from __future__ import annotations

from contextlib import suppress

from prompt_toolkit.history import FileHistory


class ForgivingHistory(FileHistory):
    """A file of inputs; one that cannot be written any more is no reason to disturb the user."""

    def store_string(self, string: str) -> None:
        """Append an input to the file."""
        with suppress(OSError):
            super().store_string(string)
