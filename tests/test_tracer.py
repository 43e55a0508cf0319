from __future__ import annotations

import os
import subprocess
import sys

from jitrepl.tracer import name_of, tracer_of

# ptrace(PTRACE_TRACEME) makes the parent the tracer: <sys/ptrace.h>
TRACED = """
import ctypes, sys
assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0
print(flush=True)
sys.stdin.read()
"""


def test_a_process_that_nobody_traces_has_no_tracer() -> None:
    assert tracer_of() == 0
    assert tracer_of(os.getpid()) == 0


def test_a_traced_process_has_one() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", TRACED], stdin=pipe, stdout=pipe) as child:
        assert child.stdin and child.stdout
        child.stdout.readline()
        assert tracer_of(child.pid) == os.getpid()
        child.stdin.close()


def test_a_process_that_is_gone_has_neither_tracer_nor_name() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert (tracer_of(child.pid), name_of(child.pid)) == (0, "")


def test_a_process_has_a_name() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(["cat"], stdin=pipe, stdout=pipe, bufsize=0) as child:
        assert child.stdin and child.stdout
        child.stdin.write(b"x")
        child.stdout.read(1)  # it runs by now
        assert name_of(child.pid) == "cat"
        child.stdin.close()
