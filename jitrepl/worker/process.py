"""The C side of this process: symbols of the libraries in it, and C's standard streams."""

from __future__ import annotations

import ctypes
import os
from fcntl import F_DUPFD_CLOEXEC, fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
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


class _DynamicInfo(ctypes.Structure):
    """`Dl_info` of <dlfcn.h>."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def library_of(address: int) -> str:
    """The path of the library that has an address (dladdr(3)); "" if none has."""
    info = _DynamicInfo()
    found = _process.dladdr(ctypes.c_void_p(address), ctypes.byref(info))
    return info.file.decode("utf-8", "replace") if found and info.file else ""


def open_library(path: str) -> None:
    """Open a shared library so that its symbols serve the session.

    Raises:
        OSError: if the dynamic loader refuses it.
    """
    ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


class _Place(ctypes.Structure):
    """`Dl_info` of <dlfcn.h>."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def library_at(address: int) -> str:
    """The path of the library in which an address lies (dladdr(3)); "" if none is known."""
    place = _Place()
    found = _process.dladdr(ctypes.c_void_p(address), ctypes.byref(place))
    return os.fsdecode(place.file) if found and place.file else ""


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


def limit_memory(size: int) -> None:
    """Limit the address space of this process, so that an endless allocation ends before the machine's memory does.

    Args:
        size: in bytes; 0 for no limit.
    """
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = size or resource.RLIM_INFINITY
    soft = wanted if hard == resource.RLIM_INFINITY else hard if wanted == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def die_with_parent() -> None:
    """Have this process killed when the thread that started it ends, also in the middle of a call (prctl(2))."""
    if hasattr(_process, "prctl"):
        _process.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


_PR_SET_PDEATHSIG, _SIGKILL = 1, 9


class StandardFiles:
    """Descriptors 0, 1 and 2 as they are now, to have them back after JITed code has closed or replaced them."""

    def __init__(self) -> None:
        self._kept = []
        for descriptor in (0, 1, 2):
            try:
                duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
            except OSError:
                continue  # closed by whoever started us; there is nothing to have back
            self._kept.append((descriptor, duplicate, _identity(descriptor)))

    def restore(self) -> None:
        """Put them back.

        Raises:
            OSError: if JITed code has closed the duplicates, too.
        """
        for descriptor, duplicate, identity in self._kept:
            if _identity(descriptor) != identity:
                os.dup2(duplicate, descriptor)


_OUT_OF_THE_WAY = 200
"""Duplicates get numbers from here on, which programs that count descriptors do not meet."""


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
