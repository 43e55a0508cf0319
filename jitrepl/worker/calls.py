"""Call functions: from literals to a result, by a thunk."""

from __future__ import annotations

import ctypes

from jitrepl import messages
from jitrepl.errors import ArgumentError, JITError, JitreplError, SymbolError, UndefinedError
from jitrepl.literal_tree import quoted
from jitrepl.worker import values
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.languages.unwinding import THROWN
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.linking.missing import WAYS_OUT, suggestion
from jitrepl.worker.memory_limit import MemoryLimit
from jitrepl.worker.owned import parse
from jitrepl.worker.process import settle_streams, symbol_address
from jitrepl.worker.signatures import Signature, TypeReader
from jitrepl.worker.thunks import Thunks
from jitrepl.worker.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.languages.support import Languages
    from jitrepl.worker.source.sourcecalls import SourceCall, SourceCalls


class SessionMemory:
    """Buffers that literals ask for, addresses of symbols, and types by their spelling.

    Args:
        dylib: defines the symbols.
        types: reads types with the session's data layout.
    """

    def __init__(self, dylib: SessionDylib, types: TypeReader) -> None:
        self._dylib = dylib
        self._types = types
        self._buffers: list[ctypes.Array[ctypes.c_char]] = []
        self._known: dict[str, Type] = {}
        self.hosts: Hosts | None = None

    def keep(self, data: bytes, align: int = 16) -> int:
        """The address of a copy of `data` that lives as long as the session."""
        address = self.room(len(data), align)
        ctypes.memmove(address, data, len(data))
        return address

    def room(self, size: int, align: int) -> int:
        """The address of so many zeros, which stay as long as the session."""
        buffer = ctypes.create_string_buffer(size + align)
        self._buffers.append(buffer)
        start = ctypes.addressof(buffer)
        return start + -start % align

    def count(self) -> int:
        """How many buffers there are."""
        return len(self._buffers)

    def address_of(self, name: str) -> int:
        """The address of a symbol of the session, of a host function or of the process.

        Raises:
            SymbolError: if nobody has it.
        """
        address = self._dylib.address_of(name) or (self.hosts and self.hosts.address(name)) or symbol_address(name)
        if address is None:
            raise SymbolError(f"no {quoted(name)}", suggestion(name, self._dylib.names()))
        return address

    def type_of(self, text: str) -> Type:
        """The type that a spelling means.

        Raises:
            ArgumentError: if LLVM does not read it as a type.
        """
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self.signature_of(f"void ({text})").type.params[0]
        return known

    def signature_of(self, text: str) -> Signature:
        """The signature that a spelling such as `double (double)` means; parameter attributes are allowed.

        Raises:
            ArgumentError: if LLVM does not read it as a function type.
        """
        start = _parameter_list(text)
        if start < 0:
            raise ArgumentError(f"`{text}` is not a function type", "write it as IR does: `double (double, ptr)`")
        types = self._dylib.lender.type_definitions(_names(text)) if "%" in text else ""
        source = f"{types}declare {text[:start].strip()} @f{text[start:]}"
        from jitrepl.worker import llvm

        module, message = parse(llvm.encoded(source), "type")
        if module is None:
            reason = message.split("\n", 1)[0].rpartition("error: ")[2]
            raise ArgumentError(
                f"`{text}` is not a function type: {reason}", "write it as IR does: `double (double, ptr)`"
            )
        with module, self._types.context() as reader:
            return reader.signature(llvm.first_function(module.ptr))


def _names(text: str) -> set[str]:
    from jitrepl.worker.reader import names_of_types

    return names_of_types(text)


def _parameter_list(text: str) -> int:
    """Where the last balanced `(…)` of a text begins; -1 if it does not end in one."""
    if not text.rstrip().endswith(")"):
        return -1
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0 and text[at] == "(":
            return at
    return -1


_SMALL = 4096
"""Results of up to this many bytes share a buffer; calls follow one another."""
_ALIGN = 64
"""An `sret` parameter may promise any alignment of its memory, in bytes; this is the largest in use."""


