"""Copies of this process that sleep until the original is dead: what was there before the fatal input, intact.

A copy is made by `fork` after a reply, so memory, code, addresses and modules are the same, and cost nothing until
one of the two writes to them. It sleeps on a socket whose other end the shell gets; a word from there and it is the
worker, silence for ever and it ends. To write to little, it goes to sleep in machine code: the first line of Python
that it runs is after it was woken.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import _socket
import ctypes
import os
import resource as _  # noqa: F401 - code that a woken copy compiles again has its address only if nothing else is new
from struct import pack
from time import monotonic

from jitrepl import messages, wire
from jitrepl.errors import JITError
from jitrepl.tracer import tracer_of
from jitrepl.worker.arenas import arena_code, use_arenas
from jitrepl.worker.jit import Jit
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import PR_SET_PDEATHSIG, SIGKILL, hold_lifeline, moved_high

_CLONE_PARENT, _SIGCHLD = 0x8000, 17  # <linux/sched.h>, <signal.h>
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_PEEK, _EINTR = 0x2, 4  # MSG_PEEK, <errno.h>
_CTRL_C = (signal.SIGINT,)
_ATTACHING = 0.01
"""Seconds that a debugger takes at least to attach; the process stands still meanwhile."""

# With the interpreter's lock held, unlike `ctypes.CDLL`: the copy has no other thread to take it from.
_python = ctypes.PyDLL(None)
_Fork = ctypes.PYFUNCTYPE(ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int)


def possible() -> bool:
    """Whether this platform can copy a process: Linux, on a machine whose system call numbers are known."""
    return os.uname().sysname == "Linux" and os.uname().machine in _SYS_CLONE


class Copier:
    """Leaves copies of this process.

    Args:
        jit: compiles what a copy does until it is woken.
        dies_with_shell: whether a copy is killed when the shell ends, as the original is.
    """

    def __init__(self, jit: Jit, dies_with_shell: bool) -> None:
        name = f"{PREFIX}copy"
        jit.add(own_module(_fork_and_sleep(name, dies_with_shell) + arena_code(name), name))
        self._fork = _Fork(jit.lookup(name))
        use_arenas(name, jit.lookup)
        self.succeeded = False
        """Whether the last attempt has left a copy, or a note that there need be none."""
        self._looked = 0.0  # when there was no debugger

    def leave(self, stream: _socket.socket, replaces: bool = False, repeats: bool = False) -> _socket.socket:
        """Copy this process and send the shell a way to wake the copy.

        The copy returns from here only when it is woken. It then leaves a copy of its own first, as the shell has
        used this one up.

        Args:
            stream: the socket to the shell.
            replaces: whether the copy takes the place of the one before.
            repeats: whether none is needed: the one before can repeat the request.

        Returns:
            The socket to serve on: `stream` in the original, another one in a copy that was woken.

        Raises:
            OSError: if the shell is gone.
        """
        while True:
            self.succeeded = False
            since = self._hindrance()
            if repeats and not since:
                self.succeeded = True
                wire.send(stream, messages.Snapshot(0, repeats=True))
                return stream
            pair: tuple[_socket.socket, ...] = ()
            pid = 0
            if not since:
                try:
                    pair = _socket.socketpair()
                    pid = self._copy(pair[0].fileno(), pair[1].fileno(), stream.fileno())
                except OSError as problem:  # JITed code may have used up what there is
                    since = f"the process could not be copied ({problem.strerror})"
            if since:
                for end in pair:
                    end.close()
                if not replaces:
                    wire.send(stream, messages.Snapshot(0, False, since))
                return stream
            self.succeeded = True
            ours, theirs = pair
            if pid:
                ours.close()
                rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, pack("i", theirs.fileno()))]
                stream.sendmsg([wire.frame(messages.Snapshot(pid, replaces))], rights)
                theirs.close()
                return stream
            for closed in (theirs, stream):
                closed.detach()
            stream, replaces = _socket.socket(fileno=moved_high(ours.detach())), False
            _answer(stream)
            hold_lifeline()

    def _hindrance(self) -> str:
        """What keeps this process from being copied; "" if nothing does. Debuggers are looked for every 10 ms."""
        now = monotonic()
        recently = now - self._looked < _ATTACHING
        since = hindrance(debuggers=not recently)
        if not (since or recently):
            self._looked = now
        return since

    def _copy(self, ours: int, theirs: int, stream: int) -> int:
        """`fork`, but the new process is a child of our parent, the shell; 0 in a copy that was woken.

        JITed code may wait for all of its children, and the shell has to see how each of these processes ends.
        """
        # Ctrl-C is for the process that runs the code. It is blocked in a copy, from its first instruction on.
        signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
        _python.PyOS_BeforeFork()
        pid: int = self._fork(ours, theirs, stream)
        if pid == 0:
            _python.PyOS_AfterFork_Child()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        else:
            _python.PyOS_AfterFork_Parent()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _CTRL_C)
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid


def fork_sibling() -> int:
    """`fork`, but the new process is a child of our parent, the shell, and goes on at once.

    Returns:
        0 in the copy, else its process id.

    Raises:
        JITError: if the process cannot be copied.
    """
    _python.PyOS_BeforeFork()
    number = _SYS_CLONE[os.uname().machine]
    pid: int = _python.syscall(ctypes.c_long(number), ctypes.c_long(_CLONE_PARENT | _SIGCHLD), 0, 0, 0, 0)
    if pid == 0:
        _python.PyOS_AfterFork_Child()
    else:
        _python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise JITError("the system makes no more processes", "`ulimit -u` says how many there may be")
    return pid


def _answer(stream: _socket.socket) -> None:
    """Answer the request that has woken this process; end it if that is no such request."""
    try:
        request = wire.receive(stream)
        if isinstance(request, messages.Resume):
            wire.send(stream, messages.Done())
            return
    except (OSError, wire.WireError):
        pass
    os._exit(0)


def _fork_and_sleep(name: str, dies_with_shell: bool) -> str:
    """The IR that copies the process; the copy returns when there is something to read, or ends with the shell.

    It returns the copy's process id, 0 in the copy, and the negative `errno` if there can be none.
    """
    number = _SYS_CLONE[os.uname().machine]
    tie = f"call i32 (i32, ...) @prctl(i32 {PR_SET_PDEATHSIG}, i64 {SIGKILL}, i64 0, i64 0, i64 0)"
    return f"""
