"""What LLVM makes of a module: its IR after passes, and its assembly. The session's own modules stay as they are."""

from __future__ import annotations

import re

from jitrepl import messages
from jitrepl.errors import InputError, JITError, SymbolError
from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.dump import entity_text, unknown
from jitrepl.worker.jit import target_machine
from jitrepl.worker.languages.sourcenames import mangled, meant_by
from jitrepl.worker.linking import rewrite
from jitrepl.worker.linking.passes import run_passes
from jitrepl.worker.saving import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.jit import Jit
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.owned import Module

_LEVEL = re.compile(r"-?O[0123sz]")
_EXAMPLES = "for example `-O2`, `instcombine,simplifycfg` or `function(sroa,gvn)`"
_DATA = re.compile(r"\t\.(?:ascii|asciz|byte|short|long|quad|octa|zero|string|fill|space|set|single|double)\b")


class Optimiser:
    """Runs passes and code generation over copies of the session's modules.

    Args:
        dylib: the session's JITDylib.
        jit: says what the machine is.
    """

    def __init__(self, dylib: SessionDylib, jit: Jit) -> None:
        self._dylib = dylib
        self._jit = jit

    def answer(self, request: messages.Optimise) -> messages.Optimised:
        """The IR or the assembly that a request asks for.

        Raises:
            JitreplError: as `ir` and `assembly`.
        """
        if request.assembly:
            return messages.Optimised(self.assembly(request.what, request.passes))
        return messages.Optimised(*self.ir(request.what, request.passes, request.debug))

    def ir(self, what: str, passes: str, debug: bool = False) -> tuple[str, str]:
        """The IR of something after passes, and the name of the module if that is what was meant.

        Args:
            what: a function or variable, a module, or "" for all modules linked into one.
            passes: a level (`-O2`) or a pipeline as `opt -passes` takes it.
            debug: whether a module keeps its debug info.

        Raises:
            SymbolError: if the session has nothing of that name, or it has no IR.
            InputError: if LLVM does not know a pass.
        """
        names, module_name, module = self._copy(what)
        with module:
            self._run(module, passes)
            if names or not debug:
                llvm.strip_debug_info(module.ptr)
            if not names:
                return module.text(), module_name
            return "\n".join(self._entity(module, name, passes) for name in names), ""

    def assembly(self, what: str, passes: str) -> str:
        """The assembly of something, as the JIT's code generator makes it, after passes if there are any.

        Raises:
            SymbolError, InputError: as `ir`.
            JITError: if it cannot be compiled.
        """
        names, _, module = self._copy(what)
        with module:
            if passes:
                self._run(module, passes)
            for name in names:
                self._entity(module, name, passes)
            if names:
                self._leave_only(module, names)
            llvm.strip_debug_info(module.ptr)
            text = self._jit.object_of(module, assembly=True).decode("utf-8", "replace")
        return "\n".join(_without_directives(text, names))

    def _copy(self, what: str) -> tuple[list[str], str, Module]:
        """The functions that are meant, or else the name of a module; and a copy of the module."""
        if not what and not self._dylib.modules:
            raise SymbolError("nothing is loaded yet")
        if not what:
            return [], "", self._for_this_machine(link(self._dylib))
        whole = self._dylib.module_called(what.strip('"'))
        if whole:
            return [], whole.name, self._parsed(whole)
        name = what.removeprefix("@").strip('"')
        symbols = [name] if self._dylib.find(name) else meant_by(name, mangled(self._dylib.modules.values()))
        found = [pair for pair in map(self._dylib.find, symbols) if pair]
        if not found:
            raise unknown(self._dylib, what)
        first = found[0][0]
        return [item.name for owner, item in found if owner is first], "", self._parsed(first)

    def _parsed(self, module: SessionModule) -> Module:
        if module.object:
            raise SymbolError(f"{module.name} is an object, which has no IR", "`:symbols` lists what it defines")
        parsed = self._for_this_machine(module.parse())
        for name in module.elsewhere():
            rewrite.erase(parsed.ptr, name)
        return parsed

    def _for_this_machine(self, module: Module) -> Module:
        llvm.set_triple(module.ptr, self._jit.triple.encode())
        llvm.set_layout(module.ptr, self._jit.layout.encode())
        return module

    def _run(self, module: Module, passes: str) -> None:
        optnone, noinline = (llvm.attribute_kind_named(name, len(name)) for name in (b"optnone", b"noinline"))
        for function in rewrite.values_of(module.ptr, llvm.first_function, llvm.next_function):
            if llvm.enum_attribute(function, llvm.FUNCTION_INDEX, optnone):
                # clang -O0 asks for both, so that nothing is done.
                llvm.remove_attribute(function, llvm.FUNCTION_INDEX, optnone)
                llvm.remove_attribute(function, llvm.FUNCTION_INDEX, noinline)
        pipeline = f"default<{passes.lstrip('-')}>" if _LEVEL.fullmatch(passes) else passes
        try:
            run_passes(module.ptr, llvm.encoded(pipeline), target_machine(self._jit.triple))
        except JITError as problem:
            raise InputError(problem.message, _EXAMPLES) from None

    def _entity(self, module: Module, name: str, passes: str) -> str:
        if not rewrite.value_named(module.ptr, name):
            raise JITError(f"{passes} leaves nothing of {quoted(name)}: only its module used it, and does not any more")
        return entity_text(module, name)

    def _leave_only(self, module: Module, names: list[str]) -> None:
        """Emit only some functions, and the constants that they use."""
        for name in [name for name in _defined(module) if name not in names]:
            rewrite.undefine(module.ptr, name, name)
        run_passes(module.ptr, b"globaldce")


def _defined(module: Module) -> Iterator[str]:
    for first, following in ((llvm.first_function, llvm.next_function), (llvm.first_global, llvm.next_global)):
        for value in rewrite.values_of(module.ptr, first, following):
            name = llvm.name_of(value)
            mine = llvm.linkage(value) in (llvm.INTERNAL, llvm.PRIVATE) and first is llvm.first_global
            if not llvm.is_declaration(value) and not name.startswith("llvm.") and not mine:
                yield name


def _without_directives(text: str, names: list[str]) -> Iterator[str]:
    """The labels, instructions and data of an assembly file, without what is for the assembler and unwinders.

    Args:
        text: the file.
        names: the functions that are meant, besides which only constants are shown; none for all.
    """
    meant = True
    for line in text.splitlines():
        label = line and not line[0].isspace()
        if label and line.startswith((".Lfunc_", ".Lcfi", ".Ltmp", "#")):
            continue
        if label:
            name = line.partition(":")[0].strip('"')
            meant = not names or name in names or (name.startswith(".L") and "#was" not in name)
        if meant and (label or _DATA.match(line) or (line.startswith("\t") and line[1:2] not in (".", "#", ""))):
            yield line.expandtabs(8).rstrip()
