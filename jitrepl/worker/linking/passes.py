"""Passes that have to run before the code generator: intrinsics that it does not know by itself (LangRef, "Matrix
Intrinsics"; "Coroutines in LLVM"). Compilers run them at every level of optimization."""

from __future__ import annotations

from jitrepl.worker import llvm

_NEEDED = (
    (b"llvm.coro.begin", b"coro-early,cgscc(coro-split),coro-cleanup"),
    (b"llvm.matrix.", b"function(lower-matrix-intrinsics)"),
)
"""What in a module's text or bitcode tells that passes are needed, and those."""

_run = llvm.prototype("LLVMRunPasses", llvm.Error, llvm.Ptr, llvm.Str, llvm.Ptr, llvm.Ptr)
_options = llvm.prototype("LLVMCreatePassBuilderOptions", llvm.Ptr)
_dispose = llvm.prototype("LLVMDisposePassBuilderOptions", None, llvm.Ptr)


def passes_for(data: bytes) -> tuple[bytes, ...]:
    """The passes that a module needs.

    Args:
        data: its text or bitcode.
    """
    return tuple(passes for name, passes in _NEEDED if name in data)


def run_passes(module: int, passes: bytes) -> None:
    """Run passes.

    Args:
        module: an `LLVMModuleRef`.
        passes: a pipeline in LLVM's notation.

    Raises:
        JITError: if LLVM refuses it.
    """
    options = _options()
    try:
        llvm.check(_run(module, passes, None, options))
    finally:
        _dispose(options)
