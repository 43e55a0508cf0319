"""Command lines for the system's shell: `!ls`, and the user's editor."""

from __future__ import annotations

import os

from jitrepl.errors import UsageError


def run_by_shell(line: str) -> int:
    """Run a command line in the system's shell: its exit status, or the negative number of the signal that ended it.

    Raises:
        UsageError: if no process can be made, or it is not known how the process ended (system(3)).
    """
    status = os.system(line)
    if status == -1:
        raise UsageError("the system's shell has no exit status", "`ulimit -u` shows how many processes there may be")
    return os.waitstatus_to_exitcode(status)
