"""The debug info of a module: types and functions as the source has them.

It is read from the metadata of the IR (LangRef, "Specialized Metadata Nodes"), of which DWARF is made: that needs no
code, no relocations, and only the nodes that are asked for. LLVM's C API has getters for some of a node's fields, but
prints all of them, with the addresses of the nodes that they refer to (docs/decisions/0016).
"""

from __future__ import annotations

from ctypes import byref, c_size_t

from jitrepl.worker import llvm
from jitrepl.worker.owned import Context, Module
from jitrepl.worker.source.sourcetypes import (
    CXX,
    RUST,
    Address,
    Alias,
    C,
    Enumeration,
    Member,
    Nothing,
    Record,
    Routine,
    Scalar,
    Sequence,
    SourceFunction,
    SourceType,
    Variants,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENCODINGS = {
    "DW_ATE_boolean": "bool",
    "DW_ATE_signed": "signed",
    "DW_ATE_unsigned": "unsigned",
    "DW_ATE_signed_char": "signed",
    "DW_ATE_unsigned_char": "unsigned",
    "DW_ATE_UTF": "char",
    "DW_ATE_float": "float",
    "DW_ATE_complex_float": "complex",
}
_QUALIFIERS = {
    "DW_TAG_const_type": "const",
    "DW_TAG_volatile_type": "volatile",
    "DW_TAG_restrict_type": "restrict",
    "DW_TAG_atomic_type": "_Atomic",
}
_ADDRESSES = {
    "DW_TAG_pointer_type": "*",
    "DW_TAG_reference_type": "&",
    "DW_TAG_rvalue_reference_type": "&&",
    "DW_TAG_ptr_to_member_type": "::*",
}
_RECORDS = {"DW_TAG_structure_type": "struct", "DW_TAG_class_type": "class", "DW_TAG_union_type": "union"}
_CHARACTERS = ("char", "wchar_t", "char8_t")
"""What C and C++ mean as characters; `signed char` and `unsigned char` are small numbers (`int8_t`, `uint8_t`)."""


class Node:
    """A metadata node.

    Args:
        text: the node as LLVM prints it.
    """

    __slots__ = ("fields", "items", "kind", "references")

    def __init__(self, text: str) -> None:
        body = text.partition(" = ")[2].strip().removeprefix("distinct ")
        self.kind, _, inside = body.partition("(")
        self.fields: dict[str, str] = {}
        self.references: dict[str, int] = {}
        self.items: list[int] = []
        if self.kind.startswith("!{"):
            inside = body.strip("!{}")
            self.items = [_reference(item) for item in inside.split(", ")] if inside else []
            return
        # A quote within a string is an escape, so every other piece is a string. (`re` would cost 5 ms to import.)
        name = ""
        for index, part in enumerate(inside.split('"')):
            if index % 2:
                self.fields[name] = _unescaped(part)
                continue
            for token in part.split(", "):
                name, colon, value = token.partition(": ")
                if value.startswith("<0x"):
                    self.references[name] = _reference(value.rstrip(")"))
                elif colon and value:
                    self.fields[name] = value.rstrip(")")

    def get(self, name: str) -> str:
        """A field that is no reference, or ""."""
        return self.fields.get(name, "")

    def number(self, name: str) -> int:
        """A number among the fields, also one written `i64 5`; 0 if it is not there."""
        return int(self.get(name).rpartition(" ")[2] or 0)

    def has_flag(self, flag: str) -> bool:
        """Whether `flags` has a flag, given without its `DIFlag`."""
        return f"DIFlag{flag}" in self.get("flags").split(" | ")


def _reference(text: str) -> int:
    """The address in `<0x…>`; 0 for `null`."""
    return int(text[1:-1], 16) if text.startswith("<0x") else 0


def _unescaped(text: str) -> str:
    """A string without LLVM's escapes: two backslashes, or one and two hexadecimal digits."""
    if "\\" not in text:
        return text
    pieces = []
    for piece in text.split("\\\\"):
        first, *rest = piece.split("\\")
        pieces.append(first + "".join(chr(int(part[:2], 16)) + part[2:] for part in rest))
    return "\\".join(pieces)


class DebugInfo:
    """The types and functions of one module.

    Args:
        module: the parsed module; it is disposed of, but its context stays: nodes belong to that.
    """

    def __init__(self, module: Module) -> None:
        self._functions: dict[str, int] = {}
        self._variables: dict[str, int] = {}
        self._nodes: dict[int, Node] = {}
        self._types: dict[int, SourceType] = {}
        self._context: Context | None = module.context
        for name, value in _values(module, llvm.first_function, llvm.next_function):
            node = llvm.subprogram(value)
            if node:
                self._functions[name] = node
        for name, value in _values(module, llvm.first_global, llvm.next_global):
            node = _attached(value)
            if node:
                self._variables[name] = node
        llvm.dispose_module(module.take())
        self.language = self._language()
        self._void = Nothing("()" if self.language == RUST else "void", 0, self.language)

    def close(self) -> None:
        """Give the nodes' memory back; no type of this module may be used any more."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def function(self, symbol: str) -> SourceFunction | None:
        """The function that a symbol stands for; None if debug info does not say."""
        found = self._functions.get(symbol)
        if found is None or "type" not in self._node(found).references:
            return None
        node = self._node(found)
        routine = self._type(node.references["type"])
        assert isinstance(routine, Routine)
        names: dict[int, str] = {}
        for reference in self._items(node, "retainedNodes"):
            variable = self._node(reference)
            if variable.number("arg"):
                names[variable.number("arg")] = variable.get("name")
        params = [names.get(index + 1, "") for index in range(len(routine.params))]
        return SourceFunction(self._full_name(node), routine, params if all(params) else [])

    def variable(self, symbol: str) -> tuple[str, SourceType] | None:
        """The full name and the type of the global variable that a symbol stands for."""
        expression = self._variables.get(symbol)
        if expression is None:
            return None
        node = self._node(self._node(expression).references["var"])
        return self._full_name(node), self._reference(node, "type")

    def functions_named(self, part: str) -> Iterator[tuple[str, str]]:
        """The symbols that have `part` in them, each with the function's name in debug info."""
        for symbol, reference in self._functions.items():
            if part in symbol:
                yield symbol, self._node(reference).get("name")

    def types(self) -> Iterator[SourceType]:
        """Every type that functions and variables of the module refer to, directly or not."""
        todo = [*self._functions.values(), *self._variables.values()]
        seen = set(todo)
        while todo:
            reference = todo.pop()
            node = self._node(reference)
            if node.kind in ("!DICompositeType", "!DIBasicType", "!DIDerivedType") and "name" in node.fields:
                known = self._type(reference)
                if isinstance(known, Record | Enumeration | Alias):
                    yield known
            following = [*node.items, *(node.references.get(key, 0) for key in _TOWARDS_TYPES)]
            fresh = [reference for reference in following if reference and reference not in seen]
            seen.update(fresh)
            todo += fresh

    # Nodes

    def _node(self, reference: int) -> Node:
        node = self._nodes.get(reference)
        if node is None:
            assert self._context is not None
            value = llvm.metadata_as_value(self._context.ptr, reference)
            node = self._nodes[reference] = Node(llvm.text_of(llvm.print_value(value)))
        return node

    def _items(self, node: Node, key: str) -> list[int]:
        """The nodes of a list that a field refers to."""
        reference = node.references.get(key)
        return self._node(reference).items if reference else []

    def _language(self) -> str:
        for reference in self._functions.values():
            unit = self._node(reference).references.get("unit")
            if unit:
                node = self._node(unit)
                language = node.get("language") or node.get("sourceLanguageName")
                return RUST if "Rust" in language else CXX if "C_plus_plus" in language else C
        return C

    def _full_name(self, node: Node) -> str:
        """A name with the namespaces and types around it."""
        name = node.get("name")
        scope = node.references.get("scope")
        parts = [name]
        while scope:
            outer = self._node(scope)
            if outer.kind not in ("!DINamespace", "!DICompositeType") or self.language == C:
                break
            if outer.kind == "!DINamespace" or outer.get("name"):
                parts.append(outer.get("name") or "(anonymous namespace)")
            scope = outer.references.get("scope")
        return "::".join(reversed(parts)) if name else ""

    # Types

    def _reference(self, node: Node, key: str = "baseType") -> SourceType:
        """The type that a field refers to; `void` if there is none."""
        reference = node.references.get(key)
        return self._type(reference) if reference else self._void

    def _type(self, reference: int) -> SourceType:
        known = self._types.get(reference)
        if known is None:
            node = self._node(reference)
            known = self._types[reference] = self._read(node)
        return known

    def _read(self, node: Node) -> SourceType:
        tag = node.get("tag")
        if node.kind == "!DISubroutineType":
            return self._routine(node)
        if tag in _RECORDS:
            return self._record(node, _RECORDS[tag])
        if tag == "DW_TAG_enumeration_type":
            return self._enumeration(node)
        if tag == "DW_TAG_array_type":
            return self._array(node)
        if tag in _ADDRESSES:
            return self._address(node, _ADDRESSES[tag])
        if tag in _QUALIFIERS:
            return Alias("", self.language, self._reference(node), _QUALIFIERS[tag])
        if tag in ("DW_TAG_typedef", "DW_TAG_template_alias"):
            return Alias(self._full_name(node), self.language, self._reference(node))
        if node.kind == "!DIBasicType":
            return self._scalar(node)
        return Nothing(self._full_name(node) or tag, node.number("size") // 8, self.language)

    def _address(self, node: Node, kind: str) -> Address:
        name = node.get("name")
        if kind == "::*":
            name = self._reference(node, "extraData").name
        this = node.has_flag("ObjectPointer")
        return Address(name, node.number("size") // 8, self.language, kind, self._reference(node), this)

    def _scalar(self, node: Node) -> SourceType:
        name, size = node.get("name"), node.number("size") // 8
        kind = _ENCODINGS.get(node.get("encoding"), "")
        if self.language != RUST and name in _CHARACTERS:
            kind = "char"
        if "nullptr" in name:
            return Address("", 8, self.language, "*", self._void)
        if not kind or not size:
            return Nothing(name, size, self.language)
        return Scalar(name, size, self.language, kind)

    def _routine(self, node: Node) -> Routine:
        items = self._items(node, "types")
        result = self._type(items[0]) if items and items[0] else self._void
        params = items[1:]
        varargs = bool(params) and not params[-1]
        return Routine(result, [self._type(item) for item in params if item], varargs, self.language)

    def _enumeration(self, node: Node) -> Enumeration:
        values = {}
        for reference in self._items(node, "elements"):
            item = self._node(reference)
            values[item.get("name")] = item.number("value")
        base = self._type(node.references["baseType"]) if "baseType" in node.references else None
        scoped = node.has_flag("EnumClass")
        return Enumeration(self._full_name(node), node.number("size") // 8, self.language, base, values, scoped)

    def _array(self, node: Node) -> SourceType:
        made = self._reference(node)
        vector = node.has_flag("Vector")
        ranges = [self._node(item) for item in self._items(node, "elements")]
        for part in reversed(ranges):
            count = part.number("count") if part.get("count").lstrip("-").isdigit() else -1
            known = count if count >= 0 else None
            made = Sequence(made, known, made.size * (known or 0), vector)
        return made

    def _record(self, node: Node, kind: str) -> Record:
        declared = node.has_flag("FwdDecl")
        identifier = node.get("identifier")
        by_address = node.has_flag("TypePassByReference") or (declared and self.language == CXX)
        return Record(
            self._full_name(node),
            node.number("size") // 8,
            self.language,
            kind,
            by_address,
            identifier.removeprefix("_ZTS") if identifier.startswith("_ZTS") else "",
            None if declared else lambda: self._inside(node),
        )

    def _inside(self, node: Node) -> tuple[list[Member], Variants | None, dict[str, SourceType]]:
        members, variants = [], None
        for reference in self._items(node, "elements"):
            item = self._node(reference)
            if item.get("tag") == "DW_TAG_variant_part":
                variants = self._variants(item)
            elif item.get("tag") in ("DW_TAG_member", "DW_TAG_inheritance") and not item.has_flag("StaticMember"):
                members.append(self._member(item))
        arguments = {}
        for reference in self._items(node, "templateParams"):
            item = self._node(reference)
            if item.kind == "!DITemplateTypeParameter":
                arguments[item.get("name")] = self._reference(item, "type")
            elif item.get("tag") == "DW_TAG_GNU_template_parameter_pack":
                for index, part in enumerate(self._items(item, "value")):
                    arguments[f"{item.get('name')}.{index}"] = self._reference(self._node(part), "type")
        return members, variants, arguments

    def _member(self, node: Node) -> Member:
        offset, size = node.number("offset"), node.number("size")
        bits = (size, offset % 8) if node.has_flag("BitField") else None
        base = node.get("tag") == "DW_TAG_inheritance"
        return Member(node.get("name"), self._reference(node), offset // 8, bits, base)

    def _variants(self, node: Node) -> Variants:
        place = node.references.get("discriminator")
        field = self._node(place) if place else None
        choices: list[tuple[int | None, Member]] = []
        for reference in self._items(node, "elements"):
            item = self._node(reference)
            choices.append((item.number("extraData") if item.get("extraData") else None, self._member(item)))
        if field is None:
            return Variants(0, 0, choices)
        return Variants(field.number("offset") // 8, field.number("size") // 8, choices)


_TOWARDS_TYPES = ("type", "types", "baseType", "elements", "templateParams", "var", "retainedNodes", "declaration")


def _values(module: Module, first: Callable[[int], int], following: Callable[[int], int]) -> Iterator[tuple[str, int]]:
    value = first(module.ptr)
    while value:
        yield llvm.name_of(value), value
        value = following(value)


def _attached(value: int) -> int | None:
    """The `!dbg` of a global variable, a `DIGlobalVariableExpression`."""
    count = c_size_t()
    entries = llvm.copy_metadata(value, byref(count))
    try:
        for index in range(count.value):
            if llvm.metadata_entry_kind(entries, index) == _DEBUG:
                found: int = llvm.metadata_entry(entries, index)
                return found
        return None
    finally:
        llvm.dispose_metadata_entries(entries)


_DEBUG = 0  # MD_dbg of llvm/IR/FixedMetadataKinds.def
