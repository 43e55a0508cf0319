"""`jitrepl`, `python -m jitrepl`: start the worker before anything else, then read the command line."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run jitrepl; the exit status.

    The worker is forked first, from a process that has loaded nothing: that takes 1 ms where an interpreter of
    its own takes 30, and LLVM is then loaded while this process reads its arguments.
    """
    from jitrepl.shell.client import Worker

    worker = Worker.fork() if hasattr(os, "fork") else None
    from jitrepl.shell.cli import run

    return run(arguments, worker)


if __name__ == "__main__":
    sys.exit(main())
