"""Static initialisers and destructors of the session's modules: when they run, and in which order."""

from __future__ import annotations

import ctypes
import os
from struct import iter_unpack

from jitrepl.errors import JitreplError, UndefinedError
from jitrepl.worker.linking.lowering import ifunc_symbol, table_symbol
from jitrepl.worker.linking.sections import CONSTRUCTORS, DESTRUCTORS
from jitrepl.worker.process import symbol_address
from jitrepl.worker.signatures import Signature
from jitrepl.worker.types import Function, Int, Pointer, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.worker.calls import Caller
    from jitrepl.worker.jit import Jit
    from jitrepl.worker.linking.admission import Admission
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.linking.object_modules import ObjectUnit
    from jitrepl.worker.linking.runtime import Runtime

NULLARY = Signature(Function(Void(), (), False))
MAIN_PARAMETERS = (Int(32, 4), Pointer(0, 8), Pointer(0, 8))
_STARTER = Signature(Function(Void(), MAIN_PARAMETERS, False))
"""What constructors are called as: glibc gives them what `main` gets."""
_FINISHER = Signature(Function(Void(), (Pointer(0, 8),), False))
_ENTRY, _ENTRY_SIZE = "<i4xQQ", 24  # { i32, ptr, ptr }: priority, function, what it initialises

_libc = ctypes.CDLL(None)


