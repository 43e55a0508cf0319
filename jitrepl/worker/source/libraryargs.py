"""Values of the C++ and Rust libraries, made of a text or a list."""

from __future__ import annotations

import ctypes

from jitrepl.errors import ArgumentError
from jitrepl.literal_tree import Literal, Sequence, String
from jitrepl.worker import values
from jitrepl.worker.source.abi import eightbytes
from jitrepl.worker.source.formatters import alignment
from jitrepl.worker.source.sourcetypes import RUST, Address, C, Record, SourceType
from jitrepl.worker.source.spelling import spell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class LibraryWriter:
    """Writes `std::string`, `std::vector`, `String`, `Vec` and their views.

    Args:
        memory: keeps what views look at.
        allocate: gives memory that code of a language may release: `(language, size, align) -> address`, 0 if there
            is no allocator.
        elements: writes the elements of a list.
    """

    def __init__(
        self,
        memory: values.Memory,
        allocate: Callable[[str, int, int], int],
        elements: Callable[[SourceType, Sequence], list[bytes]],
    ) -> None:
        self._memory = memory
        self._allocate = allocate
        self._elements = elements

    def wants(self, plain: Record) -> str:
        """The literal that a library's type is made of: `"text"`, `[ … ]`; "" for any other type."""
        name = _name(plain)
        if name.startswith(_TEXTS):
            return '"text"'
        return "[ … ]" if name.startswith(_LISTS) else ""

    def write(self, type: SourceType, plain: Record, node: Literal) -> bytes | None:
        """A text or a list as a value of a library's type; None if it is of no such type."""
        name = _name(plain)
        llvm = plain.name.startswith("std::__1::")
        if isinstance(node, String):
            if name in ("&str", "&mut str"):
                return eightbytes(self._memory.keep(node.data), len(node.data))
            if name.startswith("std::basic_string_view<char,"):
                pair = (self._memory.keep(node.data + b"\0"), len(node.data))
                return eightbytes(*(pair if llvm else pair[::-1]))
            if name.startswith("std::basic_string<char,"):
                # Never the short form: that has an address of its own in it.
                room = max(len(node.data) + 1, 32) + 15 & ~15
                place = self._fill(C, node.data.ljust(room, b"\0"), 16)
                if llvm:
                    return eightbytes(room | 1, len(node.data), place)
                return eightbytes(place, len(node.data), room - 1, 0)
            if name == "alloc::string::String":
                letters = [bytes((letter,)) for letter in node.data]
                return self._rust_vector(type, plain.members[0].type.plain, letters, 1)
        if isinstance(node, Sequence) and node.kind == "[":
            if name.startswith(("&[", "&mut [")):
                target = plain.members[0].type.plain
                assert isinstance(target, Address)
                elements = self._elements(target.target, node)
                return eightbytes(self._memory.keep(b"".join(elements)), len(elements))
            if name.startswith("alloc::vec::Vec<"):
                element = plain.arguments["T"]
                return self._rust_vector(type, plain, self._elements(element, node), alignment(element))
        if isinstance(node, Sequence) and node.kind in "[{" and name.startswith("std::vector<"):
            element = next(iter(plain.arguments.values()))
            if element.plain.name != "bool":
                data = b"".join(self._elements(element, node))
                place = self._fill(C, data, 16)
                return eightbytes(place, place + len(data), place + len(data))
        return None

    def box(self, plain: Address, data: bytes) -> int:
        """The address of what a `Box` owns, which whoever gets it will release; 0 if nobody can."""
        align = alignment(plain.target)
        return self._fill(RUST, data, align) if data else align

    def _fill(self, language: str, data: bytes, align: int) -> int:
        """The address of a copy that code of a language may release; 0 if it has no allocator."""
        place = self._allocate(language, len(data), align) if data else 0
        if place:
            ctypes.memmove(place, data, len(data))
        return place

    def _rust_vector(self, type: SourceType, plain: SourceType, elements: list[bytes], align: int) -> bytes:
        """A `Vec` (the fields of which are found by name) with some elements."""
        data, count = b"".join(elements), len(elements)
        place = self._fill(RUST, data, align)
        if data and not place:
            raise ArgumentError(f"a {spell(type)} cannot be made here: Rust's allocator is not loaded")
        made = bytearray(plain.size)
        found: dict[str, int] = {}
        _find_fields(plain, 0, found)
        for key, number in {"len": count, "cap": count, "pointer": place or align}.items():
            if key not in found:
                raise ArgumentError(f"a {spell(type)} cannot be made here: its layout is not known")
            made[found[key] : found[key] + 8] = number.to_bytes(8, "little")
        return bytes(made)


BOX = "alloc::boxed::Box<"
_TEXTS = ("&str", "&mut str", "std::basic_string_view<char,", "std::basic_string<char,", "alloc::string::String")
_LISTS = ("&[", "&mut [", "alloc::vec::Vec<", "std::vector<")


def _name(plain: Record) -> str:
    return plain.name.replace("std::__cxx11::", "std::").replace("std::__1::", "std::")


def _find_fields(type: SourceType, offset: int, found: dict[str, int]) -> None:
    """Where the fields of a record and of those in it lie; a pointer is called `pointer`."""
    plain = type.plain
    for member in plain.members if isinstance(plain, Record) else ():
        inside = member.type.plain
        name = "pointer" if isinstance(inside, Address) else member.name
        found.setdefault(name, offset + member.offset)
        _find_fields(inside, offset + member.offset, found)
