"""Who debugs a process, as the kernel tells it (proc(5), `TracerPid` in /proc/PID/status)."""

from __future__ import annotations


def tracer_of(pid: int | str = "self") -> int:
    """The process that traces another one by ptrace(2), as debuggers do; 0 if none does, or that cannot be told.

    Args:
        pid: the traced process; `self` is this one.
    """
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:
            status: bytes = file.read(_ENOUGH)
    except OSError:
        return 0
    _, found, rest = status.partition(b"\nTracerPid:")
    return int(rest.split(b"\n", 1)[0]) if found else 0


_ENOUGH = 2048
"""Bytes of the file; what is looked for stands in its first lines."""


def name_of(pid: int) -> str:
    """The name of a process (proc(5), /proc/PID/comm): `gdb`, `lldb-server`; "" if there is none."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
