"""The least that Python needs to do what `jitrepl sum.ll -e ':call sum 1 2'` does: one process, no checks.

python bare.py LIBLLVM FILE.ll NAME INT INT
"""

import os
import sys
from ctypes import CDLL, CFUNCTYPE, RTLD_GLOBAL, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from pathlib import Path

OBJECTS = (
    "LLVMContextCreate",
    "LLVMCreateMemoryBufferWithMemoryRangeCopy",
    "LLVMOrcCreateNewThreadSafeContextFromLLVMContext",
    "LLVMOrcCreateNewThreadSafeModule",
    "LLVMOrcLLJITGetMainJITDylib",
    "LLVMOrcCreateLLJIT",
    "LLVMOrcLLJITAddLLVMIRModule",
    "LLVMOrcLLJITLookup",
)


def main(library: str, path: str, name: str, left: str, right: str) -> None:
    """Load a file, call a function of two i32, print its result."""
    for unwinder in Path(library).parent.glob("*/libunwind.so.1"):
        CDLL(str(unwinder), mode=RTLD_GLOBAL)
    llvm = CDLL(library)
    for function in OBJECTS:
        getattr(llvm, function).restype = c_void_p
    for part in ("TargetInfo", "Target", "TargetMC", "AsmPrinter", "AsmParser"):
        getattr(llvm, f"LLVMInitializeX86{part}")()

    jit = c_void_p()
    assert not llvm.LLVMOrcCreateLLJIT(byref(jit), None)

    with open(path, "rb") as file:
        data = file.read()
    context = c_void_p(llvm.LLVMContextCreate())
    buffer = c_void_p(llvm.LLVMCreateMemoryBufferWithMemoryRangeCopy(data, c_size_t(len(data)), path.encode()))
    module, message = c_void_p(), c_char_p()
    assert not llvm.LLVMParseIRInContext(context, buffer, byref(module), byref(message)), message.value
    assert not llvm.LLVMVerifyModule(module, 2, byref(message)), message.value

    shared = c_void_p(llvm.LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context))
    owned = c_void_p(llvm.LLVMOrcCreateNewThreadSafeModule(module, shared))
    llvm.LLVMOrcDisposeThreadSafeContext(shared)
    dylib = c_void_p(llvm.LLVMOrcLLJITGetMainJITDylib(jit))
    assert not llvm.LLVMOrcLLJITAddLLVMIRModule(jit, dylib, owned)
    address = c_uint64()
    assert not llvm.LLVMOrcLLJITLookup(jit, byref(address), name.encode())
    print("i32", CFUNCTYPE(c_int, c_int, c_int)(address.value)(int(left), int(right)), flush=True)
    os._exit(0)


main(*sys.argv[1:])
