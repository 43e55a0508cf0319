"""Files that are loaded again when they change."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Stamp = tuple[int, int, int]

_ABSENT = (0, 0, 0)


class Watch:
    """Files, and what they were like when somebody last looked."""

    def __init__(self) -> None:
        self._stamps: dict[str, Stamp] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are watched."""
        return tuple(self._stamps)

    def add(self, paths: Iterable[str]) -> None:
        """Watch files, as they are now."""
        for path in paths:
            self._stamps[path] = _stamp(path)

    def clear(self) -> None:
        """Watch nothing any more."""
        self._stamps.clear()

    def changes(self) -> bool:
        """Whether a file is not as it was when `changed` was last asked."""
        return any(_stamp(path) not in (before, _ABSENT) for path, before in self._stamps.items())

    def changed(self) -> list[str]:
        """The files that are not as they were when this was last asked; one that is gone is waited for."""
        found = []
        for path, before in self._stamps.items():
            now = _stamp(path)
            if now not in (before, _ABSENT):
                self._stamps[path] = now
                found.append(path)
        return found


def _stamp(path: str) -> Stamp:
    """What changes when a file does: editors write a new one, or the old one anew (stat(2))."""
    try:
        status = os.stat(os.path.expanduser(path))
    except OSError:
        return _ABSENT
    return status.st_mtime_ns, status.st_size, status.st_ino
