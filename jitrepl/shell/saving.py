"""Write a session to a file: its inputs as a script, or its modules as one."""

from __future__ import annotations

import os

from jitrepl import messages
from jitrepl.errors import JITError, UsageError
from jitrepl.shell.journal import as_line
from jitrepl.shell.settings import FLAGS, SETTINGS
from jitrepl.shell.sources import SCRIPT_SUFFIX, full_path, quoted_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitrepl.shell.journal import Entry
    from jitrepl.shell.session import Session

_LINKED = {".ll": "ll", ".bc": "bc", ".s": "s", ".o": "o"}
_KINDS = ".jitrepl a script of the inputs, .ll textual IR, .bc bitcode, .s assembly, .o an object"


def save(session: Session, entries: Sequence[Entry], path: str, over: bool = True) -> None:
    """Write a session to a file; what kind of file, its suffix says.

    Args:
        session: the session.
        entries: what it did, in order.
        path: the file.
        over: whether a file is written over that this session has not written.

    Raises:
        UsageError: if the suffix says nothing, or the file is there.
        JITError: if the file cannot be written, or the modules cannot be linked.
    """
    suffix = os.path.splitext(path)[1].lower()
    kind = _LINKED.get(suffix)
    if not kind and suffix != SCRIPT_SUFFIX:
        said = f"{path or 'an empty path'} does not end in what says" if not suffix else f"{suffix} does not say"
        raise UsageError(f"{said} what to write", f"these do: {_KINDS}")
    full = full_path(path)
    if not over and full not in session.saved and os.path.lexists(full):
        raise UsageError(f"{path} already exists", f"`:save {quoted_path(path)}!` overwrites it")
    if kind:
        session.ask(messages.Save(full, kind))
    else:
        text = "\n".join([*_HEADER, *_lines(session, entries), ""])
        try:
            with open(full, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        except OSError as problem:
            raise JITError(f"{path} cannot be written: {(problem.strerror or str(problem)).lower()}") from None
    session.saved.add(full)


_HEADER = ("; a session of jitrepl: `jitrepl FILE` brings it back", ":next")
"""A comment that is no part of the first input, whose lines count from its own beginning."""


def _lines(session: Session, entries: Sequence[Entry]) -> Iterator[str]:
    for name in FLAGS:
        if flags := getattr(session.compilation, name):
            yield f":set {name} {SETTINGS[name].show(flags)}"
    names: dict[str, str] = {}  # inputs that failed are not in the script, so the others get other numbers
    inputs, between = 0, False
    for entry in entries:
        request = entry.request
        if entry.failed:  # a script would end there
            if between:
                yield ":next"
            yield "; this failed: " + as_line(request).replace("\n", "\n; ")
            yield ":next"
            between = False
            continue
        if isinstance(request, messages.Load) and request.name.startswith("<"):
            inputs += 1
            names[request.name] = f"<input {inputs}>"
            if between:
                yield ":next"
            yield session.as_text(request.data)
            between = True
            continue
        between = False
        if isinstance(request, messages.Load):
            names[request.name] = full_path(request.name)
        elif isinstance(request, messages.Evaluate):
            inputs += 1
        elif isinstance(request, messages.Unload):
            known = names.get(request.what) or names.get(f"<{request.what.strip('<>')}>")
            request = messages.Unload(known or request.what, request.force)
        yield as_line(request)
