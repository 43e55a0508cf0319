from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl.shell.script import read_lines


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_lines_of_a_file_come_without_their_ends(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"one\ntwo\r\n\nlast")
    with path.open("rb") as file:
        assert list(read_lines(file.fileno())) == ["one", "two", "", "last"]


def test_lines_of_a_pipe_come_without_their_ends(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"one\ntwo\r\n\nlast")
    os.close(pipe[1])
    assert list(read_lines(pipe[0])) == ["one", "two", "", "last"]


def test_a_file_stands_behind_the_line_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b":call main\n17\n:quit\n")
    with path.open("rb") as file:
        lines = read_lines(file.fileno())
        assert next(lines) == ":call main"
        assert os.read(file.fileno(), 3) == b"17\n"
        assert next(lines) == ":quit"


def test_a_pipe_stands_behind_the_line_that_was_read(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b":call main\n17\n:quit\n")
    lines = read_lines(pipe[0])
    assert next(lines) == ":call main"
    assert os.read(pipe[0], 3) == b"17\n"
    assert next(lines) == ":quit"
    os.close(pipe[1])


def test_lines_longer_than_a_block_come_whole(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("x" * 10_000 + "\ny\n")
    with path.open("rb") as file:
        assert [len(line) for line in read_lines(file.fileno())] == [10_000, 1]


def test_bytes_that_are_no_text_survive(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"c\xff\n")
    os.close(pipe[1])
    (line,) = read_lines(pipe[0])
    assert line.encode("utf-8", "surrogateescape") == b"c\xff"
