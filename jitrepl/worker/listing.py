"""What `:symbols`, `:modules`, `:type` and `:dump` show."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import SymbolError
from jitrepl.worker.process import symbol_address
from jitrepl.worker.shared_libraries import library_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.members import Members
    from jitrepl.worker.source.sourcecalls import SourceCalls


def rows(dylib: SessionDylib, hosts: Hosts, members: Members) -> Iterator[messages.Symbol]:
    """The symbols of the session, then host functions, then what archives have; the built-in one only if it is used."""
    listed = list(dylib.symbols())
    used, written = {row.name for row in listed}, hosts.written()
    found = {name: hosts.find(name) for name in hosts.names() if not dylib.find(name)}
    serving = {name: host for name, host in found.items() if host and (name in used or name in written)}
    for row in listed:
        if row.name not in serving:
            yield row if row.state != "declared" or members.define(row.name) else _found(row, hosts)
    for name, host in serving.items():
        yield messages.Symbol(name, "host", hosts.signature(host).type.text, "", "ready")
    shown = {*serving, *(row.name for row in listed if row.state != "declared")}
    for name, archive in members.symbols():
        if name not in shown:
            yield messages.Symbol(name, "symbol", "", archive, "archived")


def _found(row: messages.Symbol, hosts: Hosts) -> messages.Symbol:
    """What is only declared, with the host function or the library that defines it for the session, if one does."""
    if row.kind == "function" and hosts.find(row.name):
        return messages.Symbol(row.name, "host", row.type, "", "ready", row.spelling)
    address = symbol_address(row.name)
    library = library_at(address).rpartition("/")[2] if address else ""
    return messages.Symbol(row.name, row.kind, row.type, library, "ready", row.spelling) if library else row


def module_rows(dylib: SessionDylib) -> Iterator[messages.ModuleRow]:
    """A row for each module, those that were replaced and are still in memory last."""
    for module in dylib.modules.values():
        items = list(module.definitions())
        functions = sum(item.callable for item in items)
        state = "ready" if module.ready else "lazy"
        yield messages.ModuleRow(module.name, functions, len(items) - functions, state, module.size)
    for module in dylib.retired:
        yield messages.ModuleRow(module.name, 0, 0, "replaced", module.size)


def shown(request: messages.Dump, dylib: SessionDylib, hosts: Hosts, sources: SourceCalls) -> str:
    """The type of something, the IR of some bitcode, or that of the session or one thing in it.

    Raises:
        JitreplError: if there is no such thing.
    """
    if request.only_type:
        return described(request.what, dylib, hosts, sources)
    if request.data:
        with dylib.reader.read(request.data, "the bitcode").module as module:
            return module.text()
    return dumped(request, dylib, sources)


def described(what: str, dylib: SessionDylib, hosts: Hosts, sources: SourceCalls) -> str:
    """The type of a function or global, or a type, as the source or else IR has it.

    Raises:
        SymbolError: if there is nothing of that name.
    """
    name = what.removeprefix("@").strip('"')
    text = sources.describe(name)
    host = hosts.find(name)
    if text is None and host and not dylib.find(name):
        text = hosts.signature(host).type.text
    if text is None:
        from jitrepl.worker.dump import ir_type

        text = ir_type(dylib, what)
    return text


def dumped(request: messages.Dump, dylib: SessionDylib, sources: SourceCalls) -> str:
    """The IR of the session, or of one thing in it.

    Raises:
        SymbolError: if the session has nothing of that name.
    """
    from jitrepl.worker.dump import dump

    try:
        return dump(dylib, request.what, request.debug)
    except SymbolError as problem:
        if sources.describe(request.what):
            problem.hint = f"its source has a type of that name: `:type {request.what}`"
        raise
