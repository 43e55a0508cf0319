"""Unwind tables for every function, so that a walk of the stack does not end at one that has none.

LLVM writes them for functions that may throw. For one that is `nounwind` it needs the attribute `uwtable` (LangRef,
"Function Attributes"), which compilers for this platform add and people who write IR do not.
"""

from __future__ import annotations

from jitrepl.worker import llvm
from jitrepl.worker.owned import Module

_ASYNC = 2
"""Tables that are right at each instruction, not only at calls."""


def keep_unwind_tables(module: Module) -> None:
    """Make LLVM write unwind tables for all functions of a module."""
    if module.context is None:
        return
    nounwind, uwtable = (llvm.attribute_kind_named(name, len(name)) for name in (b"nounwind", b"uwtable"))
    wanted = None
    function = llvm.first_function(module.ptr)
    while function:
        silent = llvm.enum_attribute(function, llvm.FUNCTION_INDEX, nounwind) and not llvm.is_declaration(function)
        if silent and not llvm.enum_attribute(function, llvm.FUNCTION_INDEX, uwtable):
            wanted = wanted or llvm.create_enum_attribute(module.context.ptr, uwtable, _ASYNC)
            llvm.add_attribute(function, llvm.FUNCTION_INDEX, wanted)
        function = llvm.next_function(function)
