"""What `:symbols` lists."""

from __future__ import annotations

from jitrepl import messages

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
    yield from (row for row in listed if row.name not in serving)
    for name, host in serving.items():
        yield messages.Symbol(name, "host", hosts.signature(host).type.text, "", "ready")
    shown = {*serving, *(row.name for row in listed if row.state != "declared")}
    for name, archive in members.symbols():
        if name not in shown:
            yield messages.Symbol(name, "symbol", "", archive, "archived")
