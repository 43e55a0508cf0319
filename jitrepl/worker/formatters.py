"""Formatters for the standard libraries of C++ (libstdc++, libc++) and Rust.

Where a library's layout is part of its ABI (libstdc++'s and libc++'s classes), it is read at fixed offsets: debug info
often leaves those types out (clang's `-fno-standalone-debug`). Rust's layouts change with each release, so fields are
found by name. Sources: bits/basic_string.h, stl_vector.h, stl_tree.h, hashtable.h of libstdc++; string, vector,
__tree, __hash_table of libc++ in its default ABI, version 1; alloc and core of Rust.
"""

from __future__ import annotations

from jitrepl.formatting import Formatter, Shown
from jitrepl.worker.sourcetypes import Address, Record, Scalar, SourceType
from jitrepl.worker.sourcevalues import Elements, SourceValue, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[[SourceValue], object])

LIBRARY: list[Formatter] = []
"""The formatters of this module. The last one that matches wins, and those of the user before them."""


def _for(*patterns: str) -> Callable[[F], F]:
    def register(function: F) -> F:
        LIBRARY.extend(Formatter(function, pattern) for pattern in patterns)
        return function

    return register


_WORD = 8  # bytes of a pointer and of size_t, on x86-64
_NODES = 1 << 16
"""No tree or list is followed further: its end may be missing."""


def _llvm(value: SourceValue) -> bool:
    """Whether a value is of libc++; else it is of libstdc++."""
    return value.source_type.plain.name.startswith("std::__1::")


def _bytes(value: SourceValue, address: int, size: int) -> bytes:
    return value.memory.read(address, size)


def _word(value: SourceValue, address: int) -> int:
    return int.from_bytes(value.memory.read(address, _WORD), "little")


