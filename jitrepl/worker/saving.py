"""The session as one module, and as a file: IR, bitcode, assembly or an object."""

from __future__ import annotations

import os

from jitrepl.errors import JITError
from jitrepl.worker import llvm
from jitrepl.worker.jit import Jit
from jitrepl.worker.linking import rewrite
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.owned import Context, Module, diagnostics

# linkonce, linkonce_odr become weak, weak_odr (llvm-c/Core.h, LLVMLinkage)
_WHILE_LINKED = {2: 4, 3: 5}


def link(dylib: SessionDylib) -> Module:
    """The IR linked into one module, as `llvm-link` would, which leaves out what nothing uses; here nothing is."""
    context = Context()
    whole = Module(llvm.create_module(b"session", context.ptr), context)
    discardable: dict[str, int] = {}
    for module in dylib.modules.values():
        if module.object:
            continue
        parsed = module.parse(context)
        for name in module.elsewhere():
            rewrite.undefine(parsed.ptr, name, name)
        for item in module.globals:
            value = rewrite.value_named(parsed.ptr, item.name)
            theirs = dylib.defined.get(item.name, (module, item))[1]
            if value and item.kind == theirs.kind == "variable" and item.thread_local != theirs.thread_local:
                rewrite.store_as(value, theirs.thread_local)
            kind = llvm.linkage(value) if value else 0
            if kind in _WHILE_LINKED:
                discardable.setdefault(item.name, kind)
                llvm.set_linkage(value, _WHILE_LINKED[kind])
        if llvm.link_modules(whole.ptr, parsed.take()):
            whole.close()
            raise JITError(f"{module.name} cannot be linked with the others: {' '.join(diagnostics.take())}")
    for name, kind in discardable.items():
        llvm.set_linkage(rewrite.value_named(whole.ptr, name), kind)
    return whole


def save(dylib: SessionDylib, jit: Jit, path: str, kind: str) -> None:
    """Write the modules, linked into one, to a file.

    Args:
        dylib: the session's JITDylib.
        jit: compiles, for an object.
        path: an absolute path.
        kind: `ll`, `bc`, `s` or `o`.

    Raises:
        JITError: if they cannot be linked or compiled, or the file cannot be written.
    """
    for module in dylib.modules.values():
        if module.object:
            raise JITError(
                f"{module.name} is an object, which has no IR: {os.path.basename(path)} would be without it",
                "save a script instead: `:save work.jitrepl`",
            )
    with link(dylib) as whole:
        llvm.set_triple(whole.ptr, jit.triple.encode())
        llvm.set_layout(whole.ptr, jit.layout.encode())
        if kind in ("o", "s"):
            data = jit.object_of(whole, assembly=kind == "s")
        elif kind == "bc":
            data = rewrite.bitcode(whole.ptr)
        else:
            data = llvm.encoded(whole.text())
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as problem:
        raise JITError(f"{path} cannot be written: {(problem.strerror or str(problem)).lower()}") from None
