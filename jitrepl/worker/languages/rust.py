"""What Rust code needs from outside of its module: its standard library, or at least somebody who takes its panics."""

from __future__ import annotations

import ctypes

from jitrepl.errors import JITError, ThrownError
from jitrepl.worker import process
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.languages.demangle import demangle, is_rust
from jitrepl.worker.languages.panics import IN_CLEANUP, NO_UNWIND, handler, panic_error
from jitrepl.worker.shared_libraries import library_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.worker.jit import Jit
    from jitrepl.worker.languages.rust_std import Toolchain
    from jitrepl.worker.languages.unwinding import Personalities, WayOut
    from jitrepl.worker.linking.dylib import SessionDylib

_Seen = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint32
)
_End = ctypes.CFUNCTYPE(None, ctypes.c_void_p, _Seen)
_Plain = ctypes.CFUNCTYPE(None)
_Take = ctypes.CFUNCTYPE(None, _Seen)
_BEGIN, _END, _TAKE, _SETTLE = (f"__jitrepl_rust_{name}" for name in ("begin", "end", "take", "settle"))
_DECREASE = rb"_RNvNtNtCs\w+_3std9panicking11panic_count8decrease"
"""`std::panicking::panic_count::decrease`: a panic that nobody catches is over, too, when the call is."""


def _in_library(symbol: str) -> bool:
    """Whether a symbol is of the crates that make up Rust's library."""
    return demangle(symbol).lstrip("<&").removeprefix("dyn ").startswith(_CRATES)


_STUCK = (NO_UNWIND, IN_CLEANUP)
_CRATES = ("std::", "core::", "alloc::", "__rustc::")


