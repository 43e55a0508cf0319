"""The program on a real pseudo-terminal, and what a person would see there.

Nothing here sleeps: whoever types waits for what should come of it, and the failure shows the screen.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte
from transcripts import JITREPL, environment

PROMPT = "jitrepl>"
PATIENCE = 30
"""Seconds after which what is waited for will not come."""

BACKSPACE, TAB, ESCAPE = "\x7f", "\t", "\x1b"
UP, RIGHT = "\x1b[A", "\x1b[C"


class Terminal:
    """A program on a terminal of its own; a context manager that ends it.

    Args:
        arguments: of `jitrepl`.
        folder: the working directory; the history is kept there too.
        env: more environment variables.
        rows: the screen's height; enough, so that nothing scrolls away.
        columns: its width.
        program: what to run instead of jitrepl.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        env: Mapping[str, str] | None = None,
        rows: int = 60,
        columns: int = 100,
        program: str | Path = JITREPL,
    ) -> None:
        variables = {**environment(), "TERM": "xterm-256color", "XDG_STATE_HOME": str(folder), **(env or {})}
        self.screen = pyte.Screen(columns, rows)
        # The prompt asks the terminal where its cursor is.
        self.screen.write_process_input = self.send
        self._stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            str(program),
            [str(argument) for argument in arguments],
            cwd=str(folder),
            env=variables,
            dimensions=(rows, columns),
            encoding="utf-8",
            codec_errors="replace",
            timeout=PATIENCE,
        )
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterclose = 0

    # What is on the screen

    @property
    def lines(self) -> list[str]:
        """The screen's lines without what is blank at their ends and at its end."""
        return self.text.split("\n")

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n")

    @property
    def waits(self) -> bool:
        """Whether the program is at an empty prompt."""
        return self.lines[-1] == PROMPT and self.screen.cursor.x == len(PROMPT) + 1

    def colour(self, text: str, line: int = -1) -> str:
        """The colour of the first character of `text`, which stands on that line of the screen."""
        row = range(len(self.lines))[line]
        column = self.screen.display[row].index(text)
        return str(self.screen.buffer[row][column].fg)

    # What a person does

    def send(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def paste(self, text: str) -> None:
        """Paste, as terminals do where the program asked for bracketed paste."""
        self.send(f"{ESCAPE}[200~{text}{ESCAPE}[201~")

    def press(self, letter: str) -> None:
        """Press Ctrl and a letter."""
        self.child.sendcontrol(letter)

    def wait(self, what: str | Callable[[], object]) -> None:
        """Wait until a text is on the screen, or something is true of it.

        Raises:
            AssertionError: with the screen, if that does not come.
        """
        condition = what if callable(what) else lambda: what in self.text
        end = time.monotonic() + PATIENCE
        while not condition():
            try:
                self._stream.feed(self.child.read_nonblocking(65536, max(0.0, end - time.monotonic())))
            except pexpect.TIMEOUT:
                raise AssertionError(f"waited in vain for {what!r}; the screen:\n{self.text}") from None
            except pexpect.EOF:
                assert condition(), f"the program ended without {what!r}; the screen:\n{self.text}"

    def prompt(self) -> Self:
        """Wait for the first prompt."""
        self.wait(lambda: self.waits)
        return self

    def run(self, text: str) -> list[str]:
        """Type an input and Enter at the prompt; the lines that are printed until the next prompt.

        An input of several lines is pasted.
        """
        before = len(self.lines)
        if "\n" in text:
            self.paste(text)
        else:
            self.send(text)
        self.send("\r")
        self.wait(lambda: len(self.lines) > before and self.waits)
        return self.lines[before + text.count("\n") : -1]

    def leave(self) -> int:
        """Press Ctrl-D, and wait for the end; the exit status."""
        self.press("d")
        return self.status()

    def status(self) -> int:
        """Wait until the program ends; its exit status, negative for a signal."""
        while True:
            try:
                self._stream.feed(self.child.read_nonblocking(65536, PATIENCE))
            except pexpect.TIMEOUT:
                raise AssertionError(f"it does not end; the screen:\n{self.text}") from None
            except pexpect.EOF:
                break
        self.child.wait()
        signalled = self.child.signalstatus
        return -signalled if signalled else int(self.child.exitstatus or 0)

    # The processes

    @property
    def settings(self) -> list[object]:
        """What `stty` shows."""
        return termios.tcgetattr(self.child.child_fd)

    def workers(self) -> list[int]:
        """The processes that the program started."""
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return [int(child) for child in children.read_text().split()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.killpg(self.child.pid, signal.SIGKILL)  # the worker is in the same group
        except ProcessLookupError:
            pass
        if not self.child.terminated:
            self.child.wait()
        self.child.close()


def ended(process: int) -> bool:
    """Wait for the end of a process that may be no child; whether it came."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE)[0])
    finally:
        os.close(descriptor)
