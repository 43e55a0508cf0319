"""What a linker and the C start-up code add to every program, for JITed code: exit handlers, libraries, their TLS.

A program is linked with `crtbegin.o`, `libc_nonshared.a`, `libgcc.a`, and `libstdc++.so` if it is C++. What these
define is looked for here, after the session and before the process.

Everything that is registered to run at exit goes to libc's own list (Itanium C++ ABI, 3.3.6), not to LLJIT's: only so
does it run when JITed code calls `exit`, and in the order that the standards ask for.
"""

from __future__ import annotations

import ctypes

from jitrepl.worker import process
from jitrepl.worker.languages.demangle import is_rust
from jitrepl.worker.linking.lowering import DSO
from jitrepl.worker.linking.tls import tls_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

LIBRARIES = (
    (("_ZNSt3__1", "_ZNKSt3__1", "_ZTINSt3__1", "_ZTVNSt3__1"), "libc++.so.1"),
    (("_Z", "__cxa_", "__gxx_personality", "__dynamic_cast"), "libstdc++.so.6"),
    (("_ZNSt", "_ZTISt", "_ZTVSt"), "libc++.so.1"),
    (("__atomic_",), "libatomic.so.1"),
)
"""Which library to open when the process lacks a symbol with one of these beginnings.

Names that only one C++ library has tell which one code was made for, so they come first; last what both have, but
libstdc++ in its headers.
"""

_CODE = {
    "atexit": """
declare i32 @__cxa_atexit(ptr, ptr, ptr)
@__dso_handle = external global i8
define i32 @"{name}"(ptr %function) {{
  %r = call i32 @__cxa_atexit(ptr %function, ptr null, ptr @__dso_handle)
  ret i32 %r
}}""",
    "at_quick_exit": """
declare i32 @__cxa_at_quick_exit(ptr, ptr)
@__dso_handle = external global i8
define i32 @"{name}"(ptr %function) {{
  %r = call i32 @__cxa_at_quick_exit(ptr %function, ptr @__dso_handle)
  ret i32 %r
}}""",
    "pthread_atfork": """
declare i32 @__register_atfork(ptr, ptr, ptr, ptr)
@__dso_handle = external global i8
define i32 @"{name}"(ptr %prepare, ptr %parent, ptr %child) {{
  %r = call i32 @__register_atfork(ptr %prepare, ptr %parent, ptr %child, ptr @__dso_handle)
  ret i32 %r
}}""",
}
"""IR of the functions that glibc has in `libc_nonshared.a` only, in none of its shared libraries."""

_CPU = ("__cpu_model", "__cpu_indicator_init", "__cpu_features2")
_DSO_HANDLE = "__dso_handle"
"""What objects and our own code register exit handlers under."""
_TLS = "__emutls_get_address"
_TLS_CODE = """
declare ptr @__tls_get_addr(ptr)
define ptr @"{name}"(ptr %control) {{
  %align.at = getelementptr i64, ptr %control, i64 1
  %align = load i64, ptr %align.at
  %library = icmp eq i64 %align, 0
  br i1 %library, label %real, label %emulated
real:
  %index.at = getelementptr i64, ptr %control, i64 2
  %index = load ptr, ptr %index.at
  %there = call ptr @__tls_get_addr(ptr %index)
  ret ptr %there
emulated:
  %own = tail call ptr inttoptr (i64 {emulated} to ptr)(ptr %control)
  ret ptr %own
}}"""
"""Code is compiled with emulated TLS, in which a control variable says what to allocate in each thread
(`__emutls_object` of libgcc). One whose alignment is 0, which no other has, leads to a TLS variable of a library."""
_CONTROL = "__emutls_v."


class _Control(ctypes.Structure):
    """`__emutls_object`: size, alignment, where the value is, the initial value."""

    _fields_ = (
        ("size", ctypes.c_size_t),
        ("align", ctypes.c_size_t),
        ("index", ctypes.c_void_p),
        ("initial", ctypes.c_void_p),
    )