declare i64 @syscall(i64, ...)
declare i32 @prctl(i32, ...)
declare i32 @close(i32)
declare i64 @recv(i32, ptr, i64, i32)
declare ptr @__errno_location()
declare void @_exit(i32)
define i64 @"{name}"(i32 %ours, i32 %theirs, i32 %stream) noinline optnone {{
  %byte = alloca i8
  %pid = call i64 (i64, ...) @syscall(i64 {number}, i64 {_CLONE_PARENT | _SIGCHLD}, i64 0, i64 0, i64 0, i64 0)
  %copy = icmp eq i64 %pid, 0
  br i1 %copy, label %prepare, label %original
original:
  %there = icmp sgt i64 %pid, 0
  br i1 %there, label %done, label %refused
refused:
  %reason.at = call ptr @__errno_location()
  %reason = load i32, ptr %reason.at
  %reason.wide = sext i32 %reason to i64
  %negative = sub i64 0, %reason.wide
  ret i64 %negative
prepare:
  call i32 @close(i32 %theirs)
  call i32 @close(i32 %stream)
  {tie if dies_with_shell else ""}
  br label %sleep
sleep:
  %got = call i64 @recv(i32 %ours, ptr %byte, i64 1, i32 {_PEEK})
  %woken = icmp eq i64 %got, 1
  br i1 %woken, label %done, label %look
look:
  %failed = icmp slt i64 %got, 0
  br i1 %failed, label %why, label %end
why:
  %errno.at = call ptr @__errno_location()
  %errno = load i32, ptr %errno.at
  %interrupted = icmp eq i32 %errno, {_EINTR}
  br i1 %interrupted, label %sleep, label %end
end:
  call void @_exit(i32 0)
  unreachable
done:
  ret i64 %pid
}}
"""


def hindrance(debuggers: bool = True) -> str:
    """What keeps this process from being copied; "" if nothing does.

    A copy would lack the other threads, and might be made while one of them holds malloc's lock. A debugger would be
    asked which of the two to follow, and not know of the other (docs/decisions/0015).

    Args:
        debuggers: whether to look for one.
    """
    # A folder for each thread, beside `.` and `..`.
    if os.stat("/proc/self/task").st_nlink > 3:
        return "other threads were running"
    return "a debugger was attached" if debuggers and tracer_of() else ""
