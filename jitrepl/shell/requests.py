"""What the shell's commands ask of a session."""

from __future__ import annotations

import os
from _thread import RLock

from jitrepl import messages
from jitrepl.errors import InputError, IRError, JITError, SymbolError, UsageError, without_colours
from jitrepl.filetypes import is_bitcode
from jitrepl.shell.client import Worker
from jitrepl.shell.compilers import language_of
from jitrepl.shell.settings import Limits
from jitrepl.shell.sources import (
    ARCHIVE,
    CODE,
    IR_SUFFIXES,
    LIBRARY,
    SCRIPT_SUFFIX,
    SOURCE,
    as_path,
    folder_for_inputs,
    has_instructions,
    is_script,
    kind_of,
    plain_ir,
    read_source,
)
from jitrepl.shell.supervisor import Supervisor
from jitrepl.shell.watching import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitrepl.crash_report import CrashReport
    from jitrepl.shell.compilation import Compilation


class Requests:
    """A session, as the shell sees it; `Session` says what the arguments are, and has what Python programs want.

    What docs/python.md does not list of it is for the shell, and may change.
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
        limits: Limits | None = None,
        goes_on: bool = True,
        program: bool = False,
    ) -> None:
        self.notes: list[str] = []
        copies = snapshots and hasattr(os, "fork")
        limits = limits or Limits()
        start = messages.Start(
            tuple(llvm_options), warm_up, copies, dies_with_shell, limits.memory, folder_for_inputs(self), program
        )
        self._supervisor = Supervisor(start, worker, limits, on_note or self.notes.append)
        self._owner = os.getpid()
        self._turn = RLock()
        self.settle = self._supervisor.settle
        self._supervisor.goes_on = goes_on
        self.library_folders: tuple[str, ...] = ()
        """Where libraries are looked for first, as a linker's `-L` says."""
        self._compilation: Compilation | None = None
        self.on_diagnostics: Callable[[str], object] = lambda text: self._supervisor.on_note(without_colours(text))
        """Called with what a compiler printed about a source that it compiled."""
        self.last_call: messages.Call | None = None
        self._inputs = 0
        self.typed: dict[int, bytes] = {}
        """The inputs that have no file, by their numbers, also those that failed."""
        self.saved: set[str] = set()
        """The files that it was saved to."""
        self.watch = Watch()
        """The files that the shell loads again when they change."""

    def load_file(self, path: str, data: bytes | None = None, flags: tuple[str, ...] = ()) -> messages.Loaded:
        """Load a file under the name that the user gave it; a shared library is opened.

        Args:
            path: where it is.
            data: its content, if it was read already.
            flags: for the compiler of a source.
        """
        data = read_source(path) if data is None else data
        if kind_of(path, data) == LIBRARY:
            self.library(path)
            return messages.Loaded(path, (), opened=True)
        try:
            return self._load(self.request_for(path, data, flags))
        except IRError as problem:
            if not problem.hint and has_instructions(data):
                problem.hint = f"scripts may have instructions outside of functions: name it …{SCRIPT_SUFFIX}"
            raise

    def library(self, name: str | os.PathLike[str]) -> tuple[str, ...]:
        """Open a library, whose symbols then serve the session; the files that it consists of.

        Args:
            name: a path, a soname, or what stands behind a linker's `-l`: `m`.

        Raises:
            InputError: if there is none of that name.
            JITError: if the dynamic loader refuses it.
        """
        from jitrepl.shell.libraries import find_library

        files = find_library(as_path(name), self.library_folders)
        for path in files:
            data = read_source(path) if path.endswith(".a") else b""
            if data and kind_of(path, data) == ARCHIVE:
                self.ask_load(path, data)
            else:
                self._open(path)
        return tuple(files)

    def _open(self, path: str) -> None:
        try:
            self.ask(messages.AddLibrary(path))
        except JITError as problem:
            if "executable" in problem.message:  # of dlopen(3)
                problem.message = f"{path} is a program, not a library"
                problem.hint = "what can be loaded: IR, bitcode, sources, objects, archives, shared libraries, scripts"
            raise

    def modules(self) -> tuple[messages.ModuleRow, ...]:
        """The session's modules, in the order in which they came."""
        reply = self.ask(messages.ListModules())
        return reply.modules if isinstance(reply, messages.ModuleTable) else ()

    def request_for(
        self, path: str, data: bytes | None = None, flags: tuple[str, ...] = (), before: bytes = b""
    ) -> messages.Load:
        """The request that loads a file: as it is, or as what a compiler makes of it.

        Args:
            path: where it is.
            data: its content, if it was read already.
            flags: for the compiler of a source.
            before: what the compiler made of it before; if that is the same again, its messages are not told again.

        Raises:
            InputError: if it cannot be read or compiled.
            UsageError: if there are flags, and nothing that is compiled.
        """
        data = read_source(path) if data is None else data
        language, kind = language_of(path), kind_of(path, data)
        if kind == CODE:
            if is_script(path, data) and not path.endswith(IR_SUFFIXES):
                raise InputError(f"{path} is a script of inputs, not a module", f"`jitrepl {path}` runs it")
            if path.endswith(".py"):
                raise InputError(f"{path} is Python, not IR", f"if it registers host functions: `:host {path}`")
            data = plain_ir(data)
        if kind != SOURCE or language is None:
            if flags:
                raise UsageError(f"{path} is not compiled, so it takes no flags", "flags are for C, C++ and Rust")
            return messages.Load(path, data)
        compiled = self.compilation.compile(language, path, data, flags, self.limits.timeout)
        if compiled.diagnostics and compiled.bitcode != before:
            self.on_diagnostics(compiled.diagnostics)
        return messages.Load(path, compiled.bitcode, libraries=compiled.libraries, flags=flags)

    @property
    def compilation(self) -> Compilation:
        """The compilers of this session, and the flags for them."""
        if self._compilation is None:
            from jitrepl.shell.compilation import Compilation

            self._compilation = Compilation(lambda: self.start().llvm, lambda text: self._supervisor.on_note(text))
        return self._compilation

    def add(self, data: bytes) -> messages.Loaded:
        """Load an input that has no file: `<input N>`."""
        self._inputs += 1
        self.typed[self._inputs] = data
        return self.ask_load(f"<input {self._inputs}>", data)

    def ask_evaluate(self, text: str) -> messages.Evaluated:
        """Execute an instruction that has no function around it."""
        self._inputs += 1
        self.typed[self._inputs] = text.encode("utf-8", "surrogateescape")
        reply = self.ask(messages.Evaluate(f"<input {self._inputs}>", text))
        assert isinstance(reply, messages.Evaluated)
        return reply

    def as_text(self, data: bytes) -> str:
        """An input as the user can read it: bitcode as textual IR."""
        if not is_bitcode(data):
            return data.decode("utf-8", "surrogateescape")
        reply = self.ask(messages.Dump(data=data))
        return reply.text if isinstance(reply, messages.Text) else ""

    def load_again(self, name: str, data: bytes, command: str) -> messages.Loaded:
        """Load a module again as something else was made of it.

        Args:
            name: the module's.
            data: what it is from now on.
            command: what does this, for a saved script; IR that was typed is saved as it is then.
        """
        former = self._supervisor.journal.files().get(name)
        if former is None:
            return self.ask_load(name, data)
        return self._load(messages.Load(name, data, True, former.libraries, former.flags, command))

    def ask_load(self, name: str, data: bytes) -> messages.Loaded:
        """Load `data` and call it `name`."""
        return self._load(messages.Load(name, data))

    def _load(self, request: messages.Load) -> messages.Loaded:
        reply = self.ask(request)
        assert isinstance(reply, messages.Loaded)
        return reply

    def ask_call(self, name: str, arguments: tuple[str, ...], signature: str = "") -> messages.Called:
        """Call a function with literals; it is what `again` repeats, also if it fails."""
        self.last_call = messages.Call(name, arguments, signature)
        reply = self.ask(self.last_call)
        assert isinstance(reply, messages.Called)
        return reply

    def ask_again(self, arguments: tuple[str, ...]) -> messages.Called:
        """Repeat the last call, with other literals if there are any."""
        last = self.last_call
        if last is None:
            raise SymbolError("nothing was called yet", "call something first: `:call sum 1 2`")
        return self.ask_call(last.name, arguments or last.arguments, last.signature)

    @property
    def supervisor(self) -> Supervisor:
        """What keeps the worker at work."""
        return self._supervisor

    def ask(self, request: messages.Request) -> messages.Reply:
        """Make a request of the worker.

        Raises:
            JitreplError: what the worker refused, or how it died.
        """
        if os.getpid() != self._owner:
            raise UsageError("this session belongs to the process that forked this one", "make a new one here")
        reply: messages.Reply = self._alone(self._supervisor.ask, request)
        return reply

    def _alone(self, do: Callable[..., Any], *arguments: object) -> Any:
        """Do what no other thread may do something beside."""
        if not self._turn.acquire(False):
            raise UsageError("this session is answering another thread", "a session is for one thread: make another")
        try:
            return do(*arguments)
        finally:
            self._turn.release()

    def start(self) -> messages.Started:
        """Start a worker with a JIT if there is none; otherwise the first request does so."""
        return self._supervisor.start()

    # What the shell shows

    @property
    def symbols_by_name(self) -> dict[str, messages.Symbol]:
        """The symbols that the inputs of the session define."""
        return self._supervisor.journal.symbols

    @property
    def limits(self) -> Limits:
        """What no input may exceed."""
        return self._supervisor.limits

    def apply_limits(self) -> None:
        """Apply a changed memory limit from now on."""
        self._supervisor.apply_limits()

    def stats(self) -> dict[str, float]:
        """Figures about the session: counts, memory in bytes, times in seconds; `:stats` shows them."""
        self.start()
        from jitrepl.shell.memory import memory_figures

        rows, journal = self.modules(), self._supervisor.journal
        return {
            "modules": sum(row.state != "replaced" for row in rows),
            "symbols": len(journal.symbols),
            "code": sum(row.size for row in rows),
            "inputs": len(journal),
            **memory_figures(self._supervisor.pid, self._supervisor.copies, self.limits.undo_memory),
            **self._supervisor.times.figures(),
        }

    @property
    def last_crash(self) -> CrashReport:
        """What the last worker that died has noted; its signal is 0 if there is nothing."""
        return self._supervisor.last_crash

    def tell_notes_to(self, on_note: Callable[[str], object]) -> None:
        """Pass notes to a function from now on."""
        self._supervisor.on_note = on_note
