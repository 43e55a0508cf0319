"""Where a worker begins: libLLVM is opened in a thread, while this one imports what will use it.

The dynamic loader does one thing at a time: an import of an extension module, even `CDLL(None)`, waits until libLLVM
is open. So what needs the loader comes first here, and nothing that `serve` imports does.
"""

from __future__ import annotations

import _socket
import gc
import os
import sys


def main(descriptor: int, lifeline: int | None = None) -> None:
    """Serve on an inherited socket, then end this process without Python's clean-up: JITed code may still run.

    Args:
        descriptor: the socket.
        lifeline: the reading end of a pipe; that nobody can write to it any more ends this process.
    """
    status = 1
    try:
        gc.disable()  # until everything is loaded, none of which becomes garbage
        from jitrepl.worker import process
        from jitrepl.worker.library import open_ahead

        if lifeline is not None:
            process.tie_to_shell(lifeline)
        descriptor = process.moved_high(descriptor)
        open_ahead()
        from jitrepl.worker.serve import serve

        serve(_socket.socket(fileno=descriptor))
        status = 0
    except ConnectionError:
        pass  # the shell is gone
    except Exception as problem:
        _explain(problem)
    finally:
        sys.stdout.flush()
        # Whoever reads our output has all of it, and need not wait the 3 ms that it takes to unmap LLVM.
        os.closerange(0, 1 << 16)
        os._exit(status)


def _explain(problem: Exception) -> None:
    """Say why this process ends, of which the shell only sees the exit status."""
    from jitrepl.worker.memory_limit import out_of_memory

    lacking = "memory" if out_of_memory(problem) else "file descriptors" if _out_of_files(problem) else ""
    if lacking:
        os.write(2, f"error: the process that runs the code has no {lacking} left\n".encode())
        return
    import traceback  # a mistake of jitrepl's own

    traceback.print_exc()


def _out_of_files(problem: BaseException | None) -> bool:
    """Whether the limit for open files was reached, which JITed code may have done."""
    return problem is not None and (
        (isinstance(problem, OSError) and problem.errno == _EMFILE) or _out_of_files(problem.__context__)
    )


_EMFILE = 24  # <errno.h>
