"""The C side of this process: symbols of the libraries in it, and C's standard streams."""

from __future__ import annotations

import _signal as signals  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import ctypes
import os
from fcntl import F_DUPFD_CLOEXEC, F_SETOWN, fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_UNBUFFERED = 2  # _IONBF of <stdio.h>

_process = ctypes.CDLL(None)


def symbol_address(name: str) -> int | None:
    """The address of a symbol of libc, libm or any library that was opened for all; None if there is none."""
    try:
        found = _process[name]
    except (AttributeError, ValueError, UnicodeEncodeError):
        return None
    return ctypes.cast(found, ctypes.c_void_p).value


def open_library(path: str) -> None:
    """Open a shared library so that its symbols serve the session.

    Raises:
        OSError: if the dynamic loader refuses it.
    """
    ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


def word_at(address: int) -> int:
    """The eight bytes at an address, as a number."""
    return ctypes.c_uint64.from_address(address).value


def open_runtime() -> None:
    """Make libgcc's and libm's symbols visible: code that LLVM generates calls `__emutls_get_address`, `fmodl` …"""
    for name in ("libgcc_s.so.1", "libm.so.6"):
        try:
            open_library(name)
        except OSError:
            continue  # not this platform's name; a program that needs it is told which symbol is missing


def prepare_streams() -> None:
    """Let JITed code share standard input and output with the shell.

    Output is not buffered, so that its order is true and nothing is lost in a crash. Input is not buffered
    unless it is a terminal: the shell reads its commands from the same pipe or file.
    """
    if _stream("stdout"):
        _process.setvbuf(_stream("stdout"), None, _UNBUFFERED, ctypes.c_size_t(0))
    if _stream("stdin") and not os.isatty(0):
        _process.setvbuf(_stream("stdin"), None, _UNBUFFERED, ctypes.c_size_t(0))


def settle_streams() -> None:
    """After a call: write what C has buffered, forget typed-ahead terminal input and a Ctrl-D."""
    _process.fflush(None)
    stdin = _stream("stdin")
    if stdin:
        _process.clearerr(stdin)
        if os.isatty(0) and hasattr(_process, "__fpurge"):
            _process["__fpurge"](stdin)


def volunteer_for_oom() -> None:
    """Be the one that is killed when memory is out, rather than the user's other programs (proc(5))."""
    try:
        with open("/proc/self/oom_score_adj", "r+b", buffering=0) as file:
            file.write(b"%d" % max(int(file.read()), _OOM_SCORE))
    except (OSError, ValueError):
        pass  # not on this platform


_OOM_SCORE = 500


def at_exit(function: int, owner: int) -> None:
    """Make `exit` call a function, with 0 as its argument (Itanium C++ ABI, 3.3.6.3, `__cxa_atexit`).

    Args:
        function: its address.
        owner: a handle; `__cxa_finalize` runs what was registered for it.
    """
    _process["__cxa_atexit"](ctypes.c_void_p(function), None, ctypes.c_void_p(owner))


def die_with_parent() -> None:
    """Kill this process when the thread that started it ends, even in the middle of a call (prctl(2))."""
    if hasattr(_process, "prctl"):
        _process.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def outlive_parent() -> None:
    """Let this process end by itself, whoever ends first: it is about to, and a debugger shows how."""
    if hasattr(_process, "prctl"):
        _process.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
    while _lifeline:
        os.close(_lifeline.pop())


PR_SET_PDEATHSIG, SIGKILL = 1, 9  # <sys/prctl.h>, <signal.h>
_lifeline: list[int] = []


def tie_to_shell(descriptor: int) -> None:
    """Kill this process when the shell's process ends, whichever of its threads has started this one.

    The shell holds the writing end of a pipe. That the last one is closed is an event of the reading end, and such
    an event can be a signal (fcntl(2), `O_ASYNC` and `F_SETSIG`).

    Args:
        descriptor: the reading end, which is used up.
    """
    from fcntl import F_GETFL, F_SETFL

    _lifeline.append(moved_high(descriptor))
    fcntl(_lifeline[0], _F_SETSIG, SIGKILL)
    fcntl(_lifeline[0], F_SETFL, fcntl(_lifeline[0], F_GETFL) | os.O_ASYNC)
    hold_lifeline()


def hold_lifeline() -> None:
    """Be the one of the processes with this pipe that is killed: the copy that goes on, from now on."""
    if _lifeline:
        import select
    for descriptor in _lifeline:
        fcntl(descriptor, F_SETOWN, os.getpid())
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if poll.poll(0):
            os._exit(0)  # it has happened already


_F_SETSIG = 10  # <fcntl.h>, Linux


CRASHES = (4, 5, 6, 7, 8, 11)
"""SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV."""
SIGINFO, ONSTACK, RESET, NODEFER = 0x4, 0x08000000, -0x80000000, 0x40000000  # SA_ flags of <signal.h>, Linux


def set_action(signal: int, handler: int, flags: int) -> None:
    """Set what a signal does (sigaction(2)).

    Args:
        signal: its number.
        handler: the address of a function `void (int, siginfo_t *, void *)`.
        flags: SA_ flags.
    """
    action = _Action(handler, flags=flags)
    _process.sigaction(signal, ctypes.byref(action), None)


