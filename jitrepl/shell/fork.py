"""Start a worker as a copy of this process, before anything else is imported.

What is loaded before the fork delays it, and both processes pay for every page of it that they write to afterwards:
4 µs each. So this is apart from `jitrepl.shell.client`, which is imported when the worker is already on its way.
"""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket


def fork_worker() -> tuple[int, socket]:
    """Fork a worker: about 1 ms, while nothing is loaded and no thread runs.

    Returns:
        Its process id, and our end of the socket to it.
    """
    ours, theirs = _socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        ours.close()
        from jitrepl.worker.start import main

        main(theirs.detach())
    theirs.close()
    # If the kernel put the worker on this processor, it would wait for the rest of our time slice, up to 3 ms.
    os.sched_yield()
    return pid, ours  # type: ignore[return-value]
