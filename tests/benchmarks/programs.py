"""What `--run` takes, beside lli of the same LLVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from peers import SUM_LL, SUM_PRINTED, Peers, many_functions, printing_main
from rows import Row
from timing import in_turn, program

CALLED = 200
"""So many functions have to be compiled before the larger program begins: 60 ms of LLVM's time."""


def programs(peers: Peers, rounds: int, functions: int = CALLED) -> Iterator[Row]:
    """A small program, and one of many functions, from the start to the end."""
    small = peers.write("small.ll", SUM_LL + printing_main("@sum(i32 1, i32 2)"))
    large = peers.write("large.ll", many_functions(functions) + SUM_LL + printing_main("@sum(i32 1, i32 2)"))
    for what, source in (
        ("a program: --run, one function", small),
        (f"a program: --run, {functions} functions", large),
    ):
        contenders = {"jitrepl": _running([peers.jitrepl, "--run", source])}
        if peers.lli_22:
            contenders["lli-22"] = _running([peers.lli_22, source])
        times = in_turn(contenders, rounds)
        theirs = times["lli-22"].median if "lli-22" in times else None
        yield Row(what, times["jitrepl"].median, "lli-22", theirs)


def _running(command: list[str | Path]) -> Callable[[], float]:
    return lambda: program(command, SUM_PRINTED)
