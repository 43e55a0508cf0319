"""Bitcode in which one byte is wrong: LLVM may refuse it, crash on it or take it; the session goes on in any case."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from transcripts import ROOT, SCRIPTS, TIMEOUT

from jitrepl import Session
from jitrepl.errors import InputError, InternalError, JitreplError

PROBES = """
@probe = global i32 0
define i32 @setg(i32 %x) {
  store i32 %x, ptr @probe
  ret i32 %x
}
define i32 @getg() {
  %v = load i32, ptr @probe
  ret i32 %v
}
define i32 @unrelated() { ret i32 5 }
"""
STATE = 4711
CHUNKS, CORRUPTIONS = 4, 75
"""In all 300, half of them of a file with debug info. One session sees a chunk."""

# The C function that is called where a file was taken: it has no loop, so no changed byte makes it an endless one.
CALL = ("narrow", 1, 2, True)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as session:
        session.load(PROBES)
        session.call("setg", STATE)
        yield session


@pytest.fixture(scope="module")
def files(bitcode: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The bitcode of points.c: optimized, and with debug info."""
    clang = shutil.which("clang-22", path=str(SCRIPTS)) or "clang-22"
    source, target = ROOT / "tests" / "data" / "points.c", tmp_path_factory.mktemp("debug") / "points.bc"
    subprocess.run([clang, "-g", "-emit-llvm", "-c", source, "-o", target], check=True, timeout=TIMEOUT)
    return [(bitcode / "points_c.bc").read_bytes(), target.read_bytes()]


def corrupted(data: bytes, seed: int) -> Iterator[bytes]:
    """The data with one byte changed, anew each time; the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(CORRUPTIONS):
        at = chance.randrange(len(data))
        yield data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]


@pytest.mark.parametrize("seed", range(CHUNKS))
def test_a_wrong_byte_costs_no_session(session: Session, files: list[bytes], seed: int) -> None:
    loaded = refused = 0
    for data in corrupted(files[seed % len(files)], seed):
        try:
            session.load(data)
        except JitreplError as problem:
            assert_clear(problem)
            refused += 1
        else:
            loaded += 1
            inputs = 1 + calls_or_is_told_why(session)
            assert session.call("unrelated") == 5
            session.undo(inputs + 1)
        assert session.call("getg") == STATE
    assert loaded and refused


def calls_or_is_told_why(session: Session) -> bool:
    """Call a function of a file that was taken; whether it returned. What it returned may be wrong, too."""
    try:
        session.call(*CALL)
    except JitreplError as problem:
        assert_clear(problem)
        return False
    return True


def assert_clear(problem: JitreplError) -> None:
    assert not isinstance(problem, InternalError), problem
    assert problem.message.strip()
    assert "Traceback" not in problem.message


def test_the_session_is_fit_for_more(session: Session) -> None:
    session.load("define i32 @after() {\n  %v = call i32 @getg()\n  ret i32 %v\n}")
    assert session.call("after") == STATE


def test_a_target_that_is_no_text_is_refused_or_taken_as_any_other(session: Session) -> None:
    with pytest.raises(InputError, match=r"is for \\xdc-linux"):
        session.load('target triple = "\\DC-linux"\ndefine void @f() { ret void }')
    session.load('target triple = "x86_64-\\DC"\ndefine i32 @six() { ret i32 6 }')
    assert session.call("six") == 6
