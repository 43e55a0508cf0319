"""Answer requests: each has one method here, which returns a reply or raises a `JitreplError`."""

from __future__ import annotations

import os

from jitrepl import messages
from jitrepl.errors import JITError, UndefinedError
from jitrepl.filetypes import ARCHIVE_MAGIC
from jitrepl.literal_tree import quoted
from jitrepl.tracer import tracer_of
from jitrepl.worker import llvm, process
from jitrepl.worker.calls import Caller, SessionMemory
from jitrepl.worker.crashes.crash_watch import CrashWatch
from jitrepl.worker.debugger import SourceFiles, let_attach
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.jit import TRAPS, Jit
from jitrepl.worker.languages.support import Languages, source_name
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.linking.generator import HostSymbolGenerator
from jitrepl.worker.linking.initialisers import NULLARY, Initialisers
from jitrepl.worker.linking.members import Members
from jitrepl.worker.linking.outside import Outside
from jitrepl.worker.linking.runtime import Runtime
from jitrepl.worker.linking.units import Units
from jitrepl.worker.loading import loaded, others_in
from jitrepl.worker.memory_limit import MemoryLimit
from jitrepl.worker.thunks import Thunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from jitrepl.crash_report import CrashReport
    from jitrepl.worker.evaluation import Evaluator
    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.repeats import Repeats
    from jitrepl.worker.snapshots import Copier

_MERGED_AFTER = 50
"""How many modules are linked before their memory is looked at."""


