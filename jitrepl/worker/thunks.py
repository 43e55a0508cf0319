"""Call thunks: IR that calls any function, compiled once a signature.

A thunk takes its arguments from memory with their IR types and leaves the result there, so ctypes only ever
calls `i32 (ptr, ptr, ptr, ptr)` and every first-class type works in every calling convention. A reverse thunk
does the same for Python functions that JITed code calls.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, c_int32, c_void_p

from jitrepl.errors import ArgumentError, JITError
from jitrepl.worker.jit import Jit
from jitrepl.worker.languages.unwinding import FAILED, PERSONALITY, WayOut
from jitrepl.worker.linking import redirect, rewrite
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import symbol_address
from jitrepl.worker.signatures import Signature
from jitrepl.worker.types import Type, Unsupported, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_Thunk = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, c_void_p)


class Thunks:
    """The thunks of a session, made as they are needed.

    Args:
        jit: compiles them.
    """

    def __init__(self, jit: Jit) -> None:
        self._jit = jit
        self.way_out = WayOut(jit)
        self._made: dict[object, Callable[..., int]] = {}
        self._count = 0

    def for_call(self, signature: Signature, extra: tuple[Type, ...]) -> Callable[..., int]:
        """The thunk `(function, arguments, result, jump buffer) -> status` for a signature.

        If exceptions are possible, it is one that catches them.

        Args:
            signature: what is known of the function.
            extra: the types of the arguments in the place of `...`.

        Returns:
            A function of four addresses. Arguments lie at `offsets_of(…)`. Status 0 means that the function
            returned; for the others see `jitrepl.worker.languages.unwinding`.
        """
        catches = self.way_out.catches
        key = (signature.key, tuple(type.text for type in extra), catches)
        thunk = self._made.get(key)
        if thunk is None:
            address = self.compile("call", lambda name: call_thunk(name, signature, extra, catches))
            thunk = self._made[key] = _Thunk(address)
        return thunk

    def for_host(self, signature: Signature, number: int, dispatch: int, returns: bool = True) -> int:
        """The address of a function of this signature that calls `dispatch(number, arguments, result)`.

        One that must not return, and cannot end the call either, ends the process.
        """
        thunk = lambda name: host_thunk(name, signature, number, dispatch, self.way_out, returns)  # noqa: E731
        return self.compile("host", thunk, redirectable=redirect.works_on(self._jit.triple))

    def compile(self, kind: str, write: Callable[[str], str], redirectable: bool = False) -> int:
        """The address of a function of our own.

        Args:
            kind: what it is for; its name has that in it.
            write: gives its IR for a name.
            redirectable: whether calls of it may have to be led elsewhere.
        """
        self._count += 1
        name = f"{PREFIX}{kind}.{self._count}"
        module = own_module(write(name), name)
        if redirectable:
            rewrite.make_redirectable(module.ptr, redirect.PREFIX, redirect.PROLOGUE)
        tracker = self._jit.add(module)
        try:
            return self._jit.lookup(name)
        except JITError:
            self._jit.remove(tracker)
            raise


def offsets_of(types: tuple[Type, ...]) -> tuple[tuple[int, ...], int]:
    """Where in a thunk's buffer each value lies, and the size of the buffer, in bytes.

    The buffer is a packed struct, in which LangRef leaves no padding between fields.
    """
    offsets, end = [], 0
    for type in types:
        offsets.append(end)
        end += type.size
    return tuple(offsets), end


def call_thunk(name: str, signature: Signature, extra: tuple[Type, ...] = (), catches: bool = False) -> str:
    """The IR of a thunk that calls a function of a signature, and catches exceptions if it is to."""
    function = signature.type
    _refuse_unsupported((*signature.params, *extra, signature.result))
    offsets, _ = offsets_of((*signature.params, *extra))
    place = iter(offsets)
    lines, arguments, returned = [], [], ""
    for index, (type, indirect) in enumerate(zip(function.params, signature.indirect, strict=True)):
        attributes = signature.attributes[index + 1]
        value = f"%a{index}"
        if indirect and indirect.kind == "sret":
            value = "%result"
        elif indirect:
            value = f"%p{index}"
            lines.append(f"{value} = getelementptr i8, ptr %arguments, i64 {next(place)}")
            copy = f"%c{index}"
            lines.append(f"{copy} = alloca {indirect.type.text}, align 64")
            lines.append(f"%v{index} = load {indirect.type.text}, ptr {value}, align 1")
            lines.append(f"store {indirect.type.text} %v{index}, ptr {copy}, align 1")
            value = copy
        else:
            lines += _load(f"a{index}", type, next(place))
        arguments.append(f"{type.text} {attributes} {value}")
    for number, type in enumerate(extra):
        lines += _load(f"e{number}", type, next(place))
        arguments.append(f"{type.text} %e{number}")
    convention = f"cc {signature.convention} " if signature.convention else ""
    called = function.text if function.varargs else function.result.text
    call = f"call {convention}{signature.attributes[0]} {called} %function({', '.join(arguments)})"
    if isinstance(function.result, Void):
        lines.append(call)
    else:
        lines.append(f"%returned = {call}")
        returned = f"store {function.result.text} %returned, ptr %result, align 1"
    body = "\n  ".join([*lines, returned])
    setjmp = symbol_address("_setjmp")
    # At -O0 a thunk is compiled in two thirds of the time, and it has nothing to optimise.
    head = f"declare i32 @{PERSONALITY}(i32, i32, i64, ptr, ptr)\n" if catches else ""
    personality = f" uwtable personality ptr @{PERSONALITY}" if catches else ""
    return f"""{head}define i32 @"{name}"(ptr %function, ptr %arguments, ptr %result, ptr %jump) noinline optnone\
{personality} {{
  %status = call i32 inttoptr (i64 {setjmp} to ptr)(ptr %jump) returns_twice
  %fresh = icmp eq i32 %status, 0
  br i1 %fresh, label %run, label %left
run:
  {body}
  ret i32 0
left:
  ret i32 %status
}}
"""


def host_thunk(
    name: str, signature: Signature, number: int, dispatch: int, way_out: WayOut, returns: bool = True
) -> str:
    """The IR of a function that packs its arguments, calls the host, and leaves if that failed.

    One that does not return calls what the host has put in the place of the result, with the same arguments, or aborts.
    """
    function = signature.type
    _refuse_unsupported((*function.params, function.result))
    if function.varargs:
        raise ArgumentError("a host function cannot take `...`", "give it a fixed number of parameters")
    offsets, size = offsets_of(function.params)
    params = ", ".join(f"{type.text} %a{i}" for i, type in enumerate(function.params))
    lines = [f"%arguments = alloca [{max(size, 1)} x i8], align 64"]
    lines.append(f"%result = alloca [{max(function.result.size, 8)} x i8], align 64")
    lines += [] if returns else ["store ptr null, ptr %result"]
    for index, (type, offset) in enumerate(zip(function.params, offsets, strict=True)):
        lines.append(f"%p{index} = getelementptr i8, ptr %arguments, i64 {offset}")
        lines.append(f"store {type.text} %a{index}, ptr %p{index}, align 1")
    body = "\n  ".join(lines)
    result = function.result.text
    head = "" if returns else "declare void @abort()\n"
    if not returns:
        back = f"""%next = load ptr, ptr %result
  %none = icmp eq ptr %next, null
  br i1 %none, label %end, label %go
go:
  call void %next({params})
  unreachable
end:
  call void @abort()
  unreachable"""
    elif isinstance(function.result, Void):
        back = "ret void"
    else:
        back = f"%value = load {result}, ptr %result, align 1\n  ret {result} %value"
    return f"""{head}define {result} @"{name}"({params}) uwtable {{
  {body}
  %status = call i32 inttoptr (i64 {dispatch} to ptr)(i64 {number}, ptr %arguments, ptr %result)
  %good = icmp eq i32 %status, 0
  br i1 %good, label %back, label %leave
back:
  {back}
leave:
  %leave.by = load ptr, ptr inttoptr (i64 {way_out.leave_at} to ptr)
  call void %leave.by(ptr inttoptr (i64 {way_out.address} to ptr), i32 {FAILED})
  unreachable
}}
"""


def _load(name: str, type: Type, offset: int) -> list[str]:
    return [
        f"%at.{name} = getelementptr i8, ptr %arguments, i64 {offset}",
        f"%{name} = load {type.text}, ptr %at.{name}, align 1",
    ]


def _refuse_unsupported(types: tuple[Type, ...]) -> None:
    for type in types:
        if isinstance(type, Unsupported):
            raise ArgumentError(f"a value of type {type.text} cannot be passed from here")
