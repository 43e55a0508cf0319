"""LLJIT: one object that compiles modules and finds addresses (llvm-c/LLJIT.h, llvm-c/Orc.h).

Nothing here is thread-safe: two look-ups at once crash LLJIT, and the worker has one thread that calls it.
"""

from __future__ import annotations

from ctypes import Structure, byref, c_uint8, c_uint64, c_void_p, string_at

from jitrepl.errors import JITError
from jitrepl.worker import llvm
from jitrepl.worker.languages.unwind_tables import close_gaps
from jitrepl.worker.linking.lowering import lower
from jitrepl.worker.linking.object_files import exported, size_in_memory
from jitrepl.worker.owned import Module, diagnostics, identifier_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.trace import Trace


class _SymbolPair(Structure):
    """`LLVMOrcCSymbolMapPair`: a name, an address, and flags (llvm-c/Orc.h)."""

    _fields_ = (("name", c_void_p), ("address", c_uint64), ("flags", c_uint8), ("target_flags", c_uint8))


_DEFAULT, _PIC, _DEFAULT_CODE_MODEL, _ASSEMBLY_FILE, _OBJECT_FILE = 2, 2, 0, 0, 1  # llvm-c/TargetMachine.h
_EXPORTED, _CALLABLE = 1, 4  # LLVMJITSymbolGenericFlags
TRAPS = ("-trap-unreachable", "-no-trap-after-noreturn")
"""LLVM's options for code that ends at an `unreachable` instead of running into what lies behind it in memory."""
_NOT_FOUND = "Symbols not found: ["


