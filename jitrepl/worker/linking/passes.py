"""Passes that have to run before the code generator: intrinsics that it does not know by itself (LangRef, "Matrix
Intrinsics"; "Coroutines in LLVM"). Compilers run them at every level of optimization."""

from __future__ import annotations

from jitrepl.worker import llvm

_NEEDED = (
    (b"llvm.coro.begin", b"coro-early,cgscc(coro-split),coro-cleanup"),
    (b"llvm.matrix.", b"function(lower-matrix-intrinsics)"),
)
"""What in a module's text or bitcode tells that passes are needed, and those."""


def passes_for(data: bytes) -> tuple[bytes, ...]:
    """The passes that a module needs.

    Args:
        data: its text or bitcode.
    """
    return tuple(passes for name, passes in _NEEDED if name in data)


def run_passes(module: int, passes: bytes, machine: int | None = None) -> None:
    """Run passes (llvm-c/Transforms/PassBuilder.h, `LLVMRunPasses`).

    Args:
        module: an `LLVMModuleRef`.
        passes: a pipeline in LLVM's notation.
        machine: an `LLVMTargetMachineRef` for which to optimise.

    Raises:
        JITError: if LLVM refuses it.
    """
    options = llvm.create_pass_options()
    try:
        llvm.check(llvm.run_passes(module, passes, machine, options))
    finally:
        llvm.dispose_pass_options(options)
