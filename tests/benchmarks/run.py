"""Measure jitrepl beside its peers and print one table:

    python tests/benchmarks/run.py              # 2 minutes, on an idle machine
    python tests/benchmarks/run.py --quick      # a few seconds; the numbers mean nothing
    python tests/benchmarks/run.py --only script

Run it with the Python of an environment that has `jitrepl[clang]`. Contenders take turns within one run and medians
are compared, so the ratios hold on other machines; the times alone do not.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import rows
from copies import copies
from peers import Peers
from programs import CALLED, programs
from redefinition import redefinition
from rows import Row

HEAD = ("what", "ours", "peer", "peer's", "ratio", "goal", "reached")
PARTS = (
    "one_shot",
    "programs",
    "start_on_a_terminal",
    "inputs",
    "copies",
    "redefinition",
    "script",
    "symbols",
    "large_module",
)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description="Measure jitrepl beside its peers.")
    parser.add_argument("--quick", action="store_true", help="tiny counts, to see that it works")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; may be repeated")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(Path(folder))
        print(f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, CPython {platform.python_version()}")
        if not peers.jitrepl.exists():
            sys.exit("no jitrepl beside this Python: pip install '.[clang]'")
        for note in peers.notes():
            print(note)
        measured = parts(peers, quick=options.quick)
        print_table(row for name in options.only or PARTS for row in measured[name]())


def parts(peers: Peers, quick: bool) -> dict[str, Callable[[], Iterator[Row]]]:
    """The parts of the table, with how often and how much."""
    few = 1 if quick else 0
    return {
        "one_shot": lambda: rows.one_shot(peers, few or 40),
        "programs": lambda: programs(peers, few or 40, few * 5 or CALLED),
        "start_on_a_terminal": lambda: rows.start_on_a_terminal(peers, few or 20),
        "inputs": lambda: rows.inputs(peers, few * 2 or 50),
        "copies": lambda: copies(peers, few or 30, few or 1024, few * 40 or 2000),
        "redefinition": lambda: redefinition(peers, few * 1000 or 100_000_000, few * 20 or 2000),
        "script": lambda: rows.script(peers, few or 5, few * 40 or 10_000),
        "symbols": lambda: rows.symbols(peers, few or 20),
        "large_module": lambda: rows.large_module(peers, few or 5, few * 20 or 500),
    }


def print_table(table: Iterator[Row]) -> None:
    """Print rows as they come."""
    widths = (52, 10, 20, 10, 6, 9, 7)
    for cells in [HEAD, tuple("-" * width for width in widths)]:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for row in table:
        cells = row.cells()
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
