"""Whatever JITed code does to its process, the session is as it was before: each function of tests/data/faults.c."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl import Session
from jitrepl.errors import JitreplError, WorkerDied

SOURCE = Path(__file__).parent / "data" / "faults.c"
NAMES = dict.fromkeys(re.findall(r"\b((?:fault|leave)_\w+)\(", SOURCE.read_text()))
FAULTS = [name for name in NAMES if name.startswith("fault_")]
LATER = "leave_thread_that_crashes"  # any input may be the one during which it does
LEAVINGS = [name for name in NAMES if name.startswith("leave_") and name != LATER]
ARGUMENTS = {"fault_stack_overflow": (0,), "fault_divide_by_zero": (0,)}


@pytest.fixture(scope="module")
def session(bitcode: Path) -> Iterator[Session]:
    """One session for all faults: each must leave it fit for the next."""
    with Session() as session:
        session.load(bitcode / "faults_c.bc")
        yield session


def remember(session: Session) -> int:
    """Put a value that no other test has into a global and into the heap."""
    value = time.monotonic_ns() % 1_000_000_007
    session.call("setg", value)
    return value


def assert_as_before(session: Session, value: int) -> None:
    """The memory is as it was, and a module can be added and called."""
    assert (session.call("getg"), session.call("heap")) == (value, value + 1)
    session.load(f"define i32 @probe.{value}() {{ ret i32 {value} }}")
    assert session.call(f"probe.{value}") == value


def test_there_are_many_faults() -> None:
    assert len(NAMES) >= 45


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_takes_nothing_with_it(session: Session, name: str) -> None:
    value = remember(session)
    with pytest.raises(WorkerDied, match=f"@{name} "):
        session.call(name, *ARGUMENTS.get(name, ()))
    assert_as_before(session, value)


@pytest.mark.parametrize("name", LEAVINGS)
def test_what_a_call_leaves_behind_harms_nobody(session: Session, name: str) -> None:
    value = remember(session)
    try:
        session.call(name)
    except JitreplError as problem:
        assert "as it was before this input" in problem.hint
    assert_as_before(session, value)


def test_a_thread_that_crashes_later_is_noted_and_survived(bitcode: Path) -> None:
    with Session() as session:
        session.load(bitcode / "faults_c.bc")
        value = remember(session)
        session.call(LATER)
        pidfd = os.pidfd_open(session.pid)
        assert select.select([pidfd], [], [], 10)[0]
        os.close(pidfd)
        assert session.call("getg") == value
        assert "killed by SIGSEGV" in session.notes[0]
        assert_as_before(session, value)
