"""What a C++ exception is: its type, and what it says.

The C++ library knows the type of an exception only while it is handled. So it is thrown once more, to a landing pad of
ours, which calls back with its type, its address and, for a `std::exception`, what `what()` returns.
"""

from __future__ import annotations

import ctypes

from jitrepl.errors import JITError, ThrownError
from jitrepl.worker.languages.demangle import demangle_type
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import symbol_address, word_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.jit import Jit
    from jitrepl.worker.languages.rust import Rust

CXX_CLASSES = (b"GNUCC++", b"CLNGC++")
"""The first seven bytes of the exception classes of libstdc++ and libc++abi; the last one is the library's own."""

RUST_CLASS = b"MOZ\0RUST"
"""That of Rust's panics (library/panic_unwind/src/gcc.rs), in the machine's byte order."""

_Seen = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_Handle = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_HANDLE = f"{PREFIX}handle"
_WHAT_SLOT = 2
"""`what` in the table of virtual functions of a `std::exception`: behind its two destructors."""


class Exceptions:
    """Describes exceptions that left a call, and disposes of them.

    Args:
        jit: compiles the landing pad.
    """

    def __init__(self, jit: Jit) -> None:
        self._jit = jit
        self._handle: Callable[[int], None] | None = None
        self._callback = _Seen(self._see)
        self._seen = ("", "")

    def describe(self, exception: int, rust: Rust | None) -> ThrownError:
        """The error for an exception, which is over then.

        Args:
            exception: the address of its `_Unwind_Exception`.
            rust: describes panics, if the session has Rust code.
        """
        number = ctypes.c_uint64.from_address(exception).value
        language = number.to_bytes(8, "big")
        if rust and RUST_CLASS in (language, language[::-1]):
            return rust.describe(exception)
        if language[:7] not in CXX_CLASSES:
            _delete(exception)
            name = language.rstrip(b"\0").decode("ascii", "replace")
            return thrown("an exception of another language", f"its exception class is {name!r}")
        try:
            handle = self._handle or self._compile()
        except JITError:
            return thrown("a C++ exception", "the C++ library that threw it cannot be asked")
        self._seen = ("a C++ exception", "")
        handle(exception)
        return thrown(*self._seen)

    def _compile(self) -> Callable[[int], None]:
        callback = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        tracker = self._jit.add(own_module(_landing_pad(callback), _HANDLE))
        try:
            self._handle = _Handle(self._jit.lookup(_HANDLE))
        except JITError:
            self._jit.remove(tracker)
            raise
        return self._handle

    def _see(self, type_info: int, thrown_object: int, what: int) -> None:
        """Called by the landing pad, while the exception is there."""
        try:
            name = ctypes.string_at(word_at(type_info + 8)).removeprefix(b"*").decode("utf-8", "replace")
            spelled = demangle_type(name)
            text = _text(what) if what else _value(name, spelled, thrown_object)
            self._seen = (spelled, text)
        except Exception as problem:  # it must not leave through the landing pad
            self._seen = ("a C++ exception", f"it cannot be described: {problem}")


def thrown(type: str, text: str, place: str = "") -> ThrownError:
    """The error for what was thrown: `std::runtime_error: boom`."""
    problem = ThrownError(f"{type}: {text}" if text else type)
    problem.details = (type, text, place)
    return problem


