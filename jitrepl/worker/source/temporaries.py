"""Objects that a call returned and nobody owns: they are destroyed when they have been shown.

In C++ by their destructor (Itanium C++ ABI, 5.1.4.3: `D1` is that of a complete object), in Rust by the drop glue of
their type or, for what the library's own types hold, by giving the memory back. Where the code for that is not at
hand, since nothing in the session needed it, the object stays.
"""

from __future__ import annotations

from jitrepl.errors import JitreplError
from jitrepl.worker.linking.dylib import SessionDylib
from jitrepl.worker.process import symbol_address
from jitrepl.worker.signatures import Signature
from jitrepl.worker.source.abi import eightbytes
from jitrepl.worker.source.debuginfo import DebugInfo
from jitrepl.worker.source.formatters import alignment
from jitrepl.worker.source.sourcetypes import CXX, RUST, Address, Record, SourceType
from jitrepl.worker.source.sourcevalues import Memory, SourceValue, Unreadable
from jitrepl.worker.thunks import Thunks
from jitrepl.worker.types import Function, Int, Pointer, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    class Run(Protocol):
        """Calls an address with arguments laid out one behind the other."""

        def __call__(self, signature: Signature, address: int, data: bytes) -> bytes: ...


_POINTER, _SIZE = Pointer(0, 8), Int(64, 8)
_DESTROY = Signature(Function(Void(), (_POINTER,), False))
_ALLOCATE = Signature(Function(_POINTER, (_SIZE, _SIZE), False))
_DEALLOCATE = Signature(Function(Void(), (_POINTER, _SIZE, _SIZE), False))
_MALLOC = Signature(Function(_POINTER, (_SIZE,), False))
_ALLOCATOR = "___rust_"
_DEEPEST = 20


class Temporaries:
    """Makes and destroys objects in the memory of the session's code.

    Args:
        dylib: the session's symbols.
        run: calls an address.
        thunks: compiles what that needs.
    """

    def __init__(self, dylib: SessionDylib, run: Run, thunks: Thunks) -> None:
        self._dylib = dylib
        self._thunks = thunks
        self._run = run
        self._known: dict[str, int] = {}

    def allocate(self, language: str, size: int, align: int) -> int:
        """Memory that code of a language may release as its own; 0 if its allocator is not loaded."""
        if language == RUST:
            function = self._rust("alloc")
            data = eightbytes(size, align)
            return int.from_bytes(self._run(_ALLOCATE, function, data), "little") if function else 0
        # What `operator new` gives is malloc's, in both libraries.
        function = symbol_address("malloc") or 0
        return int.from_bytes(self._run(_MALLOC, function, eightbytes(size)), "little")

    def releaser(self, type: SourceType, info: DebugInfo) -> Callable[[int], None] | None:
        """What destroys a value at an address; None if nothing has to, or can. Everything it needs is compiled now."""
        plain = type.plain
        if not isinstance(plain, Record | Address):
            return None
        function = 0
        if plain.language == CXX and isinstance(plain, Record) and plain.passed_by_address:
            function = next(filter(None, map(self._find, _destructors(plain))), 0)
        elif plain.language == RUST:
            function = self._glue(plain, info)
            if not function and _owns(plain, 0) and self._rust("dealloc"):
                self._thunks.for_call(_DEALLOCATE, ())
                return lambda place: self._give_back(plain, place)
        if not function:
            return None
        self._thunks.for_call(_DESTROY, ())
        return lambda place: self._destroy(function, place)

    def _destroy(self, function: int, place: int) -> None:
        self._run(_DESTROY, function, eightbytes(place))

    def _find(self, symbol: str) -> int:
        """The address of a function of the session or the process; 0 if there is none."""
        try:
            return self._dylib.address_of(symbol) or symbol_address(symbol) or 0
        except JitreplError:
            return 0

    def _glue(self, type: SourceType, info: DebugInfo) -> int:
        wanted = f"drop_in_place<{type.name}>"
        for symbol, name in info.functions_named("drop_in_place"):
            if name == wanted:
                return self._find(symbol)
        return 0

    def _rust(self, what: str) -> int:
        """The address of `__rust_alloc` or `__rust_dealloc`, which are mangled with a hash of the toolchain."""
        if what not in self._known:
            self._known[what] = next(filter(None, map(self._find, self._allocator_names(what))), 0)
        if not self._known[what]:
            return self._known.pop(what)
        return self._known[what]

    def _allocator_names(self, what: str) -> Iterator[str]:
        name = f"__rust_{what}"
        for known in dict.fromkeys(self._dylib.names()):
            head, found, _ = known.partition(_ALLOCATOR)
            if found and known.startswith("_R"):
                prefix = head.rstrip("0123456789")
                yield f"{prefix}{len(name)}_{name}"
        yield name

    def _give_back(self, type: SourceType, place: int) -> None:
        with Memory() as memory:
            for address, size, align in list(_owned(SourceValue(type, place, memory), 0)):
                self._run(_DEALLOCATE, self._rust("dealloc"), eightbytes(address, size, align))


