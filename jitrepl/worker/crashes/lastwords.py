"""The report of a crash by the very process that crashed, where no copy of it could make one.

A script that stops at its first error keeps no copies and compiles no handler. Its signal handler is a ctypes callback
into Python. That works because ctypes gives Python's lock away while JITed code runs: whatever that code did, Python is
between two instructions of its own. What JITed code has destroyed may still stop it; then only the signal is told.
"""

from __future__ import annotations

import ctypes
import os
from struct import unpack

from jitrepl.crash_report import CrashReport, LastWords
from jitrepl.worker.crashes.handler import CONTEXT_REGISTERS, FETCH, REGISTER_NAMES
from jitrepl.worker.crashes.note import CrashNote, ThreadNote
from jitrepl.worker.languages.one_unwinder import walkers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jitrepl.worker.crashes.report import Sources

_CODE, _ADDRESS = 8, 16  # si_code and si_addr of siginfo_t
_DEPTH = 256
_ROOM = 4096
"""More bytes than `unw_context_t` and `unw_cursor_t` have."""
# Numbers of the registers in LLVM's libunwind.h, in the order of DWARF (System V ABI, "DWARF Register Number Mapping").
_NUMBERS = {name: number for number, name in enumerate(("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"))}
_NUMBERS.update((f"r{number}", number) for number in range(8, 16))
_IP = -1  # UNW_REG_IP


def speak(
    signal: int,
    info: int,
    context: int,
    triple: str,
    sources: Sources,
    tell: Callable[[LastWords], object],
) -> None:
    """Tell the shell what is known of a crash; called in the signal handler.

    Args:
        signal: the signal's number.
        info: address of the `siginfo_t`.
        context: address of the `ucontext_t`.
        triple: of the machine.
        sources: what the session knows of its code.
        tell: sends a record to the shell.
    """
    errno = ctypes.get_errno()
    tell(LastWords(CrashReport(signal)))  # should the rest fail, the shell knows this much
    from jitrepl.worker.crashes.report import report

    note = _note(signal, info, context, errno)
    tell(LastWords(report(note, triple, sources)))


def _note(signal: int, info: int, context: int, errno: int) -> CrashNote:
    (code,) = unpack("<i", ctypes.string_at(info + _CODE, 4))
    (address,) = unpack("<Q", ctypes.string_at(info + _ADDRESS, 8))
    size = 8 * len(REGISTER_NAMES)
    values = unpack(f"<{len(REGISTER_NAMES)}Q", ctypes.string_at(context + CONTEXT_REGISTERS, size))
    registers = dict(zip(REGISTER_NAMES, values, strict=True))
    rip = registers["rip"]
    addresses = (rip, *_return_addresses(registers))
    if len(addresses) == 1 and registers["err"] & FETCH:  # a jump to nowhere: who jumped is on top of the stack
        addresses = (rip, *unpack("<Q", ctypes.string_at(registers["rsp"], 8)))
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        maps = file.read()
    process = ctypes.CDLL(None)
    thread = ThreadNote(process.gettid(), "", addresses)
    handle = process.pthread_self
    handle.restype = ctypes.c_ulong
    return CrashNote(signal, address, registers, thread, os.getpid(), handle(), (), maps, errno, code)


def _return_addresses(registers: dict[str, int]) -> Iterator[int]:
    """The return addresses on the stack that these registers belong to, by LLVM's libunwind; none without it."""
    if not walkers:
        return
    unwinder = walkers[0]
    place, cursor = (ctypes.create_string_buffer(_ROOM) for _ in range(2))
    unwinder.unw_getcontext(place)
    unwinder.unw_init_local(cursor, place)
    for name, number in _NUMBERS.items():
        unwinder.unw_set_reg(cursor, number, ctypes.c_uint64(registers[name]))
    # It takes what the instruction before has pushed for not yet pushed.
    unwinder.unw_set_reg(cursor, _IP, ctypes.c_uint64(registers["rip"] + 1))
    address = ctypes.c_uint64()
    for _ in range(_DEPTH):
        if unwinder.unw_step(cursor) <= 0 or unwinder.unw_get_reg(cursor, _IP, ctypes.byref(address)):
            return
        yield address.value