def _landing_pad(callback: int) -> str:
    """The IR that throws an exception again and catches it (Itanium C++ ABI: Exception Handling, 2.4 and 2.5)."""
    return f"""
@_ZTISt9exception = external constant ptr
declare i32 @__gxx_personality_v0(...)
declare ptr @__cxa_begin_catch(ptr)
declare ptr @__cxa_current_exception_type()
declare void @__cxa_rethrow()
declare void @__cxa_end_catch()
declare i32 @llvm.eh.typeid.for.p0(ptr)
define void @"{_HANDLE}"(ptr %exception) uwtable personality ptr @__gxx_personality_v0 {{
  %first = call ptr @__cxa_begin_catch(ptr %exception)
  invoke void @__cxa_rethrow() to label %never unwind label %pad
never:
  unreachable
pad:
  %pair = landingpad {{ ptr, i32 }} catch ptr @_ZTISt9exception catch ptr null
  %again = extractvalue {{ ptr, i32 }} %pair, 0
  %selector = extractvalue {{ ptr, i32 }} %pair, 1
  %standard = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTISt9exception)
  %object = call ptr @__cxa_begin_catch(ptr %again)
  %type = call ptr @__cxa_current_exception_type()
  %matches = icmp eq i32 %selector, %standard
  br i1 %matches, label %ask, label %tell
ask:
  %table = load ptr, ptr %object
  %slot = getelementptr ptr, ptr %table, i64 {_WHAT_SLOT}
  %function = load ptr, ptr %slot
  %said = call ptr %function(ptr %object)
  br label %tell
tell:
  %what = phi ptr [ null, %pad ], [ %said, %ask ]
  call void inttoptr (i64 {callback} to ptr)(ptr %type, ptr %object, ptr %what)
  call void @__cxa_end_catch()
  call void @__cxa_end_catch()
  ret void
}}
"""


_LIMIT = 2000
"""So much of a text is shown, in characters."""

_NUMBERS: dict[str, Callable[[int], object]] = {
    # <builtin-type> of the Itanium C++ ABI, 5.1.5.2, and how it is read
    "b": lambda at: "true" if ctypes.c_bool.from_address(at).value else "false",
    "c": lambda at: repr(chr(ctypes.c_ubyte.from_address(at).value)),
    "a": lambda at: ctypes.c_byte.from_address(at).value,
    "h": lambda at: ctypes.c_ubyte.from_address(at).value,
    "s": lambda at: ctypes.c_short.from_address(at).value,
    "t": lambda at: ctypes.c_ushort.from_address(at).value,
    "i": lambda at: ctypes.c_int.from_address(at).value,
    "j": lambda at: ctypes.c_uint.from_address(at).value,
    "l": lambda at: ctypes.c_long.from_address(at).value,
    "m": lambda at: ctypes.c_ulong.from_address(at).value,
    "x": lambda at: ctypes.c_longlong.from_address(at).value,
    "y": lambda at: ctypes.c_ulonglong.from_address(at).value,
    "n": lambda at: int.from_bytes(ctypes.string_at(at, 16), "little", signed=True),
    "o": lambda at: int.from_bytes(ctypes.string_at(at, 16), "little"),
    "f": lambda at: f"{ctypes.c_float.from_address(at).value:.9g}",
    "d": lambda at: ctypes.c_double.from_address(at).value,
    "e": lambda at: ctypes.c_longdouble.from_address(at).value,
}


def _value(name: str, spelled: str, address: int) -> str:
    """What was thrown by value, as text; "" for what only has a type."""
    if name in _NUMBERS:
        return str(_NUMBERS[name](address))
    if name in ("PKc", "Pc"):
        return _text(word_at(address))
    if spelled == "std::string":
        libcxx = name.startswith("NSt3__1")
        return _decoded(_libcxx_string(address) if libcxx else _text_of(word_at(address), word_at(address + 8)))
    return ""


def _libcxx_string(address: int) -> bytes:
    """libc++ keeps up to 22 characters in the string itself; the lowest bit of the first byte says which (<string>)."""
    head = ctypes.string_at(address, 24)
    if head[0] & 1:
        return _text_of(word_at(address + 16), word_at(address + 8))
    return head[1 : 1 + (head[0] >> 1)]


def _text_of(address: int, size: int) -> bytes:
    return ctypes.string_at(address, min(size, _LIMIT))


def _text(address: int) -> str:
    return _decoded(ctypes.string_at(address)[:_LIMIT]) if address else ""


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _delete(exception: int) -> None:
    delete = symbol_address("_Unwind_DeleteException")
    if delete:
        _Handle(delete)(exception)