def _destructors(type: Record) -> Iterator[str]:
    """The symbols that the destructor of a class may have."""
    name = type.mangled
    inside = name[1:-1] if name.startswith("N") and name.endswith("E") else name
    if inside:
        for kind in ("D1", "D2"):
            yield f"_ZN{inside}{kind}Ev"


_PLAIN_OWNERS = ("alloc::string::String", "alloc::vec::Vec<", "alloc::boxed::Box<")


def _owns(type: SourceType, depth: int) -> bool:
    """Whether a Rust value may own memory that is known how to give back."""
    plain = type.plain
    if depth > _DEEPEST:
        return False
    if isinstance(plain, Address):
        return plain.name.startswith("alloc::boxed::Box<")
    if not isinstance(plain, Record):
        return False
    if plain.name.startswith(_PLAIN_OWNERS):
        return True
    return any(_owns(part, depth + 1) for part in _parts(plain))


def _parts(type: Record) -> list[SourceType]:
    """What tuples and the enums of the library have in them. A user's type may have a `Drop` of its own."""
    if type.variants and type.name.startswith("core::"):
        inside = [member.type.plain for _, member in type.variants.choices]
        return [member.type for record in inside if isinstance(record, Record) for member in record.members]
    return [member.type for member in type.members] if type.name.startswith("(") else []


def _owned(value: SourceValue, depth: int) -> Iterator[tuple[int, int, int]]:
    """The blocks of memory that a value owns: address, size, alignment; inner ones first."""
    from jitrepl.worker.source import formatters_rust

    plain = value.source_type.plain
    if depth > _DEEPEST:
        return
    try:
        if isinstance(plain, Address):
            if plain.name.startswith("alloc::boxed::Box<") and plain.target.plain.size:
                yield from _owned(value.target, depth + 1)
                yield value.pointer, plain.target.plain.size, alignment(plain.target)
        elif not isinstance(plain, Record):
            return
        elif plain.name == "alloc::string::String":
            yield from _owned(value["vec"], depth + 1)
        elif plain.name.startswith("alloc::vec::Vec<"):
            element, capacity = plain.arguments["T"], formatters_rust.capacity(value["buf"])
            if _owns(element, 0):
                elements = formatters_rust.vec(value)
                for index in range(len(elements)):
                    yield from _owned(elements[index], depth + 1)
            if capacity and element.plain.size:
                start = formatters_rust.vec(value).address
                yield start, capacity * element.plain.size, alignment(element)
        elif plain.variants and plain.name.startswith("core::"):
            member = plain.variants.choose(value.data)
            if member:
                part = SourceValue(member.type, value.address + member.offset, value.memory)
                for _, inside in part.fields():
                    yield from _owned(inside, depth + 1)
        elif plain.name.startswith("("):
            for _, inside in value.fields():
                yield from _owned(inside, depth + 1)
    except (Unreadable, KeyError):
        return
