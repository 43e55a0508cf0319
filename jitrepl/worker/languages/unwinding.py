"""How a call is left early: by an exception that nobody caught, or because a host function failed.

An exception of any language finds its handler by asking the personality of each frame (Itanium C++ ABI: Exception
Handling, 1.6.2). That of a call thunk takes whatever comes after the frames above have cleaned up, and goes back into
the thunk by `longjmp`: it needs no landing pad, and a call that throws nothing pays nothing. A host function that
failed has the frames between cleaned up in the same way, by unwinding that is forced (same place, 1.4).
"""

from __future__ import annotations

import ctypes

from jitrepl.literal_tree import quoted
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import symbol_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitrepl.worker.jit import Jit

RETURNED, FAILED, THROWN, TERMINATED = 0, 1, 2, 3
"""How a call ended: by returning; a host function failed; an exception came; a host function failed, and C++ code that
it left does not allow that (`noexcept`)."""

PERSONALITY = "__jitrepl.personality"
_LEAVE = "__jitrepl.leave"
_TERMINATE = "__jitrepl.terminate"

# <unwind.h>: _Unwind_Action and _Unwind_Reason_Code
_SEARCH, _HANDLER, _END_OF_STACK = 1, 4, 16
_FATAL, _FOUND, _CONTINUE = 3, 6, 8
_OWN_CLASS = int.from_bytes(b"JITREPL\0", "big")

_JUMP_BUFFER_SIZE = 512  # bytes; the largest jmp_buf of the C libraries in use is below that


class _Way(ctypes.Structure):
    """What the call thunk, host functions and the personality share."""

    _fields_ = (
        ("jump", ctypes.c_char * _JUMP_BUFFER_SIZE),
        ("own", ctypes.c_uint64 * 8),  # an `_Unwind_Exception` of ours
        ("exception", ctypes.c_uint64),  # that of others, which was caught
        ("hosts", ctypes.c_int64),  # how many host functions of the calling thread have not returned
        ("leave", ctypes.c_uint64),  # `void (ptr, i32)`, as `longjmp`
    )


