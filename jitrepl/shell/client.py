"""The worker as the shell sees it: a process that answers requests, and may die.

Nothing here loads LLVM, and nothing slow is imported: it is on the way to the first request.
"""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
import os
import select
import sys
from struct import iter_unpack

from jitrepl import errors, wire
from jitrepl.errors import InternalError, Interrupted, JitreplError, TimedOut, WorkerDied
from jitrepl.messages import Proceed, Resume, Snapshot, Start, Told
from jitrepl.tracer import tracer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from jitrepl.messages import Reply, Request

_SIGINT, _SIGKILL = 2, 9
_GLANCES = 100
_PATIENCE_MS = 700
"""How long a call that was interrupted may take to end before it is killed."""


class Copy:
    """A sleeping copy of a worker.

    Args:
        pid: its process, a child of this one.
        descriptor: our end of its socket.
    """

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def take(self) -> socket:
        """Give the socket away, to wake the copy by."""
        return _socket.socket(fileno=self._descriptor)  # type: ignore[return-value]

    def let_go(self) -> None:
        """Close the socket; the copy then ends by itself."""
        os.close(self._descriptor)

    def drop(self) -> None:
        """End the copy, without waiting for it: to unmap it takes the kernel a while."""
        self.let_go()
        try:
            os.kill(self.pid, _SIGKILL)
        except ProcessLookupError:
            return
        _dropped.add(self.pid)


_dropped: set[int] = set()
"""Copies that were ended and are not known to be gone."""