def _between(value: SourceValue, start: int, end: int, type: SourceType) -> Elements:
    """The elements between two pointers.

    Raises:
        Unreadable: if they do not belong together.
    """
    size = type.plain.size
    if end < start or not size or (end - start) % size:
        raise Unreadable(start)
    return Elements(type, start, (end - start) // size, value.memory)


def alignment(type: SourceType) -> int:
    """What a type is aligned to, as far as its members say, in bytes."""
    plain = type.plain
    if isinstance(plain, Record):
        known = max((alignment(member.type) for member in plain.members), default=0)
        return known or (_WORD if plain.is_declared_only else 1)
    element = getattr(plain, "element", None)
    if element is not None:
        return alignment(element)
    return max(1, min(plain.size, 16))


# C++


@_for("std::__cxx11::basic_string<char,*", "std::__1::basic_string<char,*", "std::basic_string<char,*")
def string(value: SourceValue) -> bytes:
    """`std::string`: its text."""
    if _llvm(value):
        head = value.word(0)
        if head & 1:  # the long form: capacity, size, data
            return _bytes(value, value.word(2 * _WORD), value.word(_WORD))
        return _bytes(value, value.address + 1, (head & 0xFF) >> 1)
    return _bytes(value, value.word(0), value.word(_WORD))


@_for("std::basic_string_view<char,*", "std::__1::basic_string_view<char,*")
def string_view(value: SourceValue) -> bytes:
    """`std::string_view`: its text."""
    if _llvm(value):
        return _bytes(value, value.word(0), value.word(_WORD))
    return _bytes(value, value.word(_WORD), value.word(0))


@_for("std::vector<*", "std::__1::vector<*")
def vector(value: SourceValue) -> Elements:
    """`std::vector`: its elements."""
    return _between(value, value.word(0), value.word(_WORD), value.argument())


@_for("std::vector<bool,*", "std::__1::vector<bool,*")
def vector_bool(value: SourceValue) -> list[bool]:
    """`std::vector<bool>`: its bits."""
    start = value.word(0)
    if _llvm(value):
        count = value.word(_WORD)
    else:
        count = (value.word(2 * _WORD) - start) * 8 + value.word(3 * _WORD, 4)
    data = _bytes(value, start, (count + 7) // 8)
    return [bool(data[index // 8] >> index % 8 & 1) for index in range(count)]


@_for("std::span<*", "std::__1::span<*", "std::initializer_list<*")
def span(value: SourceValue) -> Elements:
    """A pointer and a length: its elements."""
    return Elements(value.argument(), value.word(0), value.word(_WORD), value.memory)


@_for("std::array<*", "std::__1::array<*")
def array(value: SourceValue) -> Elements:
    """`std::array`: its elements."""
    return value[0].elements()


@_for("std::optional<*", "std::__1::optional<*")
def optional(value: SourceValue) -> object:
    """`std::optional`: what is in it, `std::nullopt` if nothing is."""
    type = value.argument()
    if value.word(type.plain.size, 1):
        return value.at(value.address, type)
    return Shown("std::nullopt", None)


@_for("std::pair<*", "std::__1::pair<*")
def pair(value: SourceValue) -> tuple[SourceValue, SourceValue]:
    """`std::pair`: both."""
    return value["first"], value["second"]


_TUPLE_LEAVES = {"_Head_base": "_M_head_impl", "__tuple_leaf": "__value_"}


@_for("std::tuple<*", "std::__1::tuple<*")
def tuple_(value: SourceValue) -> tuple[SourceValue, ...]:
    """`std::tuple`: all of it."""
    found: dict[int, SourceValue] = {}

    def walk(part: SourceValue) -> None:
        name = part.source_type.plain.name
        template, _, arguments = name.rpartition("::")[2].partition("<")
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


@_for("std::unique_ptr<*", "std::__1::unique_ptr<*", "std::shared_ptr<*", "std::__1::shared_ptr<*")
def smart_pointer(value: SourceValue) -> object:
    """A pointer that owns: the address, and what is there."""
    address = value.word(0)
    if not address:
        return Shown("nullptr", None)
    return Pointee(value.at(address, value.argument()))


class Pointee:
    """What a smart pointer owns; it is shown behind its address.

    Args:
        value: what it is.
    """

    __slots__ = ("value",)

    def __init__(self, value: SourceValue) -> None:
        self.value = value


@_for("std::variant<*", "std::__1::variant<*")
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
        left, right, parent, root = 0, _WORD, 2 * _WORD, value.address + _WORD
        align = alignment(type)
        inside = -(-(3 * _WORD + 1) // align) * align
        node, count = value.word(0), value.word(2 * _WORD)
    else:
        left, right, parent, root = 2 * _WORD, 3 * _WORD, _WORD, value.address + _WORD
        inside = 4 * _WORD
        node, count = value.word(3 * _WORD), value.word(5 * _WORD)
    for _ in range(min(count, _NODES)):
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
    node = value.word(2 * _WORD)
    for _ in range(min(value.word(3 * _WORD), _NODES)):
        # libc++ keeps the hash in front of the value, libstdc++ behind it or not at all.
        yield value.at(node + (2 * _WORD if _llvm(value) else _WORD), type)
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


@_for("std::map<*", "std::multimap<*", "std::__1::map<*", "std::__1::multimap<*")
def map_(value: SourceValue) -> dict[object, object]:
    """`std::map`: keys and values."""
    return _mapping(value, _tree(value, _aligned_as_pair(value)))


@_for("std::set<*", "std::multiset<*", "std::__1::set<*", "std::__1::multiset<*")
def set_(value: SourceValue) -> list[SourceValue]:
    """`std::set`: its elements."""
    return list(_tree(value, value.argument()))


@_for("std::unordered_map<*", "std::__1::unordered_map<*")
def unordered_map(value: SourceValue) -> dict[object, object]:
    """`std::unordered_map`: keys and values."""
    return _mapping(value, _chain(value, _aligned_as_pair(value)))


@_for("std::unordered_set<*", "std::__1::unordered_set<*")
def unordered_set(value: SourceValue) -> list[SourceValue]:
    """`std::unordered_set`: its elements."""
    return list(_chain(value, value.argument()))


@_for("std::__cxx11::list<*", "std::list<*", "std::__1::list<*")
def list_(value: SourceValue) -> list[SourceValue]:
    """`std::list`: its elements."""
    type = value.argument()
    node = value.word(_WORD if _llvm(value) else 0)
    found = []
    while node != value.address and len(found) < _NODES:
        found.append(value.at(node + 2 * _WORD, type))
        node = _word(value, node + (_WORD if _llvm(value) else 0))
    return found


@_for("std::complex<*", "std::__1::complex<*")
def complex_(value: SourceValue) -> Shown:
    """`std::complex`: real and imaginary part."""
    size = value.source_type.plain.size // 2
    part = Scalar("", size, value.source_type.language, "float")
    real, imaginary = float(value.at(value.address, part)), float(value.at(value.address + size, part))
    return Shown(f"{real}{'+' if imaginary >= 0 else '-'}{abs(imaginary)}i", (real, imaginary))


# Rust


def _pointer(value: SourceValue) -> int:
    """The first pointer in a value, through the structs around it (`Unique`, `NonNull`)."""
    plain = value.source_type.plain
    if isinstance(plain, Address):
        return value.pointer
    for _, part in value.fields():
        found = _pointer(part)
        if found:
            return found
    return 0


@_for("&str", "&mut str", "alloc::boxed::Box<str,*")
def str_(value: SourceValue) -> bytes:
    """`&str`: its text."""
    return _bytes(value, value["data_ptr"].pointer, int(value["length"]))


@_for("&[*]", "&mut [*]", "alloc::boxed::Box<[*")
def slice_(value: SourceValue) -> Elements:
    """`&[T]`: its elements."""
    return value["data_ptr"].elements(int(value["length"]))


@_for("alloc::vec::Vec<*")
def vec(value: SourceValue) -> Elements:
    """`Vec`: its elements."""
    return Elements(value.argument("T"), _pointer(value["buf"]), int(value["len"]), value.memory)


@_for("alloc::collections::vec_deque::VecDeque<*")
def vec_deque(value: SourceValue) -> list[SourceValue]:
    """`VecDeque`: its elements, from the front."""
    type, start, count = value.argument("T"), _pointer(value["buf"]), int(value["len"])
    head, capacity = int(value["head"]), capacity(value["buf"])
    return [
        value.at(start + (head + index) % max(capacity, 1) * type.plain.size, type)
        for index in range(min(count, _NODES))
    ]


def capacity(value: SourceValue) -> int:
    """The capacity in a `RawVec`: the first number in it."""
    if isinstance(value.source_type.plain, Scalar):
        return int(value)
    for member, part in value.fields():
        if member.name in ("inner", "cap", "__0"):
            return capacity(part)
    return 0


@_for("alloc::string::String")
def rust_string(value: SourceValue) -> bytes:
    """`String`: its text."""
    inside = value["vec"]
    return _bytes(value, _pointer(inside["buf"]), int(inside["len"]))


@_for("std::path::PathBuf", "std::ffi::os_str::OsString")
def path_buf(value: SourceValue) -> bytes:
    """`PathBuf`, `OsString`: its text."""
    while not value.type.startswith("Vec<"):
        value = value["inner"]
    return _bytes(value, _pointer(value["buf"]), int(value["len"]))


@_for("alloc::rc::Rc<*", "alloc::sync::Arc<*")
def counted(value: SourceValue) -> object:
    """`Rc`, `Arc`: what they share."""
    inside = value["ptr"]["pointer"].target
    names = [member.name for member, _ in inside.fields()]
    return inside["value" if "value" in names else "data"]


@_for("core::cell::Cell<*", "core::sync::atomic::Atomic*")
def cell(value: SourceValue) -> object:
    """`Cell`, atomic numbers: what is in them."""
    while isinstance(value.source_type.plain, Record) and value.type.startswith(("Cell<", "UnsafeCell<", "Atomic")):
        value = value["v" if value.type.startswith("Atomic") else "value"]
    return value


@_for("core::num::nonzero::NonZero<*")
def non_zero(value: SourceValue) -> object:
    """`NonZero`: its number."""
    while isinstance(value.source_type.plain, Record):
        value = value[0]
    return value


@_for("std::collections::hash::map::HashMap<*")
def hash_map(value: SourceValue) -> dict[object, object]:
    """`HashMap`: keys and values."""
    return {pair[0]: pair[1] for pair in _buckets(value["base"]["table"])}


@_for("std::collections::hash::set::HashSet<*")
def hash_set(value: SourceValue) -> list[SourceValue]:
    """`HashSet`: its elements."""
    table = value["base"]["map"]["table"]
    return [pair[0] for pair in _buckets(table)]


def _buckets(table: SourceValue) -> Iterator[SourceValue]:
    """The entries of a `hashbrown` table: they lie in front of the control bytes, the first the nearest."""
    type, inside = table.argument("T"), table["table"]
    control, mask, left = _pointer(inside["ctrl"]), int(inside["bucket_mask"]), int(inside["items"])
    if mask >= _NODES << 4:
        raise Unreadable(control)
    for index, byte in enumerate(table.memory.read(control, mask + 1) if left else b""):
        if not byte & 0x80:
            yield table.at(control - (index + 1) * type.plain.size, type)
