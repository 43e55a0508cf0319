"""Formatters for the standard library of Rust (core, alloc, std, and the hashbrown in it)."""

from __future__ import annotations

from itertools import islice

from jitrepl.formatting import Shown
from jitrepl.worker.source.formatters import MOST_NODES, bytes_at, for_types
from jitrepl.worker.source.sourcetypes import Address, Record, Scalar
from jitrepl.worker.source.sourcevalues import Elements, SourceValue, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


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


@for_types("&str", "&mut str", "alloc::boxed::Box<str,*")
def str_(value: SourceValue) -> bytes:
    """`&str`: its text."""
    return bytes_at(value, value["data_ptr"].pointer, int(value["length"]))


@for_types("&[*", "&mut [*", "alloc::boxed::Box<[*")
def slice_(value: SourceValue) -> object:
    """`&[T]`: its elements. The name of a reference to an array, `&[T; 3]`, begins in the same way."""
    if isinstance(value.source_type.plain, Address):
        return value.target
    return value["data_ptr"].elements(int(value["length"]))


@for_types("alloc::vec::Vec<*")
def vec(value: SourceValue) -> Elements:
    """`Vec`: its elements."""
    return Elements(value.argument("T"), _pointer(value["buf"]), int(value["len"]), value.memory)


@for_types("alloc::collections::vec_deque::VecDeque<*")
def vec_deque(value: SourceValue) -> list[SourceValue]:
    """`VecDeque`: its elements, from the front."""
    type, start, count = value.argument("T"), _pointer(value["buf"]), int(value["len"])
    head, room = int(value["head"]), max(capacity(value["buf"]), 1)
    return [value.at(start + (head + index) % room * type.plain.size, type) for index in range(min(count, MOST_NODES))]


def capacity(value: SourceValue) -> int:
    """The capacity in a `RawVec`: the first number in it."""
    if isinstance(value.source_type.plain, Scalar):
        return int(value)
    for member, part in value.fields():
        if member.name in ("inner", "cap", "__0"):
            return capacity(part)
    return 0


@for_types("alloc::string::String")
def rust_string(value: SourceValue) -> bytes:
    """`String`: its text."""
    inside = value["vec"]
    return bytes_at(value, _pointer(inside["buf"]), int(inside["len"]))


@for_types("std::path::PathBuf", "std::ffi::os_str::OsString")
def path_buf(value: SourceValue) -> bytes:
    """`PathBuf`, `OsString`: its text."""
    while not value.type.startswith("Vec<"):
        value = value["inner"]
    return bytes_at(value, _pointer(value["buf"]), int(value["len"]))


@for_types("alloc::rc::Rc<*", "alloc::sync::Arc<*")
def counted(value: SourceValue) -> object:
    """`Rc`, `Arc`: what they share."""
    inside = value["ptr"]["pointer"].target
    names = [member.name for member, _ in inside.fields()]
    return inside["value" if "value" in names else "data"]


@for_types("&dyn *", "&mut dyn *", "alloc::boxed::Box<dyn *", "alloc::boxed::Box<(dyn *")
def dyn(value: SourceValue) -> Shown:
    """A trait object: its address. What it is, only code knows."""
    address = value.word(0)
    return Shown(f"0x{address:016x}", address)


_CELLS = ("Cell<", "RefCell<", "UnsafeCell<", "Atomic")


@for_types("core::cell::Cell<*", "core::cell::RefCell<*", "core::sync::atomic::Atomic*")
def cell(value: SourceValue) -> object:
    """`Cell`, `RefCell`, atomic numbers: what is in them."""
    while isinstance(value.source_type.plain, Record) and value.type.startswith(_CELLS):
        value = value["v" if value.type.startswith("Atomic") else "value"]
    return value


@for_types("core::num::nonzero::NonZero<*")
def non_zero(value: SourceValue) -> object:
    """`NonZero`: its number."""
    while isinstance(value.source_type.plain, Record):
        value = value[0]
    return value


@for_types("alloc::collections::btree::map::BTreeMap<*")
def btree_map(value: SourceValue) -> dict[object, object]:
    """`BTreeMap`: keys and values."""
    return dict(_branches(value))


@for_types("alloc::collections::btree::set::BTreeSet<*")
def btree_set(value: SourceValue) -> list[SourceValue]:
    """`BTreeSet`: its elements."""
    return [key for key, _ in _branches(value["map"])]


def _branches(value: SourceValue) -> Iterator[tuple[SourceValue, SourceValue]]:
    """The entries of a B-tree, in order. An inner node begins with a leaf, behind which its edges lie."""
    count = int(value["length"])
    if not count:
        return
    variants = value["root"].source_type.plain
    assert isinstance(variants, Record) and variants.variants is not None
    some = next(member for _, member in variants.variants.choices if member.name == "Some")
    root = value.at(value["root"].address + some.offset, some.type)[0]
    leaf = root["node"]["pointer"].target.source_type

    def walk(address: int, height: int) -> Iterator[tuple[SourceValue, SourceValue]]:
        node = value.at(address, leaf)
        length = int(node["len"])
        edges = address + -(-leaf.plain.size // 8) * 8
        for index in range(min(length, _WIDEST) + 1):
            if height:
                yield from walk(int.from_bytes(bytes_at(value, edges + 8 * index, 8), "little"), height - 1)
            if index < length:
                key, item = node["keys"].elements()[index], node["vals"].elements()[index]
                yield value.at(key.address, value.argument("K")), value.at(item.address, value.argument("V"))

    entries = walk(root["node"]["pointer"].pointer, min(int(root["height"]), _HIGHEST))
    yield from islice(entries, min(count, MOST_NODES))


_WIDEST, _HIGHEST = 11, 16


@for_types("std::collections::hash::map::HashMap<*")
def hash_map(value: SourceValue) -> dict[object, object]:
    """`HashMap`: keys and values."""
    return {pair[0]: pair[1] for pair in _buckets(value["base"]["table"])}


@for_types("std::collections::hash::set::HashSet<*")
def hash_set(value: SourceValue) -> list[SourceValue]:
    """`HashSet`: its elements."""
    table = value["base"]["map"]["table"]
    return [pair[0] for pair in _buckets(table)]


def _buckets(table: SourceValue) -> Iterator[SourceValue]:
    """The entries of a `hashbrown` table: they lie in front of the control bytes, the first the nearest."""
    type, inside = table.argument("T"), table["table"]
    control, mask, left = _pointer(inside["ctrl"]), int(inside["bucket_mask"]), int(inside["items"])
    if mask >= MOST_NODES << 4:
        raise Unreadable(control)
    for index, byte in enumerate(table.memory.read(control, mask + 1) if left else b""):
        if not byte & 0x80:
            yield table.at(control - (index + 1) * type.plain.size, type)
