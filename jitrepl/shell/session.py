"""A session: a worker, the journal of what it was given, and what to do when it dies.

The shell, scripts and Python programs are all clients of `Session`. It prints nothing.
"""

from __future__ import annotations

import os

from jitrepl import messages
from jitrepl.errors import Interrupted, JitreplError, SymbolError, UndoError, WorkerDied
from jitrepl.literals import quote
from jitrepl.shell.client import Worker
from jitrepl.shell.crashes import cause, short_frames, signal_name
from jitrepl.shell.journal import Journal, as_input, described
from jitrepl.shell.sources import read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self


class Session:
    """A JIT session in a process of its own.

    Args:
        llvm_options: options for libLLVM's own command-line parser.
        worker: a worker that was just started; None to start one.
        on_note: called with each remark about what happened besides the reply; they are also kept in `notes`.
        warm_up: whether the worker may compile something ahead, while nothing is asked of it.
        snapshots: whether the worker leaves a copy of itself after each input, to which a crash or `undo` returns;
            that takes it 1 ms, after the reply. Without, a crash loses what calls have done to memory.
        dies_with_shell: whether the worker is killed when the thread that made it ends, also in the middle of a call.

    Raises:
        JITError: at the first request, if LLVM cannot be loaded.
    """

    def __init__(
        self,
        *,
        llvm_options: tuple[str, ...] = (),
        worker: Worker | None = None,
        on_note: Callable[[str], object] | None = None,
        warm_up: bool = False,
        snapshots: bool = True,
        dies_with_shell: bool = False,
    ) -> None:
        self.notes: list[str] = []
        self.symbols_by_name: dict[str, messages.Symbol] = {}
        self.on_note = on_note or self.notes.append
        self._start = messages.Start(tuple(llvm_options), warm_up, snapshots and hasattr(os, "fork"), dies_with_shell)
        self._worker = worker
        self._started: messages.Started | None = None
        self._journal = Journal()
        self.last_crash = messages.CrashReport(0)
        self._last_call: messages.Call | None = None
        self._inputs = 0

    # Python API

    def load(self, source: Any) -> messages.Loaded:
        """Load textual IR or bitcode.

        Args:
            source: a path; IR as text; bitcode as bytes; or a module of `llvmlite.ir` or `llvmlite.binding`.

        Raises:
            InputError: if it cannot be read (`IRError` and `BitcodeError` are kinds of it).
            DuplicateError: if it defines what is defined already.
        """
        if isinstance(source, bytes | bytearray):
            return self.add(bytes(source))
        if isinstance(source, str) and _is_ir(source):
            return self.add(source.encode())
        if isinstance(source, str | os.PathLike):
            path = os.fspath(source)
            return self.load_file(path if isinstance(path, str) else os.fsdecode(path))
        return self.add(str(source).encode())

    def call(self, name: str, *arguments: object, signature: str = "") -> Any:
        """Call a function and return what it returned, as a Python value.

        Integers and floats come as `int` and `float` (`Decimal` beyond double), `i1` as `bool`, pointers as
        addresses, structs, arrays and vectors as tuples, `[N x i8]` as `bytes`, `void` as None.

        Args:
            name: the function's name.
            arguments: int, float, bool, str and bytes (for a pointer: the address of a copy), None (null),
                lists (for a pointer: an array), tuples (aggregates).
            signature: its IR type, for a function that the session does not declare: `double (double)`.

        Raises:
            SymbolError, ArgumentError, JITError, HostError: if it cannot be called.
            WorkerDied: if the call ended the worker; the session goes on with everything loaded again.
        """
        return self.ask_call(name, tuple(quote(a) for a in arguments), signature).value.data

    def again(self, *arguments: object) -> Any:
        """Repeat the last call, with other arguments if there are any.

        Raises:
            SymbolError: if nothing was called yet; else as `call`.
        """
        return self.ask_again(tuple(quote(a) for a in arguments)).value.data

    def dump(self, what: str = "") -> str:
        """The IR of the session, or of the function, global, type (`%T`) or module called `what`.

        Raises:
            SymbolError: if there is nothing of that name.
        """
        reply = self.ask(messages.Dump(what))
        return reply.text if isinstance(reply, messages.Text) else ""

    def symbols(self) -> tuple[messages.Symbol, ...]:
        """The session's symbols, in the order in which they came."""
        reply = self.ask(messages.ListSymbols())
        return reply.symbols if isinstance(reply, messages.SymbolTable) else ()

    def host(self, path: str) -> tuple[str, ...]:
        """Run a Python file that registers host functions; their names.

        Raises:
            HostError: if that fails.
        """
        reply = self.ask(messages.AddHost(os.path.abspath(os.path.expanduser(path))))
        return reply.names if isinstance(reply, messages.HostsAdded) else ()

    def library(self, path: str) -> None:
        """Open a shared library, by path or soname, whose symbols then serve the session.

        Raises:
            JITError: if the dynamic loader refuses it.
        """
        expanded = os.path.expanduser(path)
        self.ask(messages.AddLibrary(os.path.abspath(expanded) if os.path.exists(expanded) else path))

    @property
    def pid(self) -> int:
        """The process that runs the code now; 0 if there is none yet. A debugger can attach to it."""
        return self._worker.pid if self._worker else 0

    def close(self, wait: bool = True) -> None:
        """Run what JITed code registered with `atexit`, and end the worker; may be called twice.

        Args:
            wait: whether to wait until its process is gone. One that answered is about to end by itself.
        """
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Requests, as the shell's commands make them

    def load_file(self, path: str) -> messages.Loaded:
        """Load a file under the name that the user gave it."""
        return self.ask_load(path, read_source(path))

    def add(self, data: bytes) -> messages.Loaded:
        """Load an input that has no file: `<input N>`."""
        self._inputs += 1
        return self.ask_load(f"<input {self._inputs}>", data)

    def ask_load(self, name: str, data: bytes) -> messages.Loaded:
        """Load `data` and call it `name`."""
        reply = self.ask(messages.Load(name, data))
        assert isinstance(reply, messages.Loaded)
        return reply

    def ask_call(self, name: str, arguments: tuple[str, ...], signature: str = "") -> messages.Called:
        """Call a function with literals; it is what `again` repeats, also if it fails."""
        self._last_call = messages.Call(name, arguments, signature)
        reply = self.ask(self._last_call)
        assert isinstance(reply, messages.Called)
        return reply

    def ask_again(self, arguments: tuple[str, ...]) -> messages.Called:
        """Repeat the last call, with other literals if there are any."""
        last = self._last_call
        if last is None:
            raise SymbolError("nothing was called yet", "call something first: `:call sum 1 2`")
        return self.ask_call(last.name, arguments or last.arguments, last.signature)

    def ask(self, request: messages.Request) -> messages.Reply:
        """Make a request of the worker, and keep what changes the session.

        Raises:
            JitreplError: what the worker refused, or how it died.
        """
        self.start()
        assert self._worker is not None
        if not self._worker.alive():
            self._tell((self._recover_idle(),))
        worker = self._worker
        try:
            reply = worker.ask(request)
        except (WorkerDied, Interrupted) as problem:
            raise self._recover(request, problem) from None
        except JitreplError as problem:
            self._note_change(request, messages.Failed(type(problem).__name__, problem.message))
            self._tell(problem.notes)
            raise
        self._note_change(request, reply)
        self._tell(getattr(reply, "notes", ()))
        return reply

    def _note_change(self, request: messages.Request, reply: messages.Reply) -> None:
        self._journal.add(request, reply)
        if isinstance(reply, messages.Loaded):
            self.symbols_by_name.update((symbol.name, symbol) for symbol in reply.defines)

    def start(self) -> messages.Started:
        """Have a worker with a JIT; the first request does it, if nobody did before."""
        if self._started is None:
            self._worker = self._worker or Worker.spawn()
            try:
                reply = self._worker.ask(self._start)
            except WorkerDied as problem:
                raise _refused_start(self._start, problem) from None
            assert isinstance(reply, messages.Started)
            self._started = reply
        return self._started

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
        target = len(self._journal) - count
        known = [number for number in self._worker.copies if number < len(self._journal)]
        if target not in known:
            most = len(self._journal) - min(known) if known else 0
            why = "" if self._start.snapshots else "; snapshots are off"
            inputs = "nothing" if not most else "1 input" if most == 1 else f"the last {most} inputs"
            raise UndoError(f"{inputs} can be undone, not {count}{why}")
        worker = self._worker.resume(target)
        if worker is None or worker.resumed != target:
            self._worker = worker
            self._restore(len(self._journal))
            raise UndoError("the copy of that state is gone; the session goes on with what was loaded")
        self._worker = worker
        gone = self._journal.cut(target)
        self._remember_symbols()
        return tuple(as_input(entry) for entry in reversed(gone))

    def _recover(self, request: messages.Request, problem: WorkerDied | Interrupted) -> JitreplError:
        """Go on without the worker that died, as if nothing had been asked of it; the error for the user."""
        wanted = len(self._journal)
        if self._worker is not None:
            self._worker = self._worker.resume(wanted)
        report = self._explained()
        hint = self._restore(wanted) or "the session goes on, as it was before this input"
        doing = described(request)
        frames = short_frames(report)
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
        self._worker = self._worker.resume(len(self._journal))
        lost = self._restore(len(self._journal))
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
        for entry in self._journal.cut(reached):
            if not entry.repeatable:
                continue
            try:
                self.start()
                assert self._worker is not None
                reply = self._worker.ask(entry.request)
                self._journal.add(entry.request, reply)
                again += 1
            except JitreplError as problem:
                failed.append(f"{described(entry.request)} could not be repeated: {problem.message}")
                if isinstance(problem, WorkerDied | Interrupted) and self._worker is not None:
                    self._worker.close()
                    self._worker = self._started = None
        self._remember_symbols()
        inputs = f", {again} inputs were loaded again" if again > 1 else ", 1 input was loaded again" if again else ""
        return "\n".join([f"the session goes on: {memory}{inputs}", *failed])

    def _remember_symbols(self) -> None:
        self.symbols_by_name = {symbol.name: symbol for symbol in self._journal.symbols()}


def _is_ir(text: str) -> bool:
    """Whether a text is IR rather than a path."""
    return text.startswith(("declare ", "module ", "target ")) or any(sign in text for sign in ("\n", "{", " = "))


def _refused_start(start: messages.Start, problem: WorkerDied) -> JitreplError:
    from jitrepl.errors import Finished, UsageError

    if start.llvm_options and not problem.signal and not problem.status:
        return Finished(f"libLLVM did what {' '.join(start.llvm_options)} asks for")
    if start.llvm_options and not problem.signal:
        return UsageError(f"libLLVM did not go on with {' '.join(start.llvm_options)}", "its own message is above")
    return WorkerDied(f"the worker could not start: {problem.message}", "", problem.signal, problem.status)
