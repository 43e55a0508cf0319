"""Files that the user names: where they are, and what is in them."""

from __future__ import annotations

import os

from jitrepl.errors import InputError

IR_SUFFIXES = (".ll", ".bc")


def read_source(path: str) -> bytes:
    """The content of a file that the user named; `~` is understood.

    Raises:
        InputError: if it cannot be read, with a file that may have been meant.
    """
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


def is_path(line: str) -> bool:
    """Whether a line that the user typed names a file rather than being IR.

    It is a path if it begins like one, ends like a file with IR, or such a file exists. No IR entity is a single
    word that does.
    """
    text = line.strip()
    if not text or text[0] in ':@%!$#;"^':
        return os.path.isfile(text.strip('"'))
    if text.startswith(("/", "./", "../", "~")):
        return True
    if os.path.isfile(text):
        return True
    return text.endswith(IR_SUFFIXES) and len(text.split()) == 1


def _similar_file(path: str) -> str:
    from difflib import get_close_matches

    folder, name = os.path.split(os.path.expanduser(path))
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f"there is no folder {folder}"
    close = get_close_matches(name, names, n=1)
    return f"did you mean {os.path.join(os.path.dirname(path), close[0])}?" if close else ""
