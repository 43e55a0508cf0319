"""Archives of objects: a member is loaded when one of its symbols is needed, as a linker does (ar(5); ld(1)).

ORC's own generator for static libraries would add members behind the session's back: they would be in no list, their
constructors would not run, and a failed link with one of them could not be mended (docs/decisions/0012).
"""

from __future__ import annotations

from struct import error, unpack_from

from jitrepl.errors import ObjectError
from jitrepl.filetypes import ARCHIVE_MAGIC, ELF_MAGIC, is_bitcode
from jitrepl.worker.linking.objects import read_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_, _THIN = ARCHIVE_MAGIC
_HEADER_SIZE = 60
_NAME, _SIZE, _END = slice(0, 16), slice(48, 58), b"`\n"
_INDEXES = {"/": 4, "/SYM64/": 8}
"""The members that say which symbol is where, with how long their numbers are, in bytes."""
_LONG_NAMES = "//"
_BSD_NAME, _BSD_INDEX = "#1/", "__.SYMDEF"


class Member:
    """A member of an archive.

    Args:
        name: what messages call it: `libmine.a(part.o)`.
        data: the object or bitcode.
    """

    __slots__ = ("data", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data


class Archive:
    """An archive, and which of its members define what.

    Args:
        name: what messages call it.
        data: the file.
        symbols_of: gives the symbols that a module of bitcode defines.

    Raises:
        ObjectError: if it is broken, or only lists its members.
    """

    def __init__(self, name: str, data: bytes, symbols_of: Callable[[bytes, str], list[str]]) -> None:
        self.name = name
        self.members: dict[str, Member] = {}
        """The member that defines a symbol; of several, the first."""
        if data.startswith(_THIN):
            raise ObjectError(
                f"{name} is a thin archive, which has only the names of its members",
                "load those, or make an archive with `ar rcs`",
            )
        try:
            self._read(data, symbols_of)
        except (ValueError, IndexError, error) as problem:
            raise ObjectError(f"{name} is a truncated or corrupt archive ({problem})", "make it again") from None

    def _read(self, data: bytes, symbols_of: Callable[[bytes, str], list[str]]) -> None:
        index: dict[str, int] = {}
        indexed = False
        by_place: dict[int, Member] = {}
        for place, title, content in _members(data):
            if title in _INDEXES:
                indexed = True
                index.update(_index(content, _INDEXES[title]))
            elif not title.startswith(_BSD_INDEX):
                by_place[place] = Member(f"{self.name}({title})", content)
        for symbol, place in index.items():
            if place not in by_place:
                raise ValueError("its index points beside its members")
            self.members.setdefault(symbol, by_place[place])
        for member in by_place.values():
            if is_bitcode(member.data):
                names = symbols_of(member.data, member.name)  # `ar` without LLVM's plugin does not know them
            elif indexed or not member.data.startswith(ELF_MAGIC):
                continue
            else:
                names = [item.name for item in read_object(member.data, member.name).globals if item.defined]
            for symbol in names:
                self.members.setdefault(symbol, member)


class Archives:
    """The archives of a session, in the order in which they were opened.

    Args:
        symbols_of: gives the symbols that a module of bitcode defines.
    """

    def __init__(self, symbols_of: Callable[[bytes, str], list[str]]) -> None:
        self._symbols_of = symbols_of
        self._archives: dict[str, Archive] = {}

    def open(self, name: str, data: bytes) -> Archive:
        """Open an archive; one of the same name that was opened before is forgotten.

        Raises:
            ObjectError: if it is broken.
        """
        archive = self._archives[name] = Archive(name, data, self._symbols_of)
        return archive

    def member(self, symbol: str) -> Member | None:
        """The member that defines a symbol; None if none does."""
        for archive in self._archives.values():
            found = archive.members.get(symbol)
            if found:
                return found
        return None

    def load(self, names: list[str], is_known: Callable[[str], bool], add: Callable[[Member], list[str]]) -> None:
        """Add the members that define these symbols, and those that they need in turn.

        Args:
            names: symbols that are needed.
            is_known: whether somebody defines a symbol already.
            add: adds a member to the session, and gives the names that it needs.
        """
        todo = names[::-1]
        while todo:
            name = todo.pop()
            member = None if is_known(name) else self.member(name)
            if member:
                todo += reversed(add(member))

    def symbols(self) -> Iterator[tuple[str, str]]:
        """The symbols of all archives, each with the name of its archive."""
        for archive in self._archives.values():
            for symbol in archive.members:
                yield symbol, archive.name


def _members(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    """The members: where their headers are, their names, their contents."""
    at = len(_THIN)
    long_names = b""
    while at < len(data):
        header = data[at : at + _HEADER_SIZE]
        if len(header) < _HEADER_SIZE or header[58:60] != _END:
            raise ValueError("a member has no header")
        size = int(header[_SIZE])
        begin = at + _HEADER_SIZE
        content = data[begin : begin + size]
        if len(content) < size:
            raise ValueError("a member breaks off")
        title = header[_NAME].decode("utf-8", "replace").rstrip(" ")
        if title == _LONG_NAMES:
            long_names = content
        else:
            if title.startswith(_BSD_NAME):
                length = int(title.removeprefix(_BSD_NAME))
                title, content = content[:length].rstrip(b"\0").decode("utf-8", "replace"), content[length:]
            elif title not in _INDEXES and title.startswith("/"):
                start = int(title[1:])
                title = long_names[start : long_names.index(b"\n", start)].decode("utf-8", "replace")
            yield at, title if title in _INDEXES else title.rstrip("/"), content
        at = begin + size + size % 2


def _index(content: bytes, width: int) -> Iterator[tuple[str, int]]:
    """The symbols in an index, the first definition last, each with where its member's header is."""
    count = int.from_bytes(content[:width], "big")
    if width * (count + 1) > len(content):
        raise ValueError("its index breaks off")
    places = unpack_from(f">{count}{'I' if width == 4 else 'Q'}", content, width)
    names = content[width * (count + 1) :].split(b"\0")[:count]
    if len(names) < count:
        raise ValueError("its index breaks off")
    for name, place in reversed(list(zip(names, places, strict=True))):
        yield name.decode("utf-8", "surrogateescape"), place
