"""What redefinition costs: calls within an input, across inputs, after a redefinition; and long sessions."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator

from peers import Peers
from rows import Row

from jitrepl import Session

STEP = """
define i64 @step(i64 %x) noinline {{
  %r = xor i64 %x, {number}
  ret i64 %r
}}
"""
LOOP = """
define i64 @{name}(i64 %n) {{
entry:
  br label %body
body:
  %i = phi i64 [ 0, %entry ], [ %j, %body ]
  %v = phi i64 [ 0, %entry ], [ %w, %body ]
  %w = call i64 @step(i64 %v)
  %j = add i64 %i, 1
  %done = icmp uge i64 %j, %n
  br i1 %done, label %end, label %body
end:
  ret i64 %w
}}
"""
TYPE = "i64 (i64)"


def redefinition(peers: Peers, calls: int, inputs: int) -> Iterator[Row]:
    """Calls in a loop, beside clang's code for the same IR; then definitions and calls as a session grows."""
    plain = None
    within = STEP.format(number=1) + LOOP.format(name="within")
    with Session(snapshots=False) as session:
        session.load(within)
        session.load("declare i64 @step(i64)\n" + LOOP.format(name="across"))
        if peers.clang:
            library = peers.write("plain.so", "")
            source = peers.write("plain.ll", STEP.format(number=1) + LOOP.format(name="plain"))
            flags = ["-O2", "-shared", "-fPIC", "-Wno-override-module", "-Wl,-Bsymbolic"]
            subprocess.run([peers.clang, *flags, source, "-o", library], check=True)
            session.library(str(library))
            plain = _each(session, "plain", calls, TYPE)
        name = "clang -O2, a library"
        yield Row("a call within an input", _each(session, "within", calls), name, plain, unit="ns")
        yield Row("a call across inputs", _each(session, "across", calls), name, plain, unit="ns")
        session.load(STEP.format(number=2))
        yield Row("the same, after a redefinition", _each(session, "across", calls), name, plain, unit="ns")
        yield Row("within the old input, after it", _each(session, "within", calls), name, plain, unit="ns")
    yield from _growing(inputs)


def _each(session: Session, name: str, calls: int, signature: str = "") -> float:
    """The least time of a call in a loop, in seconds."""
    session.call(name, 1, signature=signature)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        session.call(name, calls, signature=signature)
        times.append(time.perf_counter() - start)
    return min(times) / calls


def _growing(inputs: int) -> Iterator[Row]:
    """Define, call and redefine, at the beginning and at the end of a long session."""
    times: dict[str, list[float]] = {"define": [], "call for the first time": [], "redefine what is in use": []}
    with Session(snapshots=False) as session:
        session.load(STEP.format(number=0))
        session.call("step", 1)
        for number in range(inputs):
            steps = (
                lambda n=number: session.load(f"define i32 @f{n}(i32 %a) {{\n  ret i32 %a\n}}"),
                lambda n=number: session.call(f"f{n}", 1),
                lambda n=number: session.load(STEP.format(number=n)),
            )
            for measured, step in zip(times.values(), steps, strict=True):
                start = time.perf_counter()
                step()
                measured.append(time.perf_counter() - start)
    part = max(inputs // 10, 1)
    for what, measured in times.items():
        first, last = statistics.median(measured[:part]), statistics.median(measured[-part:])
        yield Row(f"{what}, the last of {inputs:,} inputs", last, "the first of them", first, ratio_goal=1.5)
