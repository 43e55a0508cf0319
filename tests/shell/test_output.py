"""Where the shell prints: streams that fail, and terminals that do not know how wide they are."""

from __future__ import annotations

import os
import sys

import pytest

from jitrepl.shell.output import Output, OutputLost
from jitrepl.shell.render import WIDTH


@pytest.mark.parametrize(("columns", "width"), [(0, 0), (1, 0), (2, 1), (WIDTH, WIDTH - 1), (WIDTH + 1, 0)])
def test_the_width_is_that_of_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, width: int) -> None:
    output = Output()
    output.terminal = True
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    assert output.width == width


def test_a_terminal_that_tells_no_size_has_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output()
    output.terminal = True
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w"))  # noqa: SIM115
    assert output.width == 0
    sys.stdout.close()


def test_what_cannot_be_written_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    full = open("/dev/full", "w")  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(OutputLost, match="No space left on device"):
        Output().text("x")
    with pytest.raises(OSError, match="No space left on device"):
        full.close()  # which would write what is left
