"""Rewrite in a module what ORC and JITLink do not handle: static initialisers, exit handlers, ifuncs, TLS aliases.

This is the last thing that is done to a module before ORC has it; the session keeps it as it was read.
"""

from __future__ import annotations

from ctypes import c_void_p

from jitrepl.errors import InputError
from jitrepl.worker import llvm
from jitrepl.worker.linking.rewrite import comdat, rename, values_of
from jitrepl.worker.linking.sections import CONSTRUCTORS, DESTRUCTORS, complete, gather, keep_bounded, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.worker.owned import Module

PREFIX = "__jitrepl."
"""What the names of jitrepl's own symbols and modules begin with."""

_TABLES = {CONSTRUCTORS: f"{PREFIX}constructors.", DESTRUCTORS: f"{PREFIX}destructors."}
_IFUNCS = f"{PREFIX}ifuncs."
DSO = f"{PREFIX}dso."
"""What the symbols of units' handles begin with; the unit's id follows."""
_DSO_HANDLE, _AT_EXIT, _CXA_AT_EXIT = b"__dso_handle", b"atexit", b"__cxa_atexit"
_ATTRIBUTES = (b"naked", b"noinline", b"nounwind")
_is_expression = llvm.prototype("LLVMIsAConstantExpr", llvm.Ptr, llvm.Ptr)
_is_variable = llvm.prototype("LLVMIsAGlobalVariable", llvm.Ptr, llvm.Ptr)
_JUMPS = {"x86_64": b"jmpq *${0:c}(%rip)"}
"""How a machine jumps to the address in a variable without touching an argument."""


def table_symbol(kind: str, id: str) -> str:
    """The symbol of a unit's table of `CONSTRUCTORS` or `DESTRUCTORS`, after it was lowered."""
    return _TABLES[kind] + id


def ifunc_symbol(id: str) -> str:
    """The symbol of the function that calls the resolvers of a unit's ifuncs, after they were lowered."""
    return _IFUNCS + id


def entries(module: Module) -> tuple[int, int]:
    """How many entries a module's tables of `CONSTRUCTORS` and `DESTRUCTORS` will have."""
    by_hand = listed(module.ptr)

    def count(kind: str) -> int:
        table = llvm.named_global(module.ptr, kind.encode())
        return (llvm.array_length(llvm.value_type(table)) if table else 0) + len(by_hand.get(kind, ()))

    return count(CONSTRUCTORS), count(DESTRUCTORS)


def has_ifuncs(module: Module) -> bool:
    """Whether a module defines an ifunc."""
    return bool(llvm.first_ifunc(module.ptr))


def lower(module: Module, machine: str) -> None:
    """Rewrite a module.

    Its tables of static initialisers become variables that can be looked up. ORC would make one function of each, which
    runs destructors in the wrong order, and does not do it for objects.

    Args:
        module: the module, with the id that it will have in the session.
        machine: the first part of the target triple.

    Raises:
        InputError: if it has ifuncs and this machine has no way for them.
    """
    ptr, id = module.ptr, module.identifier
    complete(ptr)
    gather(ptr)
    keep_bounded(ptr, f"{PREFIX}kept.{id}.")
    for kind in _TABLES:
        table = llvm.named_global(ptr, kind.encode())
        if table:
            llvm.set_linkage(table, llvm.EXTERNAL)
            rename(table, table_symbol(kind, id))
    _own_exit_handlers(ptr, id)
    for alias in values_of(ptr, llvm.first_alias, llvm.next_alias):
        if llvm.is_thread_local(alias):
            _replace_thread_local(ptr, alias)
        elif _is_expression(llvm.aliasee(alias)):
            _give_size(ptr, alias)
    if has_ifuncs(module):
        _lower_ifuncs(ptr, id, machine)


def _own_exit_handlers(ptr: int, id: str) -> None:
    """Make a module register exit handlers under a handle of its own, as a shared library does, so that they can be run
    when it is unloaded; and give it the `atexit` that `libc_nonshared.a` would link into it.
    """
    handle = llvm.named_global(ptr, _DSO_HANDLE)
    function = llvm.named_function(ptr, _AT_EXIT)
    if handle and llvm.is_declaration(handle):
        rename(handle, DSO + id)
    elif not handle and function:
        handle = llvm.add_global(ptr, llvm.pointer_type(llvm.module_context(ptr), 0), llvm.encoded(DSO + id))
    if not function or not llvm.is_declaration(function) or llvm.count_params(function) != 1:
        return
    context = llvm.module_context(ptr)
    pointer, number = llvm.pointer_type(context, 0), llvm.int32_type(context)
    taking = llvm.function_type(number, (c_void_p * 3)(pointer, pointer, pointer), 3, 0)
    register = llvm.named_function(ptr, _CXA_AT_EXIT) or llvm.add_function(ptr, _CXA_AT_EXIT, taking)
    own = llvm.add_function(ptr, llvm.encoded(f"{PREFIX}atexit"), llvm.value_type(function))
    llvm.set_linkage(own, llvm.INTERNAL)
    llvm.replace_uses(function, own)  # its declaration may have debug info, which is wrong on a definition
    values = (c_void_p * 3)(llvm.param(own, 0), llvm.const_null(pointer), handle)
    builder = llvm.create_builder(context)
    llvm.position_at_end(builder, llvm.append_block(context, own, b""))
    result = llvm.build_call(builder, taking, register, values, 3, b"")
    if llvm.function_result(llvm.value_type(function)) == number:
        llvm.build_return(builder, result)
    else:
        llvm.build_unreachable(builder)
    llvm.dispose_builder(builder)


