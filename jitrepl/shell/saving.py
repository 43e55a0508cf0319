"""Write a session to a file: its inputs as a script, or its modules as one."""

from __future__ import annotations

import os

from jitrepl import messages
from jitrepl.errors import JITError
from jitrepl.shell.journal import as_line
from jitrepl.shell.settings import FLAGS, SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitrepl.shell.session import Session

_LINKED = {".ll": "ll", ".bc": "bc", ".o": "o"}
_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")


def save(session: Session, requests: Sequence[messages.Request], path: str) -> None:
    """Write a session to a file; what kind of file, its suffix says.

    Raises:
        JITError: if the file cannot be written, or the modules cannot be linked.
    """
    full = os.path.abspath(os.path.expanduser(path))
    kind = _LINKED.get(os.path.splitext(full)[1].lower())
    if kind:
        session.ask(messages.Save(full, kind))
        return
    text = "\n".join([*_HEADER, *_lines(session, requests), ""])
    try:
        with open(full, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    except OSError as problem:
        raise JITError(f"{path} cannot be written: {(problem.strerror or str(problem)).lower()}") from None


_HEADER = ("; a session of jitrepl: `jitrepl FILE` brings it back", ":next")
"""A comment that is no part of the first input, whose lines count from its own beginning."""


def _lines(session: Session, requests: Sequence[messages.Request]) -> Iterator[str]:
    for name in FLAGS:
        if flags := getattr(session.compilation, name):
            yield f":set {name} {SETTINGS[name].show(flags)}"
    names: dict[str, str] = {}  # inputs that failed are not in the script, so the others get other numbers
    inputs, between = 0, False
    for request in requests:
        if isinstance(request, messages.Load) and request.name.startswith("<"):
            inputs += 1
            names[request.name] = f"<input {inputs}>"
            if between:
                yield ":next"
            data = request.data
            yield session.disassemble(data) if data[:4] in _BITCODE else data.decode("utf-8", "surrogateescape")
            between = True
            continue
        between = False
        if isinstance(request, messages.Load):
            names[request.name] = os.path.abspath(os.path.expanduser(request.name))
        elif isinstance(request, messages.Unload):
            known = names.get(request.what) or names.get(f"<{request.what.strip('<>')}>")
            request = messages.Unload(known or request.what, request.force)
        yield as_line(request)
