"""Signal stacks of threads that libraries start for JITed code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from transcripts import SCRIPTS, TIMEOUT

from jitrepl import Session
from jitrepl.errors import WorkerDied

# A library whose file and symbol are named as those of Rust's standard library.
LIBRARY = """
#include <pthread.h>
void *run_in_thread(void *(*function)(void *)) __asm__("_ZN3std6thread5spawnE");
void *run_in_thread(void *(*function)(void *)) {
  pthread_t thread;
  void *result = 0;
  return pthread_create(&thread, 0, function, 0) || pthread_join(thread, &result) ? (void *)-1 : result;
}
"""
CODE = """
declare ptr @_ZN3std6thread5spawnE(ptr)
declare i32 @usleep(i32)
define i32 @deep(i32 %n) {
  %m = add i32 %n, 1
  %r = call i32 @deep(i32 %m)
  %s = add i32 %r, %n
  ret i32 %s
}
define ptr @overflows(ptr %unused) {
  %r = call i32 @deep(i32 0)
  ret ptr null
}
define ptr @answers(ptr %unused) {
  ret ptr inttoptr (i64 42 to ptr)
}
define ptr @fine() {
  %r = call ptr @_ZN3std6thread5spawnE(ptr @answers)
  ret ptr %r
}
define ptr @not_fine() {
  %r = call ptr @_ZN3std6thread5spawnE(ptr @overflows)
  ret ptr %r
}
"""


@pytest.fixture(scope="module", params=["-Wl,-z,lazy", "-Wl,-z,now", "-fno-plt"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, with each kind of table for its imports: filled late, read-only, and without stubs."""
    compiler = shutil.which("gcc") or shutil.which("clang-22", path=str(SCRIPTS))
    if compiler is None:
        pytest.skip("no C compiler that links: apt-get install gcc")
    folder = tmp_path_factory.mktemp("library")
    (folder / "library.c").write_text(LIBRARY)
    target = folder / "libstd-0123456789abcdef.so"
    command = [compiler, "-shared", "-fPIC", request.param, "-o", target, folder / "library.c"]
    subprocess.run(command, check=True, timeout=TIMEOUT)
    return target


@pytest.mark.parametrize("snapshots", [True, False])
def test_an_overflow_in_a_thread_of_a_library_is_told(library: Path, snapshots: bool) -> None:
    with Session(snapshots=snapshots) as session:
        session.library(str(library))
        session.load(CODE)
        assert session.call("fine") == 42
        with pytest.raises(WorkerDied, match="SIGSEGV: stack overflow, in another thread"):
            session.call("not_fine")
        assert session.last_crash.frames[1].function == "deep"
        assert session.call("fine") == 42


def called(session: Session, function: str, count: int) -> object:
    """The sum of what so many threads have returned."""
    reply = session.ask_call("many", (function, str(count)))
    return reply.value.data


def test_threads_end_as_before_and_leave_no_memory(shared: Session) -> None:
    shared.load("""
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(i64, ptr)
declare void @pthread_exit(ptr)
define ptr @twice(ptr %x) {
  %n = ptrtoint ptr %x to i64
  %d = mul i64 %n, 2
  %r = inttoptr i64 %d to ptr
  ret ptr %r
}
define ptr @leaves(ptr %x) {
  %r = call ptr @twice(ptr %x)
  call void @pthread_exit(ptr %r)
  unreachable
}
define i64 @many(ptr %function, i64 %count) {
  %thread = alloca i64
  %result = alloca ptr
  br label %loop
loop:
  %n = phi i64 [ 0, %0 ], [ %next, %loop ]
  %sum = phi i64 [ 0, %0 ], [ %more, %loop ]
  %argument = inttoptr i64 %n to ptr
  call i32 @pthread_create(ptr %thread, ptr null, ptr %function, ptr %argument)
  %id = load i64, ptr %thread
  call i32 @pthread_join(i64 %id, ptr %result)
  %value = load i64, ptr %result
  %more = add i64 %sum, %value
  %next = add i64 %n, 1
  %again = icmp ult i64 %next, %count
  br i1 %again, label %loop, label %done
done:
  ret i64 %more
}
""")

    def mappings() -> int:
        return len(Path(f"/proc/{shared.pid}/maps").read_text().splitlines())

    assert called(shared, "@twice", 10) == 90
    before = mappings()
    assert called(shared, "@twice", 300) == called(shared, "@leaves", 300) == 299 * 300
    assert mappings() < before + 20