def reap_dropped(wait: bool = False) -> None:
    """Take note of the ends of copies that were dropped.

    Args:
        wait: whether to wait for those that are not gone yet.
    """
    for pid in list(_dropped):
        try:
            gone, _ = os.waitpid(pid, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            gone = pid
        if gone:
            _dropped.discard(pid)


class Channel:
    """A stream socket whose messages may bring open descriptors along (unix(7), `SCM_RIGHTS`)."""

    def __init__(self, stream: socket) -> None:
        self.stream = stream
        self.descriptors: list[int] = []

    def sendall(self, data: bytes, /) -> None:
        """Write all of `data`."""
        self.stream.sendall(data)

    def recv(self, size: int, /) -> bytes:
        """Read up to `size` bytes; what descriptors come with them is in `descriptors`."""
        data, ancillary, _, _ = self.stream.recvmsg(size, _RIGHTS_SPACE)
        for _, kind, content in ancillary:
            if kind == _socket.SCM_RIGHTS:
                whole = content[: len(content) // 4 * 4]
                self.descriptors += [number for (number,) in iter_unpack("i", whole)]
        return data


_RIGHTS_SPACE = _socket.CMSG_SPACE(4)


class Worker:
    """A worker process, the socket to it, and the sleeping copies that it has left.

    A copy is as the worker was after one of the requests that changed it; they are numbered from 0, the one after
    `Start`.

    Args:
        pid: the process, a child of this one.
        stream: our end of the socket.
        copies: copies that are there already, by their number.
        count: the number of the next copy.
    """

    def __init__(self, pid: int, stream: socket, copies: dict[int, Copy] | None = None, count: int = 0) -> None:
        self.pid = pid
        self.copies = copies or {}
        self.limit = 1  # how many copies are kept besides the newest
        self._count = count
        self._channel = Channel(stream)
        self._gone = False
        self._end: type[JitreplError] = WorkerDied
        self.on_notes: Callable[[tuple[str, ...]], object] = lambda notes: None
        # A process that JITed code left behind may keep the socket open, so its end is no sign of death.
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self._poll = select.poll()
        self._poll.register(stream.fileno(), select.POLLIN)
        if self._pidfd is not None:
            self._poll.register(self._pidfd, select.POLLIN)

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

    def ask(self, request: Request, timeout: float = 0) -> Reply:
        """Send a request and wait for its reply.

        Args:
            request: the request.
            timeout: how long to wait, in seconds; 0 for ever.

        Raises:
            JitreplError: of the class and with the words that the worker sent; the reply's notes are in its
                attribute `notes`.
            WorkerDied: if the process ended instead of answering.
            Interrupted: if it ended because the user pressed Ctrl-C.
            TimedOut: if it was ended because the time was up.
        """
        self._end = WorkerDied
        try:
            wire.send(self._channel, request)
            if not isinstance(request, Start):  # which takes 10 ms, while other threads are in want of Python's lock
                self._look_out()
            reply = self._reply(int(timeout * 1000) or None)
            if reply is None and timeout and self.alive() and tracer_of(self.pid):
                reply = self._reply(None)  # who steps through code takes longer
            if reply is None and timeout and self.alive():
                self._end = TimedOut
                reply = self._interrupt()
        except KeyboardInterrupt:
            reply = self._left_to_debugger()
            if reply is None and self.alive():
                self._end = Interrupted
                reply = self._interrupt()
        except OSError:
            reply = self._last_words()
        return self._checked(reply)

    def _reply(self, milliseconds: int | None) -> object:
        """The next reply; None if the worker is gone, or the time is up. Copies that it left are noted on the way."""
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll(milliseconds)}
            if self._channel.stream.fileno() not in ready:
                return None
            try:
                record = wire.receive(self._channel)
            except (OSError, wire.WireError):
                return None
            if isinstance(record, Snapshot):
                self._keep(record)
            elif isinstance(record, Told):
                self.on_notes(record.notes)
                wire.send(self._channel, Proceed())
            else:
                return record

    def _look_out(self) -> None:
        """Wait 0.1 ms without going to sleep: to be woken takes a virtual machine 40 µs, and most calls are short.

        With its like in the worker, this halves the time of a script with 10,000 calls. Whoever else wants this
        processor gets it.
        """
        for _ in range(_GLANCES):
            if self._poll.poll(0):
                return
            os.sched_yield()

    def _last_words(self) -> object:
        """What a worker that is gone had sent before."""
        return self._reply(0)

    def _keep(self, record: Snapshot) -> None:
        number = self._count
        if record.replaces:
            number -= 1
            if number in self.copies:
                self.copies.pop(number).drop()
        else:
            self._count += 1
        if record.pid and self._channel.descriptors:
            self.copies[number] = Copy(record.pid, self._channel.descriptors.pop())
        self.copyless = record.since
        while len(self.copies) > self.limit + 1:
            self.copies.pop(min(self.copies)).drop()
        reap_dropped()

    def resume(self, number: int) -> Worker | None:
        """Wake the newest copy that is not newer than `number`; this worker and what is newer are ended.

        Returns:
            The copy as a worker, which has the older copies; None if there is no copy that old.
        """
        self._last_words()
        older = {n: copy for n, copy in self.copies.items() if n <= number}
        for n in [n for n in self.copies if n > number]:
            self.copies.pop(n).drop()
        self.copies = {}
        self.close()
        while older:
            newest = max(older)
            copy = older.pop(newest)
            worker = Worker(copy.pid, copy.take(), older, newest)
            try:
                worker.ask(Resume())
            except (JitreplError, OSError):
                older, worker.copies = worker.copies, {}
                worker.close()
                continue
            worker.resumed = newest
            worker.on_notes = self.on_notes
            worker.limit = self.limit
            worker.resumed_since = self.copyless
            return worker
        return None

    copyless = ""
    """If there is no copy of the last state: what has been the case since the last one."""

    resumed = 0
    """The number of the copy that this worker was woken from."""
    resumed_since = ""
    """If the one before it had left no newer copy: `copyless` of that."""

    def _checked(self, reply: object) -> Reply:
        from jitrepl import messages

        if isinstance(reply, messages.Failed):
            problem = errors.by_name(reply.error)(reply.message, reply.hint)
            problem.notes, problem.details = reply.notes, reply.details
            raise problem
        if isinstance(reply, messages.Reply):
            return reply
        raise self._died()

    def _interrupt(self) -> object:
        """Ctrl-C: the running call ends by its default action; one that has blocked the signal, or stopped, is killed.

        Returns:
            The reply, if it came all the same.
        """
        try:
            os.kill(self.pid, _SIGINT)
            reply = self._reply(_PATIENCE_MS)
        except (ProcessLookupError, KeyboardInterrupt):
            reply = None
        if reply is None and self.alive():
            os.kill(self.pid, _SIGKILL)
        return reply

    def _left_to_debugger(self) -> object:
        """Ctrl-C while a debugger has the worker: the debugger stops it, and the call goes on when its user says so.

        Returns:
            The reply; None if there is no debugger, or the worker is gone.
        """
        while True:
            tracer = tracer_of(self.pid)
            if not tracer:
                return None
            if os.getsid(tracer) != os.getsid(0):  # on our own terminal it speaks for itself
                from jitrepl.tracer import name_of

                self.on_notes((f"Ctrl-C is for {name_of(tracer)} (process {tracer}), which debugs the call",))
            try:
                return self._reply(None)
            except KeyboardInterrupt:
                continue

    def alive(self) -> bool:
        """Whether the process still runs, as far as can be told without waiting."""
        if self._pidfd is None:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not poll.poll(0)

    def last_error(self) -> JitreplError:
        """How a process that is gone has ended."""
        self._last_words()
        return self._died()

    def _died(self) -> JitreplError:
        """The error for a worker that is gone, or talks nonsense and is ended."""
        status = self._reap(wait_ms=1000)
        if status is None:
            os.kill(self.pid, _SIGKILL)
            self._reap(None)
            return InternalError("the worker sent something that is no message, and was ended")
        if self._end is not WorkerDied or status == -_SIGINT:
            return TimedOut("the time was up") if self._end is TimedOut else Interrupted("interrupted")
        if status < 0:
            return WorkerDied(f"killed by signal {-status}", signal=-status)
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
        self._channel.stream.close()
        for copy in self.copies.values():
            copy.let_go()

    def close(self) -> None:
        """End the process and its copies, if they still run; may be called twice."""
        self._channel.stream.close()
        while self.copies:
            self.copies.popitem()[1].drop()
        if not self._gone:
            try:
                os.kill(self.pid, _SIGKILL)
            except ProcessLookupError:
                pass
            self._reap(None)
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        reap_dropped(wait=True)