class WayOut:
    """The way out of a call that does not return.

    Args:
        jit: compiles what is needed for exceptions, once there may be some.
    """

    def __init__(self, jit: Jit) -> None:
        self._jit = jit
        self._way = _Way()
        self._way.leave = symbol_address("longjmp") or 0
        self._way.own[0] = _OWN_CLASS
        self.address: int = ctypes.addressof(self._way)
        """The jump buffer's."""
        self.leave_at: int = self.address + _Way.leave.offset
        """Where the address of the function is that a failed host function calls with this address and `FAILED`."""
        self.catches = False
        """Whether call thunks must have the personality."""
        self._terminate = 0
        self._restore = 0

    def catch(self) -> None:
        """Be ready for exceptions from here on, if this process has an unwinder."""
        if self.catches or symbol_address("_Unwind_ForcedUnwind") is None:
            return
        self._jit.add(own_module(self._text(), PERSONALITY))
        self._jit.lookup(PERSONALITY)
        self._terminate = self._jit.lookup(_TERMINATE)
        self._way.leave = self._jit.lookup(_LEAVE)
        self.catches = True

    def take_exception(self) -> int:
        """The address of the `_Unwind_Exception` with which the last call ended."""
        exception, self._way.exception = self._way.exception, 0
        return int(exception)

    def entered_host(self) -> int:
        """A host function begins, on the calling thread; how many have begun and not returned."""
        self._way.hosts += 1
        return int(self._way.hosts)

    def left_host(self) -> None:
        """It returned to the code that called it."""
        self._way.hosts -= 1

    def about_to_leave(self) -> None:
        """A host function failed: have `std::terminate` only end the call, since `noexcept` code may be on the way."""
        if self.catches and not self._restore:
            self._restore = _set_terminate(self._terminate)

    def left(self, status: int) -> None:
        """A call is over; clean up behind it.

        Args:
            status: how it ended.
        """
        self._way.hosts = 0
        if self._restore:
            _set_terminate(self._restore)
            self._restore = 0
        if status == TERMINATED:
            # The C++ runtime has begun to handle our exception, and would not take another foreign one before the end.
            end = symbol_address("__cxa_end_catch")
            if end:
                ctypes.CFUNCTYPE(None)(end)()

    def _text(self) -> str:
        jump, way = f"inttoptr (i64 {self.address} to ptr)", _Way

        def at(field: int) -> str:
            return f"inttoptr (i64 {self.address + field} to ptr)"

        return f"""
@"{_REFERENCE}{PERSONALITY}" = global ptr @{PERSONALITY}
declare void @longjmp(ptr, i32) noreturn
declare i32 @_Unwind_ForcedUnwind(ptr, ptr, ptr)
define i32 @{PERSONALITY}(i32 %version, i32 %actions, i64 %class, ptr %exception, ptr %context) {{
  %search = and i32 %actions, {_SEARCH}
  %searching = icmp ne i32 %search, 0
  br i1 %searching, label %found, label %cleanup
found:
  ; Python cannot be unwound: what comes through a host function is not caught, which `std::terminate` is called for.
  %hosts = load i64, ptr {at(way.hosts.offset)}
  %direct = icmp eq i64 %hosts, 0
  %answer = select i1 %direct, i32 {_FOUND}, i32 {_FATAL}
  ret i32 %answer
cleanup:
  %handler = and i32 %actions, {_HANDLER}
  %ours = icmp ne i32 %handler, 0
  br i1 %ours, label %catch, label %pass
catch:
  store ptr %exception, ptr {at(way.exception.offset)}
  call void @longjmp(ptr {jump}, i32 {THROWN})
  unreachable
pass:
  ; Unwinding that others force, such as `pthread_exit`, goes on.
  %own = icmp eq i64 %class, {_OWN_CLASS}
  br i1 %own, label %leave, label %continue
leave:
  call void @longjmp(ptr {jump}, i32 {FAILED})
  unreachable
continue:
  ret i32 {_CONTINUE}
}}
define internal i32 @stop(i32 %version, i32 %actions, i64 %class, ptr %exception, ptr %context, ptr %jump) {{
  %end = and i32 %actions, {_END_OF_STACK}
  %ended = icmp ne i32 %end, 0
  br i1 %ended, label %leave, label %continue
leave:
  call void @longjmp(ptr %jump, i32 {FAILED})
  unreachable
continue:
  ret i32 0
}}
define void @{_LEAVE}(ptr %jump, i32 %status) uwtable {{
  ; It only comes back if a frame on the way cannot be unwound.
  %reason = call i32 @_Unwind_ForcedUnwind(ptr {at(way.own.offset)}, ptr @stop, ptr %jump)
  call void @longjmp(ptr %jump, i32 %status)
  unreachable
}}
define void @{_TERMINATE}() {{
  call void @longjmp(ptr {jump}, i32 {TERMINATED})
  unreachable
}}
"""


def _set_terminate(handler: int) -> int:
    """Make C++'s `std::terminate` call a handler; returns the former one, 0 if there is no C++."""
    setter = symbol_address("_ZSt13set_terminatePFvvE")
    if not setter:
        return 0
    return ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(setter)(handler) or 0


class Personalities:
    """The personalities of languages that the session's code refers to.

    Every object that uses one brings a weak variable with its address along. ORC has the first one serve all, but does
    not see that it belongs to that module: once the module is removed, or its link failed, no other one that uses the
    personality can be linked. So the variable is in a module of its own that stays.

    Args:
        jit: links it.
    """

    def __init__(self, jit: Jit) -> None:
        self._jit = jit
        self._places: dict[str, ctypes.c_uint64] = {}

    def prepare(self, names: Iterable[str]) -> None:
        """Be ready for a link.

        Args:
            names: the symbols that it may have to find outside of the session.
        """
        for name in names:
            if "_personality" not in name:
                continue
            if name not in self._places:
                variable = f"{_REFERENCE}{name}"
                self._jit.add(own_module(f"{quoted(variable)} = global ptr null", f"__jitrepl.{variable}"))
                self._places[name] = ctypes.c_uint64.from_address(self._jit.lookup(self._jit.prefix + variable))
        for name, place in self._places.items():
            place.value = symbol_address(name) or symbol_address(STAND_INS.get(name, "")) or 0


_REFERENCE = "DW.ref."
STAND_INS = {"rust_eh_personality": "__gcc_personality_v0"}
"""C's personality runs the cleanups of a frame and catches nothing. Rust without its standard library needs no more."""

_THROWING = ("_Unwind_", "__cxa_", "__gxx_", "rust_eh_", "_Z")


def may_throw(name: str) -> bool:
    """Whether code that uses this symbol from outside of the session may throw, by itself or by what it calls."""
    return name.startswith(_THROWING)