def crash_callback(say: Callable[[int, int, int], object]) -> object:
    """Handle crashes of this process in Python, and then let them end it.

    Args:
        say: called with the signal, the address of its `siginfo_t` and that of its `ucontext_t`. Where it does not
            come to an end, the signal's default action ends the process at the next crash, or an alarm does.

    Returns:
        What has to be kept as long as the process.
    """

    def handle(signal: int, info: int, context: int) -> None:
        try:
            # The crashed code may hold a lock that is needed here, such as that of `malloc`: so this allocates nothing.
            _on_signal(_SIGALRM, _abort if signal == _SIGABRT else None)
            signals.pthread_sigmask(signals.SIG_UNBLOCK, (_SIGALRM,))
            signals.alarm(_SECONDS)
            say(signal, info, context)
        except BaseException:
            pass  # nobody could do anything about it
        finally:
            _process["raise"](signal)

    callback = _Callback(handle)
    stack = SignalStack(_CALLBACK_STACK)
    for number in CRASHES:
        install(callback, number)
    return callback, stack


def install(callback: object, signal: int) -> None:
    """Handle one more signal by what `crash_callback` has made."""
    function = callback[0] if isinstance(callback, tuple) else callback
    address = ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]
    # Ctrl-C comes twice, from the terminal and from the shell: the second one has to wait until the first is told.
    set_action(signal, address, SIGINFO | ONSTACK | RESET | (0 if signal == SIGINT else NODEFER))


MACHINE = os.uname().machine
SIGINT = 2
_SIGABRT, _SIGALRM = 6, 14
_SECONDS = 2
"""How long a crash may take to be told."""
_on_signal, _abort = _process.signal, ctypes.cast(_process.abort, ctypes.c_void_p)
_Callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, use_errno=True)
_CALLBACK_STACK = 1 << 21


class SignalStack:
    """A stack of its own for the signal handlers of this thread (sigaltstack(2)), on which an overflow can be told.

    Args:
        size: in bytes; what is not used of it takes no memory.
    """

    def __init__(self, size: int) -> None:
        _process.mmap.restype = ctypes.c_void_p
        arguments = (None, ctypes.c_size_t(size), _READ_WRITE, _PRIVATE_ANONYMOUS, -1, ctypes.c_long(0))
        self._memory = _process.mmap(*arguments)
        stack = _Stack(self._memory, 0, size)
        _process.sigaltstack(ctypes.byref(stack), None)


_READ_WRITE, _PRIVATE_ANONYMOUS = 0x3, 0x22  # PROT_, MAP_ of <sys/mman.h>


class _Stack(ctypes.Structure):
    """`stack_t` of <signal.h>."""

    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


class _Action(ctypes.Structure):
    """`struct sigaction` of glibc on Linux."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def silence() -> None:
    """Send standard output nowhere, until `StandardFiles.restore`."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


class StandardFiles:
    """Descriptors 0, 1 and 2 as they are now, to have them back after JITed code has closed or replaced them.

    Args:
        count: how many to keep.
    """

    def __init__(self, count: int = 3) -> None:
        self._kept = []
        for descriptor in range(count):
            try:
                duplicate = duplicate_high(descriptor)
            except OSError:
                continue  # closed by whoever started us; there is nothing to have back
            self._kept.append((descriptor, duplicate, _identity(descriptor)))

    def forget(self) -> None:
        """Close the duplicates: who reads what this process writes is to notice when it closes its end."""
        for _, duplicate, _ in self._kept:
            os.close(duplicate)
        self._kept = []

    def restore(self) -> None:
        """Put them back.

        Raises:
            OSError: if JITed code has closed the duplicates, too.
        """
        for descriptor, duplicate, identity in self._kept:
            if _identity(descriptor) != identity:
                os.dup2(duplicate, descriptor)


_OUT_OF_THE_WAY, _UP_TO = 1024, 2048
"""Duplicates get numbers in this range, which programs that count descriptors, or close all of them, do not meet."""
_STILL_OUT_OF_THE_WAY = 200


def duplicate_high(descriptor: int) -> int:
    """A duplicate of a file descriptor, above the limit for descriptors if possible.

    Programs that become daemons close what they might have open: all numbers below the soft limit (getrlimit(2),
    `RLIMIT_NOFILE`). A descriptor above it remains valid; to make one, the limit is raised for a moment.

    Raises:
        OSError: if it is not open.
    """
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    soft, hard = getrlimit(RLIMIT_NOFILE)
    try:
        if 0 <= soft < _UP_TO:
            setrlimit(RLIMIT_NOFILE, (_UP_TO, hard))
        return fcntl(descriptor, F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
    except (OSError, ValueError):
        return fcntl(descriptor, F_DUPFD_CLOEXEC, min(_STILL_OUT_OF_THE_WAY, soft // 2))
    finally:
        setrlimit(RLIMIT_NOFILE, (soft, hard))


def moved_high(descriptor: int) -> int:
    """The duplicate, after the descriptor itself was closed."""
    duplicate = duplicate_high(descriptor)
    os.close(descriptor)
    return duplicate


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _stream(name: str) -> Any:
    try:
        return ctypes.c_void_p.in_dll(_process, name)
    except ValueError:  # Apple's libc calls them __stdoutp, __stdinp
        try:
            return ctypes.c_void_p.in_dll(_process, f"__{name}p")
        except ValueError:
            return None
