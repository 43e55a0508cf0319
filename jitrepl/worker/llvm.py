"""The LLVM-C functions that jitrepl uses: one line a prototype, grouped by what they are for.

Importing this module opens libLLVM. Ownership is as the headers say; docs/how-it-works.md has the surprises.
Sources: llvm-c/Core.h, IRReader.h, BitReader.h, Linker.h, Analysis.h, Error.h, Support.h, Orc.h, LLJIT.h,
Disassembler.h.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, byref, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p, string_at

from jitrepl.errors import JITError
from jitrepl.worker.library import open_libllvm, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Ptr = c_void_p
Str = c_char_p
Bool = c_int
Error = c_void_p


class Prototype:
    """A function of libLLVM and its C types; the first call puts the function in its own place.

    Libraries are opened and symbols looked up only then, so that importing this costs next to nothing.
    """

    __slots__ = ("arguments", "function", "name", "result")

    def __init__(self, name: str, result: Any, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.result = result
        self.arguments = arguments
        self.function: Any = None

    def bind(self) -> Any:
        """The function itself.

        Raises:
            JITError: if there is no libLLVM, or this one does not export it.
        """
        library = open_libllvm()
        try:
            function = library[self.name]
        except AttributeError:
            raise JITError(f"this libLLVM {version()} exports no {self.name}") from None
        function.restype = self.result
        function.argtypes = self.arguments
        return function

    def __call__(self, *values: Any) -> Any:
        function = self.function
        if function is None:
            function = self.function = self.bind()
            name = _names.get(self)
            if name:
                globals()[name] = function
        return function(*values)


def prototype(name: str, result: Any, *arguments: Any) -> Any:
    """A function of libLLVM by its C name, its result and its arguments."""
    return Prototype(name, result, arguments)


# Texts and errors
dispose_message = prototype("LLVMDisposeMessage", None, Ptr)
error_message = prototype("LLVMGetErrorMessage", Ptr, Error)
dispose_error_message = prototype("LLVMDisposeErrorMessage", None, Ptr)
create_error = prototype("LLVMCreateStringError", Error, Str)

# Contexts and diagnostics
DiagnosticHandler = CFUNCTYPE(None, Ptr, Ptr)
create_context = prototype("LLVMContextCreate", Ptr)
dispose_context = prototype("LLVMContextDispose", None, Ptr)
set_diagnostic_handler = prototype("LLVMContextSetDiagnosticHandler", None, Ptr, DiagnosticHandler, Ptr)
diagnostic_text = prototype("LLVMGetDiagInfoDescription", Ptr, Ptr)
diagnostic_severity = prototype("LLVMGetDiagInfoSeverity", c_int, Ptr)

# Reading, checking, linking and printing IR
buffer_of = prototype("LLVMCreateMemoryBufferWithMemoryRangeCopy", Ptr, Str, c_size_t, Str)
buffer_size = prototype("LLVMGetBufferSize", c_size_t, Ptr)
buffer_start = prototype("LLVMGetBufferStart", Ptr, Ptr)
dispose_buffer = prototype("LLVMDisposeMemoryBuffer", None, Ptr)
bitcode_buffer = prototype("LLVMWriteBitcodeToMemoryBuffer", Ptr, Ptr)
run_passes = prototype("LLVMRunPasses", Error, Ptr, Str, Ptr, Ptr)
create_pass_options = prototype("LLVMCreatePassBuilderOptions", Ptr)
dispose_pass_options = prototype("LLVMDisposePassBuilderOptions", None, Ptr)
parse_ir = prototype("LLVMParseIRInContext", Bool, Ptr, Ptr, Ptr, Ptr)
verify_module = prototype("LLVMVerifyModule", Bool, Ptr, c_int, Ptr)
link_modules = prototype("LLVMLinkModules2", Bool, Ptr, Ptr)
strip_debug_info = prototype("LLVMStripModuleDebugInfo", Bool, Ptr)
print_module = prototype("LLVMPrintModuleToString", Ptr, Ptr)
print_value = prototype("LLVMPrintValueToString", Ptr, Ptr)
print_type = prototype("LLVMPrintTypeToString", Ptr, Ptr)
create_module = prototype("LLVMModuleCreateWithNameInContext", Ptr, Str, Ptr)
dispose_module = prototype("LLVMDisposeModule", None, Ptr)
module_identifier = prototype("LLVMGetModuleIdentifier", Ptr, Ptr, Ptr)
set_module_identifier = prototype("LLVMSetModuleIdentifier", None, Ptr, Str, c_size_t)
module_asm = prototype("LLVMGetModuleInlineAsm", Ptr, Ptr, Ptr)
get_triple = prototype("LLVMGetTarget", Str, Ptr)
set_triple = prototype("LLVMSetTarget", None, Ptr, Str)
get_layout = prototype("LLVMGetDataLayoutStr", Str, Ptr)
set_layout = prototype("LLVMSetDataLayout", None, Ptr, Str)

# Globals of a module
first_function = prototype("LLVMGetFirstFunction", Ptr, Ptr)
next_function = prototype("LLVMGetNextFunction", Ptr, Ptr)
first_global = prototype("LLVMGetFirstGlobal", Ptr, Ptr)
next_global = prototype("LLVMGetNextGlobal", Ptr, Ptr)
first_alias = prototype("LLVMGetFirstGlobalAlias", Ptr, Ptr)
next_alias = prototype("LLVMGetNextGlobalAlias", Ptr, Ptr)
first_ifunc = prototype("LLVMGetFirstGlobalIFunc", Ptr, Ptr)
next_ifunc = prototype("LLVMGetNextGlobalIFunc", Ptr, Ptr)
named_function = prototype("LLVMGetNamedFunction", Ptr, Ptr, Str)
named_global = prototype("LLVMGetNamedGlobal", Ptr, Ptr, Str)
named_alias = prototype("LLVMGetNamedGlobalAlias", Ptr, Ptr, Str, c_size_t)
named_ifunc = prototype("LLVMGetNamedGlobalIFunc", Ptr, Ptr, Str, c_size_t)
value_name = prototype("LLVMGetValueName2", Ptr, Ptr, Ptr)
value_type = prototype("LLVMGlobalGetValueType", Ptr, Ptr)
set_linkage = prototype("LLVMSetLinkage", None, Ptr, c_int)
linkage = prototype("LLVMGetLinkage", c_int, Ptr)
EXTERNAL, AVAILABLE_EXTERNALLY, APPENDING, INTERNAL, PRIVATE, EXTERN_WEAK, COMMON = 0, 1, 7, 8, 9, 12, 14  # LLVMLinkage
is_declaration = prototype("LLVMIsDeclaration", Bool, Ptr)
is_constant = prototype("LLVMIsGlobalConstant", Bool, Ptr)
is_thread_local = prototype("LLVMIsThreadLocal", Bool, Ptr)
calling_convention = prototype("LLVMGetFunctionCallConv", c_uint, Ptr)
first_use = prototype("LLVMGetFirstUse", Ptr, Ptr)
next_use = prototype("LLVMGetNextUse", Ptr, Ptr)
user_of = prototype("LLVMGetUser", Ptr, Ptr)
as_instruction = prototype("LLVMIsAInstruction", Ptr, Ptr)
instruction_block = prototype("LLVMGetInstructionParent", Ptr, Ptr)
block_function = prototype("LLVMGetBasicBlockParent", Ptr, Ptr)

# Changing what a module defines
set_name = prototype("LLVMSetValueName2", None, Ptr, Str, c_size_t)
set_visibility = prototype("LLVMSetVisibility", None, Ptr, c_int)
set_comdat = prototype("LLVMSetComdat", None, Ptr, Ptr)
set_module_asm = prototype("LLVMSetModuleInlineAsm2", None, Ptr, Str, c_size_t)
append_module_asm = prototype("LLVMAppendModuleInlineAsm", None, Ptr, Str, c_size_t)
initializer = prototype("LLVMGetInitializer", Ptr, Ptr)
set_initializer = prototype("LLVMSetInitializer", None, Ptr, Ptr)
add_function = prototype("LLVMAddFunction", Ptr, Ptr, Str, Ptr)
add_global = prototype("LLVMAddGlobal", Ptr, Ptr, Ptr, Str)
add_alias = prototype("LLVMAddAlias2", Ptr, Ptr, Ptr, c_uint, Ptr, Str)
aliasee = prototype("LLVMAliasGetAliasee", Ptr, Ptr)
set_aliasee = prototype("LLVMAliasSetAliasee", None, Ptr, Ptr)
delete_global = prototype("LLVMDeleteGlobal", None, Ptr)
delete_function = prototype("LLVMDeleteFunction", None, Ptr)
replace_uses = prototype("LLVMReplaceAllUsesWith", None, Ptr, Ptr)
block_value = prototype("LLVMBasicBlockAsValue", Ptr, Ptr)
as_block_address = prototype("LLVMIsABlockAddress", Ptr, Ptr)
erase_instruction = prototype("LLVMInstructionEraseFromParent", None, Ptr)
as_call = prototype("LLVMIsACallInst", Ptr, Ptr)
as_invoke = prototype("LLVMIsAInvokeInst", Ptr, Ptr)
called_value = prototype("LLVMGetCalledValue", Ptr, Ptr)
called_type = prototype("LLVMGetCalledFunctionType", Ptr, Ptr)
operand_count = prototype("LLVMGetNumOperands", c_int, Ptr)
set_operand = prototype("LLVMSetOperand", None, Ptr, c_uint, Ptr)
has_prefix = prototype("LLVMHasPrefixData", Bool, Ptr)
set_prefix = prototype("LLVMSetPrefixData", None, Ptr, Ptr)
has_prologue = prototype("LLVMHasPrologueData", Bool, Ptr)
set_prologue = prototype("LLVMSetPrologueData", None, Ptr, Ptr)
const_string = prototype("LLVMConstStringInContext2", Ptr, Ptr, Str, c_size_t, Bool)
module_context = prototype("LLVMGetModuleContext", Ptr, Ptr)
set_thread_local = prototype("LLVMSetThreadLocal", None, Ptr, Bool)
visibility = prototype("LLVMGetVisibility", c_int, Ptr)
ifunc_resolver = prototype("LLVMGetGlobalIFuncResolver", Ptr, Ptr)
erase_ifunc = prototype("LLVMEraseGlobalIFunc", None, Ptr)

# Making code
pointer_type = prototype("LLVMPointerTypeInContext", Ptr, Ptr, c_uint)
void_type = prototype("LLVMVoidTypeInContext", Ptr, Ptr)
function_type = prototype("LLVMFunctionType", Ptr, Ptr, Ptr, c_uint, Bool)
const_null = prototype("LLVMConstNull", Ptr, Ptr)
count_params = prototype("LLVMCountParams", c_uint, Ptr)
param = prototype("LLVMGetParam", Ptr, Ptr, c_uint)
create_builder = prototype("LLVMCreateBuilderInContext", Ptr, Ptr)
dispose_builder = prototype("LLVMDisposeBuilder", None, Ptr)
position_at_end = prototype("LLVMPositionBuilderAtEnd", None, Ptr, Ptr)
append_block = prototype("LLVMAppendBasicBlockInContext", Ptr, Ptr, Ptr, Str)
inline_assembly = prototype("LLVMGetInlineAsm", Ptr, Ptr, Str, c_size_t, Str, c_size_t, Bool, Bool, c_int, Bool)
build_call = prototype("LLVMBuildCall2", Ptr, Ptr, Ptr, Ptr, Ptr, c_uint, Str)
build_store = prototype("LLVMBuildStore", Ptr, Ptr, Ptr, Ptr)
build_return = prototype("LLVMBuildRet", Ptr, Ptr, Ptr)
build_return_void = prototype("LLVMBuildRetVoid", Ptr, Ptr)
build_unreachable = prototype("LLVMBuildUnreachable", Ptr, Ptr)

# Attributes of parameters and results
attribute_count = prototype("LLVMGetAttributeCountAtIndex", c_uint, Ptr, c_uint)
attributes_at = prototype("LLVMGetAttributesAtIndex", None, Ptr, c_uint, Ptr)
enum_attribute = prototype("LLVMGetEnumAttributeAtIndex", Ptr, Ptr, c_uint, c_uint)
FUNCTION_INDEX = 0xFFFFFFFF  # LLVMAttributeFunctionIndex
attribute_kind = prototype("LLVMGetEnumAttributeKind", c_uint, Ptr)
attribute_kind_named = prototype("LLVMGetEnumAttributeKindForName", c_uint, Str, c_size_t)
attribute_value = prototype("LLVMGetEnumAttributeValue", c_uint64, Ptr)
attribute_type = prototype("LLVMGetTypeAttributeValue", Ptr, Ptr)
create_enum_attribute = prototype("LLVMCreateEnumAttribute", Ptr, Ptr, c_uint, c_uint64)
add_attribute = prototype("LLVMAddAttributeAtIndex", None, Ptr, c_uint, Ptr)
remove_attribute = prototype("LLVMRemoveEnumAttributeAtIndex", None, Ptr, c_uint, c_uint)
is_enum_attribute = prototype("LLVMIsEnumAttribute", Bool, Ptr)
is_type_attribute = prototype("LLVMIsTypeAttribute", Bool, Ptr)

# Types
type_kind = prototype("LLVMGetTypeKind", c_int, Ptr)
int_width = prototype("LLVMGetIntTypeWidth", c_uint, Ptr)
pointer_space = prototype("LLVMGetPointerAddressSpace", c_uint, Ptr)
vector_size = prototype("LLVMGetVectorSize", c_uint, Ptr)
array_length = prototype("LLVMGetArrayLength2", c_uint64, Ptr)
element_type = prototype("LLVMGetElementType", Ptr, Ptr)
is_packed = prototype("LLVMIsPackedStruct", Bool, Ptr)
is_opaque = prototype("LLVMIsOpaqueStruct", Bool, Ptr)
struct_count = prototype("LLVMCountStructElementTypes", c_uint, Ptr)
struct_element = prototype("LLVMStructGetTypeAtIndex", Ptr, Ptr, c_uint)
function_result = prototype("LLVMGetReturnType", Ptr, Ptr)
function_param_count = prototype("LLVMCountParamTypes", c_uint, Ptr)
function_params = prototype("LLVMGetParamTypes", None, Ptr, Ptr)
is_varargs = prototype("LLVMIsFunctionVarArg", Bool, Ptr)
named_type = prototype("LLVMGetTypeByName2", Ptr, Ptr, Str)

# Instructions
first_block = prototype("LLVMGetFirstBasicBlock", Ptr, Ptr)
next_block = prototype("LLVMGetNextBasicBlock", Ptr, Ptr)
first_instruction = prototype("LLVMGetFirstInstruction", Ptr, Ptr)
next_instruction = prototype("LLVMGetNextInstruction", Ptr, Ptr)
allocated_type = prototype("LLVMGetAllocatedType", Ptr, Ptr)
alignment = prototype("LLVMGetAlignment", c_uint, Ptr)
operand = prototype("LLVMGetOperand", Ptr, Ptr, c_uint)
as_constant_int = prototype("LLVMIsAConstantInt", Ptr, Ptr)
type_of = prototype("LLVMTypeOf", Ptr, Ptr)
add_module_flag = prototype("LLVMAddModuleFlag", None, Ptr, c_int, Str, c_size_t, Ptr)
as_metadata = prototype("LLVMValueAsMetadata", Ptr, Ptr)
const_int = prototype("LLVMConstInt", Ptr, Ptr, c_uint64, Bool)
int32_type = prototype("LLVMInt32TypeInContext", Ptr, Ptr)

# Debug info
subprogram = prototype("LLVMGetSubprogram", Ptr, Ptr)
metadata_as_value = prototype("LLVMMetadataAsValue", Ptr, Ptr, Ptr)
copy_metadata = prototype("LLVMGlobalCopyAllMetadata", Ptr, Ptr, Ptr)
metadata_entry_kind = prototype("LLVMValueMetadataEntriesGetKind", c_uint, Ptr, c_uint)
metadata_entry = prototype("LLVMValueMetadataEntriesGetMetadata", Ptr, Ptr, c_uint)
dispose_metadata_entries = prototype("LLVMDisposeValueMetadataEntries", None, Ptr)

# Targets and layout
create_layout = prototype("LLVMCreateTargetData", Ptr, Str)
dispose_layout = prototype("LLVMDisposeTargetData", None, Ptr)
abi_size = prototype("LLVMABISizeOfType", c_uint64, Ptr, Ptr)
field_offset = prototype("LLVMOffsetOfElement", c_uint64, Ptr, Ptr, c_uint)
pointer_size = prototype("LLVMPointerSizeForAS", c_uint, Ptr, c_uint)
byte_order = prototype("LLVMByteOrder", c_int, Ptr)
get_target = prototype("LLVMGetTargetFromTriple", Bool, Str, Ptr, Ptr)
host_cpu = prototype("LLVMGetHostCPUName", Ptr)
host_features = prototype("LLVMGetHostCPUFeatures", Ptr)
create_target_machine = prototype("LLVMCreateTargetMachine", Ptr, Ptr, Str, Ptr, Ptr, c_int, c_int, c_int)
# LLVM-C has no way to a target machine with emulated TLS. This is the one that ORC uses itself,
# Expected<unique_ptr<TargetMachine>> llvm::orc::JITTargetMachineBuilder::createTargetMachine(); its result is a pointer
# and a bit that says whether that is an error, in memory whose address comes first (Itanium C++ ABI, 3.1.3).
jit_target_machine = prototype("_ZN4llvm3orc23JITTargetMachineBuilder19createTargetMachineEv", Ptr, Ptr, Ptr)
emit_object = prototype("LLVMTargetMachineEmitToMemoryBuffer", Bool, Ptr, Ptr, c_int, Ptr, Ptr)
# LLVMParseCommandLineOptions throws away what the parser says and whether it succeeded. This is the function behind
# it, llvm::cl::ParseCommandLineOptions(int, char const* const*, StringRef, raw_ostream*, vfs::FileSystem*, char const*,
# bool) of llvm/Support/CommandLine.h; a StringRef is a pointer and a length. Without a stream it reports and exits.
parse_options = prototype(
    "_ZN4llvm2cl23ParseCommandLineOptionsEiPKPKcNS_9StringRefEPNS_11raw_ostreamEPNS_3vfs10FileSystemES2_b",
    c_int, c_int, Ptr, Str, c_size_t, Ptr, Ptr, Str, c_int,
)  # fmt: skip
shutdown = prototype("LLVMShutdown", None)

# ORC: sessions, dylibs, generators
ErrorReporter = CFUNCTYPE(None, Ptr, Error)
Generate = CFUNCTYPE(Error, Ptr, Ptr, Ptr, c_int, Ptr, c_int, Ptr, c_size_t)
Transform = CFUNCTYPE(Error, Ptr, Ptr, Ptr)
WithModule = CFUNCTYPE(Error, Ptr, Ptr)
set_error_reporter = prototype("LLVMOrcExecutionSessionSetErrorReporter", None, Ptr, ErrorReporter, Ptr)
create_generator = prototype("LLVMOrcCreateCustomCAPIDefinitionGenerator", Ptr, Generate, Ptr, Ptr)
add_generator = prototype("LLVMOrcJITDylibAddGenerator", None, Ptr, Ptr)
clear_dylib = prototype("LLVMOrcJITDylibClear", Error, Ptr)
dylib_define = prototype("LLVMOrcJITDylibDefine", Error, Ptr, Ptr)
absolute_symbols = prototype("LLVMOrcAbsoluteSymbols", Ptr, Ptr, c_size_t)
dispose_unit = prototype("LLVMOrcDisposeMaterializationUnit", None, Ptr)
symbol_text = prototype("LLVMOrcSymbolStringPoolEntryStr", Str, Ptr)
retain_symbol = prototype("LLVMOrcRetainSymbolStringPoolEntry", None, Ptr)
create_tracker = prototype("LLVMOrcJITDylibCreateResourceTracker", Ptr, Ptr)
remove_tracker = prototype("LLVMOrcResourceTrackerRemove", Error, Ptr)
release_tracker = prototype("LLVMOrcReleaseResourceTracker", None, Ptr)
thread_safe_context = prototype("LLVMOrcCreateNewThreadSafeContextFromLLVMContext", Ptr, Ptr)
dispose_thread_safe_context = prototype("LLVMOrcDisposeThreadSafeContext", None, Ptr)
thread_safe_module = prototype("LLVMOrcCreateNewThreadSafeModule", Ptr, Ptr, Ptr)
with_module_do = prototype("LLVMOrcThreadSafeModuleWithModuleDo", Error, Ptr, WithModule, Ptr)
ObjectTransform = CFUNCTYPE(Error, Ptr, Ptr)
set_object_transform = prototype("LLVMOrcObjectTransformLayerSetTransform", None, Ptr, ObjectTransform, Ptr)
set_ir_transform = prototype("LLVMOrcIRTransformLayerSetTransform", None, Ptr, Transform, Ptr)

# LLJIT
detect_host = prototype("LLVMOrcJITTargetMachineBuilderDetectHost", Error, Ptr)
jit_builder = prototype("LLVMOrcCreateLLJITBuilder", Ptr)
dispose_target_builder = prototype("LLVMOrcDisposeJITTargetMachineBuilder", None, Ptr)
builder_set_target = prototype("LLVMOrcLLJITBuilderSetJITTargetMachineBuilder", None, Ptr, Ptr)
create_jit = prototype("LLVMOrcCreateLLJIT", Error, Ptr, Ptr)
jit_session = prototype("LLVMOrcLLJITGetExecutionSession", Ptr, Ptr)
jit_main_dylib = prototype("LLVMOrcLLJITGetMainJITDylib", Ptr, Ptr)
jit_triple = prototype("LLVMOrcLLJITGetTripleString", Str, Ptr)
jit_layout = prototype("LLVMOrcLLJITGetDataLayoutStr", Str, Ptr)
jit_prefix = prototype("LLVMOrcLLJITGetGlobalPrefix", c_int, Ptr)
jit_add_module = prototype("LLVMOrcLLJITAddLLVMIRModuleWithRT", Error, Ptr, Ptr, Ptr)
jit_add_object = prototype("LLVMOrcLLJITAddObjectFileWithRT", Error, Ptr, Ptr, Ptr)
jit_lookup = prototype("LLVMOrcLLJITLookup", Error, Ptr, Ptr, Str)
jit_object_transform_layer = prototype("LLVMOrcLLJITGetObjTransformLayer", Ptr, Ptr)
jit_ir_transform_layer = prototype("LLVMOrcLLJITGetIRTransformLayer", Ptr, Ptr)
enable_debug_support = prototype("LLVMOrcLLJITEnableDebugSupport", Error, Ptr)

# Disassembly
create_disassembler = prototype("LLVMCreateDisasm", Ptr, Str, Ptr, c_int, Ptr, Ptr)
disassemble = prototype("LLVMDisasmInstruction", c_size_t, Ptr, Ptr, c_uint64, c_uint64, Ptr, c_size_t)
set_disassembler_options = prototype("LLVMSetDisasmOptions", Bool, Ptr, c_uint64)
dispose_disassembler = prototype("LLVMDisasmDispose", None, Ptr)


_names = {value: name for name, value in globals().items() if isinstance(value, Prototype)}
"""What the functions above are called here."""


def version() -> str:
    """The version of libLLVM: `22.1.8`."""
    return ".".join(map(str, version_of(open_libllvm())))


def text_of(message: int | None) -> str:
    """The text of an LLVM message, which is freed."""
    if not message:
        return ""
    text = string_at(message).decode("utf-8", "replace")
    dispose_message(message)
    return text


def message_of(error: int) -> str:
    """The text of an `LLVMErrorRef`, which is consumed (llvm-c/Error.h)."""
    message = error_message(error)
    text = string_at(message).decode("utf-8", "replace")
    dispose_error_message(message)
    return text


def check(error: int | None) -> None:
    """Turn an `LLVMErrorRef` into a Python error; nobody else touches one.

    Raises:
        JITError: with LLVM's message, unless `error` is success.
    """
    if error:
        raise JITError(message_of(error))


def encoded(text: str) -> bytes:
    """A name, or IR, as LLVM has it; `name_of` is the other way round."""
    return text.encode("utf-8", "surrogateescape")


def name_of(value: int) -> str:
    """The name of a global value, any bytes in it kept."""
    size = c_size_t()
    start = value_name(value, byref(size))
    return string_at(start, size.value).decode("utf-8", "surrogateescape")


def initialize_target() -> None:
    """Register the code generator, assembler and parser of the machine that this runs on."""
    _initialize("TargetInfo", "Target", "TargetMC", "AsmPrinter", "AsmParser")


def initialize_disassembler() -> None:
    """Register its disassembler."""
    _initialize("TargetInfo", "TargetMC", "Disassembler")


def _initialize(*parts: str) -> None:
    import os

    machine = os.uname().machine
    target = {"x86_64": "X86", "aarch64": "AArch64", "arm64": "AArch64"}.get(machine)
    if target is None:
        raise JITError(f"jitrepl has no code generator for {machine}")
    for part in parts:
        prototype(f"LLVMInitialize{target}{part}", None)()


def parse_option_texts(options: tuple[str, ...]) -> None:
    """Hand options to libLLVM's own parser, which prints a message and ends the process at one it does not know."""
    if options:
        texts = [b"jitrepl --llvm", *map(encoded, options)]
        array = (c_char_p * len(texts))(*texts)
        parse_options(len(texts), array, b"", 0, None, None, None, 0)
