"""The user's folders for what jitrepl keeps (XDG Base Directory Specification)."""

from __future__ import annotations

import os


def cache_folder() -> str:
    """Where what can be made again is kept: `$XDG_CACHE_HOME/jitrepl`, or `~/.cache/jitrepl`."""
    return _folder("XDG_CACHE_HOME", "~/.cache")


def state_folder() -> str:
    """Where what is to last from one start to the next is kept: `$XDG_STATE_HOME/jitrepl`, `~/.local/state/jitrepl`."""
    return _folder("XDG_STATE_HOME", "~/.local/state")


def _folder(variable: str, usual: str) -> str:
    base = os.environ.get(variable, "")
    # "All paths must be absolute. If an implementation encounters a relative path it should ignore it."
    if not os.path.isabs(base):
        base = os.path.expanduser(usual)
    return os.path.join(base, "jitrepl")
