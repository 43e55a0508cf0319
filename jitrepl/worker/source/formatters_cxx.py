"""Formatters for the standard library of C++: libstdc++ and libc++.

Sources: bits/basic_string.h, stl_vector.h, stl_tree.h, hashtable.h, stl_list.h of libstdc++; string, vector, __tree,
__hash_table, list of libc++ in its default ABI, version 1.
"""

from __future__ import annotations

from jitrepl.formatting import Shown
from jitrepl.worker.source.formatters import MOST_NODES, WORD, Pointee, alignment, bytes_at, for_types
from jitrepl.worker.source.sourcetypes import Record, Scalar, SourceType
from jitrepl.worker.source.sourcevalues import Elements, SourceValue, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def _llvm(value: SourceValue) -> bool:
    """Whether a value is of libc++; else it is of libstdc++."""
    return value.source_type.plain.name.startswith("std::__1::")


def _word(value: SourceValue, address: int) -> int:
    return int.from_bytes(value.memory.read(address, WORD), "little")


def _between(value: SourceValue, start: int, end: int, type: SourceType) -> Elements:
    """The elements between two pointers.

    Raises:
        Unreadable: if they do not belong together.
    """
    size = type.plain.size
    if end < start or not size or (end - start) % size:
        raise Unreadable(start)
    return Elements(type, start, (end - start) // size, value.memory)


@for_types("std::__cxx11::basic_string<char,*", "std::__1::basic_string<char,*", "std::basic_string<char,*")
def string(value: SourceValue) -> bytes:
    """`std::string`: its text."""
    if _llvm(value):
        head = value.word(0)
        if head & 1:  # the long form: capacity, size, data
            return bytes_at(value, value.word(2 * WORD), value.word(WORD))
        return bytes_at(value, value.address + 1, (head & 0xFF) >> 1)
    return bytes_at(value, value.word(0), value.word(WORD))


@for_types("std::basic_string_view<char,*", "std::__1::basic_string_view<char,*")
def string_view(value: SourceValue) -> bytes:
    """`std::string_view`: its text."""
    if _llvm(value):
        return bytes_at(value, value.word(0), value.word(WORD))
    return bytes_at(value, value.word(WORD), value.word(0))


@for_types("std::vector<*", "std::__1::vector<*")
def vector(value: SourceValue) -> Elements:
    """`std::vector`: its elements."""
    return _between(value, value.word(0), value.word(WORD), value.argument())


@for_types("std::vector<bool,*", "std::__1::vector<bool,*")
def vector_bool(value: SourceValue) -> list[bool]:
    """`std::vector<bool>`: its bits."""
    start = value.word(0)
    count = value.word(WORD) if _llvm(value) else (value.word(2 * WORD) - start) * 8 + value.word(3 * WORD, 4)
    data = bytes_at(value, start, (count + 7) // 8)
    return [bool(data[index // 8] >> index % 8 & 1) for index in range(count)]


@for_types("std::span<*", "std::__1::span<*", "std::initializer_list<*")
def span(value: SourceValue) -> Elements:
    """A pointer and a length: its elements."""
    return Elements(value.argument(), value.word(0), value.word(WORD), value.memory)


@for_types("std::array<*", "std::__1::array<*")
def array(value: SourceValue) -> Elements:
    """`std::array`: its elements."""
    return value[0].elements()


@for_types("std::optional<*", "std::__1::optional<*")
def optional(value: SourceValue) -> object:
    """`std::optional`: what is in it, `std::nullopt` if nothing is."""
    type = value.argument()
    if value.word(type.plain.size, 1):
        return value.at(value.address, type)
    return Shown("std::nullopt", None)


@for_types("std::pair<*", "std::__1::pair<*")
def pair(value: SourceValue) -> tuple[SourceValue, SourceValue]:
    """`std::pair`: both."""
    return value["first"], value["second"]


_TUPLE_LEAVES = {"_Head_base": "_M_head_impl", "__tuple_leaf": "__value_"}


@for_types("std::tuple<*", "std::__1::tuple<*")
def tuple_(value: SourceValue) -> tuple[SourceValue, ...]:
    """`std::tuple`: all of it."""
    found: dict[int, SourceValue] = {}

    def walk(part: SourceValue) -> None:
        name = part.source_type.plain.name
        for leaf in _TUPLE_LEAVES:
            if f"::{leaf}<" in name.partition("<")[0] + "<":
                number = name.partition("<")[2].partition(",")[0].rstrip("UL")
                members = [inside for member, inside in part.fields() if member.name == _TUPLE_LEAVES[leaf]]
                if members:
                    found[int(number)] = members[0]
                return
        for member, inside in part.fields():
            if member.is_base or member.name == "__base_":
                walk(inside)

    walk(value)
    return tuple(found[index] for index in sorted(found))


@for_types("std::unique_ptr<*", "std::__1::unique_ptr<*", "std::shared_ptr<*", "std::__1::shared_ptr<*")
def smart_pointer(value: SourceValue) -> object:
    """A pointer that owns: the address, and what is there."""
    address = value.word(0)
    if not address:
        return Shown("nullptr", None)
    return Pointee(value.at(address, value.argument()))


@for_types("std::variant<*", "std::__1::variant<*")
def variant(value: SourceValue) -> object:
    """`std::variant`: what is in it."""
    plain = value.source_type.plain
    types = list(plain.arguments.values()) if isinstance(plain, Record) else []
    size = max((type.plain.size for type in types), default=0)
    # libc++ counts in an unsigned int, libstdc++ in the smallest type that is enough.
    width = 4 if _llvm(value) else 1 if len(types) < 255 else 2
    align = max((alignment(type) for type in types), default=1)
    size = -(-size // align) * align
    index = value.word(size, width)
    if index >= len(types):
        return Shown("<valueless>", None)
    return value.at(value.address, types[index])


def _tree(value: SourceValue, type: SourceType) -> Iterator[SourceValue]:
    """The values of a red-black tree, in order."""
    if _llvm(value):
        left, right, parent, root = 0, WORD, 2 * WORD, value.address + WORD
        align = alignment(type)
        inside = -(-(3 * WORD + 1) // align) * align
        node, count = value.word(0), value.word(2 * WORD)
    else:
        left, right, parent, root = 2 * WORD, 3 * WORD, WORD, value.address + WORD
        inside = 4 * WORD
        node, count = value.word(3 * WORD), value.word(5 * WORD)
    for _ in range(min(count, MOST_NODES)):
        yield value.at(node + inside, type)
        following = _word(value, node + right)
        if following:
            while following:
                node, following = following, _word(value, following + left)
            continue
        above = _word(value, node + parent)
        while above != root and node == _word(value, above + right):
            node, above = above, _word(value, above + parent)
        node = above


def _chain(value: SourceValue, type: SourceType) -> Iterator[SourceValue]:
    """The values of a hash table, in the order of its list."""
    node = value.word(2 * WORD)
    for _ in range(min(value.word(3 * WORD), MOST_NODES)):
        # libc++ keeps the hash in front of the value, libstdc++ behind it or not at all.
        yield value.at(node + (2 * WORD if _llvm(value) else WORD), type)
        node = _word(value, node)


def _pair_type(value: SourceValue) -> tuple[SourceType, SourceType]:
    return value.argument(0), value.argument(1)


def _mapping(value: SourceValue, places: Iterator[SourceValue]) -> dict[object, object]:
    """Keys and values that lie side by side, as in a `std::pair`."""
    first, second = _pair_type(value)
    align = alignment(second)
    offset = -(-first.plain.size // align) * align
    return {place.at(place.address, first): place.at(place.address + offset, second) for place in places}


def _aligned_as_pair(value: SourceValue) -> SourceType:
    """A type with the alignment of the pairs in a map, for the offset of a tree node's value."""
    first, second = _pair_type(value)
    return first if alignment(first) >= alignment(second) else second


@for_types("std::map<*", "std::multimap<*", "std::__1::map<*", "std::__1::multimap<*")
def map_(value: SourceValue) -> dict[object, object]:
    """`std::map`: keys and values."""
    return _mapping(value, _tree(value, _aligned_as_pair(value)))


@for_types("std::set<*", "std::multiset<*", "std::__1::set<*", "std::__1::multiset<*")
def set_(value: SourceValue) -> list[SourceValue]:
    """`std::set`: its elements."""
    return list(_tree(value, value.argument()))


@for_types("std::unordered_map<*", "std::__1::unordered_map<*")
def unordered_map(value: SourceValue) -> dict[object, object]:
    """`std::unordered_map`: keys and values."""
    return _mapping(value, _chain(value, _aligned_as_pair(value)))


@for_types("std::unordered_set<*", "std::__1::unordered_set<*")
def unordered_set(value: SourceValue) -> list[SourceValue]:
    """`std::unordered_set`: its elements."""
    return list(_chain(value, value.argument()))


@for_types("std::__cxx11::list<*", "std::list<*", "std::__1::list<*")
def list_(value: SourceValue) -> list[SourceValue]:
    """`std::list`: its elements."""
    type = value.argument()
    node = value.word(WORD if _llvm(value) else 0)
    found: list[SourceValue] = []
    while node != value.address and len(found) < MOST_NODES:
        found.append(value.at(node + 2 * WORD, type))
        node = _word(value, node + (WORD if _llvm(value) else 0))
    return found


@for_types("std::complex<*", "std::__1::complex<*")
def complex_(value: SourceValue) -> Shown:
    """`std::complex`: real and imaginary part."""
    size = value.source_type.plain.size // 2
    part = Scalar("", size, value.source_type.language, "float")
    real, imaginary = float(value.at(value.address, part)), float(value.at(value.address + size, part))
    return Shown(f"{real}{'+' if imaginary >= 0 else '-'}{abs(imaginary)}i", (real, imaginary))
