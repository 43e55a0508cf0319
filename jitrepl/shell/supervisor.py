"""Keep a worker at work: start it, ask it, and go on when it dies, as if nothing had happened.

What the session is, is in two places: in the worker, and in the journal. A worker that dies leaves copies of itself,
the newest of which is as it was before the fatal request; where there is none, a new one is told the journal again.
"""

from __future__ import annotations

from time import perf_counter

from jitrepl import messages
from jitrepl.crash_report import CrashReport
from jitrepl.errors import Interrupted, JitreplError, ThrownError, TimedOut, UndoError, UsageError, WorkerDied
from jitrepl.shell.client import Worker
from jitrepl.shell.copies import reap_dropped
from jitrepl.shell.crashes import cause, fatal, refused_start, short_frames, was_compiling
from jitrepl.shell.interrupts import Undisturbed
from jitrepl.shell.journal import Entry, Journal, as_input, described
from jitrepl.shell.settings import Limits, memory_hint
from jitrepl.shell.sources import remove_folder
from jitrepl.shell.times import Times
from jitrepl.shell.undoing import state_before
from jitrepl.tracer import tracer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


_STARVED = ("std::bad_alloc", "std::bad_array_new_length")


class Supervisor:
    """A worker that is always there.

    Args:
        start: how every worker is set up.
        worker: a worker that was just started; None to start one.
        limits: what no input may exceed.
        on_note: called with each remark about what happened besides the reply.
    """

    def __init__(
        self, start: messages.Start, worker: Worker | None, limits: Limits, on_note: Callable[[str], object]
    ) -> None:
        self.on_note = on_note
        self.goes_on = True
        """Whether there will be more inputs after one that ended the worker; else nothing is brought back."""
        self.last_crash = CrashReport(0)
        self.limits = limits
        self._start = start
        self._worker = worker
        self._started: messages.Started | None = None
        self.journal = Journal()
        """What the session did."""
        self._told: tuple[int, bool] | None = None
        self._closed = False
        self._debugger = ""
        self._created = perf_counter()
        self.times = Times()
        """How long inputs take."""

    @property
    def pid(self) -> int:
        """The process that runs the code now; 0 if there is none yet."""
        return self._worker.pid if self._worker else 0

    @property
    def ended(self) -> bool:
        """Whether there can be no more inputs."""
        return self._closed

    def close(self, wait: bool = True) -> None:
        """Run what JITed code registered with `atexit`, and end the worker; may be called twice.

        Args:
            wait: whether to wait until its process is gone. One that answered is about to end by itself.
        """
        self._closed = True
        worker, self._worker = self._worker, None
        try:
            if worker:
                self._end(worker, wait)
        finally:
            remove_folder(self._start.sources)

    def _end(self, worker: Worker, wait: bool) -> None:
        answered = False
        try:
            if self._started and not self._start.program:  # a program would not answer
                worker.ask(messages.Quit())
                answered = True
        except JitreplError:
            pass  # it is leaving; how is of no use to anybody any more
        finally:
            if answered and not wait:
                worker.leave()
            else:
                worker.close()

    def reset(self) -> None:
        """Begin anew: end the worker as `close` does; the next request starts another."""
        self.close()
        self.journal.cut(0)
        self._closed = False
        self._started = None
        self._created = perf_counter()
        self.times = Times()

    def ask(self, request: messages.Request) -> messages.Reply:
        """Make a request of the worker, and keep what changes the session.

        Raises:
            JitreplError: what the worker refused, or how it died.
        """
        self.start()
        assert self._worker is not None
        self._worker.copies.limit = self.limits.undo_depth
        self._worker.copies.budget.limit = int(self.limits.undo_memory)
        if not self._worker.alive():
            self._tell((self._recover_idle(),))
        self.apply_limits()
        worker = self._worker
        began = perf_counter()
        try:
            reply = worker.ask(request, self.limits.timeout)
        except (WorkerDied, Interrupted, TimedOut) as problem:
            with Undisturbed():
                error = self._recover(request, problem)
            raise error from None
        except JitreplError as problem:
            self.journal.add(request, messages.Failed(type(problem).__name__, problem.message))
            self._tell(problem.notes)
            if isinstance(problem, ThrownError) and problem.type in _STARVED and self.limits.memory:
                problem.hint = memory_hint(self.limits.memory)
            if isinstance(problem, ThrownError) and isinstance(request, messages.Load):
                self._take_back()
            raise
        if messages.changes(request, reply):
            self.times.add(perf_counter() - began)
        self.journal.add(request, reply)
        self._tell(getattr(reply, "notes", ()))
        if worker.interrupted or (worker.pressed and self._start.program):
            worker.interrupted = False
            raise KeyboardInterrupt
        return reply

    def release(self) -> CrashReport:
        """Let go of a worker that had become a program, and is gone; what it has told of a crash. That is the end."""
        self._closed = True
        worker, self._worker = self._worker, None
        assert worker is not None
        worker.catch_up()
        worker.leave()
        return worker.last_words

    def start(self) -> messages.Started:
        """Have a worker with a JIT; the first request does it, if nobody did before."""
        if self._closed:
            raise UsageError("the session is closed", "make a new one")
        if self._started is None:
            self._worker = self._worker or Worker.spawn()
            self._worker.on_notes = self._tell
            self._look_for_debugger(self._worker.pid)
            try:
                reply = self._worker.ask(self._start)
            except WorkerDied as problem:
                raise refused_start(self._start, problem) from None
            assert isinstance(reply, messages.Started)
            self._started = reply
            self._told = (self._start.memory, False)
            self.times.start = self.times.start or perf_counter() - self._created
            self.apply_limits()
        return self._started

    def _look_for_debugger(self, worker: int) -> None:
        """See who debugs from the start; that takes 0.05 ms, in which the worker loads LLVM.

        A debugger that has started the worker is not to share its terminal with a session that goes on without it.
        """
        tracer = tracer_of(worker)
        if tracer or tracer_of():
            from jitrepl.shell.debuggers import known, misled

            self._debugger = known(tracer)
            self._tell(misled(worker))

    def apply_limits(self) -> None:
        """Tell the worker what it does not know of: a limit, or that it is to trace."""
        wanted = (self.limits.memory, self.limits.trace)
        if self._worker and self._started and self._told != wanted:
            self._told = wanted
            self._worker.ask(messages.Limit(*wanted))

    def settle(self) -> bool:
        """Do what can be done while nothing is asked: take note of new copies, and of the ends of replaced ones.

        Returns:
            Whether nothing is left to be done.
        """
        if self._worker:
            self._worker.catch_up()
        return reap_dropped()

    @property
    def copies(self) -> list[int]:
        """The processes of the copies that the worker has left."""
        self.settle()
        return self._worker.copies.pids if self._worker else []

    def _tell(self, notes: tuple[str, ...]) -> None:
        for note in notes:
            self.on_note(note)

    def undo(self, count: int = 1) -> tuple[str, ...]:
        """Take back the last inputs, with all that they did to memory; what they printed stays printed.

        Args:
            count: how many inputs that changed something.

        Returns:
            What was undone, the last first.

        Raises:
            UndoError: if the session does not remember that far back; then nothing was undone.
        """
        self.start()
        assert self._worker is not None
        self._worker.catch_up()
        last = len(self.journal)
        target = state_before(self._worker.copies, last, count, self.limits.undo_depth, self._start.snapshots)
        with Undisturbed():
            self._resume(target)
            if not self._repeat(target):
                self._restore(last)
                raise UndoError("the copy of that state is gone; the session goes on with what was loaded")
            undone = self.journal.cut(target)
        return tuple(as_input(entry) for entry in reversed(undone))

    def _recover(self, request: messages.Request, problem: WorkerDied | Interrupted | TimedOut) -> JitreplError:
        """Go on without the worker that died, as if nothing had been asked of it; the error for the user."""
        assert self._worker is not None
        died = self._worker
        self._resume(len(self.journal))
        if self.goes_on and not self._debugger:
            lost, report = self._bring_back(died.last_words, request)
            hint = lost or "the session goes on, as it was before this input"
        else:
            self._closed, self.last_crash = True, CrashReport(0)
            report = self.explained(died.last_words, (request,))
            hint = "" if self._start.program else "with --keep-going the session goes on, as it was before this input"
        if self._debugger:
            from jitrepl.shell.debuggers import ended

            hint = ended(self._debugger)
        if report.starved and self.limits.memory:
            hint = f"{memory_hint(self.limits.memory)}\n{hint}".rstrip()
        doing = described(request)
        compiles = isinstance(request, messages.Call | messages.Evaluate)
        if isinstance(problem, WorkerDied) and compiles and was_compiling(report):
            doing = f"compiling {doing}"
        frames = short_frames(report, self.journal.source_line)
        return fatal(problem, doing, report, frames, hint, self.limits.timeout)

    def _take_back(self) -> None:
        """Forget what constructors did before one of them threw: exit handlers they registered have lost their code."""
        wanted = len(self.journal)
        if self._worker and self._worker.copies.reaches(wanted):
            with Undisturbed():
                self._resume(wanted)
                self._restore(wanted)

    def _resume(self, number: int) -> None:
        """Have the newest copy that is not newer than a state take the place of the worker, if there is one."""
        assert self._worker is not None
        self._worker = self._worker.resume(number)
        self._told = None  # a copy may be older than that

    def _bring_back(self, words: CrashReport, *requests: messages.Request) -> tuple[str, CrashReport]:
        """Go on with the copy that was woken, or with an older one if that dies: an input has damaged its memory.

        Args:
            words, requests: what the worker that died has said, and was asked in the end.

        Returns:
            What was lost, "" if nothing was; and what is known of the crash.
        """
        self.last_crash = CrashReport(0)
        lost, calls = self._restore(len(self.journal))
        report = self.explained(words, (*calls, *requests))
        sound, step = len(self.journal), 1
        while self._worker and not self._worker.alive():
            sound, step = sound - step, step * 2
            self._resume(sound)
            if self._worker:
                self._worker.resumed_since = "it was damaged"
            lost, _ = self._restore(len(self.journal), sound)
            self.explained(CrashReport(0))
        return lost, report

    def explained(self, words: CrashReport, requests: tuple[messages.Request, ...] = ()) -> CrashReport:
        """What the worker that died has said, or else what the one that was woken knows of it.

        Args:
            words, requests: what it has said; what it was asked, and the other one was not.
        """
        if words.signal:
            self.last_crash = words
        elif self._worker:
            calls = tuple(request for request in requests if isinstance(request, messages.Call))
            try:
                reply = self._worker.ask(messages.Explain(calls))
            except JitreplError:
                return self.last_crash  # a report is no reason to fail
            if isinstance(reply, CrashReport) and reply.signal:
                self.last_crash = reply
        return self.last_crash

    def _recover_idle(self) -> str:
        """Go on without a worker that died while nothing was asked of it, by a thread that a call left; a note."""
        assert self._worker is not None
        problem = self._worker.last_error()
        died = self._worker
        self._resume(len(self.journal))
        lost, report = self._bring_back(died.last_words)
        self.start()
        signal = problem.signal if isinstance(problem, WorkerDied) else 0
        what = f"killed by {cause(signal, report)}" if signal else "ended"
        frames = short_frames(report, self.journal.source_line)
        text = f"warning: since the last input, the process that runs the code was {what}"
        return "\n".join([text, *frames, lost]).rstrip()

    def _repeat(self, wanted: int) -> bool:
        """Repeat what leads a worker that was woken to entry number `wanted` of the journal, exactly as it was.

        Returns:
            Whether it is there; if not, it may have come as far as it is possible so.
        """
        worker = self._worker
        if worker is None:
            return False
        reached = worker.copies.repeated_from(worker.resumed, wanted)
        tell, worker.on_notes = worker.on_notes, lambda notes: None  # they were told
        try:
            missed = self.journal.entries(worker.resumed, reached)
            replies = [worker.ask(messages.Repeat(entry.request)) for entry in missed]
            same = all(map(Entry.like, missed, replies))
        except JitreplError:
            replies, same = [], False
        worker.on_notes = tell
        if same and any(map(Entry.moved, missed, replies)):
            self._tell(("warning: compiled code lies elsewhere now; addresses of it that were printed are wrong",))
        worker.resumed = reached
        if not same:
            self.explained(CrashReport(0))  # nobody else knows
            worker.close()
            self._worker = None
        return same and reached == wanted

    def _restore(self, wanted: int, sound: int | None = None) -> tuple[str, tuple[messages.Request, ...]]:
        """Bring a worker that was woken, or a new one if there is none, to entry number `wanted` of the journal.

        Args:
            wanted: the number.
            sound: up to which number calls may be repeated, if not to that one.

        Returns:
            What was lost, for the user, "" if nothing was; and the requests that were not made again.
        """
        sound = wanted if sound is None else sound
        if self._repeat(sound) and sound == wanted:
            self.journal.cut(wanted)
            return "", ()
        reached = self._worker.resumed if self._worker else 0
        memory = "memory was reset"
        if self._worker is None:
            self._started = None
        else:
            count = wanted - reached
            inputs = "1 input" if count == 1 else f"{count} inputs"
            since = self._worker.resumed_since
            memory = f"memory is as it was {inputs} ago" + (f", before {since}" if since else "; no newer copy is left")
        again, failed, left = 0, [], []
        for entry in self.journal.cut(reached):
            if not entry.repeatable:
                left.append(entry.request)
                continue
            try:
                self.start()
                assert self._worker is not None
                reply = self._worker.ask(entry.request)
                self.journal.add(entry.request, reply)
                again += 1
            except JitreplError as problem:
                failed.append(f"{described(entry.request)} could not be repeated: {problem.message}")
                if isinstance(problem, WorkerDied | Interrupted) and self._worker is not None:
                    self._worker.close()
                    self._worker = self._started = None
        inputs = f", {again} inputs were loaded again" if again > 1 else ", 1 input was loaded again" if again else ""
        return "\n".join([f"the session goes on: {memory}{inputs}", *failed]), tuple(left)
