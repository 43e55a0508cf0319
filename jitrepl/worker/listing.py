"""What `:symbols` lists."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.worker.process import library_at, symbol_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.members import Members


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
