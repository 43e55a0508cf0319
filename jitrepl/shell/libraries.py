"""Find libraries by the names that linkers know them by: `-lm`, `-L DIR` (ld(1), "-l namespec")."""

from __future__ import annotations

import os
import sys

from jitrepl.errors import InputError
from jitrepl.filetypes import ARCHIVE_MAGIC
from jitrepl.shell.sources import full_path, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONFIGURATION = "/etc/ld.so.conf"
_SCRIPT_SIZE = 1 << 16
"""Linker scripts in place of a library are a few lines; what is larger is none."""


def find_library(name: str, folders: Sequence[str]) -> list[str]:
    """The files that a name stands for: shared libraries or archives, by path, or a soname for the dynamic loader.

    Args:
        name: a path; a soname such as `libz.so.1`; or what stands behind a linker's `-l`: `m`.
        folders: where to look first.

    Raises:
        InputError: if there is no such library.
    """
    if not name.strip() or "\0" in name:
        raise InputError(
            f"{name!a} is the name of no library" if name.strip() else "the name of a library is empty",
            "give its path, or its soname: `:lib libz.so.1`",
        )
    path = os.path.expanduser(name)
    if os.path.isfile(path):
        return list(_resolved(full_path(path), folders, ()))
    if os.sep in name or ".so" in name:
        return [path]
    found = _searched(name, folders)
    if found is None:
        where = f" in {', '.join(folders)} or" if folders else " in"
        raise InputError(
            f"no library {name}: there is no lib{name}.so or lib{name}.a{where} the folders of the system",
            "give its path, or its soname: `:lib libz.so.1`",
        )
    return list(_resolved(full_path(found), folders, ()))


def _searched(name: str, folders: Sequence[str]) -> str | None:
    """The first file that a linker would take for `-lNAME`; without one, what the dynamic loader would."""
    everywhere = list(dict.fromkeys([*folders, *_variable("LIBRARY_PATH"), *_system_folders()]))
    for folder in everywhere:
        for suffix in (".so", ".a"):
            path = os.path.join(folder, f"lib{name}{suffix}")
            if os.path.isfile(path):
                return path
    # Linkers only know libz.so, which comes with what is needed to compile; libz.so.1 does to run.
    for folder in everywhere:
        try:
            versions = [file for file in os.listdir(folder) if file.startswith(f"lib{name}.so.")]
        except OSError:
            continue
        if versions:
            return os.path.join(folder, max(versions, key=_version))
    return None


def _version(file: str) -> tuple[list[int], str]:
    """The version at the end of a library's name, for comparing."""
    return [int(part) for part in file.partition(".so.")[2].split(".") if part.isdecimal()], file


def _resolved(path: str, folders: Sequence[str], before: tuple[str, ...]) -> Iterator[str]:
    """A library, or what the linker script in its place stands for."""
    if path in before:
        return
    size = os.path.getsize(path)
    data = read_source(path) if size <= _SCRIPT_SIZE else b""
    if b"\0" in data or data.startswith(ARCHIVE_MAGIC) or size > _SCRIPT_SIZE:
        yield path
        return
    words = data.decode("utf-8", "replace")
    if not any(command in words for command in ("GROUP", "INPUT")):
        raise InputError(f"{path} is no library", "a shared library, an archive or a linker script is wanted")
    for item in _script_items(words):
        if item.startswith("-l"):
            found = _searched(item[2:], folders)
        else:
            beside = os.path.join(os.path.dirname(path), item)
            found = next((file for file in (item, beside) if os.path.isfile(file)), None) or _in_system(item)
        # What is only there to be linked into programs (libc_nonshared.a) would stand in the way of LLJIT's own.
        if found and not found.endswith("_nonshared.a"):
            yield from _resolved(found, folders, (*before, path))


def _script_items(text: str) -> list[str]:
    """The files in a linker script's `GROUP ( … AS_NEEDED ( … ) )` and `INPUT ( … )` (ld manual, "File Commands")."""
    import re

    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    items = []
    for inside in re.findall(r"\b(?:GROUP|INPUT)\s*\(((?:[^()]|\([^()]*\))*)\)", text):
        items += [word for word in re.split(r"[\s,()]+", inside) if word and word != "AS_NEEDED"]
    return items


def _in_system(name: str) -> str | None:
    paths = (os.path.join(folder, name) for folder in _system_folders())
    return next((path for path in paths if os.path.isfile(path)), None)


def _variable(name: str) -> list[str]:
    return [folder for folder in os.environ.get(name, "").split(":") if folder]


def _system_folders() -> list[str]:
    """The folders of the dynamic loader, in its order, as far as they exist, and that of this Python's environment."""
    usual = ["/usr/local/lib", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
    ours = os.path.join(sys.prefix, "lib", f"{os.uname().machine}-unknown-linux-gnu")  # the clang extra's libc++
    folders = [*_variable("LD_LIBRARY_PATH"), *_configured(_CONFIGURATION), *usual, ours]
    return [folder for folder in dict.fromkeys(folders) if os.path.isdir(folder)]


def _configured(path: str) -> Iterator[str]:
    """The folders that a configuration file of the dynamic loader names (ldconfig(8))."""
    from glob import glob

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except OSError:
        return
    for line in lines:
        if line.startswith("include "):
            for pattern in line.split()[1:]:
                for included in sorted(glob(os.path.join(os.path.dirname(path), pattern))):
                    yield from _configured(included)
        elif line:
            yield line
