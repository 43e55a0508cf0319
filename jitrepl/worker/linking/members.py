"""The archives of a session: their members come in when something needs them, as with a linker."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.worker.linking.admission import Admission
    from jitrepl.worker.linking.archives import Archives, Member
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.initialisers import Initialisers


class Members:
    """Archives that were opened, and what becomes of their members.

    Args:
        dylib: the session.
        initialisers: runs what members want to have run.
        is_host: whether a host function defines a symbol.
        note: called with remarks for the user.
    """

    def __init__(
        self,
        dylib: SessionDylib,
        initialisers: Initialisers,
        is_host: Callable[[str], bool],
        note: Callable[[str], object],
    ) -> None:
        self._dylib = dylib
        self._initialisers = initialisers
        self._is_host = is_host
        self._note = note
        self._archives: Archives | None = None

    def open(self, name: str, data: bytes) -> tuple[str, ...]:
        """Open an archive; the symbols that its members define.

        Raises:
            InputError: if it cannot be read.
        """
        from jitrepl.worker.linking.archives import Archives

        self._archives = self._archives or Archives(self._symbols_of)
        archive = self._archives.open(name, data)
        self._dylib.hosts_changed()  # what was not found before may be in it
        self._initialisers.run_waiting()
        return tuple(archive.members)

    def define(self, name: str) -> bool:
        """Whether a member that is not in the session yet defines a symbol."""
        return self._archives is not None and bool(self._archives.member(name))

    def symbols(self) -> list[tuple[str, str]]:
        """The symbols that members define which are not in the session yet, each with its archive."""
        return list(self._archives.symbols()) if self._archives else []

    def load(self, names: Iterable[str]) -> None:
        """Add the members that define these symbols, and what they need in turn.

        Raises:
            JitreplError: if a member cannot be added, or initialised.
        """
        if self._archives is None:
            return
        admissions: list[Admission] = []

        def add(member: Member) -> list[str]:
            admission = self._dylib.add(member.data, member.name, replace=False)
            for note in admission.notes:
                self._note(note)
            admissions.append(admission)
            return [item.name for item in admission.module.needs() if not item.weak]

        def is_known(name: str) -> bool:
            return name in self._dylib.defined or self._is_host(name)

        self._archives.load(list(names), is_known, add)
        # Members were added in the order in which they need each other: what one needs is ready before it.
        self._initialisers.run(admissions[::-1])

    def _symbols_of(self, data: bytes, name: str) -> list[str]:
        """The symbols that bitcode defines for others."""
        reading = self._dylib.reader.read(data, name)
        reading.module.close()
        return [item.name for item in reading.globals if item.defined and not item.local]
