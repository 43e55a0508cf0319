"""Print the session's IR, in a form that can be fed back in."""

from __future__ import annotations

import re

from jitrepl.errors import InternalError, SymbolError
from jitrepl.worker import llvm
from jitrepl.worker.dylib import SessionDylib, SessionModule, suggestion
from jitrepl.worker.owned import Context, Module, diagnostics
from jitrepl.worker.reader import CONSTRUCTORS

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
    """All modules linked into one, as `llvm-link` would."""
    if not dylib.modules:
        return ""
    context = Context()
    with Module(llvm.create_module(b"session", context.ptr), context) as whole:
        for module in dylib.modules.values():
            if llvm.link_modules(whole.ptr, module.parse(context).take()):
                raise InternalError(f"{module.name} cannot be linked for the dump: {' '.join(diagnostics.take())}")
        return whole.text()


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
        value = (
            llvm.named_function(parsed.ptr, data)
            or llvm.named_global(parsed.ptr, data)
            or llvm.named_alias(parsed.ptr, data, len(data))
            or llvm.named_ifunc(parsed.ptr, data, len(data))
        )
        if not value or name == CONSTRUCTORS:
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
