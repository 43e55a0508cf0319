"""The host functions of a session: which there are, and code that JITed callers can jump to."""

from __future__ import annotations

import ctypes
import os
import sys
from _thread import get_ident  # `threading` costs 1 ms

from jitrepl.errors import HostError, JitreplError, ThrownError
from jitrepl.hosting import HostFunction, code_of, host, registered
from jitrepl.literals import quote
from jitrepl.worker import values
from jitrepl.worker.languages.support import source_name
from jitrepl.worker.linking import redirect
from jitrepl.worker.signatures import Signature
from jitrepl.worker.thunks import Thunks, offsets_of
from jitrepl.worker.types import Pointer, Type, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_Dispatch = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


@host("void ()")
def hello() -> None:
    """Say hello, from a JITed call."""
    print("Oh hello, that's called from JITed code!")


BUILT_IN = registered[-1]


class _Entry:
    """A host function behind one symbol: what to call, and how."""

    __slots__ = ("function", "offsets", "returns", "signature", "symbol")

    def __init__(self, function: HostFunction, symbol: str, signature: Signature, returns: bool) -> None:
        self.function = function
        self.returns = returns
        self.symbol = symbol
        self.signature = signature
        self.offsets, _ = offsets_of(signature.type.params)


class Hosts:
    """Finds host functions and gives them addresses.

    Args:
        thunks: compiles what JITed code jumps to.
        read_signature: reads an IR function type.
        memory: keeps the buffers that returned pointers refer to.
    """

    def __init__(self, thunks: Thunks, read_signature: Callable[[str], Signature], memory: values.Memory) -> None:
        self._thunks = thunks
        self._read_signature = read_signature
        self._memory = memory
        self._entries: list[_Entry] = []
        self.compiled: dict[str, int] = {}
        """The address of the code for each symbol that was asked for."""
        self.own: set[str] = set()
        """Those of them that are jitrepl's own, not the user's."""
        self.brought: Callable[[HostFunction], bool] = lambda function: False
        """Whether the user brought something of a built-in function's name, and not by `@host`."""
        self._way_out = thunks.way_out
        self._dispatch = _Dispatch(self._call)
        self._caller = 0  # the thread whose call a failing host function may leave
        self._failure: JitreplError | None = None

    def find(self, symbol: str) -> HostFunction | None:
        """The host function that defines a symbol; the last one registered wins, names before patterns.

        The built-in one is there only if the user has nothing of that name.
        """
        spelling = source_name(symbol) if any(function.by_path for function in registered) else ""
        matching = [function for function in reversed(registered) if function.matches(symbol, spelling)]
        matching.sort(key=lambda function: (function is BUILT_IN, not function.name))
        found = matching[0] if matching else None
        return None if found is BUILT_IN and self.brought(found) else found

    def names(self) -> list[str]:
        """The symbols that host functions define by name."""
        return list(dict.fromkeys(function.name for function in registered if function.name))

    def written(self) -> list[str]:
        """The symbols that the user's host functions define by name."""
        return list(dict.fromkeys(item.name for item in registered if item.name and item is not BUILT_IN))

    def ready(self, symbol: str) -> int | None:
        """The address of the code for a symbol, if some was made for it, and nothing goes before it since."""
        address = self.compiled.get(symbol)
        if address is None or symbol != BUILT_IN.name or self.find(symbol):
            return address
        return None

    def signature(self, function: HostFunction) -> Signature:
        """The signature of a host function.

        Raises:
            HostError: if the file wrote one that LLVM does not read.
        """
        try:
            return self._read_signature(function.signature)
        except JitreplError as problem:
            raise HostError(f"host function {function.label}: {problem.message}", problem.hint) from None

    def address(self, symbol: str, returns: bool = True) -> int | None:
        """The address of the host function for a symbol; None if there is none.

        Args:
            symbol: the symbol.
            returns: whether code that calls it goes on behind the call; it does not if it is declared `noreturn`.
        """
        known = self.ready(symbol)
        if known is not None:
            return known
        function = self.find(symbol)
        return self._define(function, symbol, self.signature(function), returns) if function else None

    def define(self, symbol: str, signature: Signature, function: Callable[..., int]) -> None:
        """Define a symbol by a function of jitrepl's own.

        It raises the error that ends the call, or returns the address of a function to go on with.
        """
        if symbol not in self.compiled:
            self._define(HostFunction(function, signature.type.text, symbol, ""), symbol, signature, False)
            self.own.add(symbol)

    def _define(self, function: HostFunction, symbol: str, signature: Signature, returns: bool) -> int:
        address = self.compiled[symbol] = self._compile(_Entry(function, symbol, signature, returns))
        return address

    def _compile(self, entry: _Entry) -> int:
        dispatch = ctypes.cast(self._dispatch, ctypes.c_void_p).value or 0
        address = self._thunks.for_host(entry.signature, len(self._entries), dispatch, entry.returns)
        self._entries.append(entry)
        return address

    def load(self, path: str) -> tuple[list[HostFunction], tuple[str, ...]]:
        """Run a Python file and register its host functions and formatters.

        Returns:
            The host functions, and the patterns of the formatters.

        Raises:
            HostError: if it cannot be read, raises, registers nothing, or has a signature that is no IR type.
        """
        from jitrepl import formatting

        before, formatters_before = len(registered), len(formatting.registered)
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as problem:
            raise HostError(f"{path}: {problem.strerror}") from None
        folder = os.path.dirname(path)
        if folder not in sys.path:
            sys.path.insert(0, folder)  # as `python FILE.py` does, for the modules beside it
        try:
            # The `from __future__` of this file are none of that one's.
            exec(compile(source, path, "exec", dont_inherit=True), {"__name__": "jitrepl_host_file", "__file__": path})
            added = registered[before:]
            for function in added:
                self.signature(function)
            successors = self._successors()
        except HostError:
            del registered[before:], formatting.registered[formatters_before:]
            raise
        except BaseException as problem:
            del registered[before:], formatting.registered[formatters_before:]
            raise HostError(f"{path} fails: {_located(problem, path)}") from None
        formatters = tuple(item.pattern for item in formatting.registered[formatters_before:])
        if not added and not formatters:
            raise HostError(
                f"{path} registers no host function",
                'decorate one: `from jitrepl import host`, `@host("i32 (i32)")`',
            )
        for entry, successor in successors:
            self._succeed(entry, successor)
        return added, formatters

    def _successors(self) -> list[tuple[_Entry, _Entry]]:
        """The entries of symbols that mean another host function by now, with the entries of those."""
        current = {entry.symbol: entry for entry in self._entries if entry.symbol not in self.own}
        return [
            (entry, _Entry(function, symbol, self.signature(function), entry.returns))
            for symbol, entry in current.items()
            if (function := self.find(symbol)) and function is not entry.function
        ]

    def _succeed(self, entry: _Entry, successor: _Entry) -> None:
        """Have code that calls one host function call another one; the address of the symbol stays."""
        if successor.signature.type == entry.signature.type:
            entry.function = successor.function
            return
        first = self.compiled[entry.symbol]
        newest = self._compile(successor)
        if redirect.can_redirect(first):
            redirect.redirect(first, newest)
        else:
            self.compiled[entry.symbol] = newest

    def entered(self) -> None:
        """The thread that calls this starts a call thunk; a failing host function ends that call."""
        self._caller = get_ident()
        self._failure = None

    def failure(self) -> JitreplError | None:
        """What a host function raised since `entered`."""
        self._caller = 0
        failure, self._failure = self._failure, None
        return failure

    def _call(self, number: int, arguments: int, result: int) -> int:
        """Called by reverse thunks. Returns 0, or 1 if the call must be left."""
        entry = self._entries[number]
        calling = get_ident() == self._caller
        depth = self._way_out.entered_host() if calling else 0
        try:
            values_in = [
                _argument(type, arguments + offset, annotation)
                for type, offset, annotation in zip(
                    entry.signature.type.params, entry.offsets, _padded(entry), strict=True
                )
            ]
            if entry.function.pattern:
                values_in.insert(0, source_name(entry.symbol) if entry.function.by_path else entry.symbol)
            returned = entry.function.function(*values_in)
            if entry.symbol in self.own:
                ctypes.c_uint64.from_address(result).value = returned
                return 0
            if not entry.returns:
                raise HostError("it returned, but the code that calls it does not go on then; raise an exception")
            if not isinstance(entry.signature.type.result, Void):
                data = values.write(entry.signature.type.result, quote(returned, "returned"), self._memory)
                ctypes.memmove(result, data, len(data))
            return 0
        except BaseException as problem:
            # What the first one unwinds may fail again: at the end of an `extern "C"` function of Rust, for instance.
            self._failure = self._failure or _failure(problem, entry)
            if depth == 1:
                self._way_out.about_to_leave()
                return 1
            if not entry.returns:
                os.write(2, f"error: {self._failure}\n".encode("utf-8", "replace"))  # the thunk aborts
            # Another thread has no call to leave, and another host function below cannot be left: on with zeros.
            ctypes.memset(result, 0, entry.signature.type.result.size)
            return 0
        finally:
            if calling:
                self._way_out.left_host()
            sys.stdout.flush()


