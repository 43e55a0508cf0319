"""Read a script from standard input, no further than the line that is needed next.

JITed code reads the same standard input: what follows `:call main` may be meant for its `scanf`. So of a pipe
nothing is read ahead, and in a file the position is put back to the end of the line.
"""

from __future__ import annotations

import os

from jitrepl.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 4096


def read_lines(descriptor: int) -> Iterator[str]:
    """The lines of a file, pipe or terminal, without their newlines.

    Args:
        descriptor: open for reading; between two lines it stands at the end of the first.

    Raises:
        InputError: if it cannot be read, being closed or a directory.
    """
    try:
        os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError:
        read = _line_of_pipe
    else:
        read = _line_of_file
    while True:
        try:
            line = read(descriptor)
        except OSError as problem:
            reason = (problem.strerror or str(problem)).lower()
            raise InputError(
                f"standard input cannot be read: {reason}", "name a file, or give inputs with -e"
            ) from None
        if not line:
            return
        yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")


def _line_of_pipe(descriptor: int) -> bytes:
    parts = []
    while True:
        try:
            byte = os.read(descriptor, 1)
        except BlockingIOError:  # whoever shares the pipe wants it so
            _wait(descriptor)
            continue
        parts.append(byte)
        if byte == b"\n" or not byte:
            return b"".join(parts)


def _wait(descriptor: int) -> None:
    from select import poll

    look = poll()
    look.register(descriptor, 1)  # POLLIN
    look.poll()


def _line_of_file(descriptor: int) -> bytes:
    start = os.lseek(descriptor, 0, os.SEEK_CUR)
    data = b""
    while True:
        block = os.read(descriptor, _BLOCK)
        data += block
        end = data.find(b"\n") + 1
        if end or not block:
            line = data[:end] if end else data
            os.lseek(descriptor, start + len(line), os.SEEK_SET)
            return line
