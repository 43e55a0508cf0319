"""The crash note: what a dying worker leaves behind for the copy that goes on.

A signal handler, compiled from IR as any JITed code, writes the signal, the registers and the return addresses on the
stack to a page that the copies share. It calls nothing of Python's: that may be in any state.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from struct import unpack_from

from jitrepl.worker.jit import Jit
from jitrepl.worker.owned import parse
from jitrepl.worker.process import symbol_address
from jitrepl.worker.thunks import PREFIX

SIGNALS = {4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 11: "SIGSEGV"}
"""The signals that the handler is for; SIGINT is added while a call runs."""

_SA_SIGINFO, _SA_ONSTACK, _SA_RESETHAND = 0x4, 0x08000000, 0x80000000  # <signal.h>, Linux
_SIGINT = 2
_DEPTH = 256
_STACK_SIZE = 1 << 16
_PAGE_SIZE = 1 << 13

# Where things lie in the page, in bytes.
_SIGNAL, _COUNT, _RETURN, _INFO, _REGISTERS, _FRAMES = 0, 8, 16, 64, 192, 512
# ucontext_t of x86-64 Linux (<sys/ucontext.h>): the registers begin at byte 40, in this order.
_CONTEXT_REGISTERS, _REGISTER_COUNT = 40, 23
_STACK_POINTER, _INSTRUCTION, _ERROR = 15, 16, 19
_FETCH = 16
"""The bit of an x86 page-fault error code that says that an instruction was to be fetched."""
# fmt: off
REGISTER_NAMES = (
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rdi", "rsi", "rbp", "rbx",
    "rdx", "rax", "rcx", "rsp", "rip", "eflags", "csgsfs", "err", "trapno", "oldmask", "cr2",
)
# fmt: on


class CrashNote:
    """What the handler wrote.

    Args:
        signal: the signal's number.
        address: the address that the signal is about (`si_addr`).
        registers: by their names.
        addresses: the instruction that was interrupted, then the return addresses on the stack, the innermost first.
    """

    def __init__(self, signal: int, address: int, registers: dict[str, int], addresses: tuple[int, ...]) -> None:
        self.signal = signal
        self.address = address
        self.registers = registers
        self.addresses = addresses


class CrashHandler:
    """The handler of this process and of its copies.

    Args:
        jit: compiles it.
    """

    def __init__(self, jit: Jit) -> None:
        self._page = mmap.mmap(-1, _PAGE_SIZE)  # shared with every copy
        page = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        name = f"{PREFIX}crash"
        module, message = parse(_handler(name, page).encode(), name)
        if module is None:
            raise RuntimeError(message)
        jit.add(module)
        self._handler = jit.lookup(name)
        self._libc = ctypes.CDLL(None)
        self._stack = mmap.mmap(-1, _STACK_SIZE)
        stack = _Stack(ctypes.addressof(ctypes.c_char.from_buffer(self._stack)), 0, _STACK_SIZE)
        self._libc.sigaltstack(ctypes.byref(stack), None)
        for number in SIGNALS:
            self.install(number)

    def install(self, signal: int) -> None:
        """Handle a signal, once: after that it does what it does by default."""
        action = _Action(
            self._handler, (ctypes.c_ulong * 16)(), _SA_SIGINFO | _SA_ONSTACK | _SA_RESETHAND - 2**32, None
        )
        self._libc.sigaction(signal, ctypes.byref(action), None)

    def interruptible(self) -> None:
        """Note where a call was when Ctrl-C ends it."""
        self.install(_SIGINT)

    def take(self) -> CrashNote | None:
        """The note of the process that died, if it left one; it is there only once."""
        data = self._page[:]
        signal, count = unpack_from("<ii", data, _SIGNAL)[0], unpack_from("<i", data, _COUNT)[0]
        self._page[:] = bytes(_PAGE_SIZE)
        if not signal:
            return None
        (address,) = unpack_from("<Q", data, _INFO + 16)
        registers = dict(zip(REGISTER_NAMES, unpack_from(f"<{_REGISTER_COUNT}Q", data, _REGISTERS), strict=True))
        frames = unpack_from(f"<{min(max(count, 0), _DEPTH)}Q", data, _FRAMES)
        rip = registers["rip"]
        (caller,) = unpack_from("<Q", data, _RETURN)
        # The walk begins in the handler; what counts begins at the interrupted instruction. From a jump to nowhere
        # there is no walk.
        nowhere = (rip, caller) if caller else (rip,)
        frames = (rip, *frames[frames.index(rip + 1) + 1 :]) if rip + 1 in frames else nowhere
        return CrashNote(signal, address, registers, frames)


def possible() -> bool:
    """Whether the handler knows this machine's registers, and there is an unwinder."""
    return os.uname().machine == "x86_64" and symbol_address("_Unwind_Backtrace") is not None


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


