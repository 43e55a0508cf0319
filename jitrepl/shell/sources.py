"""Files that the user names: where they are, and what is in them."""

from __future__ import annotations

import os

from jitrepl.errors import ArgumentError, InputError
from jitrepl.filetypes import ARCHIVE_MAGIC, ELF_MAGIC, SOURCE_SUFFIXES, is_bitcode
from jitrepl.literals import refuse_surrogates
from jitrepl.shell.compilers import language_of

IR_SUFFIXES = (".ll", ".bc")
SCRIPT_SUFFIX = ".jitrepl"
BINARY_SUFFIXES = (".o", ".a", ".so")

CODE, SOURCE, OBJECT, ARCHIVE, LIBRARY = "code", "source", "object", "archive", "library"
"""What a file can be: IR or bitcode, the source of another language, and what linkers and loaders take."""

_ELF_TYPE, _ELF_SHARED = 16, 3  # <elf.h>: where `e_type` is, ET_DYN


def kind_of(path: str, data: bytes) -> str:
    """What a file is: its content says it, and of a text the end of its name.

    Raises:
        InputError: for a text that is called an object.
    """
    if data.startswith(ELF_MAGIC):
        return LIBRARY if data[_ELF_TYPE : _ELF_TYPE + 1] == bytes((_ELF_SHARED,)) else OBJECT
    if data.startswith(ARCHIVE_MAGIC):
        return ARCHIVE
    if is_bitcode(data):
        return CODE
    if path.endswith(SOURCE_SUFFIXES):
        return SOURCE
    if path.endswith(BINARY_SUFFIXES) and b"GROUP" not in data and b"INPUT" not in data:
        begin = f"starts with {data[:4].hex(' ')}" if data else "is empty"
        raise InputError(f"{path} is no object, archive or library: it {begin}", "make it again")
    return LIBRARY if path.endswith(".so") else CODE


def read_source(path: str) -> bytes:
    """The content of a file that the user named; `~` is understood.

    Raises:
        InputError: if it cannot be read, with a file that may have been meant.
    """
    if not path.strip():
        raise InputError("the name of a file is empty", "give its path")
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise InputError(f"no file {path}", _similar_file(path)) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory", "name a file in it") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise InputError(f"{path} cannot be read: {reason.lower()}") from None


def as_path(path: str | os.PathLike[str]) -> str:
    """A path from Python as text.

    Raises:
        ArgumentError: if it is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError(f"a path is a str or a Path, not {type(path).__name__}")
    name = os.fsdecode(path)
    refuse_surrogates(name)
    return name


def full_path(path: str | os.PathLike[str]) -> str:
    """The absolute path of a file or folder that the user named; `~` is understood.

    Raises:
        InputError: if no file can have that name, or the name is relative and the working directory was deleted.
    """
    name = os.path.expanduser(as_path(path))
    if not name.strip():
        raise InputError("the name of a file is empty", "give its path")
    if "\0" in name:
        raise InputError(f"{name!a} is the name of no file: it has a NUL in it", "give its path")
    try:
        return os.path.abspath(name)
    except FileNotFoundError:
        raise InputError("the folder that jitrepl was started in is gone", "start it in another") from None


def is_script(path: str, data: bytes) -> bool:
    """Whether a file is a script of inputs.

    Its name says so, or lines of a text begin with `:`, or it has instructions outside of functions and is not named as
    IR is.
    """
    if path.endswith(SCRIPT_SUFFIX):
        return True
    if b"\0" in data[:_HEAD] or language_of(path):
        return False
    if data.startswith((b":", BOM + b":")) or b"\n:" in data:
        return b"\0" not in data
    return not path.endswith((*IR_SUFFIXES, *_ASSEMBLY)) and has_instructions(data)


def has_instructions(data: bytes) -> bool:
    """Whether a text has instructions outside of functions."""
    from jitrepl.shell.inputs import Statement, split_inputs

    if len(data) > _LONGEST_SCRIPT or b"\0" in data:
        return False
    lines = data.decode("utf-8", "replace").split("\n")
    return any(isinstance(item, Statement) for item in split_inputs(lines))


_ASSEMBLY = (".s", ".S", ".asm")
"""How the names of files end whose lines look like instructions, and are none of IR."""
_LONGEST_SCRIPT = 1 << 20
"""Bytes of a text that is looked through for instructions."""
_HEAD = 4096
"""How many bytes tell most binary files from a text."""
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some editors put in front of UTF-8."""


def plain_ir(data: bytes) -> bytes:
    """IR without a byte order mark; a first line for the kernel becomes a comment."""
    data = data.removeprefix(BOM)
    return b";" + data[1:] if is_shebang(data[:3].decode("latin-1")) else data


def is_shebang(line: str) -> bool:
    """Whether a first line names an interpreter (execve(2), "Interpreter scripts"); `#![no_std]` is Rust."""
    return line.startswith(("#!/", "#! "))


def folder_for_inputs(session: object) -> str:
    """Where files with what was typed into a session go, if a debugger is to show it; nothing is made there yet."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("TMPDIR") or "/tmp"
    return f"{base}/jitrepl-{os.getpid()}-{id(session):x}"


def remove_folder(path: str) -> None:
    """Remove such a folder, if there is one."""
    try:
        names = os.listdir(path)
        for name in names:
            os.unlink(os.path.join(path, name))
        os.rmdir(path)
    except OSError:
        pass  # in most sessions nobody debugs


def is_path(line: str) -> bool:
    """Whether a line that the user typed names a file rather than being IR.

    It is a path if it begins like one, ends like a file that can be loaded, or such a file exists. No IR entity is a
    single word that does.
    """
    text = line.strip()
    if not text or text[0] in ':@%!$#;"^':
        return os.path.isfile(text.strip('"'))
    if text.startswith(("/", "./", "../", "~")) and not text.startswith(("//", "/*")):
        return True
    if os.path.isfile(text):
        return True
    return text.endswith((*IR_SUFFIXES, SCRIPT_SUFFIX, *SOURCE_SUFFIXES, *BINARY_SUFFIXES)) and len(text.split()) == 1


def quoted_path(path: str) -> str:
    """A path as commands read it: in quotes where it needs them."""
    if '"' in path or "\\" in path:
        from shlex import quote

        return quote(path)
    return f'"{path}"' if " " in path or "'" in path else path


def _similar_file(path: str) -> str:
    from difflib import get_close_matches

    folder, name = os.path.split(os.path.expanduser(path))
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f"there is no folder {folder}"
    close = get_close_matches(name, names, n=1)
    return f"did you mean {os.path.join(os.path.dirname(path), close[0])}?" if close else ""


def is_ir(text: str) -> bool:
    """Whether a text is IR rather than a path."""
    return text.startswith(("declare ", "module ", "target ")) or any(sign in text for sign in ("\n", "{", " = "))
