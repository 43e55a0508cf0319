"""A session: what the shell, scripts and Python programs are all clients of. It prints nothing."""

from __future__ import annotations

import os
import sys

from jitrepl import messages
from jitrepl.errors import ArgumentError
from jitrepl.literals import quote, refuse_surrogates
from jitrepl.shell.requests import Requests
from jitrepl.shell.sources import as_path, full_path, is_ir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self


class Session(Requests):
    """A JIT session in a process of its own.

    Args:
        llvm_options: options for libLLVM's own command-line parser.
        worker: a worker that was just started; None to start one.
        on_note: called with each remark about what happened besides the reply; they are also kept in `notes`.
        warm_up: whether the worker may compile something ahead, while nothing is asked of it.
        snapshots: whether the worker leaves copies of itself, to which a crash or `undo` returns. Without, a crash
            loses what calls have done to memory.
        goes_on: whether a worker that died is replaced; a script that stops at its first error needs none.
        limits: what no input may exceed; the defaults if None.
        dies_with_shell: whether the worker is killed when the thread that made it ends, also in the middle of a call.
        program: whether the session is there to run one program, in the worker itself.

    Raises:
        JITError: at the first request, if LLVM cannot be loaded.
    """

    # Python API

    def load(self, source: Any, flags: str = "") -> messages.Loaded:
        """Load textual IR, bitcode, an object or archive, or a source of C, C++ or Rust, which is compiled.

        Args:
            source: a path; IR as text; bitcode as bytes; or a module of `llvmlite.ir` or `llvmlite.binding`.
            flags: for the compiler of a source: `-O2 -DX=1`.

        Raises:
            InputError: if it cannot be read or compiled (`IRError`, `BitcodeError`, `CompileError` and `ObjectError`
                are kinds of it).
        """
        if isinstance(source, bytes | bytearray | memoryview):
            return self.add(bytes(source))
        if isinstance(source, str) and is_ir(source):
            return self.add(_text(source, "IR").encode("utf-8", "surrogateescape"))
        if isinstance(source, str | os.PathLike):
            from jitrepl.shell.settings import read_flags

            return self.load_file(as_path(source), flags=read_flags(_text(flags, "flags")))
        if type(source).__module__ == "builtins":  # no class of modules, whose text would be their IR
            raise ArgumentError(f"a {type(source).__name__} is no source", "give a path, IR text, bitcode or a module")
        return self.add(str(source).encode("utf-8", "surrogateescape"))

    def call(self, name: str, *arguments: object, signature: str = "") -> Any:
        """Call a function and return what it returned, as a Python value.

        Integers and floats come as `int` and `float` (`Decimal` beyond double), `i1` as `bool`, pointers as
        addresses, structs, arrays and vectors as tuples, `[N x i8]` as `bytes`, `void` as None. With debug info they
        are values of the source: str, list, dict, and `jitrepl.structs.Struct`.

        Args:
            name: the function's name.
            arguments: int, float, bool, str and bytes (for a pointer: the address of a copy), None (null),
                lists (for a pointer: an array), tuples (aggregates).
            signature: its IR type, for a function that the session does not declare: `double (double)`.

        Raises:
            SymbolError, ArgumentError, JITError: if it cannot be called.
            ThrownError, HostError: if an exception or a panic left it, or a host function failed.
            WorkerDied, TimedOut, Interrupted: if the call ended the worker; the session goes on as it was before.
        """
        name, signature = _text(name, "the name of a function"), _text(signature, "a signature")
        return self.ask_call(name.removeprefix("@"), tuple(quote(a) for a in arguments), signature).value.data

    def again(self, *arguments: object) -> Any:
        """Repeat the last call, with other arguments if there are any.

        Raises:
            SymbolError: if nothing was called yet; else as `call`.
        """
        return self.ask_again(tuple(quote(a) for a in arguments)).value.data

    def evaluate(self, text: str) -> Any:
        """Execute an instruction outside of a function and return what it yields, as `call` does.

        Args:
            text: `add i32 1, 2`; `%x = load i32, ptr @g`, which later ones can use as `%x`; or just `%x` or `@g`.

        Raises:
            IRError, InputError: if LLVM refuses it, or it cannot stand alone.
            SymbolError: if there is nothing of that name.
            JITError, HostError, ThrownError, WorkerDied: as `call`.
        """
        if _text(text, "an instruction").lstrip().startswith(("@", "%")) and "=" not in text:
            reply = self.ask(messages.Show(text.strip()))
            return reply.value.data if isinstance(reply, messages.Evaluated) else None
        return self.ask_evaluate(text).value.data

    def run(self, *arguments: str) -> int:
        """Run `main` as a program, in a copy of the process: memory is afterwards as it was before.

        Args:
            arguments: its `argv`, less the first, which is the name of the module that defines `main`.

        Returns:
            Its exit status.

        Raises:
            SymbolError, JITError: if there is no `main`, or it cannot be linked.
            WorkerDied: if a signal ended it, with its number and what is known of where; `Interrupted` for Ctrl-C.
            TimedOut: if it ran longer than `limits.timeout`.
        """
        from jitrepl.shell.programs import run_in_session

        return run_in_session(self, tuple(_text(argument, "an argument") for argument in arguments))

    def dump(self, what: str = "", debug_info: bool = False) -> str:
        """The IR of the session, or of the function, global, type (`%T`) or module called `what`.

        Args:
            what: its name; "" for all.
            debug_info: whether debug info comes with it.

        Raises:
            SymbolError: if there is nothing of that name.
        """
        reply = self.ask(messages.Dump(_text(what, "a name"), debug=bool(debug_info)))
        return reply.text if isinstance(reply, messages.Text) else ""

    def describe(self, what: str) -> str:
        """The type of a function or global, or what is in a type, as the source, or else IR, has it."""
        reply = self.ask(messages.Dump(_text(what, "a name"), only_type=True))
        return reply.text if isinstance(reply, messages.Text) else ""

    def disassemble(self, bitcode: bytes) -> str:
        """Bitcode as textual IR.

        Raises:
            BitcodeError: if it cannot be read.
        """
        if not isinstance(bitcode, bytes | bytearray) or not bitcode:
            raise ArgumentError("there is no bitcode to read", "give it as bytes")
        reply = self.ask(messages.Dump(data=bytes(bitcode)))
        return reply.text if isinstance(reply, messages.Text) else ""

    def symbols(self) -> tuple[messages.Symbol, ...]:
        """The session's symbols, in the order in which they came."""
        reply = self.ask(messages.ListSymbols())
        return reply.symbols if isinstance(reply, messages.SymbolTable) else ()

    def host(self, path: str | os.PathLike[str]) -> tuple[str, ...]:
        """Run a Python file that registers host functions or formatters; the names of the functions.

        Raises:
            HostError: if that fails.
        """
        reply = self.ask(messages.AddHost(full_path(path)))
        return reply.names if isinstance(reply, messages.HostsAdded) else ()

    def unload(self, what: str, force: bool = False) -> messages.Unloaded:
        """Take a module or a symbol out of the session.

        Args:
            what: the name of a module, function or variable.
            force: whether to do it although something uses it; calls of that fail until it is defined again.

        Raises:
            SymbolError: if there is nothing of that name, or something uses it.
        """
        reply = self.ask(messages.Unload(_text(what, "a name"), bool(force)))
        assert isinstance(reply, messages.Unloaded)
        return reply

    def reload(self, path: str | os.PathLike[str] = "") -> tuple[messages.Loaded, ...]:
        """Load files again that have changed since; variables keep their values where types and initialisers allow.

        Args:
            path: one file, changed or not; "" for all that the session has loaded.

        Returns:
            What was loaded.

        Raises:
            InputError: if a file cannot be read.
        """
        files = self._supervisor.journal.files()
        if name := as_path(path):
            return (self.load_file(name, flags=files[name].flags if name in files else ()),)
        requests = [self.request_for(name, flags=file.flags, before=file.data) for name, file in files.items()]
        return tuple(self._load(request) for request in requests if request.data != files[request.name].data)

    def files(self) -> tuple[str, ...]:
        """The files that the session has loaded."""
        return tuple(self._supervisor.journal.files())

    def module_names(self) -> tuple[str, ...]:
        """The modules that the session has loaded, by the names that `dump` and `unload` know: `sum.ll`, `input 3`."""
        return tuple(name.strip("<>") for name in self._supervisor.journal.loaded())

    def save(self, path: str | os.PathLike[str], over: bool = True) -> None:
        """Write the session to a file: as a script, or linked into one module.

        Args:
            path: what ends in `.jitrepl` gets a script of the inputs, which brings the session back when jitrepl runs
                it; what ends in `.ll`, `.bc`, `.s` or `.o` the module, as IR, bitcode, assembly or an object.
            over: whether a file is written over that was there before this session.

        Raises:
            UsageError: if the path ends in something else, or such a file is there.
            JITError: if the file cannot be written, or the modules cannot be linked.
        """
        from jitrepl.shell.saving import save

        save(self, self._supervisor.journal.entries(), as_path(path), over)

    def reset(self) -> None:
        """Begin anew, with nothing loaded; limits stay."""
        self._alone(self._supervisor.reset)
        self.last_call = None
        self._inputs = 0
        self.typed.clear()
        self.saved.clear()
        self.watch.clear()

    def undo(self, count: int = 1) -> tuple[str, ...]:
        """Take back the last inputs, with all that they did to memory; what they printed stays printed.

        Args:
            count: how many inputs that changed something.

        Returns:
            What was undone, the last first.

        Raises:
            ArgumentError: if that is not a number from 1.
            UndoError: if the session does not remember that far back; then nothing was undone.
        """
        if not isinstance(count, int) or count < 1:
            raise ArgumentError(f"{count!r} is not how many inputs to take back", "that is a number from 1")
        undone: tuple[str, ...] = self._alone(self._supervisor.undo, min(count, sys.maxsize))
        return undone

    @property
    def pid(self) -> int:
        """The process that runs the code now; 0 if there is none yet. A debugger can attach to it."""
        return self._supervisor.pid

    @property
    def ended(self) -> bool:
        """Whether there can be no more inputs: it was closed, or a debugger ended the process that it had started."""
        return self._supervisor.ended

    def close(self, wait: bool = True) -> None:
        """Run what JITed code registered with `atexit`, and end the worker; may be called twice.

        In a process that the session's owner has forked, this does nothing.

        Args:
            wait: whether to wait until its process is gone. One that answered is about to end by itself.
        """
        if os.getpid() == self._owner:
            self._supervisor.close(wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _text(value: str, what: str) -> str:
    """What has to be text, if it is.

    Raises:
        ArgumentError: if it is something else, or no bytes can stand for it.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{what} is a str, not {type(value).__name__}")
    refuse_surrogates(value)
    return value
