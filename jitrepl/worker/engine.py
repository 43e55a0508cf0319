"""Answer requests: each has one method here, which returns a reply or raises a `JitreplError`."""

from __future__ import annotations

import ctypes
import sys

from jitrepl import messages
from jitrepl.errors import JITError, JitreplError
from jitrepl.worker import llvm, process
from jitrepl.worker.calls import Caller, SessionMemory
from jitrepl.worker.dylib import SessionDylib
from jitrepl.worker.exits import ExitFunction, Exits
from jitrepl.worker.generator import HostSymbolGenerator
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.jit import Jit
from jitrepl.worker.reader import quoted
from jitrepl.worker.signatures import Signature
from jitrepl.worker.thunks import Thunks
from jitrepl.worker.types import Function, Pointer, Void
from jitrepl.worker.units import Units, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from jitrepl.worker.crash import CrashHandler
    from jitrepl.worker.modules import SessionModule

_NULLARY = Signature(Function(Void(), (), False))
_MERGED_AFTER = 50
"""How many modules are linked before their memory is looked at."""
_POINTER = Pointer(0, ctypes.sizeof(ctypes.c_void_p))
_UNARY = Signature(Function(Void(), (_POINTER,), False))


class Engine:
    """A session's JIT with everything around it.

    Args:
        request: how to set it up.

    Raises:
        JITError: if libLLVM cannot be set up on this machine.
    """

    def __init__(self, request: messages.Start) -> None:
        parse_llvm_options(request.llvm_options)
        self._snapshots = False
        if request.snapshots:
            from jitrepl.worker import snapshots

            self._snapshots = snapshots.possible()
        self._compiled = False
        self._linked = 0
        self._crashes: CrashHandler | None = None
        self.checkpoint: Callable[[], None] = lambda: None
        self.dies_with_shell = request.dies_with_shell
        if self.dies_with_shell:
            process.die_with_parent()
        if request.memory:
            process.limit_memory(request.memory)
        self.files = process.StandardFiles()
        self._reports_at_end = bool(request.llvm_options)
        self._notes: list[str] = []
        self.tell: Callable[[tuple[str, ...]], None] = self._notes.extend
        self._said: set[str] = set()
        self._exits = Exits()
        self._unfinished: Callable[[], None] | None = None
        self.jit = Jit(
            lambda id, module: self._units.finish(id, module),
            self._materializing,
            lambda id, size: self._units.linked(id, size),
        )
        self._units = Units(self.jit, request.snapshots)
        self.dylib = SessionDylib(
            self.jit, self._units, lambda: self._hosts.names(), self._outside, self._compile_hosts
        )
        self.dylib.lender.declare_host = self._declare_host
        thunks = Thunks(self.jit)
        memory = SessionMemory(self.dylib, self.dylib.reader.types)
        self._hosts = Hosts(thunks, memory.signature_of, memory)
        memory.hosts = self._hosts
        self._generator = HostSymbolGenerator(self.jit, self._host_address)
        self._caller = Caller(self.dylib, thunks, self._hosts, memory, self._about_to_run)
        process.open_runtime()
        llvm.check(llvm.enable_debug_support(self.jit.ptr))

    def answer(self, request: messages.Request) -> messages.Reply:
        """The reply to a request; what was noted on the way is in it.

        Raises:
            JitreplError: if the request is refused; `take_notes` has what was noted until then.
        """
        if self._unfinished and not isinstance(request, messages.Explain):  # that wants the code which crashed
            unfinished, self._unfinished = self._unfinished, None
            unfinished()
        return _ANSWERS[type(request)](self, request)

    def handle_crashes(self) -> None:
        """Have a crash leave a note for the copy that goes on."""
        if self._snapshots:
            from jitrepl.worker import crash

            if crash.possible():
                self._crashes = crash.CrashHandler(self.jit)

    def note_interrupts(self) -> None:
        """Have Ctrl-C leave one, too, while this request runs."""
        if self._crashes:
            self._crashes.interruptible()

    def _about_to_run(self) -> None:
        if self._notes:
            self.tell(self.take_notes())  # before the code prints something of its own
        if self._compiled and self._snapshots:
            self._compiled = False
            self.checkpoint()

    def wants_snapshot(self, request: messages.Request, reply: messages.Reply) -> bool:
        """Whether a request may have changed what a crash must not lose; the shell counts these, too."""
        if self._snapshots and self._linked >= _MERGED_AFTER:
            from jitrepl.worker import mappings

            self._linked = 0
            mappings.merge()
        return self._snapshots and messages.changes(request, reply)

    def take_notes(self) -> tuple[str, ...]:
        """The notes since the last call."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def warm_up(self) -> None:
        """Do ahead what the first call and the first crash would wait for."""
        self._caller.run(_NULLARY, process.symbol_address("abs") or 0, b"")
        if self._snapshots:
            import jitrepl.worker.report  # noqa: F401 - a woken copy has it then

    # One method a request

    def started(self) -> messages.Started:
        """What a shell wants to know of a new worker."""
        return messages.Started(llvm.version(), self.jit.triple, self.take_notes())

    def _load(self, request: messages.Load) -> messages.Loaded:
        admission = self.dylib.add(request.data, request.name, request.replace)
        module = admission.module
        if module.constructs:
            try:
                self._caller.run(_NULLARY, self.dylib.initializer(module), b"")
            except JitreplError:
                admission.take_back()
                raise
            except BaseException:  # this is a copy from before, and a constructor has ended the original
                self._unfinished = admission.take_back
                raise
        self._notes += admission.notes
        state = "ready" if module.ready else "lazy"
        defines = tuple(
            messages.Symbol(item.name, item.kind, item.type.text, module.name, state) for item in module.definitions()
        )
        declares = tuple(item.name for item in module.globals if not item.defined)
        changed: tuple[str, ...] = ()
        if admission.previous:
            from jitrepl.worker import compare

            changed = tuple(compare.changed(admission.previous, module))
        return messages.Loaded(
            module.name,
            defines,
            declares,
            tuple(admission.replaced),
            admission.previous is not None,
            changed,
            tuple(admission.gone),
            self.take_notes(),
        )

    def _unload(self, request: messages.Unload) -> messages.Unloaded:
        from jitrepl.worker.removal import Removal

        removal = Removal(self.dylib, request.what)
        if not request.force:
            removal.refuse_if_used(request.what)
        removal.run(self._finalize)
        return messages.Unloaded(removal.module.name, tuple(removal.names), removal.whole, self.take_notes())

    def _finalize(self, module: SessionModule) -> None:
        """Run what a module wants done before it goes, as closing a library does."""
        if not module.finalized and module.units[0].ready:
            self._run_exits(self._exits.take(module.number))
            if module.destructs:
                self._caller.run(_NULLARY, self.dylib.finalizer(module), b"")
            module.finalized = True

    def _run_exits(self, functions: Iterable[ExitFunction]) -> None:
        for each in functions:
            if each.argument is None:
                self._caller.run(_NULLARY, each.address, b"")
            else:
                self._caller.run(_UNARY, each.address, each.argument.to_bytes(_POINTER.size, sys.byteorder))

    def _modules(self, _request: messages.ListModules) -> messages.ModuleTable:
        from jitrepl.worker.dump import module_rows

        return messages.ModuleTable(tuple(module_rows(self.dylib)))

    def _save(self, request: messages.Save) -> messages.Done:
        from jitrepl.worker.dump import save

        save(self.dylib, self.jit, request.path, request.kind)
        return messages.Done(self.take_notes())

    def _call(self, request: messages.Call) -> messages.Called:
        value = self._caller.call(request)
        return messages.Called(request.name, value, self.take_notes())

    def _dump(self, request: messages.Dump) -> messages.Text:
        from jitrepl.worker.dump import dump

        if request.data:
            with self.dylib.reader.read(request.data, "the bitcode").module as module:
                return messages.Text(module.text())
        return messages.Text(dump(self.dylib, request.what))

    def _symbols(self, _request: messages.ListSymbols) -> messages.SymbolTable:
        hosts = [name for name in self._hosts.names() if not self.dylib.find(name)]
        rows = [row for row in self.dylib.symbols() if row.name not in hosts]
        for name in hosts:
            function = self._hosts.find(name)
            if function:
                rows.append(messages.Symbol(name, "host", self._hosts.signature(function).type.text, "", "ready"))
        return messages.SymbolTable(tuple(rows))

    def _add_host(self, request: messages.AddHost) -> messages.HostsAdded:
        added = self._hosts.load(request.path)
        self.dylib.hosts_changed()
        return messages.HostsAdded(tuple(function.label for function in added))

    def _add_library(self, request: messages.AddLibrary) -> messages.Done:
        try:
            process.open_library(request.path)
        except OSError as problem:
            raise JITError(
                f"cannot open the library: {problem}", "give its path, or its soname: `:lib libz.so.1`"
            ) from None
        return messages.Done()

    def _explain(self, _request: messages.Explain) -> messages.CrashReport:
        note = self._crashes.take() if self._crashes else None
        if note is None:
            return messages.CrashReport(0)
        from jitrepl.worker.report import report

        return report(note)

    def _limit(self, request: messages.Limit) -> messages.Done:
        process.limit_memory(request.memory)
        return messages.Done()

    def _quit(self, _request: messages.Quit) -> messages.Done:
        self._run_exits(self._exits.take())
        for address in self.dylib.finalizers():
            self._caller.run(_NULLARY, address, b"")
        process.settle_streams()
        if self._reports_at_end:
            llvm.shutdown()  # prints what -time-passes and -stats gathered
        return messages.Done(self.take_notes())

    # What ORC asks or tells

    def _materializing(self, module_id: str) -> None:
        self._compiled = True
        self._linked += 1
        self._units.materializing(module_id)

    def _declare_host(self, name: str) -> str | None:
        function = self._hosts.find(name)
        return self._hosts.signature(function).declaration(quoted(name)) if function else None

    def _compile_hosts(self, names: Iterable[str]) -> None:
        """Make code for the host functions among these undefined symbols, if a function is wanted."""
        for name in names:
            function = self._hosts.find(name)
            if function is None:
                continue
            declared = self.dylib.declared(name)
            if declared and not declared.callable:
                self._notes.append(
                    f"warning: {name} is wanted as a variable; the host function of that name is not used"
                )
                continue
            self._hosts.address(name)
            written = self._hosts.signature(function).type.text
            if declared and declared.type.text != written:
                self._notes.append(
                    f"warning: {name} is declared as {declared.type.text}, the host function is {written}"
                )

    def _outside(self, name: str) -> bool:
        return self._hosts.find(name) is not None or process.symbol_address(name) is not None

    def _host_address(self, symbol: str) -> int | None:
        """What the generator answers: host functions that code was made for, and what stands behind unloaded names."""
        registering = self._exits.address(symbol)
        if registering:
            return registering
        name = name_of(symbol)
        address = self._hosts.compiled.get(name)
        if name != symbol:  # the session has an own symbol of that name, which was unloaded
            return address or process.symbol_address(name)
        if address is not None and symbol not in self._said:
            self._said.add(symbol)
            self._units.occupy(symbol)
            self._notes.append(f"Undefined symbol {symbol}: redirect to host function @ 0x{address:016x}")
        return address


_ANSWERS: dict[type, Callable[[Engine, Any], messages.Reply]] = {
    messages.Load: Engine._load,
    messages.Unload: Engine._unload,
    messages.Save: Engine._save,
    messages.Call: Engine._call,
    messages.Dump: Engine._dump,
    messages.ListSymbols: Engine._symbols,
    messages.ListModules: Engine._modules,
    messages.AddHost: Engine._add_host,
    messages.AddLibrary: Engine._add_library,
    messages.Explain: Engine._explain,
    messages.Limit: Engine._limit,
    messages.Quit: Engine._quit,
}


def parse_llvm_options(options: tuple[str, ...]) -> None:
    """Hand options to libLLVM's own parser, which prints a message and ends the process at one it does not know."""
    if options:
        texts = [b"jitrepl --llvm", *(option.encode() for option in options)]
        array = (ctypes.c_char_p * len(texts))(*texts)
        overview = b"options of libLLVM"
        llvm.parse_options(len(texts), array, overview, len(overview), None, None, None, 0)
