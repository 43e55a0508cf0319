"""The unwind tables of objects, made such that JITLink keeps them in one piece.

JITLink leaves out the records (`.eh_frame`) of functions that it leaves out, such as the second copy of a C++ template,
and lays out the others by their alignment. The section's is 8 bytes and a record's length a multiple of 4, so there may
be 4 zero bytes between two of them. For the unwinder that is the end (Linux Standard Base, "Exception Frames"): no
exception would get through any function behind it. With an alignment of 4 there is no gap.
"""

from __future__ import annotations

import ctypes
from struct import iter_unpack, unpack_from

_ELF64 = b"\x7fELF\x02\x01"  # 64 bits, little endian
_SECTION = "<IIQQQQIIQQ"  # Elf64_Shdr of <elf.h>
_SECTION_SIZE, _ALIGNMENT_AT = 64, 48
_UNWIND, _PROGBITS = 0x70000001, 1  # SHT_X86_64_UNWIND, SHT_PROGBITS
_WANTED = 4
_NAME = b".eh_frame\0"


def close_gaps(start: int, size: int) -> None:
    """Align the unwind tables of an object in memory to 4 bytes.

    Args:
        start: its address; it may be written to.
        size: in bytes.
    """
    head = ctypes.string_at(start, min(size, _SECTION_SIZE))
    if len(head) < _SECTION_SIZE or not head.startswith(_ELF64):
        return
    (table,) = unpack_from("<Q", head, 0x28)
    entry, count, names = unpack_from("<HHH", head, 0x3A)
    if entry != _SECTION_SIZE or table + count * entry > size or names >= count:
        return
    sections = list(iter_unpack(_SECTION, ctypes.string_at(start + table, count * entry)))
    for number, (name, kind, _, _, _, _, _, _, alignment, _) in enumerate(sections):
        if kind not in (_UNWIND, _PROGBITS) or alignment <= _WANTED:
            continue
        at = sections[names][4] + name
        if at + len(_NAME) <= size and ctypes.string_at(start + at, len(_NAME)) == _NAME:
            ctypes.c_uint64.from_address(start + table + number * entry + _ALIGNMENT_AT).value = _WANTED