def _padded(entry: _Entry) -> tuple[str, ...]:
    wanted = len(entry.signature.type.params)
    return (entry.function.annotations + ("None",) * wanted)[:wanted]


def _argument(type: Type, address: int, annotation: str) -> object:
    data = ctypes.string_at(address, type.size)
    value = values.to_python(type, data)
    if isinstance(type, Pointer) and value and annotation in ("str", "bytes"):
        text = ctypes.string_at(value)  # type: ignore[arg-type]
        return text.decode("utf-8", "replace") if annotation == "str" else text
    return value


def _failure(problem: BaseException, entry: _Entry) -> JitreplError:
    if isinstance(problem, ThrownError):
        return problem  # a panic
    what = problem.message if isinstance(problem, HostError) else ""
    what = what or described(problem, entry.function.function)
    return HostError(f"host function {source_name(entry.symbol)} failed: {what}")


def described(problem: BaseException, function: Callable[..., object]) -> str:
    """The exception of a function of the user's, and the line of its file that it comes from, on one line."""
    return _located(problem, getattr(code_of(function), "co_filename", ""))


def _located(problem: BaseException, path: str) -> str:
    line = getattr(problem, "lineno", None) if isinstance(problem, SyntaxError) else None
    trace = problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    text = str(problem.msg if isinstance(problem, SyntaxError) else problem)
    place = f" ({path}:{line})" if line else ""
    return f"{type(problem).__name__}: {text}{place}" if text else f"{type(problem).__name__}{place}"
