"""Put another process in the place of the one that runs the code, in the state that the session is in.

What the session is, is in two places: in the worker, and in the journal. A worker that dies leaves copies of itself,
one of which is woken and repeats what it has missed; where there is none, a new worker is told the journal again.
"""

from __future__ import annotations

from jitrepl import messages
from jitrepl.crash_report import CrashReport
from jitrepl.errors import JitreplError, WorkerDied
from jitrepl.shell.client import PATIENCE, SIGINT, Worker
from jitrepl.shell.crashes import refused_start
from jitrepl.shell.journal import Entry, Journal, described
from jitrepl.shell.settings import Limits
from jitrepl.tracer import tracer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


_NOTHING = CrashReport(0)
_INSISTING = 3
"""How many times Ctrl-C has to be pressed until it ends what brings a session back: it was meant for something else."""


class Succession:
    """The process that runs the code of a session, and those that come after it.

    Args:
        setup: how every worker is set up.
        worker: one that was just started; None to start one.
        limits: what no input may exceed.
        tell: called with remarks about what happened.
    """

    def __init__(
        self,
        setup: messages.Start,
        worker: Worker | None,
        limits: Limits,
        tell: Callable[[tuple[str, ...]], object],
    ) -> None:
        self.worker = worker
        """The process; None if there is none."""
        self.started: messages.Started | None = None
        """What it said when its JIT was there; None before that."""
        self.journal = Journal()
        """What the session did."""
        self.last_crash = _NOTHING
        """What is known of the last crash."""
        self.debugger = ""
        """What has started the first worker, to debug it; "" if nothing has."""
        self._setup = setup
        self._limits = limits
        self._tell = tell
        self._told: tuple[int, bool] | None = None  # the limits that the worker knows

    def start(self) -> Worker:
        """Start a worker with a JIT if there is none.

        Raises:
            JitreplError: if there can be none.
        """
        if self.worker and self.started:
            return self.worker
        worker = self.worker = self.worker or Worker.spawn()
        worker.on_notes = self._tell
        self._look_for_debugger(worker.pid)
        try:
            reply = worker.ask(self._setup)
        except WorkerDied as problem:
            raise refused_start(self._setup, problem) from None
        assert isinstance(reply, messages.Started)
        self.started = reply
        self._told = (self._setup.memory, False)
        self.apply_limits()
        return worker

    def _look_for_debugger(self, worker: int) -> None:
        """See who debugs from the start; that takes 0.05 ms, in which the worker loads LLVM.

        A debugger that has started the worker is not to share its terminal with a session that goes on without it.
        """
        tracer = tracer_of(worker)
        if tracer or tracer_of():
            from jitrepl.shell.debuggers import known, misled

            self.debugger = known(tracer)
            self._tell(misled(worker))

    def apply_limits(self) -> None:
        """Tell the worker what it does not know of: a limit, or that it is to trace."""
        wanted = (self._limits.memory, self._limits.trace)
        if self.worker and self.started and self._told != wanted:
            self._told = wanted
            self.worker.ask(messages.Limit(*wanted))

    def resume(self, number: int) -> None:
        """Replace the worker by the newest copy that is not newer than a state, if there is one."""
        assert self.worker is not None
        self.worker = self.worker.resume(number)
        self._told = None  # a copy may be older than that

    def bring_back(self, words: CrashReport, *requests: messages.Request) -> tuple[str, CrashReport]:
        """Go on from the state that the journal ends with, or from an older one if that dies: its memory is damaged.

        Args:
            words: what the worker that died has said.
            requests: what it was asked in the end.

        Returns:
            What was lost, "" if nothing was; and what is known of the crash.
        """
        self.last_crash = _NOTHING
        self.resume(len(self.journal))
        lost, calls = self.restore(len(self.journal))
        report = self.explained(words, (*calls, *requests))
        sound, step = len(self.journal), 1
        while self.worker and not self.worker.alive():
            sound, step = sound - step, step * 2
            self.resume(sound)
            if self.worker:
                self.worker.resumed_since = "it was damaged"
            lost, _ = self.restore(len(self.journal), sound)
            self.explained()
        return lost, report

    def look_back(self, words: CrashReport, request: messages.Request) -> CrashReport:
        """What is known of a crash after which nothing goes on; arguments as for `bring_back`."""
        self.last_crash = _NOTHING
        self.resume(len(self.journal))
        return self.explained(words, (request,))

    def explained(self, words: CrashReport = _NOTHING, requests: tuple[messages.Request, ...] = ()) -> CrashReport:
        """What the worker that died has said, or else what the one that was woken knows of it.

        Args:
            words: what it has said.
            requests: what it was asked, and the one that was woken was not.
        """
        if words.signal:
            self.last_crash = words
        elif self.worker:
            calls = tuple(request for request in requests if isinstance(request, messages.Call))
            try:
                reply = self.worker.ask(messages.Explain(calls), PATIENCE)
            except JitreplError:
                return self.last_crash  # a report is no reason to fail
            if isinstance(reply, CrashReport) and reply.signal:
                self.last_crash = reply
        return self.last_crash

    def repeat(self, wanted: int) -> bool:
        """Repeat what leads a worker that was woken to entry number `wanted` of the journal, exactly as it was.

        Returns:
            Whether it is there; if not, it may have come as far as it is possible so.
        """
        worker = self.worker
        if worker is None:
            return False
        reached = worker.copies.repeated_from(worker.resumed, wanted)
        tell, worker.on_notes = worker.on_notes, lambda notes: None  # they were told
        try:
            missed = self.journal.entries(worker.resumed, reached)
            replies = [worker.ask(messages.Repeat(entry.request), PATIENCE) for entry in missed]
            same = all(map(Entry.like, missed, replies))
        except JitreplError:
            replies, same = [], False
        worker.on_notes = tell
        if same and any(map(Entry.moved, missed, replies)):
            self._tell(("warning: compiled code has moved; addresses of it printed earlier are wrong",))
        worker.resumed = reached
        if not same:
            self.explained()  # nobody else knows
            worker.close()
            self.worker = None
        return same and reached == wanted

    def restore(self, wanted: int, sound: int | None = None) -> tuple[str, tuple[messages.Request, ...]]:
        """Bring a worker that was woken, or a new one if there is none, to entry number `wanted` of the journal.

        Args:
            wanted: the number.
            sound: up to which number calls may be repeated, if not to that one.

        Returns:
            What was lost, for the user, "" if nothing was; and the requests that were not made again.
        """
        sound = wanted if sound is None else sound
        if self.repeat(sound) and sound == wanted:
            self.journal.cut(wanted)
            return "", ()
        worker = self.worker
        reached = worker.resumed if worker else 0
        memory = "memory was reset"
        if worker is None:
            self.started = None
        else:
            count = wanted - reached
            inputs = "1 input" if count == 1 else f"{count} inputs"
            since = worker.resumed_since
            memory = f"memory is as it was {inputs} ago" + (f", before {since}" if since else "; no newer copy is left")
        left = [entry.request for entry in self.journal.entries(reached) if not entry.repeatable]
        todo = [entry for entry in self.journal.cut(reached) if entry.repeatable]
        again, interrupts, failed = 0, 0, []
        while todo:
            entry = todo[0]
            try:
                self.journal.add(entry.request, self.start().ask(entry.request))
                again += 1
                del todo[0]
            except JitreplError as problem:
                interrupted = isinstance(problem, WorkerDied) and problem.signal == SIGINT
                interrupts += interrupted
                if not interrupted or interrupts >= _INSISTING:
                    failed.append(f"{described(entry.request)} could not be repeated: {problem.message}")
                    del todo[0]
                if isinstance(problem, WorkerDied) and self.worker is not None:
                    self.worker.close()
                    self.worker = self.started = None
                    memory, again = "memory was reset", 0
                    todo[:0] = [entry for entry in self.journal.cut(0) if entry.repeatable]
        inputs = f", {again} inputs were loaded again" if again > 1 else ", 1 input was loaded again" if again else ""
        return "\n".join([f"the session goes on: {memory}{inputs}", *failed]), tuple(left)
