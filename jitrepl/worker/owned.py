"""Owners of LLVM objects: who holds one disposes of it, unless somebody takes it.

`take()` says in the code that the C side owns the object from here on, also when the call fails.
"""

from __future__ import annotations

from ctypes import byref, c_size_t, c_void_p, string_at

from jitrepl.errors import InternalError
from jitrepl.worker import llvm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Owned:
    """A pointer with one owner.

    Args:
        pointer: the object; this owner disposes of it.
    """

    __slots__ = ("_pointer",)

    def __init__(self, pointer: int) -> None:
        self._pointer: int | None = pointer

    @property
    def ptr(self) -> int:
        """Borrow the pointer.

        Raises:
            InternalError: if somebody has taken it, or it was closed.
        """
        if self._pointer is None:
            raise InternalError(f"{type(self).__name__} is used after it was given away")
        return self._pointer

    def take(self) -> int:
        """Give the pointer away; the caller, or the C function that it is for, owns it now."""
        pointer = self.ptr
        self._pointer = None
        return pointer

    def close(self) -> None:
        """Dispose of the object, if it is still ours; may be called twice."""
        if self._pointer is not None:
            self._dispose(self.take())

    def _dispose(self, pointer: int) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Diagnostics:
    """What LLVM says about the contexts that report here; severity 0 means that the module is broken.

    Without a handler, an error in inline assembly ends the process (llvm-c/Core.h,
    `LLVMContextSetDiagnosticHandler`).
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.handler = llvm.DiagnosticHandler(self._receive)

    def _receive(self, diagnostic: int, _context: int) -> None:
        if llvm.diagnostic_severity(diagnostic) == 0:
            self.errors.append(llvm.text_of(llvm.diagnostic_text(diagnostic)))

    def take(self) -> list[str]:
        """The errors since the last call."""
        errors, self.errors = self.errors, []
        return errors


diagnostics = Diagnostics()


class Context(Owned):
    """A context of its own for each module, so that a module's memory goes with it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(llvm.create_context())
        llvm.set_diagnostic_handler(self.ptr, diagnostics.handler, None)

    def _dispose(self, pointer: int) -> None:
        llvm.dispose_context(pointer)


class Module(Owned):
    """A module and, unless others share it, the context that it lives in.

    Args:
        pointer: the module.
        context: its context, which is disposed of or given away together with it; None for a borrowed one.
    """

    __slots__ = ("context",)

    def __init__(self, pointer: int, context: Context | None) -> None:
        super().__init__(pointer)
        self.context = context

    def _dispose(self, pointer: int) -> None:
        llvm.dispose_module(pointer)
        if self.context is not None:
            self.context.close()

    @property
    def identifier(self) -> str:
        """The module's id, which is unique in the session."""
        return identifier_of(self.ptr)

    @identifier.setter
    def identifier(self, text: str) -> None:
        data = llvm.encoded(text)
        llvm.set_module_identifier(self.ptr, data, len(data))

    @property
    def has_assembly(self) -> bool:
        """Whether it has module-level inline assembly, which may define symbols that IR does not list."""
        size = c_size_t()
        llvm.module_asm(self.ptr, byref(size))
        return bool(size.value)

    def text(self) -> str:
        """The module as textual IR."""
        return llvm.text_of(llvm.print_module(self.ptr))

    def take_thread_safe(self) -> int:
        """Give the module and its context away as one `LLVMOrcThreadSafeModuleRef`."""
        if self.context is None:
            raise InternalError("a module that shares its context cannot be given to ORC")
        context = llvm.thread_safe_context(self.context.take())
        module: int = llvm.thread_safe_module(self.take(), context)
        llvm.dispose_thread_safe_context(context)
        return module


def identifier_of(module: int) -> str:
    """The id of a module that somebody else owns."""
    size = c_size_t()
    start = llvm.module_identifier(module, byref(size))
    return string_at(start, size.value).decode("utf-8", "surrogateescape")


def parse(data: bytes, name: str, context: Context | None = None) -> tuple[Module | None, str]:
    """Read textual IR or bitcode.

    Args:
        data: the text, or bitcode; told apart by its first bytes.
        name: what the messages call it.
        context: a context to share; None for one of its own.

    Returns:
        The module and "", or None and LLVM's message.
    """
    own = context or Context()
    buffer = llvm.buffer_of(data, len(data), llvm.encoded(name))
    module, message = c_void_p(), c_void_p()
    failed = llvm.parse_ir(own.ptr, buffer, byref(module), byref(message))
    if failed or module.value is None:
        if context is None:
            own.close()
        return None, llvm.text_of(message.value).rstrip()
    return Module(module.value, None if context else own), ""


def own_module(text: str, name: str) -> Module:
    """A module that jitrepl wrote.

    Args:
        text: its IR.
        name: its id.

    Raises:
        InternalError: if LLVM does not read it.
    """
    module, message = parse(llvm.encoded(text), name)
    if module is None:
        raise InternalError(f"IR that jitrepl wrote is refused: {message}")
    return module


def verify(module: Module) -> str:
    """LLVM's verifier's message about a module, or "" (llvm-c/Analysis.h, `LLVMReturnStatusAction`)."""
    message = c_void_p()
    broken = llvm.verify_module(module.ptr, 2, byref(message))
    text = llvm.text_of(message.value).rstrip()
    return text if broken else ""
