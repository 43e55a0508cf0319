"""What is in an object file, as far as it can be told without a library for it (`Elf64_…` of <elf.h>)."""

from __future__ import annotations

from struct import iter_unpack, unpack_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ELF64 = b"\x7fELF\x02"
_ALLOCATED, _SYMBOL_TABLE = 0x2, 2  # SHF_ALLOC, SHT_SYMTAB
_SECTION_SIZE = 64


def size_in_memory(data: bytes) -> int:
    """The bytes of code and data that an object takes when it is loaded.

    Of an object that is no ELF of 64 bits, all bytes.
    """
    if not data.startswith(_ELF64):
        return len(data)
    return sum(size for _, flags, _, size, _ in _sections(data) if flags & _ALLOCATED)


def exported(data: bytes) -> frozenset[str]:
    """The symbols that an object defines for others; none if it is no ELF of 64 bits."""
    sections = list(_sections(data)) if data.startswith(_ELF64) else []
    found = set()
    for kind, _, offset, size, link in sections:
        if kind != _SYMBOL_TABLE:
            continue
        names = sections[link][2]
        for name, info, _, section, _, _ in iter_unpack("<IBBHQQ", data[offset : offset + size]):
            if section and info >> 4:  # STB_LOCAL is 0, SHN_UNDEF too
                start = names + name
                found.add(data[start : data.index(b"\0", start)].decode("utf-8", "surrogateescape"))
    return frozenset(found)


def _sections(data: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Of each section: the type, the flags, offset and size in the file, and the section that it refers to."""
    (table,) = unpack_from("<Q", data, 0x28)
    _, count = unpack_from("<HH", data, 0x3A)
    for at in range(table, table + _SECTION_SIZE * count, _SECTION_SIZE):
        _, kind, flags, _, offset, size, link = unpack_from("<IIQQQQI", data, at)
        yield kind, flags, offset, size, link