class Caller:
    """Calls functions of the session, of host files and of the process.

    Args:
        dylib: the session's symbols.
        thunks: makes what ctypes can call.
        hosts: the host functions.
        memory: keeps buffers, knows types.
        languages: knows what exceptions are.
        about_to_run: called when everything is compiled, before the function runs, and told whether a copy of that
            state is of use.
    """

    def __init__(
        self,
        dylib: SessionDylib,
        thunks: Thunks,
        hosts: Hosts,
        memory: SessionMemory,
        languages: Languages,
        about_to_run: Callable[[bool], None],
    ) -> None:
        self._languages = languages
        self._about_to_run = about_to_run
        self._dylib = dylib
        self._thunks = thunks
        self._hosts = hosts
        self._memory = memory
        self._result = ctypes.create_string_buffer(_SMALL + _ALIGN)
        self._place, self._kept = 0, self._result
        self._sources: SourceCalls | None = None
        self.note: Callable[[str], object] = lambda note: None
        """Takes a remark about a value."""
        self.running = False
        """Whether JITed code runs now, or what it called."""
        self.limit = MemoryLimit(0)
        self._runs = 0  # how many times something was called
        self._copy_helps = True
        """Whether a copy from before what is about to run is of use to a report: `link` would not do."""
        self._only_links = False

    def call(self, request: messages.Call) -> tuple[messages.Value, int]:
        """Call what a request names; the result, and the address of the code.

        Raises:
            SymbolError: if there is no such function.
            ArgumentError: if the arguments do not fit its parameters.
            UndefinedError, JITError: if it cannot be linked or compiled.
            HostError: if a Python host function that it called raised.
            ThrownError: if an exception or a panic left it.
        """
        runs = self._runs
        source, signature, address, data, extra = self._prepared(request)
        self._copy_helps = self._runs != runs
        try:
            result = self.run(signature, address, data, extra)
            self._copy_helps = False
            return self._value(source, signature, result), address
        finally:
            self._copy_helps = True

    def link(self, request: messages.Call) -> None:
        """Compile and link all that `call` compiles before the function runs.

        Raises:
            JitreplError: as `call`, and if an argument cannot be made without running something.
        """
        self._only_links = True
        try:
            _, signature, _, _, extra = self._prepared(request)
            self._thunks.for_call(signature, extra)
        finally:
            self._only_links = False

    def _prepared(self, request: messages.Call) -> tuple[SourceCall | None, Signature, int, bytes, tuple[Type, ...]]:
        """What to call, its address, its arguments, and the types of those that the signature does not have."""
        name = request.name if request.signature else self._meant(request.name, request.arguments)
        signature = self._signature(name, request.signature)
        params, arguments = signature.params, request.arguments
        source = None if request.signature else self._source_call(name, signature)
        written = source.write(arguments, len(params)) if source else None
        if written is None:
            if len(arguments) < len(params) or (len(arguments) > len(params) and not signature.type.varargs):
                raise ArgumentError(_wrong_count(name, signature, len(arguments)))
            data = [
                self._written(name, index, type, text)
                for index, (type, text) in enumerate(zip(params, arguments, strict=False))
            ]
            others = list(arguments[len(params) :])
        else:
            data, others = written
        variadic = [values.write_variadic(text, self._memory) for text in others]
        extra = tuple(type for type, _ in variadic)
        content = b"".join([*data, *(written for _, written in variadic)])
        return source, signature, self._address(name), content, extra

    def _source_call(self, name: str, signature: Signature) -> SourceCall | None:
        """How to call a function as its source declares it; None without debug info."""
        found = self._dylib.find(name)
        if not found or not found[1].described:
            return None
        try:
            return self.sources.call(name, signature)
        except (LookupError, ValueError, TypeError, AssertionError, RecursionError) as problem:
            # Some compiler describes things in a way that is not known here. The call needs no description.
            self.note(f"warning: the debug info of {quoted(name)} is not understood: {problem!r}")
            return None

    @property
    def sources(self) -> SourceCalls:
        """What debug info says of the session's functions."""
        if self._sources is None:
            from jitrepl.worker.source.sourcecalls import SourceCalls

            self._sources = SourceCalls(self._dylib, self._memory, self.run, self._thunks)
        return self._sources

    def _value(self, source: SourceCall | None, signature: Signature, result: bytes) -> messages.Value:
        """The value that a call returned."""
        if source is None:
            return self.of_ir(signature.result, result)
        kept = self._kept  # what destroys the result is called, too
        try:
            value, notes = source.value(result, self._place)
        except (LookupError, ValueError, TypeError, AssertionError, RecursionError) as problem:
            self.note(f"warning: the debug info of the result is not understood: {problem!r}")
            return self.of_ir(signature.result, result)
        del kept
        for note in notes:
            self.note(note)
        return value

    def of_ir(self, type: Type, data: bytes) -> messages.Value:
        """The value that some bytes are, as a message."""
        return messages.Value(
            type.text,
            values.render(type, data, self._dylib.name_at),
            values.to_python(type, data),
            values.remark(type, data),
        )

    def prepare(self, signature: Signature) -> None:
        """Do what comes before code runs: compile what calls of a type need, tell notes, leave a copy."""
        self._thunks.for_call(signature, ())
        self._about_to_run(True)

    def run(self, signature: Signature, address: int, data: bytes, extra: tuple[Type, ...] = ()) -> bytes:
        """Call an address with arguments laid out as `offsets_of` says; the bytes of the result.

        Raises:
            HostError: if a host function raised on the way.
            ThrownError: if an exception or a panic left the function; memory is as the code left it.
        """
        if self._only_links:
            raise JITError("this would run something")
        self._runs += 1
        thunk = self._thunks.for_call(signature, extra)
        size = signature.result.size
        result = self._result if size <= _SMALL else ctypes.create_string_buffer(size + _ALIGN)
        place = ctypes.addressof(result) + -ctypes.addressof(result) % _ALIGN
        ctypes.memset(place, 0, size)
        self._place, self._kept = place, result
        self._about_to_run(self._copy_helps)
        self._hosts.entered()
        self.running = True
        self.limit.begin()
        try:
            status = thunk(address, data, place, self._thunks.way_out.address)
        finally:
            self.running = False
            self.limit.end()
        self._thunks.way_out.left(status)
        failure: JitreplError | None = self._hosts.failure()
        if status == THROWN:
            failure = self._languages.describe(self._thunks.way_out.take_exception())
        self._languages.settle()
        settle_streams()
        if failure:
            raise failure
        return ctypes.string_at(place, size)

    def _meant(self, name: str, arguments: tuple[str, ...]) -> str:
        """The symbol that a name means: itself, or the function that C++ or Rust spells so."""
        if self._dylib.find(name) or self._dylib.declared(name) or self._hosts.find(name):
            return name
        from jitrepl.worker.languages.sourcenames import choose, mangled, meant_by

        found = [self._dylib.find(symbol) for symbol in meant_by(name, mangled(self._dylib.modules.values()))]
        functions = [pair[1] for pair in found if pair and pair[1].callable]
        return choose(name, functions, arguments).name if functions else name

    def _signature(self, name: str, written: str) -> Signature:
        if written:
            return self._memory.signature_of(written)
        found = self._dylib.find(name)
        known = found[1] if found else None
        if known is None or not known.type.text:
            known = self._dylib.declared(name)
        if known:
            if known.signature is None:
                raise SymbolError(
                    f"{quoted(name)} is a {known.kind} of type {known.type.text}, not a function",
                    f"`:dump {name}` shows it",
                )
            return known.signature
        host = self._hosts.find(name)
        if host:
            return self._hosts.signature(host)
        if symbol_address(name) is not None:
            raise SymbolError(
                f"the session does not declare {quoted(name)}, which this process has",
                f'give its type, such as "double (double)": `:call "TYPE" {name} …`, or `declare` it first',
            )
        owners = [module.name for module, _ in self._dylib.locals_named(name)]
        if owners:
            raise SymbolError(
                f"{quoted(name)} is internal to {' and '.join(owners)}",
                "the name does not say which is meant: unload one",
            )
        if found:
            raise SymbolError(
                f"{quoted(name)} comes from {found[0].name}, an object, which does not say its type",
                f'give it, such as "i32 (i32)": `:call "TYPE" {name} …`, or `declare` it first',
            )
        from jitrepl.worker.languages.sourcenames import paths

        names = list(self._dylib.names())
        similar = suggestion(name, [*names, *paths(names), *self._hosts.names()])
        raise SymbolError(f"no {quoted(name)}", similar or "`:symbols` lists what there is")

    def _address(self, name: str) -> int:
        address = self._dylib.address_of(name) or self._hosts.address(name) or symbol_address(name)
        if address is None:
            declared = f"\n  {quoted(name)} is declared, but nobody defines it" if self._dylib.declared(name) else ""
            raise UndefinedError(
                f"Symbols not found: [ {name} ]{declared}",
                WAYS_OUT,
            )
        return address

    def _written(self, name: str, index: int, type: Type, text: str) -> bytes:
        try:
            return values.write(type, text, self._memory)
        except JitreplError as problem:
            from jitrepl.worker.languages.sourcenames import shown

            raise ArgumentError(f"argument {index + 1} of {shown(name)}: {problem.message}", problem.hint) from None


def _wrong_count(name: str, signature: Signature, given: int) -> str:
    params = signature.params
    wanted = "no arguments" if not params else "1 argument" if len(params) == 1 else f"{len(params)} arguments"
    least = "at least " if signature.type.varargs else ""
    inside = ", ".join([type.text for type in params] + ["..."] * signature.type.varargs)
    from jitrepl.worker.languages.sourcenames import shown

    return f"{shown(name)} takes {least}{wanted} ({inside}), {given or 'none'} given"
