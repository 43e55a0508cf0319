"""Become a program: the process as C's start-up code leaves it to `main`, and the way out through `exit`."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import ctypes
import os
import sys

from jitrepl.errors import JitreplError, SymbolError, ThrownError
from jitrepl.worker.linking.initialisers import MAIN_PARAMETERS, laid_out, main_arguments, vector_of
from jitrepl.worker.linking.missing import suggestion
from jitrepl.worker.process import prepare_streams
from jitrepl.worker.signatures import Signature
from jitrepl.worker.types import Function, Int, Pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from jitrepl.worker.calls import Caller
    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.initialisers import Initialisers

MAIN = "main"
_libc = ctypes.CDLL(None)
_LC_ALL = 6  # <locale.h> of glibc
_COERCED = "LC_CTYPE"
_PLAIN = Signature(Function(Int(32, 4), MAIN_PARAMETERS, False))
_Main = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)
"""`main` with all that it may take; the System V ABI lets a function ignore arguments."""


class Program:
    """A `main` with everything that it uses, compiled and linked.

    Args:
        dylib: defines it.
        initialisers: what runs before it.
        caller: calls what host functions may end.
        hosts: the host functions.
        arguments: its `argv`.

    Raises:
        SymbolError: if there is no `main`, or it is none.
        UndefinedError, JITError: if it cannot be linked.
    """

    def __init__(
        self,
        dylib: SessionDylib,
        initialisers: Initialisers,
        caller: Caller,
        hosts: Hosts,
        arguments: tuple[str, ...],
    ) -> None:
        found = dylib.find(MAIN)
        known = found[1].signature if found else None
        if known is None and (found[1].callable if found else dylib.address_of(MAIN)):
            known = _PLAIN  # an object or assembly, which does not say more
        self._signature = _checked(known, dylib.names(), found[1].kind if found else "")
        self._main = dylib.lookup(MAIN)
        self._first = initialisers.postponed()
        self._initialisers = initialisers
        self._caller = caller
        self._hosts = hosts
        self._arguments = arguments

    def run(self) -> NoReturn:
        """Run it in this process, which ends with it."""
        vector = vector_of(self._arguments)
        _be_fresh(vector)
        if self._hosts.compiled and sys.stdout is not None:
            # What C writes and what host functions print is to come out in the order in which it is written.
            prepare_streams()
            sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
        self._caller.running = True  # a crash is the program's from here on
        self._caller.limit.begin()
        try:
            status = self._enter(main_arguments(vector))
        except JitreplError as problem:
            os.write(2, f"error: {problem}\n".encode("utf-8", "backslashreplace"))
            if isinstance(problem, ThrownError):
                _libc.abort()  # which `std::terminate` does
            status = problem.exit_status
        _libc.exit(status)
        raise AssertionError("exit returned")

    def _enter(self, values: tuple[int, ...]) -> int:
        """Call the initialisers, then `main`; the exit status that it means."""
        signature, result = self._signature, self._signature.result
        if self._hosts.compiled or signature.convention:
            self._initialisers.call(self._first, values)
            as_called = Signature(_PLAIN.type, signature.convention)
            data = self._caller.run(as_called, self._main, laid_out(values, as_called))
            returned = int.from_bytes(data, "little")
        else:  # without a thunk, which would be 3 ms of compiling
            for function in self._first:
                _Main(function)(*values)
            returned = _Main(self._main)(*values)
        # Nothing says what the upper bits of a register hold, nor any of them if the result is none; a program that a
        # linker made ends with those all the same.
        bits = min(result.bits, 32) if isinstance(result, Int) else 32
        return returned & (1 << bits) - 1


def _checked(signature: Signature | None, names: Iterable[str], kind: str) -> Signature:
    """The type of a `main`.

    Args:
        signature: the type of what is called `main`, if it can be called.
        names: what the session defines.
        kind: what it is, if it is there.

    Raises:
        SymbolError: if it is not there, or is none.
    """
    if signature is None:
        what = f"@{MAIN} is a {kind}, not a function" if kind else f"no @{MAIN}, where a program begins"
        similar = suggestion(MAIN, names)
        raise SymbolError(what, similar or f"define `i32 @{MAIN}()`, or call another function: `:call NAME`")
    if not all(isinstance(param, Int | Pointer) for param in signature.params):
        raise SymbolError(
            f"@{MAIN} is {signature.type.text}, which no program begins with",
            f"give it the type `i32 ()` or `i32 (i32, ptr, ptr)`, or call it: `:call {MAIN}`",
        )
    return signature


def _be_fresh(vector: ctypes.Array[ctypes.c_char_p]) -> None:
    """Take back what Python has set up for itself, and say what the program is called."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    _libc.setlocale(_LC_ALL, b"C")
    if os.environ.get(_COERCED) and not _was_given(_COERCED):
        _libc.unsetenv(_COERCED.encode())  # Python's answer to a C locale (PEP 538)
    # What `assert`, `error` and `getopt` call the program (program_invocation_name(3)).
    path = ctypes.cast(vector, ctypes.POINTER(ctypes.c_void_p))[0]
    if path:
        slash = (vector[0] or b"").rfind(b"/") + 1
        ctypes.c_void_p.in_dll(_libc, "program_invocation_name").value = path
        ctypes.c_void_p.in_dll(_libc, "program_invocation_short_name").value = path + slash


def _was_given(name: str) -> bool:
    """Whether an environment variable was there when this process began (proc(5))."""
    with open("/proc/self/environ", "rb") as file:
        return any(line.startswith(f"{name}=".encode()) for line in file.read().split(b"\0"))
