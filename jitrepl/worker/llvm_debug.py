"""The LLVM-C functions that make debug info: one line a prototype, as in `jitrepl.worker.llvm` (llvm-c/DebugInfo.h)."""

from __future__ import annotations

from ctypes import c_int, c_size_t, c_uint

from jitrepl.worker.llvm import Bool, Ptr, Str, prototype

builder = prototype("LLVMCreateDIBuilder", Ptr, Ptr)
file = prototype("LLVMDIBuilderCreateFile", Ptr, Ptr, Str, c_size_t, Str, c_size_t)
unit = prototype(
    "LLVMDIBuilderCreateCompileUnit", Ptr, Ptr, c_int, Ptr, Str, c_size_t, Bool, Str, c_size_t, c_uint,
    Str, c_size_t, c_int, c_uint, Bool, Bool, Str, c_size_t, Str, c_size_t,
)  # fmt: skip
subroutine_type = prototype("LLVMDIBuilderCreateSubroutineType", Ptr, Ptr, Ptr, Ptr, c_uint, c_int)
function = prototype(
    "LLVMDIBuilderCreateFunction", Ptr, Ptr, Ptr, Str, c_size_t, Str, c_size_t, Ptr, c_uint, Ptr, Bool, Bool,
    c_uint, c_int, Bool,
)  # fmt: skip
location = prototype("LLVMDIBuilderCreateDebugLocation", Ptr, Ptr, c_uint, c_uint, Ptr, Ptr)
finalize = prototype("LLVMDIBuilderFinalize", None, Ptr)
dispose = prototype("LLVMDisposeDIBuilder", None, Ptr)
set_subprogram = prototype("LLVMSetSubprogram", None, Ptr, Ptr)
set_location = prototype("LLVMInstructionSetDebugLoc", None, Ptr, Ptr)