class Runtime:
    """The symbols that a linker would add.

    Args:
        compile: gives the address of the function that some IR defines.
    """

    def __init__(self, compile: Callable[[str, Callable[[str], str]], int]) -> None:
        self._compile = compile
        self._handles: dict[str, ctypes.Array[ctypes.c_char]] = {}
        self._known: dict[str, int] = {}
        register = process.symbol_address("__cxa_atexit")
        if register:
            self._known["__cxa_atexit"] = register
        self._controls: list[ctypes.Structure] = []

    def prepare(self, names: Collection[str]) -> None:
        """Compile what a link may need of this: ORC cannot compile in the middle of a look-up.

        Args:
            names: the symbols that the session lacks.
        """
        for name in names:
            if name in _CODE and name not in self._known:
                self._known[name] = self._compile("runtime", lambda own, code=_CODE[name]: code.format(name=own))  # type: ignore[misc]

    def prepare_thread_locals(self, names: Iterable[str]) -> None:
        """Be ready for thread-local variables of libraries.

        Args:
            names: those that the session lacks.
        """
        if _TLS not in self._known and any(self._library_of(name) is not None for name in names):
            emulated = process.symbol_address(_TLS)
            self._known[_TLS] = self._compile("runtime", lambda own: _TLS_CODE.format(name=own, emulated=emulated))

    def address(self, name: str) -> int | None:
        """The address of a symbol that neither the session nor a host file defines; None to look in the process.

        A library that a linker would have added is opened for it.
        """
        found = self._known.get(name)
        if name.startswith(DSO) or name == _DSO_HANDLE:
            return self._handle(name.removeprefix(DSO))
        if found is None and name.startswith(_CONTROL):
            return self._control(name.removeprefix(_CONTROL))
        if name in _CPU:
            from jitrepl.worker import cpu

            return cpu.address(name)
        if found is None:
            open_libraries_of((name,))
        return found

    def provides(self, name: str) -> bool:
        """Whether a linker would find a symbol here, or in a library that it would add, which is then opened."""
        if name in self._known or name in _CODE or name in _CPU or name == _DSO_HANDLE:
            return True
        open_libraries_of((name,))
        return False

    def at_exit(self, function: int, id: str) -> None:
        """Run a function at exit, after those that are registered later.

        Args:
            function: its address.
            id: the unit that it is for.
        """
        process.at_exit(function, self._handle(id))

    def handle(self, id: str) -> int:
        """What a unit's exit handlers are registered under (`__dso_handle`); 0 if it has registered none."""
        return self._handle(id) if id in self._handles else 0

    def ids(self) -> list[str]:
        """The units that may have registered exit handlers, in the order in which they were linked."""
        return list(self._handles)

    def _handle(self, id: str) -> int:
        if id not in self._handles:
            self._handles[id] = ctypes.create_string_buffer(1)
        return ctypes.addressof(self._handles[id])

    def _library_of(self, name: str) -> tuple[int, int] | None:
        address = process.symbol_address(name)
        return tls_index(address) if address else None

    def _control(self, name: str) -> int | None:
        place = self._library_of(name)
        if place is None or _TLS not in self._known:
            return None
        index = (ctypes.c_size_t * 2)(*place)
        control = _Control(0, 0, ctypes.addressof(index), None)
        self._controls += [control, index]  # type: ignore[list-item]
        self._known[_CONTROL + name] = ctypes.addressof(control)
        return ctypes.addressof(control)


def open_libraries_of(names: Collection[str]) -> None:
    """Open the libraries that a linker would take these symbols from, if the process does not have them."""
    names = [name for name in names if not is_rust(name)]
    for beginnings, library in LIBRARIES:
        if any(name.startswith(beginnings) and process.symbol_address(name) is None for name in names):
            try:
                process.open_library(library)
            except OSError:
                continue  # it is not there; the user is told which symbols are missing
