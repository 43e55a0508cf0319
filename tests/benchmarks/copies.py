"""What it costs that nothing is lost, against the size of the heap.

Calls that only compute are repeated when it is needed; the others here ask the kernel for the process id, and leave a
copy each.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from statistics import median

from peers import CALL, HERE, PYTHON, SUM_LL, SUM_PRINTED, Peers
from rows import Row
from timing import in_turn, program

from jitrepl import Session

MEGABYTE = 1 << 20
PAGES, WRITTEN = 1800, 335
"""How much memory a worker has besides that of Python itself, and what of it is written to between two copies."""
HEAPS = (0, 64, 256, 1024)
CODE = """
@heap = global ptr null
declare ptr @malloc(i64)
declare ptr @memset(ptr, i32, i64)
declare i32 @getpid()
define void @grow(i64 %size) {
  %block = call ptr @malloc(i64 %size)
  store ptr %block, ptr @heap
  call ptr @memset(ptr %block, i32 1, i64 %size)
  ret void
}
define i32 @nothing() {
  ret i32 0
}
define i32 @ask() {
  %r = call i32 @getpid()
  ret i32 %r
}
define void @rewrite(i64 %size) {
  %block = load ptr, ptr @heap
  call ptr @memset(ptr %block, i32 2, i64 %size)
  call i32 @getpid()
  ret void
}
"""
ASK = "declare i32 @getpid()\ndefine i32 @ask() {\n  %r = call i32 @getpid()\n  ret i32 0\n}\n\n"
ASKED = b"i32 0\n"
DEFINED = """define i32 @fNUMBER(i32 %x) {
  %r = add i32 %x, NUMBER
  ret i32 %r
}

:call fNUMBER 1
"""
TUNABLE = "GLIBC_TUNABLES"


def copies(peers: Peers, count: int, largest: int, calls: int) -> Iterator[Row]:
    """Calls after each other, and a call that writes everything; then scripts with `--keep-going`."""
    for size in HEAPS:
        if size <= largest:
            yield from _with_heap(size, count)
    os.environ[TUNABLE] = "glibc.malloc.hugetlb=1"
    try:
        yield from _with_heap(largest, count, ", huge pages")
    finally:
        del os.environ[TUNABLE]
    yield from _keeping_going(peers, min(count, 5), calls)


def _keeping_going(peers: Peers, rounds: int, calls: int) -> Iterator[Row]:
    """What `--keep-going` adds to each input of a script."""
    pairs = max(calls // 8, 1)
    defined = "".join(DEFINED.replace("NUMBER", str(number)) for number in range(pairs))
    scripts = (
        (f"{2 * pairs:,} inputs, each function defined and called once", defined, 2 * pairs, b""),
        (f"{calls:,} calls that compute", SUM_LL + CALL * calls, calls, SUM_PRINTED),
        (f"{calls:,} calls that ask", ASK + ":call ask\n" * calls, calls, ASKED),
    )
    for number, (what, text, count, printed) in enumerate(scripts):
        script = peers.write(f"script{number}.txt", text)
        run = {
            "goes on": partial(program, [peers.jitrepl, "-k", script], printed),
            "stops": partial(program, [peers.jitrepl, script], printed),
        }
        times = in_turn(run, rounds)
        goes_on, stops = (times[which].least / count for which in ("goes on", "stops"))
        yield Row(f"--keep-going: {what}", goes_on, "stops", stops)
        bare = ("a fork, and its pages", _bare_fork(calls)) if "ask" in what else ()
        yield Row("  more than without, each", max(goes_on - stops, 1e-9), *bare, goal=1e-3)


def _bare_fork(rounds: int) -> float:
    """What a copy costs at least, in seconds."""
    command = [PYTHON, "-S", HERE / "bare_fork.py", *map(str, (PAGES, WRITTEN, min(rounds, 100)))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _with_heap(size: int, count: int, how: str = "") -> Iterator[Row]:
    times: dict[tuple[str, bool], float] = {}
    for snapshots in (True, False):
        with Session(snapshots=snapshots) as session:
            session.load(CODE)
            session.call("grow", size * MEGABYTE)
            session.call("nothing")
            session.call("ask")
            session.call("rewrite", 0)
            for name, arguments in (("nothing", ()), ("ask", ()), ("rewrite", (size * MEGABYTE,))):
                measured = []
                for _ in range(count if name != "rewrite" else max(count // 10, 1)):
                    start = time.perf_counter()
                    session.call(name, *arguments)
                    measured.append(time.perf_counter() - start)
                # The best of calls in a row would be the one that came late, when the copy was there already.
                times[name, snapshots] = min(measured) if name == "rewrite" else median(measured)
    heap = f"heap of {size} MB{how}"
    for name, what in (("nothing", "computes"), ("ask", "asks")):
        ours, theirs = times[name, True], times[name, False]
        yield Row(f"{heap}: a call that {what}", ours, "no copies", theirs, goal=None if size else 1e-3)
    if size:
        yield Row(
            f"{heap}: a call that writes to all of it", times["rewrite", True], "no copies", times["rewrite", False]
        )