class Engine:
    """A session's JIT with everything around it.

    Args:
        request: how to set it up.

    Raises:
        JITError: if libLLVM cannot be set up on this machine.
    """

    def __init__(self, request: messages.Start) -> None:
        llvm.parse_option_texts(TRAPS)
        llvm.parse_option_texts(request.llvm_options)
        self.snapshots = False
        if request.snapshots:
            from jitrepl.worker import snapshots

            self.snapshots = snapshots.possible()
        self._linked = 0
        self._copier: Copier | None = None
        self._evaluator: Evaluator | None = None
        self.checkpoint: Callable[[], None] = lambda: None
        self._dies_with_shell = request.dies_with_shell
        if self._dies_with_shell:
            process.die_with_parent()
        process.volunteer_for_oom()
        self._limit_on_memory = MemoryLimit(request.memory)
        self._program = request.program
        self.copy: Callable[[], int] = lambda: 0
        """Makes a copy of this process, a child of the shell; 0 in the copy, else its process id."""
        self.becomes: Callable[[], NoReturn] | None = None
        """The program that this process is to run when it has answered."""
        self.files = process.StandardFiles(0 if request.program else 3)
        if not request.program:
            process.prepare_streams()
        self._reports_at_end = bool(request.llvm_options)
        self._notes: list[str] = []
        self.tell: Callable[[tuple[str, ...]], None] = self._notes.extend
        self._sources = SourceFiles(request.sources)
        self._sources.wanted = tracer_of() != 0
        self.jit = Jit(
            lambda id, module: self._units.finish(id, module),
            self._materializing,
            lambda id, size: self._units.linked(id, size),
        )
        numbered = request.snapshots or self._sources.wanted
        self._units = Units(self.jit, self._sources.folder_of if numbered else None, not request.program)
        self._units.on_remove = lambda module_id: self._initialisers.end_removed(module_id)
        self.dylib = SessionDylib(
            self.jit,
            self._units,
            lambda: self._hosts.names(),
            lambda name: self._outside.has(name),
            lambda names: self._outside.prepare(names),
        )
        self.dylib.lender.declare_host = lambda name: self._outside.declaration(name)
        thunks = Thunks(self.jit)
        self._memory = memory = SessionMemory(self.dylib, self.dylib.reader.types)
        self._runtime = Runtime(thunks.compile)
        self._hosts = Hosts(thunks, memory.signature_of, memory)
        memory.hosts = self._hosts
        self._hosts.brought = lambda function: self._outside.brought(function)
        self.dylib.written_hosts = self._hosts.written
        self._languages = Languages(self.jit, thunks.way_out, self._hosts, self.dylib)
        self._generator = HostSymbolGenerator(self.jit, lambda symbol: self._outside.address(symbol))
        self.repeats: Repeats | None = None
        """Knows what needs no copy."""
        if self.snapshots:
            from jitrepl.worker.repeats import Repeats

            self.repeats = Repeats(self.dylib, lambda name: self._hosts.find(name) is not None, memory.count)
        self._caller = Caller(self.dylib, thunks, self._hosts, memory, self._languages, self._about_to_run)
        self._caller.limit = self._limit_on_memory
        self.crashes = CrashWatch(self.jit, self.dylib, self._hosts, self._caller)
        self._initialisers = Initialisers(
            self.jit, self.dylib, self._caller, self._runtime, lambda text: self._notes.append(text), request.program
        )
        self._caller.note = lambda note: self._notes.append(note)
        self._members = Members(
            self.dylib,
            self._initialisers,
            lambda name: self._hosts.find(name) is not None,
            lambda text: self._notes.append(text),
        )
        self._outside = Outside(
            self.dylib,
            self._hosts,
            self._members,
            self._languages,
            self._runtime,
            self.crashes,
            lambda text: self._notes.append(text),
        )
        self._outside.watches_threads = not request.program
        process.open_runtime()
        llvm.check(llvm.enable_debug_support(self.jit.ptr))

    def answer(self, request: messages.Request) -> messages.Reply:
        """The reply to a request; what was noted on the way is in it.

        Raises:
            JitreplError: if the request is refused; `take_notes` has what was noted until then.
        """
        if self.repeats:
            self.repeats.begin(request)
        if not isinstance(request, messages.Explain):
            self._initialisers.take_back_refused()
            if self._evaluator:
                self._evaluator.clear()
        if self.jit.trace:
            self.jit.trace.request(request)
        try:
            return _ANSWERS[type(request)](self, request)
        except UndefinedError as problem:
            self._languages.explain(problem)
            raise
        finally:
            self.crashes.compiled()

    def leave_alone(self) -> None:
        """This process is a copy that runs a program."""
        process.die_with_parent()  # the shell waits for it; the lifeline is the worker's
        self.crashes.watch()
        self.files.forget()

    def _about_to_run(self, copy_helps: bool) -> None:
        if self._notes:
            self.tell(self.take_notes())  # before the code prints something of its own
        repeats = None if self._initialisers.ending else self.repeats
        if self.snapshots and repeats and repeats.wants_copy_before_run(copy_helps):
            repeats.copied()
            self.checkpoint()
        self.crashes.compiled()

    def copier(self) -> Copier:
        """What leaves copies of this process; compiled at the first use."""
        if self._copier is None:
            from jitrepl.worker.snapshots import Copier

            self._copier = Copier(self.jit, self._dies_with_shell)
            self.run_nothing()  # a rehearsal is not to compile anything
        return self._copier

    def wants_snapshot(self, request: messages.Request, reply: messages.Reply) -> bool:
        """Whether a request may have changed what a crash must not lose; the shell counts these, too."""
        if self.snapshots and self._linked >= _MERGED_AFTER:
            from jitrepl.worker import mappings

            self._linked = 0
            mappings.merge()
        return self.snapshots and messages.changes(request, reply)

    def can_repeat(self, request: messages.Request, reply: messages.Reply) -> bool:
        """Whether a snapshot can be spared, because repeating the request would do exactly what it has done."""
        assert self.repeats is not None
        return self.jit.trace is None and self.repeats.can_repeat(request, reply)

    def take_notes(self) -> tuple[str, ...]:
        """The notes since the last call."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def run_nothing(self) -> None:
        """Call a function, for nothing; no copy is left for that."""
        snapshots, self.snapshots = self.snapshots, False
        self._caller.run(NULLARY, process.symbol_address("abs") or 0, b"")
        self.snapshots = snapshots

    # One method a request

    def started(self) -> messages.Started:
        """What a shell wants to know of a new worker."""
        return messages.Started(llvm.version(), self.jit.triple, self.take_notes())

    def _load(self, request: messages.Load) -> messages.Loaded:
        for library in request.libraries:
            self._open_quietly(library)
        if request.data.startswith(ARCHIVE_MAGIC):
            names = self._members.open(request.name, request.data)
            symbols = tuple(messages.Symbol(name, "symbol", "", request.name, "archived") for name in names)
            return messages.Loaded(request.name, symbols, notes=self.take_notes(), opened=True)
        admission = self.dylib.add(request.data, request.name, request.replace and not self._program)
        module = admission.module
        self._outside.thread_locals.update(item.name for item in module.globals if item.thread_local)
        self._notes += admission.notes
        self._sources.write(module.name, module.data)
        self._initialisers.run_waiting()
        self._initialisers.run([admission])
        others, warnings = others_in(module)
        self._notes += warnings
        return loaded(admission, not self._program, others, self.take_notes())

    def _open_quietly(self, path: str) -> None:
        """Open a library that a compiler takes for granted; what is missing is told when it is needed."""
        try:
            process.open_library(path)
        except OSError as problem:
            self._notes.append(f"warning: {problem}")

    def _unload(self, request: messages.Unload) -> messages.Unloaded:
        from jitrepl.worker.linking.removal import Removal

        removal = Removal(self.dylib, request.what)
        if not request.force:
            removal.refuse_if_used(request.what)
        removal.refuse_if_bound(request.what)
        removal.run(self._finalize)
        names, spelled = tuple(removal.names), tuple(map(source_name, removal.names))
        return messages.Unloaded(removal.module.name, names, removal.whole, spelled, self.take_notes())

    def _finalize(self, module: SessionModule) -> None:
        """Run what a module wants done before it goes, as closing a library does."""
        for unit in reversed(module.units):
            self._initialisers.end_removed(unit.module_id)

    def _modules(self, _request: messages.ListModules) -> messages.ModuleTable:
        from jitrepl.worker import listing

        return messages.ModuleTable(tuple(listing.module_rows(self.dylib)))

    def _save(self, request: messages.Save) -> messages.Done:
        from jitrepl.worker.saving import save

        save(self.dylib, self.jit, request.path, request.kind)
        return messages.Done(self.take_notes())

    def _call(self, request: messages.Call) -> messages.Called:
        self._members.load([request.name])
        value, address = self._caller.call(request)
        return messages.Called(request.name, value, self.take_notes(), address)

    def _link(self, call: messages.Call) -> None:
        self._members.load([call.name])
        self._caller.link(call)

    def _evaluate(self, request: messages.Evaluate | messages.Show) -> messages.Evaluated:
        from jitrepl.worker.evaluation import Evaluator

        if self._evaluator is None:
            self._evaluator = Evaluator(self.dylib, self._caller, self._memory, self._finalize, self._caller.note)
        found = self._evaluator.answer(request)
        return messages.Evaluated(found.name, found.value, self.take_notes())

    def _run(self, request: messages.Run) -> messages.Running:
        from jitrepl.worker.programs import MAIN, Program

        self._members.load([MAIN])
        program = Program(self.dylib, self._initialisers, self._caller, self._hosts, request.arguments)
        if self._notes:
            self.tell(self.take_notes())  # before the program prints something of its own
        if self._program:
            self.becomes = program.run
            return messages.Running(os.getpid())
        pid = self.copy()
        if not pid:
            program.run()
        return messages.Running(pid)

    def _dump(self, request: messages.Dump) -> messages.Text:
        from jitrepl.worker import listing

        return messages.Text(listing.shown(request, self.dylib, self._hosts, self._caller.sources))

    def _optimise(self, request: messages.Optimise) -> messages.Optimised:
        from jitrepl.worker.optimising import Optimiser

        return Optimiser(self.dylib, self.jit).answer(request)

    def _symbols(self, _request: messages.ListSymbols) -> messages.SymbolTable:
        from jitrepl.worker import listing

        return messages.SymbolTable(tuple(listing.rows(self.dylib, self._hosts, self._members)))

    def _add_host(self, request: messages.AddHost) -> messages.HostsAdded:
        added, formatters = self._hosts.load(request.path)
        self.dylib.hosts_changed()
        self._initialisers.run_waiting()
        for function in added:
            if found := self.dylib.defined.get(function.name):
                name = quoted(function.name)
                self._notes.append(f"warning: {name} of {found[0].name} hides the host function of that name")
        return messages.HostsAdded(tuple(function.label for function in added), self.take_notes(), formatters)

    def _add_library(self, request: messages.AddLibrary) -> messages.Done:
        try:
            process.open_library(request.path)
        except OSError as problem:
            raise JITError(
                f"cannot open the library: {problem}", "give its path, or its soname: `:lib libz.so.1`"
            ) from None
        self._languages.library_opened()
        self.dylib.hosts_changed()  # it may have what was not found before
        self._initialisers.run_waiting()
        return messages.Done(self.take_notes())

    def _explain(self, request: messages.Explain) -> CrashReport:
        from jitrepl.worker.rehearsal import rehearse

        notes = self.take_notes()
        report = self.crashes.explain(request.calls, self._link)
        self._notes = list(notes)  # the others were told in the process that died
        rehearse(self)  # if memory is damaged, that had better be known now
        return report

    def _limit(self, request: messages.Limit) -> messages.Done:
        self._limit_on_memory.set(request.memory)
        if not request.trace:
            self.jit.trace = None
        elif self.jit.trace is None:
            from jitrepl.worker.trace import Trace

            self.jit.trace = Trace(self.jit.prefix, self.jit.address_of)
        return messages.Done()

    def _debug(self, _request: messages.Debug) -> messages.Text:
        self._sources.wanted = True
        for module in self.dylib.modules.values():
            self._sources.write(module.name, module.data)
        return messages.Text(let_attach(), self.take_notes())

    def _quit(self, _request: messages.Quit) -> messages.Done:
        self._initialisers.end_all(lambda text: self.tell((text,)))
        process.settle_streams()
        if self._reports_at_end:
            llvm.shutdown()  # prints what -time-passes and -stats gathered
        process.outlive_parent()
        return messages.Done(self.take_notes())

    # What ORC asks or tells

    def _materializing(self, module_id: str) -> None:
        if self.repeats:
            self.repeats.compiled = True
        self._linked += 1
        self._units.materializing(module_id)


_ANSWERS: dict[type, Callable[[Engine, Any], messages.Reply]] = {
    messages.Load: Engine._load,
    messages.Unload: Engine._unload,
    messages.Save: Engine._save,
    messages.Call: Engine._call,
    messages.Evaluate: Engine._evaluate,
    messages.Show: Engine._evaluate,
    messages.Run: Engine._run,
    messages.Dump: Engine._dump,
    messages.Optimise: Engine._optimise,
    messages.ListSymbols: Engine._symbols,
    messages.ListModules: Engine._modules,
    messages.AddHost: Engine._add_host,
    messages.AddLibrary: Engine._add_library,
    messages.Explain: Engine._explain,
    messages.Limit: Engine._limit,
    messages.Debug: Engine._debug,
    messages.Quit: Engine._quit,
}
