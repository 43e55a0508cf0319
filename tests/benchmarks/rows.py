"""What is measured: each function here gives the rows of one part of the table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from peers import (
    CALL,
    CALL_REPL,
    HERE,
    PYTHON,
    SUM_LL,
    SUM_PRINTED,
    SUM_REPL,
    Peers,
    libm_names,
    many_functions,
    printing_main,
    using,
)
from timing import Times, in_turn, piped, program, terminal

from jitrepl import Session

BANNER, PROMPT = b":help", b"jitrepl>"
CTRL_D = b"\x04"
PAUSE = 0.02
"""Seconds between two inputs of a person; the worker copies itself meanwhile."""


class Row:
    """A row of the table.

    Args:
        what: what is measured.
        ours: how long it takes here, in seconds.
        peer: what it is compared with, or "".
        theirs: how long that takes; None if it is missing.
        ratio_goal: how often the peer's time it may take.
        goal: how long it may take, in seconds.
        unit: what the times are shown in: `ms`, `µs` or `ns`.
    """

    def __init__(
        self,
        what: str,
        ours: float,
        peer: str = "",
        theirs: float | None = None,
        *,
        ratio_goal: float | None = None,
        goal: float | None = None,
        unit: str = "ms",
    ) -> None:
        self.what = what
        self.ours = ours
        self.peer = peer
        self.theirs = theirs
        self.ratio_goal = ratio_goal
        self.goal = goal
        self.unit = unit

    def cells(self) -> tuple[str, ...]:
        """What, ours, peer, its time, ratio, goal, reached."""
        scale = {"ms": 1e3, "µs": 1e6, "ns": 1e9}[self.unit]

        def shown(seconds: float) -> str:
            return f"{seconds * scale:.{1 if seconds * scale >= 10 else 2}f} {self.unit}"

        ratio = self.ours / self.theirs if self.theirs else None
        theirs = shown(self.theirs) if self.theirs else "missing" if self.peer else ""
        goal, reached = "", ""
        if self.ratio_goal is not None:
            goal = f"≤ {self.ratio_goal:g} ×"
            reached = "?" if ratio is None else "yes" if ratio <= self.ratio_goal else "NO"
        elif self.goal is not None:
            goal = f"≤ {self.goal * scale:g} {self.unit}"
            reached = "yes" if self.ours <= self.goal else "NO"
        return self.what, shown(self.ours), self.peer, theirs, f"{ratio:.2f}" if ratio else "", goal, reached


def one_shot(peers: Peers, rounds: int) -> Iterator[Row]:
    """Start, load `sum`, call it, print, end."""
    source = peers.write("sum.ll", SUM_LL)
    with_main = peers.write("main.ll", SUM_LL + printing_main("@sum(i32 1, i32 2)"))
    script = peers.write("sum.repl", SUM_REPL + CALL_REPL)
    run: dict[str, Callable[[], float]] = {
        "jitrepl": lambda: program([peers.jitrepl, source, "-e", CALL.strip()], SUM_PRINTED),
        "python -c pass": lambda: program([PYTHON, "-c", "pass"]),
    }
    if repl := peers.clang_repl:
        run["clang-repl"] = lambda: program([repl], SUM_PRINTED, script)
    if lli := peers.lli:
        run["lli-19"] = lambda: program([lli, with_main], SUM_PRINTED)
    if peers.library:
        bare: list[str | Path] = [PYTHON, HERE / "bare.py", peers.library, source, "sum", "1", "2"]
        run["bare ctypes script"] = lambda: program(bare, SUM_PRINTED)
    times = in_turn(run, rounds)
    what = "one shot: jitrepl sum.ll -e ':call sum 1 2'"
    for peer, goal in (("clang-repl", 1.1), ("lli-19", None), ("bare ctypes script", None), ("python -c pass", None)):
        yield Row(what, times["jitrepl"].median, peer, _median(times, peer), ratio_goal=goal)


def start_on_a_terminal(peers: Peers, rounds: int) -> Iterator[Row]:
    """From the start to the banner and to the first prompt."""
    banners = Times()

    def start() -> float:
        banner, prompt = terminal([peers.jitrepl], [BANNER, PROMPT], CTRL_D, XDG_STATE_HOME=str(peers.folder))
        banners.all.append(banner)
        return prompt

    importing: list[str | Path] = [PYTHON, "-c", "from prompt_toolkit import PromptSession"]
    times = in_turn(
        {
            "prompt": start,
            "import PromptSession": lambda: terminal(importing, [])[0],
            "python -c pass": lambda: terminal([PYTHON, "-c", "pass"], [])[0],
        },
        rounds,
    )
    del banners.all[0]  # of the round that does not count
    peer = "import PromptSession"
    yield Row("terminal: start to first prompt", times["prompt"].median, peer, _median(times, peer), ratio_goal=1.3)
    peer = "python -c pass"
    yield Row("terminal: start to the banner", banners.median, peer, _median(times, peer), ratio_goal=3)


def inputs(_peers: Peers, count: int) -> Iterator[Row]:
    """Inputs of one session, from the request to the reply, over the wire."""
    goals = {"define a small function": 1e-3, "its first call": 3e-3, "first call, new type": 3e-3, "again": 0.3e-3}
    for how, snapshots, pause in (("typed", True, PAUSE), ("no snapshots", False, 0.0)):
        times: dict[str, list[float]] = {name: [] for name in goals}

        def timed(name: str, do: Callable[[], object], times: dict[str, list[float]], pause: float) -> None:
            time.sleep(pause)
            start = time.perf_counter()
            do()
            times[name].append(time.perf_counter() - start)

        with Session(snapshots=snapshots) as session:
            session.load(SUM_LL)
            assert session.call("sum", 1, 2) == 3
            for number in range(count):
                text = SUM_LL.replace("@sum", f"@sum{number}")
                name = f"sum{number}"
                timed("define a small function", partial(session.load, text), times, pause)
                timed("its first call", partial(session.call, name, 1, 2), times, pause)
                timed("again", session.again, times, pause)
                wide = f"i{number + 33}"
                session.load(f"define {wide} @w{number}({wide} %x) {{\n  ret {wide} %x\n}}\n")
                name = f"w{number}"
                timed("first call, new type", partial(session.call, name, 5), times, pause)
        for name, goal in goals.items():
            yield Row(f"input, {how}: {name}", statistics.median(times[name]), goal=goal)


def script(peers: Peers, rounds: int, count: int) -> Iterator[Row]:
    """A script of many calls, each."""
    short, long = (peers.write(f"calls{n}.txt", SUM_LL + CALL * n) for n in (1, count))
    statements = max(count // 20, 2)
    run: dict[str, Callable[[], float]] = {}

    def add(name: str, measure: Callable[[Path], float], ends: tuple[Path, Path]) -> None:
        run[f"{name} short"] = lambda: measure(ends[0])
        run[f"{name} long"] = lambda: measure(ends[1])

    add("file", lambda path: program([peers.jitrepl, path], SUM_PRINTED), (short, long))
    add("stdin", lambda path: program([peers.jitrepl, "-"], SUM_PRINTED, path), (short, long))
    add("pipe", lambda path: piped([peers.jitrepl, "-"], path.read_bytes(), SUM_PRINTED), (short, long))
    if repl := peers.clang_repl:
        few, many = (peers.write(f"calls{n}.repl", SUM_REPL + CALL_REPL * n) for n in (1, statements))
        add("clang-repl", lambda path: program([repl], SUM_PRINTED, path), (few, many))
    times = in_turn(run, rounds)

    def each(name: str, n: int) -> float | None:
        if f"{name} long" not in times:
            return None
        return max(times[f"{name} long"].median - times[f"{name} short"].median, 1e-9) / (n - 1)

    theirs = each("clang-repl", statements)
    for name, what in (("file", "a file"), ("stdin", "a file on stdin"), ("pipe", "a pipe")):
        ours = each(name, count)
        assert ours is not None
        yield Row(f"{count:,} calls from {what}, each", ours, "clang-repl", theirs, goal=100e-6, unit="µs")


def symbols(peers: Peers, rounds: int) -> Iterator[Row]:
    """Symbols of the C library that a module needs, each; the machine code for them is in it."""
    names = libm_names()
    few, many = (peers.write(f"use{len(n)}.ll", using(n) + printing_main("@use()")) for n in (names[:1], names))
    run: dict[str, Callable[[], float]] = {
        "few": lambda: program([peers.jitrepl, few, "-e", ":call use"], b"i32 7\n"),
        "many": lambda: program([peers.jitrepl, many, "-e", ":call use"], b"i32 7\n"),
    }
    if lli := peers.lli:
        run["lli few"] = lambda: program([lli, few], b"i32 7\n")
        run["lli many"] = lambda: program([lli, many], b"i32 7\n")
    times = in_turn(run, rounds)
    count = len(names) - 1
    ours = (times["many"].median - times["few"].median) / count
    theirs = (times["lli many"].median - times["lli few"].median) / count if peers.lli else None
    yield Row(f"{count} symbols of the C library resolved, each", max(ours, 1e-9), "lli-19", theirs, unit="µs")


def large_module(peers: Peers, rounds: int, count: int) -> Iterator[Row]:
    """One shot with a module of many functions."""
    last = f"f{count - 1}"
    call = f":call {last} 1"
    text = peers.write("large.ll", many_functions(count) + "\n" + printing_main(f"@{last}(i32 1)"))
    files = {".ll": (text, text)}
    if peers.clang and peers.llvm_as:
        files[".bc"] = (peers.bitcode(text, peers.clang), peers.bitcode(text, peers.llvm_as))
    for ending, (ours, theirs) in files.items():
        run = {"jitrepl": partial(program, [peers.jitrepl, ours, "-e", call], b"i32 ")}
        if peers.lli:
            run["lli-19"] = partial(program, [peers.lli, theirs], b"i32 ")
        times = in_turn(run, rounds)
        what = f"{count} functions as {ending}, load to first call"
        yield Row(what, times["jitrepl"].median, "lli-19", _median(times, "lli-19"))


def _median(times: dict[str, Times], name: str) -> float | None:
    return times[name].median if name in times else None
