"""Keep a worker at work: start it, ask it, and go on when it dies, as if nothing had happened.

What the session is, is in two places: in the worker, and in the journal. A worker that dies leaves copies of itself,
the newest of which is as it was before the fatal request; where there is none, a new one is told the journal again.
"""

from __future__ import annotations

from time import perf_counter

from jitrepl import messages
from jitrepl.errors import Interrupted, JitreplError, TimedOut, UndoError, UsageError, WorkerDied
from jitrepl.shell.client import Worker
from jitrepl.shell.crashes import cause, short_frames, signal_name
from jitrepl.shell.journal import Journal, as_input, described
from jitrepl.shell.settings import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Undisturbed:
    """A context in which Ctrl-C is ignored: who pressed it once may press it again, and a recovery must be done whole.

    (`contextlib` would take 3 ms of every start.)
    """

    def __enter__(self) -> None:
        import signal

        self._before: object = None
        if current_thread_is_main():
            self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        import signal

        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]


class Times:
    """How long inputs that changed the session took, from the request to the reply, in seconds."""

    def __init__(self) -> None:
        self.start = 0.0
        """How long the first worker took to be ready."""
        self.last = 0.0
        self._total = 0.0
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.last = seconds
        self._total += seconds
        self._count += 1

    @property
    def mean(self) -> float:
        """The mean of all; 0 if there was none."""
        return self._total / self._count if self._count else 0.0


