"""Print the session's IR, in a form that can be fed back in."""

from __future__ import annotations

import re

from jitrepl.errors import InternalError, SymbolError
from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.languages.sourcenames import mangled, meant_by
from jitrepl.worker.linking import rewrite
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.linking.missing import suggestion
from jitrepl.worker.linking.modules import SessionModule
from jitrepl.worker.owned import Module
from jitrepl.worker.saving import link

# Top-level entities that other lines refer to by these names (LangRef, "Module Structure").
_ENTITY = re.compile(r'^(#\d+|![\w.-]+|\$[\w.$-]+|\$"[^"]*"|%[\w.$-]+|%"[^"]*"|attributes (#\d+)) = ')
_REFERENCE = re.compile(r'#\d+|!\d+|\$[\w.$-]+|\$"[^"]*"|%[\w.$-]+|%"[^"]*"')
_TYPE_DEFINITION = re.compile(r' (%(?:[\w.$-]+|"[^"]*") = type )')
_DEBUG_ROOTS = ("!llvm.dbg.cu", "!llvm.module.flags")


def dump(dylib: SessionDylib, what: str, debug: bool = False) -> str:
    """The IR of the session, or of one thing in it.

    Args:
        dylib: the session's JITDylib.
        what: "" for all modules, linked into one; else the name of a function or global (`@` is optional), of a
            type (`%T`, or as its source calls it), or of a module: a file's path or base name, `input 3`.
        debug: whether with debug info.

    Raises:
        SymbolError: if the session has nothing of that name.
    """
    if not what:
        return _linked(dylib, debug)
    module = dylib.module_called(what.strip('"'))
    if module:
        _refuse_object(module, module.name)
        with module.parse() as parsed:
            for name in module.elsewhere():
                rewrite.erase(parsed.ptr, name)
            if not debug:
                llvm.strip_debug_info(parsed.ptr)
            return parsed.text()
    if what.startswith("%"):
        text = type_definition(dylib, what)
        if text:
            return text
    name = what.removeprefix("@").strip('"')
    found = dylib.find(name)
    if found:
        _refuse_object(found[0], quoted(name))
        return _entity(found[0], name, debug)
    meant = meant_by(name, mangled(dylib.modules.values()))
    if meant:
        return "\n".join(_entity(pair[0], symbol, debug) for symbol in meant if (pair := dylib.find(symbol)))
    declared = dylib.declared(name)
    if declared:
        return declared.declaration()
    text = type_definition(dylib, what)
    if text:
        return text
    raise unknown(dylib, what)


def unknown(dylib: SessionDylib, what: str) -> SymbolError:
    """The error for a name that neither a symbol nor a module of the session has, with what may have been meant."""
    names = [*dylib.names(), *(module.name for module in dylib.modules.values())]
    similar = suggestion(what.removeprefix("@").strip('"'), names)
    return SymbolError(f"the session has no {what}", similar or "`:symbols` lists what there is")


def ir_type(dylib: SessionDylib, what: str) -> str:
    """The IR type of a function, global or named type, as a declaration of it.

    Raises:
        SymbolError: if the session has nothing of that name.
    """
    name = what.removeprefix("@").strip('"')
    found = dylib.find(name)
    known = found[1] if found else dylib.declared(name)
    if known and not known.type.text:
        raise SymbolError(f"{quoted(name)} comes from an object, which does not say its type")
    if known:
        return known.type.text
    text = type_definition(dylib, what)
    if text:
        return text
    meant = [dylib.find(symbol) for symbol in meant_by(name, mangled(dylib.modules.values()))]
    if meant:
        return "\n".join(pair[1].type.text for pair in meant if pair)
    raise unknown(dylib, what)


def type_definition(dylib: SessionDylib, what: str) -> str:
    """The definition of a named type, `%T` or as C and C++ call it: clang makes `%struct.T` of `T`; "" without one."""
    name = what.removeprefix("%").strip('"')
    for kind in _KINDS:
        name = name.removeprefix(f"{kind} ")
    for candidate in (name, *(f"{kind}.{name}" for kind in _KINDS)):
        text = dylib.lender.type_definitions({candidate})
        if text:
            return _TYPE_DEFINITION.sub(r"\n\1", text.strip())
    return ""


_KINDS = ("struct", "class", "union")


def _linked(dylib: SessionDylib, debug: bool) -> str:
    """All modules as one, and what is declared and not used."""
    if not dylib.modules:
        return ""
    with link(dylib) as whole:
        if not debug:
            llvm.strip_debug_info(whole.ptr)
        unused: dict[str, str] = {}
        for module in reversed(dylib.modules.values()):
            for item in () if module.object else module.globals:
                if not item.defined and not rewrite.value_named(whole.ptr, item.name):
                    unused.setdefault(item.name, item.declaration())
        objects = [
            f"; {module.name} is an object, which has no IR" for module in dylib.modules.values() if module.object
        ]
        return "\n".join([*objects, whole.text().rstrip("\n"), *[""] * bool(unused), *unused.values()]) + "\n"


def _refuse_object(module: SessionModule, what: str) -> None:
    if module.object:
        came = f"{what} is" if what == module.name else f"{what} comes from {module.name},"
        raise SymbolError(f"{came} an object, which has no IR", "`:symbols` lists what it defines")


def _entity(module: SessionModule, name: str, debug: bool) -> str:
    with module.parse() as parsed:
        if not debug:
            llvm.strip_debug_info(parsed.ptr)  # ten times the length of what it describes
        if not rewrite.value_named(parsed.ptr, name):
            raise InternalError(f"@{name} is not in {module.name}")
        return entity_text(parsed, name)


def entity_text(module: Module, name: str) -> str:
    """One global value with the types, attribute groups, comdats and metadata that its text refers to.

    Args:
        module: has it.
        name: the value's name.
    """
    text = llvm.text_of(llvm.print_value(rewrite.value_named(module.ptr, name))).strip("\n")
    if not _REFERENCE.search(text):
        return text
    return _with_entities(text, module.text())


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
