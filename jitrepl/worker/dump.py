"""Print the session's IR, in a form that can be fed back in."""

from __future__ import annotations

import re

from jitrepl.errors import InternalError, SymbolError
from jitrepl.worker import llvm
from jitrepl.worker.dylib import SessionDylib, SessionModule
from jitrepl.worker.missing import suggestion
from jitrepl.worker.owned import Context, Module, diagnostics

# Top-level entities that other lines refer to by these names (LangRef, "Module Structure").
_ENTITY = re.compile(r'^(#\d+|![\w.-]+|\$[\w.$-]+|\$"[^"]*"|%[\w.$-]+|%"[^"]*"|attributes (#\d+)) = ')
_REFERENCE = re.compile(r'#\d+|!\d+|\$[\w.$-]+|\$"[^"]*"|%[\w.$-]+|%"[^"]*"')
_TYPE_DEFINITION = re.compile(r' (%(?:[\w.$-]+|"[^"]*") = type )')
_DEBUG_ROOTS = ("!llvm.dbg.cu", "!llvm.module.flags")


def dump(dylib: SessionDylib, what: str) -> str:
    """The IR of the session, or of one thing in it.

    Args:
        dylib: the session's JITDylib.
        what: "" for all modules, linked into one; else the name of a function or global (`@` is optional), of a
            type (`%T`), or of a module: a file's path or base name, `input 3`.

    Raises:
        SymbolError: if the session has nothing of that name.
    """
    if not what:
        return _linked(dylib)
    module = _module_named(dylib, what)
    if module:
        with module.parse() as parsed:
            return parsed.text()
    if what.startswith("%"):
        text = dylib.type_definitions({what[1:].strip('"')})
        if text:
            return _TYPE_DEFINITION.sub(r"\n\1", text.strip())
    name = what.removeprefix("@").strip('"')
    found = dylib.find(name)
    if found:
        return _entity(found[0], name)
    declared = dylib.declared(name)
    if declared:
        return declared.declaration()
    names = [*dylib.names(), *dylib.modules]
    raise SymbolError(f"the session has no {what}", suggestion(name, names) or "`:symbols` lists what there is")


def _linked(dylib: SessionDylib) -> str:
    """All modules linked into one, as `llvm-link` would, which leaves out what nothing uses; here nothing is."""
    if not dylib.modules:
        return ""
    context = Context()
    with Module(llvm.create_module(b"session", context.ptr), context) as whole:
        discardable: dict[bytes, int] = {}
        for module in dylib.modules.values():
            parsed = module.parse(context)
            for item in module.globals:
                name = item.name.encode("utf-8", "surrogateescape")
                value = _named(parsed, name)
                kind = llvm.linkage(value) if value else 0
                if kind in _WHILE_LINKED:
                    discardable.setdefault(name, kind)
                    llvm.set_linkage(value, _WHILE_LINKED[kind])
            if llvm.link_modules(whole.ptr, parsed.take()):
                raise InternalError(f"{module.name} cannot be linked for the dump: {' '.join(diagnostics.take())}")
        for name, kind in discardable.items():
            llvm.set_linkage(_named(whole, name), kind)
        unused: dict[str, str] = {}
        for module in reversed(dylib.modules.values()):
            for item in module.globals:
                if not item.defined and not _named(whole, item.name.encode("utf-8", "surrogateescape")):
                    unused.setdefault(item.name, item.declaration())
        return "\n".join([whole.text().rstrip("\n"), *[""] * bool(unused), *unused.values()]) + "\n"


# linkonce, linkonce_odr become weak, weak_odr (llvm-c/Core.h, LLVMLinkage)
_WHILE_LINKED = {2: 4, 3: 5}


def _named(module: Module, name: bytes) -> int | None:
    """The global value of a module that has a name, as an `LLVMValueRef`."""
    found: int | None = (
        llvm.named_function(module.ptr, name)
        or llvm.named_global(module.ptr, name)
        or llvm.named_alias(module.ptr, name, len(name))
        or llvm.named_ifunc(module.ptr, name, len(name))
    )
    return found


def _module_named(dylib: SessionDylib, what: str) -> SessionModule | None:
    if what in dylib.modules:
        return dylib.modules[what]
    wanted = f"<{what.strip('<>')}>"
    candidates = [m for n, m in dylib.modules.items() if n == wanted or n.rpartition("/")[2] == what]
    return candidates[-1] if candidates else None


def _entity(module: SessionModule, name: str) -> str:
    """One global value with the types, attribute groups, comdats and metadata that its text refers to."""
    data = name.encode("utf-8", "surrogateescape")
    with module.parse() as parsed:
        llvm.strip_debug_info(parsed.ptr)  # ten times the length of what it describes; the module's dump has it
        value = _named(parsed, data)
        if not value:
            raise InternalError(f"@{name} is not in {module.name}")
        text = llvm.text_of(llvm.print_value(value)).strip("\n")
        if not _REFERENCE.search(text):
            return text
        return _with_entities(text, parsed.text())


def _with_entities(text: str, module: str) -> str:
    entities: dict[str, str] = {}
    for line in module.splitlines():
        match = _ENTITY.match(line)
        if match:
            entities[match[2] or match[1]] = line
    needed: dict[str, None] = {}
    todo = _REFERENCE.findall(text)
    while todo:
        name = todo.pop()
        if name in entities and name not in needed:
            needed[name] = None
            todo += _REFERENCE.findall(entities[name].partition(" = ")[2])
            if name.startswith("!"):
                todo += _DEBUG_ROOTS
    lines = [line for name, line in entities.items() if name in needed]
    before = [line for line in lines if line.startswith(("%", "$"))]
    after = [line for line in lines if not line.startswith(("%", "$"))]
    return "\n".join([*before, *[""] * bool(before), text, *[""] * bool(after), *after])
