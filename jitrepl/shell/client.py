"""The worker as the shell sees it: a process that answers requests, and may die.

Nothing here loads LLVM, and nothing slow is imported: it is on the way to the first request.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import _socket  # the module `socket` wraps this in enums, for 6 ms
import os
import select
import sys

from jitrepl import errors, wire
from jitrepl.crash_report import CrashReport, LastWords
from jitrepl.errors import InternalError, Interrupted, JitreplError, TimedOut, WorkerDied
from jitrepl.messages import Proceed, Resume, Snapshot, Start, Told
from jitrepl.shell.channel import Channel
from jitrepl.shell.copies import Copies, reap_dropped
from jitrepl.tracer import tracer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from jitrepl.messages import Reply, Request

SIGINT, _SIGTRAP, _SIGKILL, _SIGCONT = 2, 5, 9, 18
_CTRL_C = (SIGINT,)
_GLANCES = 100
_PATIENCE_MS = 700
"""How long a call that was interrupted may take to end before it is killed."""
_URGENT_MS = 500
"""How long if Ctrl-C was pressed once more."""
PATIENCE = 10
"""Seconds that a copy may take to do again what it has done before: one whose memory is damaged may do so for ever."""
_UNKNOWN = 1 << 8
"""The status of a process whose end was told to somebody else (wait(2): statuses are smaller)."""
_LOOK_MS = 500
"""How often to look whether a worker has stopped. Ctrl-Z stops it, too, and this process with it."""


class Worker:
    """A worker process, the socket to it, and the sleeping copies that it has left.

    Args:
        pid: the process, a child of this one.
        stream: our end of the socket.
        copies: copies that are there already.
    """

    def __init__(self, pid: int, stream: socket, copies: Copies | None = None) -> None:
        self.pid = pid
        self.copies = copies or Copies()
        self._channel = Channel(stream)
        self._gone = False
        self._status = 0  # how it ended, once it is gone
        self.interrupted = self.pressed = False
        """Whether Ctrl-C was pressed when a reply had come already; at any time. Whoever asked has to see to it."""
        self.stopped = 0
        """The signal that has stopped it, if that was not for a while only; it was ended then."""
        self.unread = False
        """Whether it has ended without having read all of the last request."""
        self.last_words = CrashReport(0)  # what the process itself has said of its crash
        self._end: type[JitreplError] = WorkerDied
        self._lifeline: int | None = None
        """The writing end of a pipe that ends the worker when nobody has it any more."""
        self.on_notes: Callable[[tuple[str, ...]], object] = lambda notes: None
        # A process that JITed code left behind may keep the socket open, so its end is no sign of death.
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self._late = False  # whether the last wait for a message ended because the time was up
        self._poll = select.poll()
        self._poll.register(stream.fileno(), select.POLLIN)
        if self._pidfd is not None:
            self._poll.register(self._pidfd, select.POLLIN)

    @classmethod
    def spawn(cls) -> Worker:
        """Start a worker in an interpreter of its own; works in any thread of any process, and takes 30 ms.

        It is killed when this process ends, however that comes about.
        """
        ours, theirs = _socket.socketpair()
        lifeline, held = os.pipe()
        for descriptor in (theirs.fileno(), lifeline):
            os.set_inheritable(descriptor, True)
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        # With -P, a `struct.py` in the current folder is not the library's. This package is the one to be imported,
        # wherever it comes from; nothing else is to come from there.
        code = "import sys; sys.path.insert(0, sys.argv[1]); import jitrepl; del sys.path[0]; "
        code += "from jitrepl.worker.start import main; main(*map(int, sys.argv[2:]))"
        command = [sys.executable, "-P", "-c", code, folder, str(theirs.fileno()), str(lifeline)]
        pid = os.posix_spawn(sys.executable, command, os.environ)
        theirs.close()
        os.close(lifeline)
        worker = cls(pid, ours)  # type: ignore[arg-type]
        worker._lifeline = held
        return worker

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
        self._end, self.unread = WorkerDied, False
        try:
            wire.send(self._channel, request)
            if not isinstance(request, Start):  # which takes 10 ms, while other threads are in want of Python's lock
                self._look_out()
            reply = self._reply(int(timeout * 1000) or None)
            if self._late and tracer_of(self.pid):
                reply = self._reply(None)  # who steps through code takes longer
            if self._late and self.alive():
                if self.stopped:
                    reply = self._insist()
                else:
                    self._end = TimedOut
                    reply = self._interrupt()
        except KeyboardInterrupt:
            self.pressed = True
            reply = self._left_to_debugger()
            if reply is None and self.alive():
                self._end = Interrupted
                reply = self._interrupt()
        except OSError:  # there was nobody to take all of it
            reply = self.catch_up()
            self.unread = reply is None
        return self._checked(reply)

    def _reply(self, milliseconds: int | None) -> object:
        """The next reply; None if the worker is gone, or the time is up. Copies that it left are noted on the way.

        Ctrl-C interrupts the wait, but not the reading of a message, of which nothing must be lost.
        """
        while True:
            ready = self._ready(milliseconds)
            self._late = not ready  # else it may be about to end, with its socket closed
            if self._channel.stream.fileno() not in ready:
                return None
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
            final = False
            try:
                record = wire.receive(self._channel)
                final = not self._handled(record)
            except ConnectionResetError:  # it has closed a socket with data in it (unix(7))
                final, record, self.unread = True, None, True
            except (OSError, wire.WireError):
                final, record = True, None
            finally:
                try:
                    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                except KeyboardInterrupt:
                    if not final:
                        raise
                    self.interrupted = True
            if final:
                return record

    def _ready(self, milliseconds: int | None) -> set[int]:
        """The descriptors that there is something to read from; none if the time is up, or the process has stopped."""
        left, was = milliseconds, 0
        while True:
            wait = _LOOK_MS if left is None else min(left, _LOOK_MS)
            ready = {descriptor for descriptor, _ in self._poll.poll(wait)}
            left = None if left is None else left - wait
            if ready or left == 0:
                return ready
            found = self._stop_signal()
            if found and found == was and not tracer_of(self.pid):
                self.stopped = found
                return ready
            was = found

    def _stop_signal(self) -> int:
        """The signal that has stopped the process (waitid(2), `WSTOPPED`); 0 if it runs."""
        try:
            found = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return 0
        return found.si_status if found else 0

    def _handled(self, record: object) -> bool:
        """Take note of what a worker sends besides replies; whether it was such a message."""
        if isinstance(record, Snapshot):
            self.copies.note(record, self._channel.descriptors, self.pid)
        elif isinstance(record, LastWords):
            self.last_words = record.report
        elif isinstance(record, Told):
            self.on_notes(record.notes)
            wire.send(self._channel, Proceed())
        else:
            return False
        return True

    def _look_out(self) -> None:
        """Wait 0.1 ms without going to sleep: to be woken takes a virtual machine 40 µs, and most calls are short.

        With its like in the worker, this halves the time of a script with 10,000 calls. Whoever else wants this
        processor gets it.
        """
        for _ in range(_GLANCES):
            if self._poll.poll(0):
                return
            os.sched_yield()

    def catch_up(self) -> object:
        """Take what the worker has sent: of one that lives, copies of itself; of one that is gone, all."""
        return self._reply(0)

    def resume(self, number: int) -> Worker | None:
        """Wake the newest copy that is not newer than a state; this worker and what is newer are ended.

        Returns:
            The copy as a worker, which has the older copies; None if there is no copy that old.
        """
        self.catch_up()
        copies = self.copies.back_to(number)
        lifeline, self._lifeline = self._lifeline, None  # the copies have it, too
        self.close()
        damaged = ""  # what to say of a state whose copy dies of being woken
        while newest := copies.take_newest():
            state, copy = newest
            worker = Worker(copy.pid, copy.take(), copies)
            try:
                worker.ask(Resume(), PATIENCE)
            except (JitreplError, OSError):
                worker.copies = Copies()
                worker.close()
                damaged = "it was damaged"
                continue
            worker.resumed = state
            worker._lifeline = lifeline
            worker.on_notes = self.on_notes
            worker.resumed_since = damaged or self.copies.missing
            return worker
        if lifeline is not None:
            os.close(lifeline)
        return None

    resumed = 0
    """The number of the copy that this worker was woken from."""
    resumed_since = ""
    """If the one before it had left no newer copy: what kept it from that."""

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
        """Ctrl-C: the running call ends by its default action; one that does not answer to any signal is killed.

        Returns:
            The reply, if it came all the same.
        """
        reply = None
        patience = _PATIENCE_MS
        try:
            os.kill(self.pid, SIGINT)
            while patience:
                try:
                    reply = self._reply(patience)
                    break
                except KeyboardInterrupt:  # that is urgent; but it takes some time to note where the call was
                    patience = _URGENT_MS if patience == _PATIENCE_MS else 0
        except (ProcessLookupError, KeyboardInterrupt):
            pass
        if reply is None and self.alive():
            reply = self._insist()
        return reply

    def _insist(self) -> object:
        """End a call that has blocked or ignores SIGINT, or is stopped; it may still say where it was."""
        reply = None
        try:
            os.kill(self.pid, _SIGTRAP)
            os.kill(self.pid, _SIGCONT)
            reply = self._reply(_URGENT_MS)
        except (ProcessLookupError, KeyboardInterrupt):
            pass
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
        self.catch_up()
        return self._died()

    def _died(self) -> JitreplError:
        """The error for a worker that is gone, or talks nonsense and is ended."""
        status = self._reap(wait_ms=1000)
        if status is None:
            os.kill(self.pid, _SIGKILL)
            self._reap(None)
            return InternalError("the worker sent something that is no message, and was ended")
        if self._end is not WorkerDied or (status == -SIGINT and self.pressed):
            return TimedOut("the time was up") if self._end is TimedOut else Interrupted("interrupted")
        if self.stopped:
            return WorkerDied(f"stopped by signal {self.stopped}", signal=self.stopped)
        if status == _UNKNOWN:
            return WorkerDied("ended; somebody else has waited for it", status=None)
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
        if not self._gone:
            try:
                _, status = os.waitpid(self.pid, 0)
            except ChildProcessError:
                return _UNKNOWN
            self._gone = True
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def leave(self) -> None:
        """Let go of a process that ends by itself, or that somebody else waits for."""
        self._gone = True
        self._channel.stream.close()
        self.copies.let_go()

    def close(self) -> None:
        """End the process and its copies, if they still run; may be called twice."""
        self._channel.stream.close()
        self.copies.drop()
        if not self._gone:
            try:
                os.kill(self.pid, _SIGKILL)
            except ProcessLookupError:
                pass
            self._reap(None)
        for descriptor in (self._pidfd, self._lifeline):
            if descriptor is not None:
                os.close(descriptor)
        self._pidfd = self._lifeline = None
        reap_dropped(wait=True)