class LinkError(JITError):
    """A look-up failed.

    Args:
        message: LLVM's messages, the cause first.
        missing: the symbols that nobody defines.
    """

    def __init__(self, message: str, missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.missing = missing


class Jit:
    """The LLJIT of this process, with JITLink as its linker.

    The target machine builder that ORC detects asks for emulated TLS, which is what makes `thread_local` work
    under JITLink; one made from a target machine does not (docs/decisions/0006).

    Args:
        on_compile: called with a module's id and the module, an `LLVMModuleRef`, just before it is compiled; it may
            change all but the symbols that the module defines.
        on_materialize: called with a module's id when ORC materializes it.
        on_object: called with a module's id and the bytes that its code and data take.
    """

    def __init__(
        self,
        on_compile: Callable[[str, int], None],
        on_materialize: Callable[[str], None],
        on_object: Callable[[str, int], None],
    ) -> None:
        llvm.initialize_target()
        target = c_void_p()
        llvm.check(llvm.detect_host(byref(target)))
        builder = llvm.jit_builder()
        llvm.builder_set_target(builder, target)
        jit = c_void_p()
        llvm.check(llvm.create_jit(byref(jit), builder))
        self.ptr = jit.value
        self._session = llvm.jit_session(self.ptr)
        self.main: int = llvm.jit_main_dylib(self.ptr)
        # LLJIT has put an `atexit` and a `__dso_handle` of its own there (docs/decisions/0011).
        llvm.check(llvm.clear_dylib(self.main))
        self.triple: str = llvm.jit_triple(self.ptr).decode()
        self.layout: str = llvm.jit_layout(self.ptr).decode()
        self.prefix: str = chr(llvm.jit_prefix(self.ptr) & 0xFF).strip("\0")
        self._reports: list[str] = []
        self._machine: int | None = None
        self._objects: dict[int, str] = {}
        self.assembled: dict[str, frozenset[str]] = {}
        """The symbols of modules with assembly, by the modules' ids."""
        self._on_compile = on_compile
        self._on_materialize = on_materialize
        self._on_object = on_object
        self._compiling = ""
        self.trace: Trace | None = None
        """The listener for `:trace`."""
        # ctypes frees a callback that nobody refers to, and ORC keeps calling it.
        self._callbacks = (
            llvm.ErrorReporter(self._report),
            llvm.Transform(self._transform),
            llvm.WithModule(self._announce),
            llvm.ObjectTransform(self._linking),
        )
        llvm.set_error_reporter(self._session, self._callbacks[0], None)
        llvm.set_ir_transform(llvm.jit_ir_transform_layer(self.ptr), self._callbacks[1], None)
        llvm.set_object_transform(llvm.jit_object_transform_layer(self.ptr), self._callbacks[3], None)

    def add_generator(self, callback: object) -> None:
        """Let `callback` (an `llvm.Generate`) define what the main JITDylib lacks; the caller keeps it alive."""
        llvm.add_generator(self.main, llvm.create_generator(callback, None, None))

    def add(self, module: Module) -> int:
        """Give a module to ORC, which compiles it when one of its symbols is looked up.

        Args:
            module: consumed, also on error.

        Returns:
            The resource tracker that removes it.

        Raises:
            JITError: if a symbol is defined already; then nothing was added.
        """
        lower(module, self.triple.partition("-")[0])
        if module.has_assembly:
            # ORC knows the symbols of IR only, and refuses an object that defines more. An object's it reads.
            identifier = module.identifier
            self._on_compile(identifier, module.ptr)
            self._machine = self._machine or _jit_target_machine()
            buffer = _compiled(module, self._machine)
            self.assembled[identifier] = exported(string_at(llvm.buffer_start(buffer), llvm.buffer_size(buffer)))
            return self._add_buffer(buffer, identifier)
        tracker: int = llvm.create_tracker(self.main)
        if self.trace:
            self.trace.added(module.ptr, tracker)
        error = llvm.jit_add_module(self.ptr, tracker, module.take_thread_safe())
        if error:
            llvm.release_tracker(tracker)
            llvm.check(error)
        return tracker

    def add_object(self, data: bytes, identifier: str) -> int:
        """Give an object to ORC, which links it when one of its symbols is looked up.

        Args:
            data: the object.
            identifier: its module id.

        Returns:
            The resource tracker that removes it.

        Raises:
            JITError: if a symbol is defined already; then nothing was added.
        """
        buffer = llvm.buffer_of(data, len(data), llvm.encoded(identifier))
        return self._add_buffer(buffer, identifier)

    def _add_buffer(self, buffer: int, identifier: str) -> int:
        start = llvm.buffer_start(buffer)
        self._objects[start] = identifier
        tracker: int = llvm.create_tracker(self.main)
        if self.trace:
            self.trace.added_object(identifier, start, llvm.buffer_size(buffer), tracker)
        error = llvm.jit_add_object(self.ptr, tracker, buffer)
        if error:
            del self._objects[start]
            llvm.release_tracker(tracker)
            llvm.check(error)
        return tracker

    def object_of(self, module: Module, assembly: bool = False) -> bytes:
        """The object file that a module compiles to.

        Args:
            module: consumed.
            assembly: whether it is to be an assembly file.

        Raises:
            JITError: if it cannot be compiled.
        """
        buffer = _compiled(module, target_machine(self.triple), _ASSEMBLY_FILE if assembly else _OBJECT_FILE)
        data = string_at(llvm.buffer_start(buffer), llvm.buffer_size(buffer))
        llvm.dispose_buffer(buffer)
        return data

    def remove(self, tracker: int) -> None:
        """Remove what was added under a tracker, code and data, and the tracker."""
        if self.trace:
            self.trace.removed(tracker)
        error = llvm.remove_tracker(tracker)
        llvm.release_tracker(tracker)
        llvm.check(error)

    def lookup(self, name: str) -> int:
        """The address of a symbol of the main JITDylib; compiles and links what it needs.

        Raises:
            LinkError: if that fails. ORC then refuses every symbol of every module that was being linked,
                until they are removed.
        """
        if self.trace:
            self.trace.looking(name)
        self._reports.clear()
        diagnostics.take()
        address = c_uint64()
        error = llvm.jit_lookup(self.ptr, byref(address), llvm.encoded(name))
        broken = diagnostics.take()
        if not error and not broken:
            if self.trace:
                self.trace.found(name, address.value)
            return address.value
        messages = [*broken, *self._reports]
        if error:
            messages.append(llvm.message_of(error))
        if self.trace:
            self.trace.failed(name, messages)
        raise LinkError("\n".join(dict.fromkeys(messages)), _missing(messages))

    def address_of(self, name: str) -> int:
        """The address of a symbol that is linked; unlike `lookup` this is not worth a trace.

        Raises:
            JITError: if there is none.
        """
        address = c_uint64()
        llvm.check(llvm.jit_lookup(self.ptr, byref(address), llvm.encoded(name)))
        return address.value

    def _report(self, _context: int, error: int) -> None:
        self._reports.append(llvm.message_of(error))

    def _linking(self, _context: int, buffer: int) -> int | None:
        object = c_void_p.from_address(buffer)
        start, size = llvm.buffer_start(object), llvm.buffer_size(object)
        close_gaps(start, size)
        identifier = self._objects.pop(start, None)
        if self.trace:
            self.trace.linking(identifier, start, size)
        if identifier is not None:
            self._on_materialize(identifier)
        self._on_object(identifier or self._compiling, size_in_memory(string_at(start, size)))
        return None

    def _transform(self, _context: int, module: int, _responsibility: int) -> int | None:
        return llvm.with_module_do(c_void_p.from_address(module), self._callbacks[2], None)  # type: ignore[no-any-return]

    def _announce(self, _context: int, module: int) -> int | None:
        # An exception that left this callback would be lost, and the code with it.
        try:
            self._compiling = identifier_of(module)
            if self.trace:
                self.trace.compiling(module)
            self._on_materialize(self._compiling)
            self._on_compile(self._compiling, module)
            return None
        except Exception as problem:
            error: int = llvm.create_error(f"{self._compiling} cannot be prepared: {problem!r}".encode())
            return error


def _compiled(module: Module, machine: int, kind: int = _OBJECT_FILE) -> int:
    """The object of a module, which is consumed, as a memory buffer, which the caller owns."""
    buffer, message = c_void_p(), c_void_p()
    diagnostics.take()
    with module:
        failed = llvm.emit_object(machine, module.ptr, kind, byref(message), byref(buffer))
    problems = diagnostics.take()
    if failed or problems:
        raise JITError("\n".join(problems) or llvm.text_of(message.value))
    return buffer.value or 0


def target_machine(triple: str) -> int:
    """A target machine for this processor, as compilers have it."""
    target, message = c_void_p(), c_void_p()
    if llvm.get_target(triple.encode(), byref(target), byref(message)):
        raise JITError(llvm.text_of(message.value))
    cpu, features = llvm.host_cpu(), llvm.host_features()
    machine: int = llvm.create_target_machine(
        target, triple.encode(), cpu, features, _DEFAULT, _PIC, _DEFAULT_CODE_MODEL
    )
    return machine


def _jit_target_machine() -> int:
    """A target machine as that of LLJIT, which keeps its own to itself; thread-local variables are emulated."""
    target = c_void_p()
    llvm.check(llvm.detect_host(byref(target)))
    result = (c_void_p * 2)()
    llvm.jit_target_machine(result, target)
    llvm.dispose_target_builder(target)
    if (result[1] or 0) & 1:
        llvm.check(result[0])
    return result[0] or 0


def define_functions(dylib: int, functions: dict[int, int]) -> int | None:
    """Define functions at fixed addresses.

    Args:
        dylib: the JITDylib, as an `LLVMOrcJITDylibRef`.
        functions: the address of each name, a borrowed `LLVMOrcSymbolStringPoolEntryRef`.

    Returns:
        An `LLVMErrorRef` that the caller hands on, or None.
    """
    pairs = (_SymbolPair * len(functions))()
    for pair, (name, address) in zip(pairs, functions.items(), strict=True):
        llvm.retain_symbol(name)  # the unit releases every name that it is given
        pair.name, pair.address, pair.flags = name, address, _EXPORTED | _CALLABLE
    unit = llvm.absolute_symbols(pairs, len(pairs))
    error: int | None = llvm.dylib_define(dylib, unit)
    if error:
        llvm.dispose_unit(unit)
    return error


def _missing(messages: list[str]) -> tuple[str, ...]:
    """The symbols that ORC's messages say were not found, each once."""
    found: dict[str, None] = {}
    for message in messages:
        start = message.find(_NOT_FOUND)
        if start >= 0:
            inside = message[start + len(_NOT_FOUND) : message.rfind("]")]
            found.update(dict.fromkeys(name.strip() for name in inside.split(",")))
    return tuple(found)
