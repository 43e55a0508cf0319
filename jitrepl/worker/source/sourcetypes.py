"""Types as the source language sees them: what debug info says of them, as plain Python.

`debuginfo.py` makes them. Sizes and offsets are in bytes, of bit fields in bits. The members of a record
are read when somebody asks for them, since a class of the C++ library drags hundreds of others along.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

C, CXX, RUST = "c", "c++", "rust"


class SourceType:
    """A type.

    Args:
        name: its full name, with namespaces and template arguments, as debug info has it: `std::vector<int,
            std::allocator<int> >`; "" for one without.
        size: in bytes; 0 if it is not known.
        language: `C`, `CXX` or `RUST`, of the module that it comes from.
    """

    __slots__ = ("language", "name", "size")

    def __init__(self, name: str, size: int, language: str) -> None:
        self.name = name
        self.size = size
        self.language = language

    @property
    def plain(self) -> SourceType:
        """The type behind typedefs and qualifiers."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or '(anonymous)'}>"


class Nothing(SourceType):
    """`void`, `()` and other types without values."""

    __slots__ = ()


class Scalar(SourceType):
    """A number, truth value or character.

    Args:
        kind: `bool`, `signed`, `unsigned`, `char` (a character, not a small number), `float` or `complex`.
    """

    __slots__ = ("bits", "kind")

    def __init__(self, name: str, size: int, language: str, kind: str) -> None:
        super().__init__(name, size, language)
        self.kind = kind
        width = name.partition("_BitInt(")[2].rstrip(")")  # C23, 6.2.5
        self.bits = int(width) if width.isdigit() else 8 * size
        """How many bits of it mean something."""


class Address(SourceType):
    """A pointer or reference.

    Args:
        kind: `*`, `&`, `&&`, or `::*` for a pointer to a member, whose class is the name.
        target: what it points at; a `Nothing` for `void *`.
        is_this: whether it is the object that a C++ method is called on, which its declaration does not name.
    """

    __slots__ = ("is_this", "kind", "target")

    def __init__(
        self, name: str, size: int, language: str, kind: str, target: SourceType, is_this: bool = False
    ) -> None:
        super().__init__(name, size, language)
        self.kind = kind
        self.target = target
        self.is_this = is_this

    @property
    def is_reference(self) -> bool:
        """Whether it stands for the object itself, as in C++ (`&`) and in Rust (`&T`, `Box<T>`)."""
        if self.language == RUST:
            return not self.name.startswith("*")
        return self.kind in ("&", "&&")


class Alias(SourceType):
    """A typedef, or a type with a qualifier.

    Args:
        target: the type it stands for.
        qualifier: `const`, `volatile` …; "" for a typedef.
    """

    __slots__ = ("qualifier", "target")

    def __init__(self, name: str, language: str, target: SourceType, qualifier: str = "") -> None:
        super().__init__(name, target.size, language)
        self.target = target
        self.qualifier = qualifier

    @property
    def plain(self) -> SourceType:
        """The type behind typedefs and qualifiers."""
        return self.target.plain


class Sequence(SourceType):
    """An array or a vector of a fixed length.

    Args:
        element: the type of an element; an array of arrays has arrays.
        count: how many; None if that is not known (`extern int a[]`, a flexible array member).
        is_vector: whether it is one of the target's vectors.
    """

    __slots__ = ("count", "element", "is_vector")

    def __init__(self, element: SourceType, count: int | None, size: int, is_vector: bool = False) -> None:
        super().__init__("", size, element.language)
        self.element = element
        self.count = count
        self.is_vector = is_vector


class Enumeration(SourceType):
    """An enumeration whose values are integers.

    Args:
        base: the integer type behind it.
        values: the number of each name.
        scoped: whether its names are written behind that of the type, `Color::Red`.
        signed: whether its numbers are.
    """

    __slots__ = ("base", "scoped", "signed", "values")

    def __init__(
        self, name: str, size: int, language: str, base: SourceType | None, values: dict[str, int], scoped: bool
    ) -> None:
        super().__init__(name, size, language)
        self.base = base
        self.values = values
        self.scoped = scoped
        plain = base.plain if base else None
        self.signed = plain.kind == "signed" if isinstance(plain, Scalar) else min(values.values(), default=0) < 0


