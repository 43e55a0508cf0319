"""The command that opens an editor."""

from __future__ import annotations

import os

from jitrepl.digits import counted
from jitrepl.errors import SymbolError, UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import Thing
from jitrepl.shell.commands.registry import Plain, command
from jitrepl.shell.inputs import Inputs, split_inputs
from jitrepl.shell.session import Session
from jitrepl.shell.system import run_by_shell


@command("e", group="modules")
def edit(session: Session, what: Thing = "") -> Record:
    """Edit an input, function or file in your editor, and run the result: `:edit`, `:edit 3`, `:edit sum`.

    Without WHAT it is the last typed input that is not a command, even if it failed; with a number, that input. A
    function is edited in the input or file that defines it; a file is loaded again. The editor is $VISUAL, $EDITOR, or
    vi.
    """
    if what in session.files():
        return _edit_file(session, what)
    name = what.removeprefix("<").removesuffix(">").removeprefix("input ")
    if (number := counted(name)) is not None:
        if number not in session.typed:
            last = f"the last was {max(session.typed)}" if session.typed else "nothing was typed yet"
            raise SymbolError(f"there is no input {name}", last)
        return _edit_text(session.as_text(session.typed[number]))
    if not what:
        return _edit_text(session.as_text(session.typed[max(session.typed)]) if session.typed else "")
    symbol = session.symbols_by_name.get(what.removeprefix("@").strip('"'))
    home = symbol.module if symbol else ""
    if home in session.files() and not _is_binary(home):
        return _edit_file(session, home)
    if home.startswith("<input "):
        return _edit_text(session.as_text(session.typed[int(home[7:-1])]))
    return _edit_text(session.dump(what))


def _edit_text(text: str) -> Record:
    """Open a text in the editor; the inputs that it has become."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="jitrepl-") as folder:
        path = os.path.join(folder, "input.ll")
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text.rstrip("\n") + "\n")
        _run_editor(path)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                edited = file.read()
        except OSError as problem:
            reason = (problem.strerror or str(problem)).lower()
            raise UsageError(f"what the editor left cannot be read: {reason}", _WHICH) from None
    if edited.strip() == text.strip():
        return Plain("nothing was changed", result=False)
    return Inputs(tuple(split_inputs(edited.rstrip("\n").split("\n"))))


def _edit_file(session: Session, path: str) -> Record:
    before = _content(path)
    _run_editor(os.path.expanduser(path))
    if _content(path) == before:
        return Plain("nothing was changed", result=False)
    (loaded,) = session.reload(path)
    return loaded


def _run_editor(path: str) -> None:
    from shlex import quote

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    status = run_by_shell(f"{editor} {quote(path)}")
    if status:
        raise UsageError(f"the editor {editor} ended with exit status {status}", _WHICH)


_WHICH = "EDITOR says which one to use"


def _is_binary(path: str) -> bool:
    return b"\0" in _content(path)


def _content(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    except OSError:
        return b"\0"  # what is gone cannot be edited
