from __future__ import annotations

import resource

import pytest

from jitrepl import Session
from jitrepl.errors import JITError, WorkerDied
from jitrepl.shell.settings import Limits
from jitrepl.worker.memory_limit import MemoryLimit, mapped, out_of_memory

MEGABYTE = 1 << 20
EATS = """
declare ptr @malloc(i64)
declare void @free(ptr)
define void @eat() {
  %p = call ptr @malloc(i64 50000000)
  store volatile i8 1, ptr %p
  ret void
}
"""


@pytest.fixture(params=[1, 16, 100])
def limited(request: pytest.FixtureRequest) -> Session:
    return Session(limits=Limits(memory=request.param * MEGABYTE))


def test_what_the_worker_itself_needs_does_not_count(limited: Session) -> None:
    with limited as session:
        session.load("define i32 @three() {\n  ret i32 3\n}")
        assert session.call("three") == 3
        assert session.dump("three").startswith("define i32 @three")
        session.reset()
        session.load("define i32 @four() {\n  ret i32 4\n}")
        assert session.call("four") == 4


def test_what_inputs_take_is_added_up_and_can_be_given_back() -> None:
    with Session(limits=Limits(memory=16 * MEGABYTE)) as session:
        session.load(EATS)
        assert session.call("malloc", 50_000_000) == 0
        first = session.call("malloc", 12_000_000)
        assert first
        assert session.call("malloc", 12_000_000) == 0
        session.call("free", first)
        assert session.call("malloc", 12_000_000)


def test_what_an_instruction_allocates_counts() -> None:
    with Session(limits=Limits(memory=16 * MEGABYTE)) as session:
        session.evaluate("alloca i8, i32 12000000")
        with pytest.raises(JITError, match="no memory left"):
            session.evaluate("alloca i8, i32 12000000")
        assert session.evaluate("add i32 1, 2") == 3


@pytest.mark.parametrize("snapshots", [True, False])
def test_an_input_that_dies_of_it_says_so(snapshots: bool) -> None:
    with Session(limits=Limits(memory=16 * MEGABYTE), snapshots=snapshots) as session:
        session.load(EATS)
        with pytest.raises(WorkerDied) as failure:
            session.call("eat")
        assert failure.value.hint.startswith("an allocation failed: memory-limit is 16M; `:set memory-limit SIZE`")
        session.limits.memory = 0
        assert session.call("eat") is None


def test_another_crash_does_not_blame_it() -> None:
    with Session(limits=Limits(memory=16 * MEGABYTE)) as session:
        session.load(EATS + "define void @crash() {\n  store volatile i8 1, ptr null\n  ret void\n}")
        assert session.call("malloc", 50_000_000) == 0
        with pytest.raises(WorkerDied) as failure:
            session.call("crash")
        assert "memory-limit" not in failure.value.hint


def test_it_holds_only_while_code_runs() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA), resource.getrlimit(resource.RLIMIT_AS)
    limit = MemoryLimit(64 * MEGABYTE)
    try:
        between = resource.getrlimit(resource.RLIMIT_DATA)
        limit.begin()
        space, data = mapped()
        assert resource.getrlimit(resource.RLIMIT_DATA)[0] <= data + 64 * MEGABYTE
        limit.begin()  # a host function that calls
        limit.end()
        assert resource.getrlimit(resource.RLIMIT_DATA)[0] <= data + 64 * MEGABYTE
        limit.end()
        assert resource.getrlimit(resource.RLIMIT_DATA) == between
        assert resource.getrlimit(resource.RLIMIT_AS)[0] > space + 64 * MEGABYTE
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before[0])
        resource.setrlimit(resource.RLIMIT_AS, before[1])


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (OSError(2, "No such file"), False),
        (ValueError("failed"), False),
    ],
)
def test_pythons_words_for_it_are_known(problem: Exception, expected: bool) -> None:
    assert out_of_memory(problem) is expected
