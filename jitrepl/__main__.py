"""`jitrepl`, `python -m jitrepl`: start the worker before anything else, then read the command line."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run jitrepl and end this process with its exit status.

    The worker is forked first, from a process that has loaded nothing: that takes 1 ms where an interpreter of
    its own takes 30, and LLVM is then loaded while this process reads its arguments.
    """
    _fill_closed()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody is told how a child has ended
    try:
        status = _run()
    except KeyboardInterrupt:  # before there is anything that it could interrupt
        status = 130
    except Exception as problem:
        from jitrepl.shell.cli import give_up

        status = give_up(problem)
    os._exit(status)  # Python's own way out takes 3 ms, for nothing that is needed here


def _fill_closed() -> None:
    """Open /dev/null in place of closed standard streams, so that no later file gets their numbers.

    It is opened the wrong way round: whoever uses such a stream, a program of `--run` too, still gets EBADF.
    """
    for descriptor, name, other in ((0, "stdin", os.O_WRONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, other)
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", closefd=False))


def _run() -> int:
    gc.disable()  # nothing that is loaded at start becomes garbage: looking for it takes 2 ms, 10 with a prompt
    from jitrepl.shell.fork import fork_worker

    forked = fork_worker() if hasattr(os, "fork") else None
    from jitrepl.shell.client import Worker

    worker = Worker(*forked) if forked else None
    from jitrepl.shell.cli import run

    return run(sys.argv[1:], worker)


if __name__ == "__main__":
    main()