class Initialisers:
    """Runs what modules want to have run before and after everything else.

    Args:
        jit: the LLJIT.
        dylib: the session's modules.
        caller: calls functions.
        runtime: registers what is to run at exit.
        note: called with remarks for the user, who may also be told that the last one is void.
        postpones: whether all wait until a program begins.
    """

    def __init__(
        self,
        jit: Jit,
        dylib: SessionDylib,
        caller: Caller,
        runtime: Runtime,
        note: Callable[[str], object],
        postpones: bool = False,
    ) -> None:
        self._jit = jit
        self._dylib = dylib
        self._caller = caller
        self._runtime = runtime
        self._note = note
        self._postpones = postpones
        self._waiting: dict[SessionModule, str] = {}
        """Modules whose initialisers need what nobody defines yet, and what the user was told of that."""
        self._refused: list[Admission] = []
        self.ending = False
        """Whether the session is in the middle of a change, which no copy of the process should have."""
        self._vector = vector_of(["jitrepl"])  # whoever gets it may keep it

    def take_back_refused(self) -> None:
        """Take back what ended the process when it was initialised: this is a copy, in which nothing of it has run."""
        for admission in reversed(self._refused):
            admission.take_back()
        self._refused = []

    def run(self, admissions: list[Admission]) -> None:
        """Run those of modules that were just brought in; ones that need what nobody defines yet wait for it.

        Raises:
            JitreplError: if one fails otherwise; then its module and those behind it are taken back.
        """
        for at, admission in enumerate(admissions):
            try:
                self._run(admission.module, "")
            except JitreplError:
                for later in reversed(admissions[at:]):
                    later.take_back()
                raise
            except BaseException:  # this is a copy that was woken; the crash report wants the code
                self._refused = admissions[at:]
                raise

    def run_waiting(self) -> None:
        """Something was defined: run those that waited for it."""
        waiting, self._waiting = self._waiting, {}
        for module, said in waiting.items():
            if self._dylib.modules.get(module.id) is not module:
                continue  # it was replaced or unloaded
            try:
                self._run(module, said)
            except JitreplError as problem:
                self._note(f"warning: the static initialisers of {module.name} failed: {problem.message}")

    def _run(self, module: SessionModule, said: str) -> None:
        if not (module.constructs or module.destructs or module.ifuncs):
            return
        if self._postpones:
            self._waiting[module] = ""
            return
        try:
            functions = self._prepare([module])
            if self._jit.trace and functions:
                self._jit.trace.running(f"the static initialisers of {module.name}")
            self.call(functions, main_arguments(self._vector))
        except UndefinedError as problem:
            reason = problem.message.partition("\n")[0]
            if reason != said:
                self._note(f"{reason}: the static initialisers of {module.name} wait for that")
            self._waiting[module] = reason

    def postponed(self) -> list[int]:
        """Compile the modules that wait for a program; what to call before it, in this order.

        To compile one may bring members of archives along, which are to be initialised, too.

        Raises:
            UndefinedError, JITError: if one cannot be linked.
        """
        modules: dict[SessionModule, None] = {}
        while len(modules) < len(self._waiting):
            for module in [module for module in self._waiting if module not in modules]:
                modules[module] = None
                self._tables(module, CONSTRUCTORS)
        return self._prepare(modules)

    def call(self, functions: Iterable[int], values: tuple[int, ...]) -> None:
        """Call initialisers with what `main` gets.

        Raises:
            HostError: if a host function raised on the way.
        """
        for function in functions:
            self._caller.run(_STARTER, function, laid_out(values, _STARTER))

    def _prepare(self, modules: Iterable[SessionModule]) -> list[int]:
        """Compile modules, and have their destructors run at exit.

        Returns:
            What is to be called before anything else of them, in this order (LangRef, "The llvm.global_ctors
            Variable").
        """
        modules = list(modules)
        first = [self._address(module, ifunc_symbol(module.units[0].module_id)) for module in modules if module.ifuncs]
        constructors = [entry for module in modules for entry in self._tables(module, CONSTRUCTORS)]
        destructors = [(*entry, module) for module in modules for entry in self._tables(module, DESTRUCTORS)]
        if destructors:
            self._caller.prepare(_STARTER)  # a copy from before the constructors is not to call destructors
        # What is registered later runs before: destructors are the last thing that is done for a module.
        for _, function, module in sorted(destructors, key=lambda entry: entry[0]):
            self._runtime.at_exit(function, module.units[0].module_id)
        return first + [function for _, function in sorted(constructors, key=lambda entry: entry[0])]

    def _tables(self, module: SessionModule, kind: str) -> list[tuple[int, int]]:
        """The priorities and addresses of the functions that a module wants to be called."""
        count = module.constructs if kind == CONSTRUCTORS else module.destructs
        if not count:
            return []
        if module.object:
            unit: ObjectUnit = module.units[0]  # type: ignore[assignment]
            read = unit.constructors if kind == CONSTRUCTORS else unit.destructors
            return self._dylib.linked(lambda: read(self._dylib.units.address), module)
        address = self._address(module, table_symbol(kind, module.units[0].module_id))
        rows = iter_unpack(_ENTRY, ctypes.string_at(address, count * _ENTRY_SIZE))
        return [(priority, function) for priority, function, _ in rows if function]

    def _address(self, module: SessionModule, symbol: str) -> int:
        return self._dylib.linked(lambda: self._dylib.units.address(symbol), module)

    def end_removed(self, module_id: str) -> None:
        """Run the exit handlers of a unit that is being removed."""
        self.ending = True
        try:
            self.end(module_id)
        except JitreplError as problem:
            self._note(f"warning: at the end of {module_id}: {problem.message}")
        finally:
            self.ending = False

    def end(self, module_id: str) -> None:
        """Run what a unit's code has registered to run at exit, the last first: its static destructors, `atexit`."""
        handle = self._runtime.handle(module_id)
        run_handlers = symbol_address("__cxa_finalize")
        if handle and run_handlers:
            if self._jit.trace:
                self._jit.trace.running(f"what {module_id} has left for the end")
            self._caller.run(_FINISHER, run_handlers, laid_out((handle,), _FINISHER))

    def end_all(self, tell: Callable[[str], None]) -> None:
        """Run all exit handlers, those of the last module first.

        Args:
            tell: called with what goes wrong; there is nobody left to whom an exception would be an answer.
        """
        for module_id in reversed(self._runtime.ids()):
            failed = True
            while failed:  # a handler that failed is not called again, but those before it are
                try:
                    self.end(module_id)
                    failed = False
                except JitreplError as problem:
                    tell(f"error: at the end of the session: {problem.message}")


def vector_of(arguments: Iterable[str]) -> ctypes.Array[ctypes.c_char_p]:
    """An `argv`."""
    texts = [os.fsencode(argument) for argument in arguments]
    return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)


def main_arguments(vector: ctypes.Array[ctypes.c_char_p]) -> tuple[int, int, int]:
    """What `main` is called with: argc, argv and envp."""
    environment = ctypes.c_void_p.in_dll(_libc, "environ").value or 0
    return len(vector) - 1, ctypes.addressof(vector), environment


def laid_out(values: Iterable[int], signature: Signature) -> bytes:
    """Arguments as a call thunk takes them."""
    pairs = zip(values, signature.params, strict=False)
    return b"".join(value.to_bytes(type.size, "little") for value, type in pairs)
