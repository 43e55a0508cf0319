"""What is in an object file, as far as it can be told without a library for it."""

from __future__ import annotations

from struct import unpack_from

_ELF64 = b"\x7fELF\x02"
_ALLOCATED = 0x2  # SHF_ALLOC
_SECTION_SIZE = 64  # bytes of an Elf64_Shdr


def size_in_memory(data: bytes) -> int:
    """The bytes of code and data that an object takes when it is loaded (`Elf64_Ehdr` and `Elf64_Shdr` of <elf.h>).

    Of an object that is no ELF of 64 bits, all bytes.
    """
    if not data.startswith(_ELF64):
        return len(data)
    (table,) = unpack_from("<Q", data, 0x28)
    size, count = unpack_from("<HH", data, 0x3A)
    if size != _SECTION_SIZE or table + size * count > len(data):
        return len(data)
    sections = (unpack_from("<QQQQ", data, at + 8) for at in range(table, table + size * count, size))
    return sum(length for flags, _, _, length in sections if flags & _ALLOCATED)