def _replace_thread_local(ptr: int, alias: int) -> None:
    """Put a thread-local variable in the place of its alias: the code generator crashes over one if TLS is emulated.

    LLVM-C cannot delete an alias, so it stands for something else then, which nobody uses.
    """
    llvm.replace_uses(alias, llvm.aliasee(alias))
    pointer = llvm.pointer_type(llvm.module_context(ptr), 0)
    unused = llvm.add_global(ptr, pointer, b"")
    llvm.set_linkage(unused, llvm.INTERNAL)
    llvm.set_initializer(unused, llvm.const_null(pointer))
    llvm.set_thread_local(alias, 0)
    llvm.set_aliasee(alias, unused)


def _give_size(ptr: int, alias: int) -> None:
    """Make an alias of a place within a variable end where the variable does.

    In an object it has the variable's size, unless that is private: too much for JITLink, which refuses it.
    """
    base = llvm.aliasee(alias)
    while _is_expression(base):
        values = [llvm.operand(base, at) for at in range(llvm.operand_count(base))]
        base = next((value for value in values if _is_expression(value) or _is_variable(value)), 0)
    if not base or llvm.is_thread_local(base) or llvm.linkage(base) == llvm.PRIVATE or comdat(base):
        return
    linkage, visibility, name = llvm.linkage(base), llvm.visibility(base), llvm.name_of(base)
    llvm.set_linkage(base, llvm.PRIVATE)
    rename(base, f"{name}#body")
    whole = llvm.add_alias(ptr, llvm.value_type(base), 0, base, llvm.encoded(name))
    llvm.set_linkage(whole, linkage)
    llvm.set_visibility(whole, visibility)


def _lower_ifuncs(ptr: int, id: str, machine: str) -> None:
    """Make each ifunc a function that jumps to what its resolver has returned.

    A linker has the resolvers called while it relocates. Here one function does it, which is called before anything
    else of the module. The jump leaves all registers alone, so it serves functions of any type.
    """
    jump = _JUMPS.get(machine)
    if jump is None:
        raise InputError(f"ifuncs do not work on {machine} yet", "call what they resolve to")
    context = llvm.module_context(ptr)
    pointer, nothing = llvm.pointer_type(context, 0), llvm.void_type(context)
    builder = llvm.create_builder(context)
    resolve = llvm.add_function(ptr, llvm.encoded(ifunc_symbol(id)), llvm.function_type(nothing, None, 0, 0))
    resolving = llvm.append_block(context, resolve, b"")
    jumping = llvm.function_type(nothing, (c_void_p * 1)(pointer), 1, 0)
    assembly = llvm.inline_assembly(jumping, jump, len(jump), b"i", 1, 1, 0, 0, 0)
    returning = llvm.function_type(pointer, None, 0, 0)
    for ifunc in values_of(ptr, llvm.first_ifunc, llvm.next_ifunc):
        name = llvm.name_of(ifunc)
        slot = llvm.add_global(ptr, pointer, llvm.encoded(f"{PREFIX}ifunc.{name}"))
        llvm.set_linkage(slot, llvm.INTERNAL)
        llvm.set_initializer(slot, llvm.const_null(pointer))
        stub = llvm.add_function(ptr, b"", llvm.value_type(ifunc))
        llvm.set_linkage(stub, llvm.linkage(ifunc))
        llvm.set_visibility(stub, llvm.visibility(ifunc))
        for attribute in _ATTRIBUTES:
            kind = llvm.attribute_kind_named(attribute, len(attribute))
            llvm.add_attribute(stub, llvm.FUNCTION_INDEX, llvm.create_enum_attribute(context, kind, 0))
        llvm.position_at_end(builder, llvm.append_block(context, stub, b""))
        llvm.build_call(builder, jumping, assembly, (c_void_p * 1)(slot), 1, b"")
        llvm.build_unreachable(builder)
        llvm.position_at_end(builder, resolving)
        target = llvm.build_call(builder, returning, llvm.ifunc_resolver(ifunc), None, 0, b"")
        llvm.build_store(builder, target, slot)
        llvm.replace_uses(ifunc, stub)
        llvm.erase_ifunc(ifunc)
        rename(stub, name)
    llvm.position_at_end(builder, resolving)
    llvm.build_return_void(builder)
    llvm.dispose_builder(builder)