class Rust:
    """Rust in a session.

    Args:
        jit: links the hook.
        hosts: defines panic functions.
        way_out: is told that there may be panics that unwind.
        dylib: what the session declares.
        personalities: is told of Rust's, before anything that uses it is linked.
    """

    def __init__(
        self, jit: Jit, hosts: Hosts, way_out: WayOut, dylib: SessionDylib, personalities: Personalities
    ) -> None:
        self._jit = jit
        self._hosts = hosts
        self._way_out = way_out
        self._dylib = dylib
        self._personalities = personalities
        self._toolchain: Toolchain | None = None
        self._end: Callable[..., None] | None = None
        self._take: Callable[..., None] | None = None
        self._ended: Callable[[], None] = lambda: None
        self.settle: Callable[[], None] = lambda: None
        """Flushes Rust's standard output; called after each call."""
        self._library: dict[str, None] = {}  # what the session's code wants of the library
        self._callback = _Seen(self._see)
        self._seen = panic_error("a Rust panic", "")

    def prepare(self, names: Iterable[str]) -> None:
        """Be ready for a link.

        The library is opened if the code wants more of it than the functions that panic; without it, these are
        defined here.

        Args:
            names: the symbols that the link may have to find outside of the session.
        """
        rust = [name for name in names if is_rust(name) and not self._hosts.find(name)]
        missing = [name for name in rust if process.symbol_address(name) is None]
        library = [name for name in missing if handler(name) is None and _in_library(name)]
        if self._toolchain is None:
            there = [name for name in rust if name not in missing and _in_library(name)]
            if there:
                self._adopt(there[0])
            elif library:
                self._open(library)
        self._library.update(dict.fromkeys(library))
        for name in rust:
            panicked = handler(name)
            if panicked and (process.symbol_address(name) is None or demangle(name) in _STUCK):
                self._define(name, panicked)

    def provides(self, symbol: str) -> bool:
        """Whether a symbol of Rust's will be there when it is linked."""
        if handler(symbol) is None and _in_library(symbol) and self._toolchain is None:
            self._open([symbol])
        return handler(symbol) is not None or process.symbol_address(symbol) is not None

    def _define(self, name: str, panicked: Callable[..., None]) -> None:
        """Define a function that panics; once the library is open, that of the library takes over."""
        path = demangle(name)

        def panic(*arguments: int) -> int:
            if self._end and path in _STUCK and self._dylib.units.redefines:
                self._stuck(path)  # in a program, the library itself says what it has to say, and aborts
            real = process.symbol_address(name)
            if real is None:
                panicked(*arguments)
            return real or 0

        declared = self._dylib.declared(name)
        if declared and declared.signature:
            self._hosts.define(name, declared.signature, panic)

    def _stuck(self, path: str) -> None:
        """A panic came to where it may not go on. A program would abort; here the call ends with what the panic says.

        Raises:
            ThrownError: always.
        """
        self._seen = panic_error(path.rpartition("::")[2], "")
        if self._take:
            self._take(self._callback)
            last = self._seen
            if path == IN_CLEANUP:
                self._take(self._callback)
                self._seen.message += f"\na destructor that ran because of it: {last.message}"
                self._ended()
        self._ended()
        raise self._seen

    def _open(self, wanted: list[str]) -> None:
        """Open the library that defines these symbols, if there is one."""
        from jitrepl.worker.languages.rust_std import toolchains

        for toolchain in toolchains():
            if toolchain.defines(wanted[0]):
                try:
                    process.open_library(toolchain.library)
                except OSError:
                    continue
                self._use(toolchain)
                return

    def _adopt(self, symbol: str) -> None:
        """Use the library that somebody else has opened, and that has this symbol."""
        from jitrepl.worker.languages.rust_std import toolchain_of

        toolchain = toolchain_of(library_at(process.symbol_address(symbol) or 0))
        if toolchain:
            self._use(toolchain)

    def _use(self, toolchain: Toolchain) -> None:
        self._toolchain = toolchain
        self._way_out.catch()
        self._hook(toolchain)

    def hint(self) -> str:
        """Why symbols of the library are missing, and the next step; "" if none are."""
        from jitrepl.worker.languages.rust_std import producer, toolchains

        wanted = [name for name in self._library if process.symbol_address(name) is None]
        if not wanted:
            return ""
        needing = [m for m in self._dylib.modules.values() if any(item.name in wanted for item in m.globals)]
        makers = dict.fromkeys(filter(None, (producer(module.data) for module in needing)))
        maker = " and ".join(makers) or "another rustc"
        there = dict.fromkeys(filter(None, (toolchain.version for toolchain in toolchains())))
        found = f"found is that of {', '.join(there)}" if there else "no rustc was found"
        return (
            f"the Rust code was made by {maker}, and wants the standard library of that; {found}\n"
            "install that toolchain (`rustup toolchain install`), or compile with one that is here"
        )

    def _hook(self, toolchain: Toolchain) -> None:
        """Make panics tell us what they say, rather than standard error."""
        data = toolchain.hook()
        if not data:
            return
        self._personalities.prepare(("rust_eh_personality",))
        tracker = self._jit.add_object(data, "panic_hook")
        try:
            begin = self._jit.lookup(_BEGIN)
        except JITError:
            self._jit.remove(tracker)
            return  # a std that cannot do this: its own hook prints the message
        self._end = _End(self._jit.lookup(_END))
        self._take = _Take(self._jit.lookup(_TAKE))
        decrease = process.symbol_address(toolchain.symbol(_DECREASE))
        if decrease:
            self._ended = _Plain(decrease)
        self.settle = _Plain(self._jit.lookup(_SETTLE))
        _Plain(begin)()

    def describe(self, exception: int) -> ThrownError:
        """The error for a panic that left a call, which is over then.

        Args:
            exception: the address of its `_Unwind_Exception`.
        """
        self._seen = panic_error("a Rust panic", "")
        if self._end:
            self._end(exception, self._callback)
        return self._seen

    def _see(self, text: int, size: int, file: int, file_size: int, line: int, column: int) -> None:
        said, place = (
            ctypes.string_at(at, length).decode("utf-8", "replace") if length else ""
            for at, length in ((text, size), (file, file_size))
        )
        self._seen = panic_error(said, f"{place}:{line}:{column}" if place else "")
