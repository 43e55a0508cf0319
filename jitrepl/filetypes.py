"""What files are: the bytes that they begin with, and how the names of sources end."""

from __future__ import annotations

_BITCODE_MAGIC = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
"""Bitcode alone, and in its wrapper (LLVM Bitcode File Format, "Magic Numbers" and "Bitcode Wrapper Format")."""
ELF_MAGIC = b"\x7fELF"
ARCHIVE_MAGIC = (b"!<arch>\n", b"!<thin>\n")
"""What archives begin with (ar(5)); a thin one has only the names of its members."""

C_SUFFIXES = (".c", ".i")
CXX_SUFFIXES = (".cpp", ".cc", ".cxx", ".c++", ".C", ".ii")
RUST_SUFFIXES = (".rs",)
SOURCE_SUFFIXES = C_SUFFIXES + CXX_SUFFIXES + RUST_SUFFIXES


def is_bitcode(data: bytes) -> bool:
    """Whether this is bitcode, going by how it begins."""
    return data.startswith(_BITCODE_MAGIC)
