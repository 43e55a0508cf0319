"""Run programs and functions in turn and time them; everything is compared within one run.

The machine is noisy and its speed drifts, so contenders take turns, and what counts is the ratio of medians.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

GIVE_UP = 60.0
"""Seconds after which a program that prints nothing more is taken for hung."""


class Times:
    """The times of one contender, in seconds."""

    def __init__(self) -> None:
        self.all: list[float] = []

    @property
    def median(self) -> float:
        return statistics.median(self.all)

    @property
    def least(self) -> float:
        return min(self.all)


def in_turn(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Times]:
    """Let each contender measure itself once a round, after one round that does not count."""
    times = {name: Times() for name in contenders}
    for number in range(rounds + 1):
        for name, measure in contenders.items():
            seconds = measure()
            if number:
                times[name].all.append(seconds)
    return times


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what falsifies start-up times of Python programs."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPROFILEIMPORTTIME")
    return {name: value for name, value in os.environ.items() if name not in unwanted} | extra


def program(command: Sequence[str | Path], expect: bytes = b"", stdin: Path | None = None) -> float:
    """The seconds from the start of a program until it is gone and nobody holds its output any more.

    Args:
        command: the program and its arguments.
        expect: what has to be near the end of its output.
        stdin: a file that it reads.

    Raises:
        RuntimeError: if it fails or prints something else.
    """
    source = os.open(stdin or os.devnull, os.O_RDONLY)
    try:
        return _timed(command, expect, source)
    finally:
        os.close(source)


def piped(command: Sequence[str | Path], text: bytes, expect: bytes = b"") -> float:
    """As `program`, with a text that comes through a pipe."""
    source, target = os.pipe()
    os.set_inheritable(target, False)
    writer = os.fork()
    if writer == 0:
        try:
            os.close(source)
            while text:
                text = text[os.write(target, text) :]
        finally:
            os._exit(0)
    os.close(target)
    try:
        return _timed(command, expect, source)
    finally:
        os.close(source)
        os.waitpid(writer, 0)


def _timed(command: Sequence[str | Path], expect: bytes, stdin: int) -> float:
    words = [os.fspath(word) for word in command]
    end, out = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    start = time.perf_counter()
    pid = os.posix_spawn(words[0], words, environment(), file_actions=actions)
    os.close(out)
    tail = b""
    while block := os.read(end, 1 << 16):
        tail = (tail + block)[-256:]
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - start
    os.close(end)
    if status or expect not in tail:
        raise RuntimeError(f"{' '.join(words)} ended with {status} after {tail!r}")
    return seconds


def terminal(
    command: Sequence[str | Path], marks: Sequence[bytes], leave: bytes = b"", **variables: str
) -> list[float]:
    """The seconds until a program on a pseudo-terminal has printed each mark; without marks, until it is gone.

    Args:
        command: the program and its arguments.
        marks: texts to wait for, in this order.
        leave: what is typed then.
        variables: of the program's environment.
    """
    words = [os.fspath(word) for word in command]
    start = time.perf_counter()
    pid, screen = pty.fork()
    if pid == 0:
        termios.tcsetwinsize(0, (24, 80))
        os.execve(words[0], words, environment(TERM="xterm-256color", **variables))
    seen = b""
    found: list[float] = []
    try:
        while len(found) < len(marks) or not marks:
            block = _read(screen)
            now = time.perf_counter() - start
            if not block:
                break
            if b"\x1b[6n" in block:
                os.write(screen, b"\x1b[1;1R")  # the answer to "where is the cursor?"
            seen += block
            while len(found) < len(marks) and marks[len(found)] in seen:
                found.append(now)
        if len(found) < len(marks):
            raise RuntimeError(f"{' '.join(words)} printed only {seen!r}")
        os.write(screen, leave) if leave else None
        while _read(screen):
            pass
    finally:
        os.close(screen)
        os.waitpid(pid, 0)
    return found or [time.perf_counter() - start]


def _read(screen: int) -> bytes:
    ready, _, _ = select.select([screen], [], [], GIVE_UP)
    try:
        return os.read(screen, 1 << 16) if ready else b""
    except OSError:  # Linux's way to say that nobody has the terminal open any more
        return b""
