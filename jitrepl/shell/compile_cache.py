"""What compilers have made, kept in the user's cache folder (XDG Base Directory Specification).

An entry is a file named after all that the command line says: the compiler, its arguments, the source. In it are the
files that the compiler read, as they were, and what it made of them. Anybody may write at the same time: an entry
appears whole or not at all, and one that is not whole is none.
"""

from __future__ import annotations

import os
from hashlib import blake2b

from jitrepl import wire
from jitrepl.folders import cache_folder
from jitrepl.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE_LIMIT = 512 << 20
"""How much the folder may hold, in bytes; what was not used for the longest time goes first."""

_FORMAT = b"jitrepl 1\n"
_SUFFIX = ".compiled"
_DIGEST = 32
_ABANDONED = 3600  # seconds after which a file that was not finished never will be
_RECENT = 2_000_000_000  # nanoseconds; coarser than the time stamps of any file system


class ReadFile(Record):
    """A file that a compiler read.

    Args:
        path: its absolute path.
        size: in bytes.
        modified: when, in nanoseconds; 0 if it was changed so shortly before that the time alone says nothing.
        digest: of its content.
    """

    path: str
    size: int
    modified: int
    digest: bytes


class Compiled(Record):
    """What a compiler made.

    Args:
        bitcode: the bitcode.
        diagnostics: what it printed, with ANSI colours.
        libraries: shared libraries that the code needs.
    """

    bitcode: bytes
    diagnostics: str
    libraries: tuple[str, ...]


def entries_folder() -> str:
    """Where the entries are."""
    return os.path.join(cache_folder(), "compiled")


def key_of(parts: Iterable[str | bytes]) -> str:
    """The name of the entry for all that decides what a compiler makes."""
    digest = blake2b(digest_size=_DIGEST)
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def describe(path: str, data: bytes, modified: int) -> ReadFile:
    """A file as it was when it was read.

    Args:
        path: where it is.
        data: its content.
        modified: when it was changed, in nanoseconds.
    """
    from time import time_ns

    return ReadFile(os.path.abspath(path), len(data), modified if time_ns() - modified > _RECENT else 0, _digest(data))


def look_up(key: str) -> Compiled | None:
    """What is kept under a key, if the files that went into it are as they were; None if there is nothing."""
    path = os.path.join(entries_folder(), key + _SUFFIX)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    entry = _read(data)
    if entry is None:
        _remove(path)
        return None
    files, compiled = entry
    libraries = [library for library in compiled.libraries if os.path.isabs(library)]
    if not all(map(os.path.exists, libraries)) or not all(map(_is_as_it_was, files)):
        return None
    try:
        os.utime(path)  # it was used
    except OSError:
        pass
    return compiled


def keep(key: str, files: tuple[ReadFile, ...], compiled: Compiled) -> None:
    """Keep what a compiler made of these files. Where nothing can be written nothing is kept."""
    from tempfile import NamedTemporaryFile

    folder = entries_folder()
    payload = wire.encode((files, compiled))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(_FORMAT + _digest(payload) + payload)
        os.replace(file.name, os.path.join(folder, key + _SUFFIX))
        _make_room(folder)
    except OSError:
        return


def _read(data: bytes) -> tuple[tuple[ReadFile, ...], Compiled] | None:
    start = len(_FORMAT) + _DIGEST
    payload = data[start:]
    if not data.startswith(_FORMAT) or data[len(_FORMAT) : start] != _digest(payload):
        return None
    try:
        entry = wire.decode(payload)
    except wire.WireError:
        return None
    return entry  # type: ignore[return-value]  # the digest says that `keep` wrote it


def _is_as_it_was(file: ReadFile) -> bool:
    try:
        status = os.stat(file.path)
        if status.st_size != file.size:
            return False
        if file.modified and status.st_mtime_ns == file.modified:
            return True
        with open(file.path, "rb") as content:
            return _digest(content.read()) == file.digest
    except OSError:
        return False


def _make_room(folder: str) -> None:
    """Remove the entries that were not used for the longest time, and what writers that died have left."""
    from time import time

    entries = []
    for item in os.scandir(folder):
        try:
            status = item.stat()
        except OSError:
            continue  # somebody else was faster
        if item.name.endswith(_SUFFIX):
            entries.append((status.st_mtime, status.st_size, item.path))
        elif item.name.startswith("tmp") and time() - status.st_mtime > _ABANDONED:
            _remove(item.path)
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= SIZE_LIMIT:
            return
        _remove(path)
        total -= size


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()
