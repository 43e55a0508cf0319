"""The worker as the shell sees it: a process that answers requests, and may die.

Nothing here loads LLVM, and nothing slow is imported: `Worker.fork` runs before anything else in `jitrepl`.
"""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
import os
import select
import sys

from jitrepl import errors, wire
from jitrepl.errors import InternalError, Interrupted, JitreplError, WorkerDied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

    from jitrepl.messages import Reply, Request

_SIGINT, _SIGKILL = 2, 9
_PATIENCE_MS = 700
"""How long a call that was interrupted may take to end before it is killed."""


class Worker:
    """A worker process and the socket to it.

    Args:
        pid: the process, a child of this one.
        stream: our end of the socket.
    """

    def __init__(self, pid: int, stream: socket) -> None:
        self.pid = pid
        self._stream = stream
        self._gone = False
        # A process that JITed code left behind may keep the socket open, so its end is no sign of death.
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self._poll = select.poll()
        self._poll.register(stream.fileno(), select.POLLIN)
        if self._pidfd is not None:
            self._poll.register(self._pidfd, select.POLLIN)

    @classmethod
    def fork(cls) -> Worker:
        """Start a worker as a copy of this process: about 1 ms, while nothing is loaded and no thread runs."""
        ours, theirs = _socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            from jitrepl.worker.serve import main

            main(theirs.detach())
        theirs.close()
        return cls(pid, ours)  # type: ignore[arg-type]

    @classmethod
    def spawn(cls) -> Worker:
        """Start a worker in an interpreter of its own; works in any process, and takes 30 ms."""
        ours, theirs = _socket.socketpair()
        descriptor = theirs.fileno()
        os.set_inheritable(descriptor, True)
        command = [sys.executable, "-m", "jitrepl.worker", str(descriptor)]
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        paths = [folder, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        pid = os.posix_spawn(sys.executable, command, environment)
        theirs.close()
        return cls(pid, ours)  # type: ignore[arg-type]

    def ask(self, request: Request) -> Reply:
        """Send a request and wait for its reply.

        Raises:
            JitreplError: of the class and with the words that the worker sent; the reply's notes are in its
                attribute `notes`.
            WorkerDied: if the process ended instead of answering.
            Interrupted: if it ended because the user pressed Ctrl-C.
        """
        try:
            wire.send(self._stream, request)
            self._wait(None)
            reply = wire.receive(self._stream)
        except KeyboardInterrupt:
            return self._interrupt()
        except (OSError, wire.WireError):
            reply = None
        return self._checked(reply)

    def _checked(self, reply: object) -> Reply:
        from jitrepl import messages

        if isinstance(reply, messages.Failed):
            problem = errors.by_name(reply.error)(reply.message, reply.hint)
            problem.notes = reply.notes
            raise problem
        if isinstance(reply, messages.Reply):
            return reply
        raise self._died()

    def _wait(self, milliseconds: int | None) -> bool:
        """Whether a reply or an end came in time. A reply that was sent before the end counts."""
        return bool(self._poll.poll(milliseconds))

    def _interrupt(self) -> Reply:
        """Ctrl-C: the running call ends by its default action; one that has blocked the signal is killed."""
        try:
            os.kill(self.pid, _SIGINT)
            if not self._wait(_PATIENCE_MS):
                os.kill(self.pid, _SIGKILL)
        except (ProcessLookupError, KeyboardInterrupt):
            os.kill(self.pid, _SIGKILL)
        try:
            reply = wire.receive(self._stream)
        except (OSError, wire.WireError):
            reply = None
        if reply is not None:
            return self._checked(reply)
        self._died()
        raise Interrupted("interrupted")

    def _died(self) -> JitreplError:
        """The error for a worker that is gone, or talks nonsense and is ended."""
        status = self._reap(wait_ms=1000)
        if status is None:
            os.kill(self.pid, _SIGKILL)
            self._reap(None)
            return InternalError("the worker sent something that is no message, and was ended")
        if status == -_SIGINT:
            return Interrupted("interrupted")
        if status < 0:
            return WorkerDied(f"killed by {signal_name(-status)}", signal=-status)
        return WorkerDied(f"exited with status {status}", status=status)

    def _reap(self, wait_ms: int | None) -> int | None:
        """The exit status, negative for a signal; None if the process lives on."""
        if self._pidfd is not None and wait_ms is not None:
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            if not poll.poll(wait_ms):
                return None
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            return 0
        self._gone = True
        return os.waitstatus_to_exitcode(status)

    def leave(self) -> None:
        """Let go of a process that ends by itself; it is not waited for."""
        self._gone = True
        self._stream.close()

    def close(self) -> None:
        """End the process, if it still runs; may be called twice."""
        self._stream.close()
        if not self._gone:
            try:
                os.kill(self.pid, _SIGKILL)
            except ProcessLookupError:
                pass
            self._reap(None)
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def signal_name(number: int) -> str:
    """`SIGSEGV` for 11."""
    from signal import Signals

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
