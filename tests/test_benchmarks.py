"""The benchmarks run; what they measure is not judged here."""

from __future__ import annotations

import subprocess
import sys

from transcripts import ROOT, TIMEOUT, environment


def test_the_benchmarks_print_a_row_for_everything() -> None:
    command = [sys.executable, ROOT / "tests" / "benchmarks" / "run.py", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    for what in (
        "one shot",
        "--run",
        "first prompt",
        "define a small function",
        "calls from a pipe",
        "resolved",
        "as .ll",
    ):
        assert what in done.stdout
