"""Copies of this process that sleep until the original is dead: what was there before the fatal input, intact.

A copy is made by `fork` after a reply, so memory, code, addresses and modules are the same, and cost nothing until
one of the two writes to them. It sleeps on a socket whose other end the shell gets; a word from there and it is the
worker, silence for ever and it ends.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import _socket
import ctypes
import os
from struct import pack

from jitrepl import messages, wire
from jitrepl.tracer import tracer_of
from jitrepl.worker.process import die_with_parent

_CLONE_PARENT, _SIGCHLD = 0x8000, 17  # <linux/sched.h>, <signal.h>
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}

_CTRL_C = (signal.SIGINT,)

# With the interpreter's lock held, unlike `ctypes.CDLL`: the copy has no other thread to take it from.
_python = ctypes.PyDLL(None)


def possible() -> bool:
    """Whether this platform can copy a process: Linux, on a machine whose system call numbers are known."""
    return os.uname().sysname == "Linux" and os.uname().machine in _SYS_CLONE


def leave_snapshot(stream: _socket.socket, dies_with_shell: bool, replaces: bool = False) -> _socket.socket:
    """Copy this process and send the shell a way to wake the copy.

    The copy returns from here only when it is woken. It then leaves a copy of its own first, as the shell has used
    this one up.

    Args:
        stream: the socket to the shell.
        dies_with_shell: whether a copy is killed when the shell ends, as the original is.
        replaces: whether the copy takes the place of the one before.

    Returns:
        The socket to serve on: `stream` in the original, another one in a copy that was woken.

    Raises:
        OSError: if the shell is gone.
    """
    while True:
        since = _hindrance()
        if since:
            if not replaces:
                wire.send(stream, messages.Snapshot(0, False, since))
            return stream
        ours, theirs = _socket.socketpair()
        pid = _fork_sibling()
        if pid:
            ours.close()
            rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, pack("i", theirs.fileno()))]
            stream.sendmsg([wire.frame(messages.Snapshot(pid, replaces))], rights)
            theirs.close()
            return stream
        theirs.close()
        stream.close()
        stream, replaces = ours, False
        if dies_with_shell:
            die_with_parent()
        _sleep(stream)


def _sleep(stream: _socket.socket) -> None:
    """Wait to be woken; end this process if the shell lets go of it."""
    try:
        request = wire.receive(stream)
        if isinstance(request, messages.Resume):
            wire.send(stream, messages.Done())
            return
    except (OSError, wire.WireError):
        pass
    os._exit(0)


def _fork_sibling() -> int:
    """`fork`, but the new process is a child of our parent, the shell.

    JITed code may wait for all of its children, and the shell has to see how each of these processes ends.
    """
    # Ctrl-C is for the process that runs the code. A copy ignores it, from its first instruction on.
    signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
    _python.PyOS_BeforeFork()
    number = _SYS_CLONE[os.uname().machine]
    pid: int = _python.syscall(ctypes.c_long(number), ctypes.c_long(_CLONE_PARENT | _SIGCHLD), 0, 0, 0, 0)
    if pid == 0:
        _python.PyOS_AfterFork_Child()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        _python.PyOS_AfterFork_Parent()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _CTRL_C)
    if pid < 0:
        raise OSError("the process cannot be copied")
    return pid


def _hindrance() -> str:
    """What keeps this process from being copied; "" if nothing does.

    A copy would lack the other threads, and might be made while one of them holds malloc's lock. A debugger would be
    asked which of the two to follow, and not know of the other (docs/decisions/0015).
    """
    if len(os.listdir("/proc/self/task")) > 1:
        return "other threads were running"
    return "a debugger was attached" if tracer_of() else ""