class Member:
    """A field of a record.

    Args:
        name: "" for an anonymous struct or union, whose members belong to the outer one.
        type: its type.
        offset: in bytes; of a bit field that of the byte in which it begins.
        bits: the width of a bit field and its first bit within that byte; None for an ordinary field.
        is_base: whether it is a base class.
    """

    __slots__ = ("bits", "is_base", "name", "offset", "type")

    def __init__(
        self, name: str, type: SourceType, offset: int, bits: tuple[int, int] | None = None, is_base: bool = False
    ) -> None:
        self.name = name
        self.type = type
        self.offset = offset
        self.bits = bits
        self.is_base = is_base


class Variants:
    """The variants of a Rust enum (DWARF 5, section 5.7.10, "Variant Entries").

    Args:
        offset: of the discriminant, in bytes.
        size: of the discriminant; 0 if there is one variant only.
        choices: pairs of a discriminant, None for all others, and a variant.
    """

    __slots__ = ("choices", "offset", "size")

    def __init__(self, offset: int, size: int, choices: list[tuple[int | None, Member]]) -> None:
        self.offset = offset
        self.size = size
        self.choices = choices

    def choose(self, data: bytes) -> Member | None:
        """The variant of a value; None if it has none that is known."""
        found = data[self.offset : self.offset + self.size]
        value = int.from_bytes(found, "little")
        mask = (1 << 8 * self.size) - 1
        for wanted, member in self.choices:
            if wanted is not None and value == wanted & mask:
                return member
        return next((member for wanted, member in self.choices if wanted is None), None)


class Record(SourceType):
    """A struct, class, union, tuple, or an enum with data.

    Args:
        kind: `struct`, `class` or `union`.
        passed_by_address: whether C++ passes values of it by address, because copying or destroying one runs code.
        mangled: the Itanium ABI's name for the type, without `_ZTS`; "" if there is none.
        load: reads members, variants and template arguments; None if debug info leaves out what is in it.
    """

    __slots__ = (
        "_arguments",
        "_load",
        "_members",
        "_variants",
        "is_declared_only",
        "kind",
        "mangled",
        "passed_by_address",
    )

    def __init__(
        self,
        name: str,
        size: int,
        language: str,
        kind: str,
        passed_by_address: bool,
        mangled: str,
        load: Callable[[], tuple[list[Member], Variants | None, dict[str, SourceType]]] | None,
    ) -> None:
        super().__init__(name, size, language)
        self.kind = kind
        self.passed_by_address = passed_by_address
        self.mangled = mangled
        self._load = load
        self.is_declared_only = load is None
        self._members: list[Member] = []
        self._variants: Variants | None = None
        self._arguments: dict[str, SourceType] = {}

    def _ensure(self) -> None:
        if self._load is not None:
            self._members, self._variants, self._arguments = self._load()
            self._load = None

    @property
    def members(self) -> list[Member]:
        """Its base classes and fields, in the order of the source."""
        self._ensure()
        return self._members

    @property
    def variants(self) -> Variants | None:
        """Its variants, if it is a Rust enum with data."""
        self._ensure()
        return self._variants

    @property
    def arguments(self) -> dict[str, SourceType]:
        """The types among its template or generic arguments, by the names of the parameters."""
        self._ensure()
        return self._arguments

    @property
    def is_tuple(self) -> bool:
        """Whether its fields have numbers for names: a tuple, or a struct or variant like one."""
        return self.language == RUST and bool(self.members) and self.members[0].name == "__0"


class Routine(SourceType):
    """The type of a function.

    Args:
        result: what it returns; a `Nothing` for `void`.
        params: the types of its parameters.
        varargs: whether more arguments may follow.
    """

    __slots__ = ("params", "result", "varargs")

    def __init__(self, result: SourceType, params: list[SourceType], varargs: bool, language: str) -> None:
        super().__init__("", 0, language)
        self.result = result
        self.params = params
        self.varargs = varargs


class SourceFunction:
    """A function as its source declares it.

    Args:
        name: its full name.
        type: result and parameters; a C++ method has `this` among them.
        param_names: the names of the parameters; fewer than there are if debug info does not have them.
    """

    __slots__ = ("name", "param_names", "type")

    def __init__(self, name: str, type: Routine, param_names: list[str]) -> None:
        self.name = name
        self.type = type
        self.param_names = param_names
