"""Static initialisers and destructors of the session's modules: when they run, and where ORC has them."""

from __future__ import annotations

from jitrepl.errors import JitreplError, ThrownError, UndefinedError
from jitrepl.worker.signatures import Signature
from jitrepl.worker.types import Function, Int, Pointer, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitrepl.worker.admission import Admission
    from jitrepl.worker.calls import Caller
    from jitrepl.worker.dylib import SessionDylib
    from jitrepl.worker.jit import Jit
    from jitrepl.worker.modules import SessionModule

NULLARY = Signature(Function(Void(), (), False))

_STARTER = Signature(Function(Void(), (Int(32, 4), Pointer(0, 8), Pointer(0, 8)), False))
"""What constructors in objects are called as: they get argc, argv and envp from glibc, here those of no program."""
_STARTER_SIZE = 20


class Initialisers:
    """Runs what modules want to have run before and after everything else.

    Args:
        jit: the LLJIT.
        dylib: the session's modules.
        caller: calls functions.
        note: called with remarks for the user, who may also be told that the last one is void.
    """

    def __init__(self, jit: Jit, dylib: SessionDylib, caller: Caller, note: Callable[[str], object]) -> None:
        self._jit = jit
        self._dylib = dylib
        self._caller = caller
        self._note = note
        self._waiting: dict[SessionModule, str] = {}
        """Modules whose initialisers need what nobody defines yet, and what the user was told of that."""
        self._refused: list[Admission] = []
        self.spoiled = False
        """Whether an initialiser threw: what others of its module have registered for the end has lost its code."""

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
            except JitreplError as problem:
                self.spoiled |= isinstance(problem, ThrownError)
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
        if not module.constructs:
            return
        signature, arguments = (_STARTER, bytes(_STARTER_SIZE)) if module.object else (NULLARY, b"")
        try:
            addresses = self._addresses(module)
            if self._jit.trace:
                self._jit.trace.running(f"the static initialisers of {module.name}")
            for address in addresses:
                self._caller.run(signature, address, arguments)
        except UndefinedError as problem:
            reason = problem.message.partition("\n")[0]
            if reason != said:
                self._note(f"{reason}: the static initialisers of {module.name} wait for that")
            self._waiting[module] = reason

    def _addresses(self, module: SessionModule) -> list[int]:
        """Compile a module; the addresses of the functions that initialise it, in order."""
        unit, units, jit = module.units[0], self._dylib.units, self._jit
        if module.object:
            return self._dylib.linked(lambda: unit.initializers(units.address), module)  # type: ignore[attr-defined]

        def compile() -> list[int]:
            jit.materialize_initializers(unit.module_id)
            return [jit.lookup(f"{jit.prefix}__orc_init_func.{unit.module_id}")]

        return self._dylib.linked(lambda: units.guarded(compile), module)

    def end(self, module: SessionModule) -> None:
        """Run the static destructors of a module, if it was ever linked."""
        for address in self._destructors(module):
            self._caller.run(NULLARY, address, b"")

    def end_all(self, tell: Callable[[str], None]) -> None:
        """Run all static destructors, those of the last module first.

        Args:
            tell: called with what goes wrong.
        """
        if self.spoiled:
            return
        modules = sorted([*self._dylib.modules.values(), *self._dylib.retired], key=lambda module: -module.number)
        for module in modules:
            for address in self._destructors(module):
                self.finish(address, tell)

    def finish(self, function: int, tell: Callable[[str], None]) -> None:
        """Call what ends something; there is nobody left to whom an exception would be an answer."""
        try:
            self._caller.run(NULLARY, function, b"")
        except JitreplError as problem:
            tell(f"error: at the end of the session: {problem.message}")

    def _destructors(self, module: SessionModule) -> Iterator[int]:
        unit = module.units[0]
        if not (module.destructs and unit.ready):
            return
        if module.object:
            yield from unit.finalizers(self._dylib.units.address)  # type: ignore[attr-defined]
        else:
            yield self._jit.lookup(f"{self._jit.prefix}__orc_deinit_func.{unit.module_id}")
