"""Calls at the level of the source language, for functions with debug info."""

from __future__ import annotations

import ctypes

from jitrepl import messages
from jitrepl.errors import ArgumentError, JitreplError
from jitrepl.literal_tree import Literal
from jitrepl.worker.languages.sourcenames import mangled, meant_by, shown
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.linking.modules import SessionModule
from jitrepl.worker.signatures import Signature
from jitrepl.worker.source import abi
from jitrepl.worker.source.debuginfo import DebugInfo
from jitrepl.worker.source.present import present
from jitrepl.worker.source.sourceargs import Writer, read_arguments
from jitrepl.worker.source.sourcetypes import RUST, Alias, Enumeration, Record, Scalar, SourceFunction, SourceType
from jitrepl.worker.source.spelling import declare, definition, short_cxx, short_rust, signature, spell
from jitrepl.worker.source.temporaries import Temporaries
from jitrepl.worker.thunks import Thunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.calls import SessionMemory
    from jitrepl.worker.source.temporaries import Run


class SourceCalls:
    """What the debug info of the session's modules says of calls.

    Args:
        dylib: the session's symbols.
        memory: keeps what arguments need.
        run: calls an address.
        thunks: compiles what that needs.
    """

    def __init__(self, dylib: SessionDylib, memory: SessionMemory, run: Run, thunks: Thunks) -> None:
        self._dylib = dylib
        self._read: dict[str, tuple[SessionModule, DebugInfo]] = {}
        self._temporaries = Temporaries(dylib, run, thunks)
        self._writer = Writer(memory, self._temporaries.allocate)
        self._keep = memory.keep

    def call(self, name: str, known: Signature) -> SourceCall | None:
        """A call of a function of the session; None if debug info does not say how."""
        info = self._info(name)
        function = info.function(name) if info else None
        if info is None or function is None:
            return None
        plan = abi.plan(function.type, known)
        if plan is None:
            return None
        return SourceCall(name, function, plan, self._writer, self._keep, self._dylib, self._temporaries, info)

    def describe(self, name: str) -> str | None:
        """The declaration of a function or variable, or the definition of a type; None if debug info has none."""
        found = self._declaration(name) or self._type(name)
        if found or self._dylib.find(name):
            return found
        meant = (self._declaration(symbol) for symbol in meant_by(name, mangled(self._dylib.modules.values())))
        return "\n".join(text for text in meant if text) or None

    def variable(self, name: str, address: int) -> messages.Value | None:
        """The value of a global variable that lies at an address; None if debug info does not say what it is."""
        info = self._info(name)
        variable = info.variable(name) if info else None
        if variable is None:
            return None
        (spelled, text, value, shown), _ = present(variable[1], address, self._dylib.name_at)
        return messages.Value(spelled, text, value, _remark(variable[1], value), shown)

    def _declaration(self, name: str) -> str | None:
        info = self._info(name)
        if info:
            function = info.function(name)
            if function:
                return signature(function)
            variable = info.variable(name)
            if variable:
                full, type = variable
                short = short_rust(full) if type.language == RUST else short_cxx(full)
                return f"static {declare(type, short)}" if type.language == RUST else declare(type, short)
        return None

    def _type(self, name: str) -> str | None:
        wanted = name.removeprefix("struct ").removeprefix("enum ").removeprefix("union ")
        declared = None
        for module in reversed(self._dylib.modules.values()):
            if not any(item.described for item in module.globals):
                continue
            for type in self._of(module).types():
                if wanted not in (type.name, spell(type), type.name.rpartition("::")[2]):
                    continue
                if isinstance(type, Record) and type.is_declared_only:
                    declared = definition(type)
                elif not (isinstance(type, Alias) and type.plain.name == type.name):
                    return definition(type)
        return declared

    def _info(self, name: str) -> DebugInfo | None:
        found = self._dylib.find(name)
        return self._of(found[0]) if found and found[1].described else None

    def _of(self, module: SessionModule) -> DebugInfo:
        kept = self._read.get(module.id)
        if kept is None or kept[0] is not module:
            for id in [id for id in self._read if id not in self._dylib.modules]:
                self._read.pop(id)[1].close()
            kept = self._read[module.id] = (module, DebugInfo(module.parse()))
        return kept[1]


class SourceCall:
    """One call of a function with debug info.

    Args:
        symbol: its symbol.
        function: how its source declares it.
        plan: how its values are passed.
        writer: writes arguments.
        keep: gives the address of a copy of some bytes.
        dylib: names symbols.
        temporaries: destroys the result.
        info: the debug info of its module.
    """

    def __init__(
        self,
        symbol: str,
        function: SourceFunction,
        plan: abi.Plan,
        writer: Writer,
        keep: Callable[[bytes], int],
        dylib: SessionDylib,
        temporaries: Temporaries,
        info: DebugInfo,
    ) -> None:
        self._symbol = symbol
        self._function = function
        self._plan = plan
        self._writer = writer
        self._keep = keep
        self._dylib = dylib
        self._release = temporaries.releaser(function.type.result, info)

    def write(self, texts: tuple[str, ...], ir_count: int) -> tuple[list[bytes], list[str]] | None:
        """The bytes of the IR arguments, and the arguments in the place of `...`.

        Args:
            texts: the arguments as they were typed.
            ir_count: how many the IR function takes.

        Returns:
            None if as many are given as the IR function takes, and the source has another number: then they are
            meant for that.

        Raises:
            ArgumentError: if they do not fit the parameters.
        """
        type = self._function.type
        nodes = read_arguments(texts)
        wanted = len(type.params)
        if len(nodes) != wanted and not (type.varargs and len(nodes) > wanted):
            if len(texts) == ir_count:
                return None
            declared = signature(self._function)
            plural = "argument" if wanted == 1 else "arguments"
            raise ArgumentError(
                f"{shown(self._symbol)} takes {wanted or 'no'} {plural}, {len(nodes) or 'none'} given: {declared}"
            )
        pairs = zip(type.params, nodes[:wanted], strict=True)
        values = [self._written(index, param, node) for index, (param, node) in enumerate(pairs, 1)]
        return self._plan.write(values, self._keep), [str(node) for node in nodes[wanted:]]

    def _written(self, index: int, type: SourceType, node: Literal) -> bytes:
        try:
            return self._writer.write(type, node)
        except JitreplError as problem:
            raise ArgumentError(f"argument {index} of {shown(self._symbol)}: {problem.message}", problem.hint) from None

    def value(self, data: bytes, place: int) -> tuple[messages.Value, list[str]]:
        """The result as a message, and notes about it; afterwards a temporary object is destroyed.

        Args:
            data: the bytes of the IR result.
            place: where they lie; an object that was made there may point into itself.
        """
        type = self._function.type.result
        if not data or abi.is_empty(type):
            return messages.Value("void", "", None), []
        if len(self._plan.result) > 1:
            buffer = ctypes.create_string_buffer(self._plan.read(data, type.plain.size), type.plain.size + 16)
            place = ctypes.addressof(buffer)
        (name, text, value, shown), notes = present(type, place, self._dylib.name_at)
        if self._release:
            self._release(place)
        return messages.Value(name, text, value, _remark(type, value), shown), notes


def _remark(type: SourceType, value: object) -> str:
    """Another reading of an integer that helps a person: `0xffffffff`."""
    plain = type.plain
    if isinstance(value, bool) or not isinstance(value, int) or not isinstance(plain, Scalar | Enumeration):
        return ""
    if value < 0:
        return f"{value + (1 << 8 * plain.size):#x}"
    return f"{value:#x}" if value >= 4096 else ""