def current_thread_is_main() -> bool:
    """Whether this is the thread that Ctrl-C interrupts."""
    import threading

    return threading.current_thread() is threading.main_thread()


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
        self.last_crash = messages.CrashReport(0)
        self.limits = limits
        self._start = start
        self._worker = worker
        self._started: messages.Started | None = None
        self.journal = Journal()
        """What the session did."""
        self._limited = 0
        self._closed = False
        self._created = perf_counter()
        self._times = Times()

    @property
    def pid(self) -> int:
        """The process that runs the code now; 0 if there is none yet."""
        return self._worker.pid if self._worker else 0

    def close(self, wait: bool = True) -> None:
        """Run what JITed code registered with `atexit`, and end the worker; may be called twice.

        Args:
            wait: whether to wait until its process is gone. One that answered is about to end by itself.
        """
        self._closed = True
        worker = self._worker
        if worker is None:
            return
        self._worker = None
        answered = False
        try:
            if self._started:
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
        self._times = Times()

    def ask(self, request: messages.Request) -> messages.Reply:
        """Make a request of the worker, and keep what changes the session.

        Raises:
            JitreplError: what the worker refused, or how it died.
        """
        self.start()
        assert self._worker is not None
        self._worker.limit = self.limits.undo_depth
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
            raise
        if messages.changes(request, reply):
            self._times.add(perf_counter() - began)
        self.journal.add(request, reply)
        self._tell(getattr(reply, "notes", ()))
        return reply

    def start(self) -> messages.Started:
        """Have a worker with a JIT; the first request does it, if nobody did before."""
        if self._closed:
            raise UsageError("the session is closed", "make a new one")
        if self._started is None:
            self._worker = self._worker or Worker.spawn()
            self._worker.on_notes = self._tell
            try:
                reply = self._worker.ask(self._start)
            except WorkerDied as problem:
                raise _refused_start(self._start, problem) from None
            assert isinstance(reply, messages.Started)
            self._started = reply
            self._times.start = self._times.start or perf_counter() - self._created
            self._limited = self._start.memory
            self.apply_limits()
        return self._started

    def apply_limits(self) -> None:
        """Tell the worker of a limit that it does not know of."""
        if self._worker and self._started and self._limited != self.limits.memory:
            self._limited = self.limits.memory
            self._worker.ask(messages.Limit(self._limited))

    def stats(self) -> dict[str, float]:
        """Figures about the session: inputs, copies, memory in bytes, times in seconds."""
        copies = list(self._worker.copies.values()) if self._worker else []
        return {
            "inputs": len(self.journal),
            "symbols": len(self.journal.symbols),
            "copies": len(copies),
            "worker": private_memory(self.pid),
            "memory of copies": sum(private_memory(copy.pid) for copy in copies),
            "start": self._times.start,
            "last input": self._times.last,
            "mean input": self._times.mean,
        }

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
        target = len(self.journal) - count
        deepest = len(self.journal) - self.limits.undo_depth
        known = [number for number in self._worker.copies if deepest <= number < len(self.journal)]
        if target not in known:
            most = len(self.journal) - min(known) if known else 0
            why = "" if self._start.snapshots else "; snapshots are off"
            if not most:
                raise UndoError(f"there is nothing to undo{why}")
            inputs = "1 input" if most == 1 else f"the last {most} inputs"
            raise UndoError(f"{inputs} can be undone, not {count}")
        worker = self._worker.resume(target)
        self._limited = -1  # a copy may be older than the limit
        if worker is None or worker.resumed != target:
            self._worker = worker
            self._restore(len(self.journal))
            raise UndoError("the copy of that state is gone; the session goes on with what was loaded")
        self._worker = worker
        gone = self.journal.cut(target)
        return tuple(as_input(entry) for entry in reversed(gone))

    def _recover(self, request: messages.Request, problem: WorkerDied | Interrupted | TimedOut) -> JitreplError:
        """Go on without the worker that died, as if nothing had been asked of it; the error for the user."""
        wanted = len(self.journal)
        if self._worker is not None:
            self._worker = self._worker.resume(wanted)
            self._limited = -1  # a copy may be older than the limit
        report = self._explained()
        if self.goes_on:
            hint = self._restore(wanted) or "the session goes on, as it was before this input"
        else:
            self._closed = True
            hint = "with --keep-going the report says where, and the session goes on"
        doing = described(request)
        frames = short_frames(report, self.journal.source_line)
        if isinstance(problem, TimedOut):
            text = f"{doing} ran longer than {self.limits.timeout:g} s"
            return TimedOut("\n".join([text, *frames]), hint)
        if isinstance(problem, Interrupted):
            return Interrupted("\n".join([f"interrupted in {doing}", *frames]), hint)
        if problem.signal:
            text = f"{doing} was killed by {cause(problem.signal, report)}"
        else:
            text = f"{doing} ended the process with exit status {problem.status}"
        return WorkerDied(text, hint, problem.signal, problem.status, frames)

    def _explained(self) -> messages.CrashReport:
        """What the worker that was woken knows of the crash of the one before it."""
        self.last_crash = messages.CrashReport(0)
        if self._worker:
            try:
                reply = self._worker.ask(messages.Explain())
            except JitreplError:
                return self.last_crash  # a report is no reason to fail
            if isinstance(reply, messages.CrashReport):
                self.last_crash = reply
        return self.last_crash

    def _recover_idle(self) -> str:
        """Go on without a worker that died while nothing was asked of it, by a thread that a call left; a note."""
        assert self._worker is not None
        problem = self._worker.last_error()
        self._worker = self._worker.resume(len(self.journal))
        self._limited = -1  # a copy may be older than the limit
        lost = self._restore(len(self.journal))
        self.start()
        what = f"killed by {signal_name(problem.signal)}" if isinstance(problem, WorkerDied) else "ended"
        return f"warning: since the last input, the process that runs the code was {what}\n{lost}".rstrip()

    def _restore(self, wanted: int) -> str:
        """Bring a worker that was woken, or a new one if there is none, to entry number `wanted` of the journal.

        Returns:
            What was lost, for the user; "" if nothing was.
        """
        reached = self._worker.resumed if self._worker else 0
        if self._worker and reached == wanted:
            return ""
        memory = "memory was reset"
        if self._worker is None:
            self._started = None
        else:
            count = wanted - reached
            inputs = "1 input" if count == 1 else f"{count} inputs"
            memory = f"memory is as it was {inputs} ago, before other threads were running"
        again, failed = 0, []
        for entry in self.journal.cut(reached):
            if not entry.repeatable:
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
        return "\n".join([f"the session goes on: {memory}{inputs}", *failed])


def _refused_start(start: messages.Start, problem: WorkerDied) -> JitreplError:
    from jitrepl.errors import Finished

    if start.llvm_options and not problem.signal and not problem.status:
        return Finished(f"libLLVM did what {' '.join(start.llvm_options)} asks for")
    if start.llvm_options and not problem.signal:
        return UsageError(f"libLLVM did not go on with {' '.join(start.llvm_options)}", "its own message is above")
    return WorkerDied(f"the worker could not start: {problem.message}", "", problem.signal, problem.status)


def private_memory(pid: int) -> int:
    """The memory that only this process has, in bytes (proc(5), `smaps_rollup`); 0 if that cannot be told."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            lines = [line.split() for line in file if line.startswith(("Private_Clean", "Private_Dirty"))]
    except OSError:
        return 0
    return sum(int(words[1]) * 1024 for words in lines)
