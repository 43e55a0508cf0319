"""Ask a worker that is always there: when it dies, another goes on as if nothing had been asked."""

from __future__ import annotations

from time import perf_counter

from jitrepl import messages
from jitrepl.crash_report import CrashReport
from jitrepl.errors import Interrupted, JitreplError, ThrownError, TimedOut, UndoError, UsageError, WorkerDied
from jitrepl.shell.client import Worker
from jitrepl.shell.copies import reap_dropped
from jitrepl.shell.crashes import ended_by, fatal, short_frames, was_compiling
from jitrepl.shell.interrupts import Undisturbed
from jitrepl.shell.journal import as_input, described
from jitrepl.shell.settings import Limits, memory_hint
from jitrepl.shell.sources import remove_folder
from jitrepl.shell.succession import Succession
from jitrepl.shell.times import Times
from jitrepl.shell.undoing import state_before

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
        self.limits = limits
        self.times = Times()
        """How long inputs take."""
        self._setup = start
        self._line = Succession(start, worker, limits, self._tell)
        self.journal = self._line.journal
        """What the session did."""
        self._closed = False
        self._created = perf_counter()

    @property
    def pid(self) -> int:
        """The process that runs the code now; 0 if there is none yet."""
        return self._line.worker.pid if self._line.worker else 0

    @property
    def last_crash(self) -> CrashReport:
        """What is known of the last crash."""
        return self._line.last_crash

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
        worker, self._line.worker = self._line.worker, None
        try:
            if worker:
                self._end(worker, wait)
        finally:
            remove_folder(self._setup.sources)

    def _end(self, worker: Worker, wait: bool) -> None:
        answered = False
        try:
            if self._line.started and not self._setup.program:  # a program would not answer
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
        self._line.started = None
        self._line.last_crash = CrashReport(0)
        self._closed = False
        self._created = perf_counter()
        self.times = Times()

    def ask(self, request: messages.Request) -> messages.Reply:
        """Make a request of the worker, and keep what changes the session.

        Raises:
            JitreplError: what the worker refused, or how it died.
        """
        worker = self._ready()
        began = perf_counter()
        try:
            try:
                reply = worker.ask(request, self.limits.timeout)
            except WorkerDied:
                if not worker.unread:
                    raise
                worker = self._ready()  # it was about to end when it was asked, and the request has no part in that
                reply = worker.ask(request, self.limits.timeout)
        except (WorkerDied, Interrupted, TimedOut, KeyboardInterrupt) as problem:
            with Undisturbed():
                # Ctrl-C itself gets here if it was pressed again, while what the first one asks for was being done.
                ended = Interrupted("interrupted") if isinstance(problem, KeyboardInterrupt) else problem
                error = self._recover(request, ended)
            raise error from None
        except JitreplError as problem:
            self.journal.add(request, messages.Failed(type(problem).__name__, problem.message))
            self._tell(problem.notes)
            if isinstance(problem, ThrownError) and problem.type in _STARVED and self.limits.memory:
                problem.hint = memory_hint(self.limits.memory)
            if isinstance(problem, ThrownError) and isinstance(request, messages.Load):
                self._take_back(worker)
            raise
        if messages.changes(request, reply):
            self.times.add(perf_counter() - began)
        self.journal.add(request, reply)
        self._tell(getattr(reply, "notes", ()))
        if worker.interrupted or (worker.pressed and self._setup.program):
            worker.interrupted = False
            raise KeyboardInterrupt
        return reply

    def _ready(self) -> Worker:
        """A worker that lives and knows the limits."""
        self.start()
        worker = self._line.start()
        worker.copies.limit = self.limits.undo_depth
        worker.copies.budget.limit = int(self.limits.undo_memory)
        if not worker.alive():
            with Undisturbed():
                note = self._recover_idle(worker)
            self._tell((note,))
            worker = self._line.start()
        self._line.apply_limits()
        return worker

    def release(self) -> CrashReport:
        """Let go of a worker that had become a program, and is gone; what it has told of a crash. That is the end."""
        self._closed = True
        worker, self._line.worker = self._line.worker, None
        assert worker is not None
        worker.catch_up()
        worker.leave()
        return worker.last_words

    def crash_beside(self) -> CrashReport:
        """What is known of the crash of a program that ran in a copy of the worker."""
        self._line.last_crash = CrashReport(0)
        return self._line.explained()

    def start(self) -> messages.Started:
        """Start a worker with a JIT if there is none; otherwise the first request does so."""
        if self._closed:
            raise UsageError("the session is closed", "make a new one")
        self._line.start()
        assert self._line.started is not None
        self.times.start = self.times.start or perf_counter() - self._created
        return self._line.started

    def apply_limits(self) -> None:
        """Tell the worker what it does not know of the limits."""
        self._line.apply_limits()

    def settle(self) -> bool:
        """Do what can be done while nothing is asked: take note of new copies, and of the ends of replaced ones.

        Returns:
            Whether nothing is left to be done.
        """
        if self._line.worker:
            self._line.worker.catch_up()
        return reap_dropped()

    @property
    def copies(self) -> list[int]:
        """The processes of the copies that the worker has left."""
        self.settle()
        return self._line.worker.copies.pids if self._line.worker else []

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
        worker = self._line.start()
        worker.catch_up()
        last = len(self.journal)
        target = state_before(worker.copies, last, count, self.limits.undo_depth, self._setup.snapshots)
        with Undisturbed():
            self._line.resume(target)
            if not self._line.repeat(target):
                self._line.restore(last)
                raise UndoError("the copy of that state is gone; the session goes on with what was loaded")
            undone = self.journal.cut(target)
        return tuple(as_input(entry) for entry in reversed(undone))

    def _recover(self, request: messages.Request, problem: WorkerDied | Interrupted | TimedOut) -> JitreplError:
        """Go on without the worker that died, as if nothing had been asked of it; the error for the user."""
        assert self._line.worker is not None
        died = self._line.worker
        if self.goes_on and not self._line.debugger:
            lost, report = self._line.bring_back(died.last_words, request)
            hint = lost or "the session goes on, as it was before this input"
        else:
            self._closed = True
            report = self._line.look_back(died.last_words, request)
            hint = "" if self._setup.program else "with --keep-going the session goes on, as it was before this input"
        if self._line.debugger:
            from jitrepl.shell.debuggers import ended

            hint = ended(self._line.debugger)
        if report.starved and self.limits.memory:
            hint = f"{memory_hint(self.limits.memory)}\n{hint}".rstrip()
        doing = described(request)
        compiles = isinstance(request, messages.Call | messages.Evaluate)
        if isinstance(problem, WorkerDied) and compiles and was_compiling(report):
            doing = f"compiling {doing}"
        frames = short_frames(report, self.journal.source_line)
        return fatal(problem, doing, report, frames, hint, self.limits.timeout)

    def _take_back(self, worker: Worker) -> None:
        """Forget what constructors did before one of them threw: exit handlers they registered have lost their code."""
        wanted = len(self.journal)
        if worker.copies.reaches(wanted):
            with Undisturbed():
                self._line.resume(wanted)
                self._line.restore(wanted)

    def _recover_idle(self, died: Worker) -> str:
        """Go on without a worker that died while nothing was asked of it, by a thread that a call left; a note."""
        problem = died.last_error()
        lost, report = self._line.bring_back(died.last_words)
        signal = problem.signal if isinstance(problem, WorkerDied) else 0
        what = ended_by(signal, report) if signal else "ended"
        frames = short_frames(report, self.journal.source_line)
        text = f"warning: since the last input, the process that runs the code was {what}"
        return "\n".join([text, *frames, lost]).rstrip()