def _handler(name: str, page: int) -> str:
    """The IR of the handler and of its callback for each frame.

    The handler sets an alarm: should the unwinder wait for a lock that the crashed code holds, the process still ends.
    LLVM's unwinder takes what the instruction before has pushed for not yet pushed, if that is where the signal came:
    for the walk the interrupted instruction is one byte further (libgcc's knows that itself).
    After a jump to where no code is, the return address is still on top of the stack. In the end it raises the signal
    again, whose default action ends the process: not every instruction that trapped would trap again.
    """

    def at(offset: int) -> str:
        return f"inttoptr (i64 {page + offset} to ptr)"

    return f"""
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare i64 @_Unwind_GetIP(ptr)
declare i32 @_Unwind_Backtrace(ptr, ptr)
declare i32 @alarm(i32)
declare i32 @raise(i32)
define internal i32 @frame(ptr %context, ptr %unused) {{
  %count = load i32, ptr {at(_COUNT)}
  %full = icmp sge i32 %count, {_DEPTH}
  br i1 %full, label %stop, label %note
note:
  %address = call i64 @_Unwind_GetIP(ptr %context)
  %place = getelementptr i64, ptr {at(_FRAMES)}, i32 %count
  store i64 %address, ptr %place
  %next = add i32 %count, 1
  store i32 %next, ptr {at(_COUNT)}
  ret i32 0
stop:
  ret i32 5
}}
define void @"{name}"(i32 %signal, ptr %info, ptr %context) {{
  %known = load i32, ptr {at(_SIGNAL)}
  %first = icmp eq i32 %known, 0
  br i1 %first, label %note, label %done
note:
  store i32 %signal, ptr {at(_SIGNAL)}
  call void @llvm.memcpy.p0.p0.i64(ptr {at(_INFO)}, ptr %info, i64 128, i1 false)
  %registers = getelementptr i8, ptr %context, i64 {_CONTEXT_REGISTERS}
  call void @llvm.memcpy.p0.p0.i64(ptr {at(_REGISTERS)}, ptr %registers, i64 {8 * _REGISTER_COUNT}, i1 false)
  %alarm = call i32 @alarm(i32 2)
  %error.at = getelementptr i8, ptr %context, i64 {_CONTEXT_REGISTERS + 8 * _ERROR}
  %error = load i64, ptr %error.at
  %fetch = and i64 %error, {_FETCH}
  %jumped = icmp ne i64 %fetch, 0
  br i1 %jumped, label %caller, label %walk
caller:
  %stack.at = getelementptr i8, ptr %context, i64 {_CONTEXT_REGISTERS + 8 * _STACK_POINTER}
  %stack = load ptr, ptr %stack.at
  %return = load i64, ptr %stack
  store i64 %return, ptr {at(_RETURN)}
  br label %walk
walk:
  %rip.at = getelementptr i8, ptr %context, i64 {_CONTEXT_REGISTERS + 8 * _INSTRUCTION}
  %rip = load i64, ptr %rip.at
  %behind = add i64 %rip, 1
  store i64 %behind, ptr %rip.at
  %walked = call i32 @_Unwind_Backtrace(ptr @frame, ptr null)
  br label %done
done:
  %raised = call i32 @raise(i32 %signal)
  ret void
}}
"""
