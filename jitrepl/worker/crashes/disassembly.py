"""The machine instructions around an address (llvm-c/Disassembler.h)."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, c_char_p, c_uint64, c_void_p

from jitrepl.crash_report import Instruction
from jitrepl.worker import llvm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SymbolLookup = CFUNCTYPE(c_void_p, c_void_p, c_uint64, c_void_p, c_uint64, c_void_p)
"""`LLVMSymbolLookupCallback`. With one, the targets of branches are shown as addresses or names."""
_IN_BRANCH = 1  # LLVMDisassembler_ReferenceType_In_Branch

_BEFORE, _AFTER = 4, 3
_LONGEST = 16
"""No x86 instruction has more than 15 bytes."""
_REACH = 1 << 16
"""Functions that begin further away, in bytes, are not read from their beginning."""
_ROOM = 256
_IMMEDIATES_IN_HEX = 2  # LLVMDisassembler_Option_PrintImmHex


def around(
    triple: str, address: int, start: int, name_of: Callable[[int], str], end: int = 0
) -> tuple[Instruction, ...]:
    """A few instructions before an address, the one there, and a few behind it.

    Args:
        triple: of the machine.
        address: where an instruction begins, in this process.
        start: where its function begins. Instructions differ in length: what is before another one can only be told
            from a place where one begins.
        name_of: gives the name of the function that begins at an address, or "".
        end: where its function ends; 0 if that is not known.

    Returns:
        Nothing if there is no code at the address.
    """
    if not 0 <= address - start < _REACH:
        start = address
    size = address - start + _LONGEST * (_AFTER + 1)
    code = _read(start, min(size, end - start) if end > address else size)
    llvm.initialize_disassembler()
    names: list[c_char_p] = []  # LLVM keeps none of them

    def look_up(_context: int, target: int, kind: int, _address: int, _name: int) -> int | None:
        branch = ctypes.c_uint64.from_address(kind)
        name = name_of(target) if branch.value == _IN_BRANCH else ""
        branch.value = 0  # LLVMDisassembler_ReferenceType_InOut_None
        if not name:
            return None
        names.append(c_char_p(name.encode()))
        return ctypes.cast(names[-1], c_void_p).value

    callback = _SymbolLookup(look_up)
    disassembler = llvm.create_disassembler(triple.encode(), None, 0, None, callback)
    if not disassembler:
        return ()
    try:
        llvm.set_disassembler_options(disassembler, _IMMEDIATES_IN_HEX)
        found = _instructions(disassembler, code, start, address)
        if address not in [instruction.address for instruction in found]:
            found = _instructions(disassembler, code[address - start :], address, address)
    finally:
        llvm.dispose_disassembler(disassembler)
    at = next((index for index, instruction in enumerate(found) if instruction.address == address), -1)
    return tuple(found[max(at - _BEFORE, 0) : at + 1 + _AFTER]) if at >= 0 else ()


def _instructions(disassembler: int, code: bytes, start: int, address: int) -> list[Instruction]:
    """The instructions of some code, up to some behind an address."""
    found: list[Instruction] = []
    text = ctypes.create_string_buffer(_ROOM)
    buffer = ctypes.create_string_buffer(code, len(code) + 1)
    offset = behind = 0
    while offset < len(code) and behind <= _AFTER:
        place = ctypes.byref(buffer, offset)
        size = llvm.disassemble(disassembler, place, len(code) - offset, start + offset, text, _ROOM)
        if not size:
            break
        found.append(Instruction(start + offset, " ".join(text.value.decode("ascii", "replace").split())))
        behind += start + offset >= address
        offset += size
    return found


def _read(start: int, size: int) -> bytes:
    """The memory at an address as far as it can be read."""
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        try:
            memory.seek(start)
            return memory.read(size)
        except (OSError, OverflowError):
            return b""
