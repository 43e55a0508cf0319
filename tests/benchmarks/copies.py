"""What copies of the worker cost, against the size of the heap; the best of several, as all else only delays them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from peers import CALL, SUM_LL, SUM_PRINTED, Peers
from rows import Row
from timing import in_turn, program

from jitrepl import Session

MEGABYTE = 1 << 20
HEAPS = (0, 64, 256, 1024)
CODE = """
@heap = global ptr null
declare ptr @malloc(i64)
declare ptr @memset(ptr, i32, i64)
define void @grow(i64 %size) {
  %block = call ptr @malloc(i64 %size)
  store ptr %block, ptr @heap
  call ptr @memset(ptr %block, i32 1, i64 %size)
  ret void
}
define i32 @nothing() {
  ret i32 0
}
define void @rewrite(i64 %size) {
  %block = load ptr, ptr @heap
  call ptr @memset(ptr %block, i32 2, i64 %size)
  ret void
}
"""
TUNABLE = "GLIBC_TUNABLES"


def copies(peers: Peers, count: int, largest: int, calls: int) -> Iterator[Row]:
    """A call, and a call that writes everything; then a script with `--keep-going`."""
    for size in HEAPS:
        if size <= largest:
            yield from _with_heap(size, count)
    os.environ[TUNABLE] = "glibc.malloc.hugetlb=1"
    try:
        yield from _with_heap(largest, count, ", huge pages")
    finally:
        del os.environ[TUNABLE]
    short, long = (peers.write(f"going{n}.txt", SUM_LL + CALL * n) for n in (1, calls))
    times = in_turn(
        {
            "short": lambda: program([peers.jitrepl, "-k", short], SUM_PRINTED),
            "long": lambda: program([peers.jitrepl, "-k", long], SUM_PRINTED),
        },
        3,
    )
    each = max(times["long"].least - times["short"].least, 1e-9) / (calls - 1)
    yield Row(f"{calls:,} calls from a file with --keep-going, each", each, goal=1e-3)


def _with_heap(size: int, count: int, how: str = "") -> Iterator[Row]:
    times: dict[tuple[str, bool], float] = {}
    for snapshots in (True, False):
        with Session(snapshots=snapshots) as session:
            session.load(CODE)
            session.call("grow", size * MEGABYTE)
            session.call("nothing")
            session.call("rewrite", 0)
            for name, arguments in (("nothing", ()), ("rewrite", (size * MEGABYTE,))):
                measured = []
                for _ in range(count if name == "nothing" else max(count // 10, 1)):
                    start = time.perf_counter()
                    session.call(name, *arguments)
                    measured.append(time.perf_counter() - start)
                times[name, snapshots] = min(measured)
    ours, theirs = times["nothing", True], times["nothing", False]
    heap = f"heap of {size} MB{how}"
    yield Row(f"{heap}: a call right after another", ours, "no copies", theirs, goal=None if size else 1e-3)
    if size:
        yield Row(
            f"{heap}: a call that writes to all of it", times["rewrite", True], "no copies", times["rewrite", False]
        )
