"""From LLVM's types and functions to plain Python: `Type` trees, and what a caller must know of a function."""

from __future__ import annotations

from ctypes import c_void_p

from jitrepl.worker import llvm
from jitrepl.worker.owned import Owned
from jitrepl.worker.types import Array, Float, Function, Int, Pointer, Struct, Type, Unsupported, Vector, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# llvm-c/Core.h, LLVMTypeKind
_FLOATS = {1: "half", 2: "float", 3: "double", 4: "x86_fp80", 5: "fp128", 6: "ppc_fp128", 18: "bfloat"}
_VOID, _INTEGER, _FUNCTION, _STRUCT, _ARRAY, _POINTER, _VECTOR = 0, 8, 9, 10, 11, 12, 13

# Attributes that change how a value is passed (LangRef, "Parameter Attributes"): a caller must repeat them.
_FLAGS = ("signext", "zeroext", "noext", "inreg", "nest", "swiftself", "swiftasync", "swifterror")
_NUMBERS = ("align", "alignstack")
_TYPED = ("sret", "byval", "byref", "inalloca", "preallocated", "elementtype")
_RESULT, _FIRST_PARAM = 0, 1  # llvm-c/Core.h, LLVMAttributeIndex

C_CONVENTION = 0


class Indirect:
    """A parameter that is passed by address and meant by value.

    Args:
        kind: `byval`, or `sret` for a result that the caller provides room for.
        type: the type of the value.
    """

    __slots__ = ("kind", "type")

    def __init__(self, kind: str, type: Type) -> None:
        self.kind = kind
        self.type = type


class Signature:
    """What a caller must know of a function besides its address.

    Args:
        type: its function type.
        convention: the number of its calling convention (LangRef, `cc <n>`).
        attributes: the ABI attributes of the result, then of each parameter, as IR writes them.
        indirect: for each parameter, whether it stands for a value elsewhere.
    """

    __slots__ = ("attributes", "convention", "indirect", "key", "params", "result", "type")

    def __init__(
        self,
        type: Function,
        convention: int = C_CONVENTION,
        attributes: tuple[str, ...] = (),
        indirect: tuple[Indirect | None, ...] = (),
    ) -> None:
        self.type = type
        self.convention = convention
        self.attributes = attributes or ("",) * (len(type.params) + 1)
        self.indirect = indirect or (None,) * len(type.params)
        self.key = (type.text, convention, self.attributes)
        self.result = type.result
        """The type of what a call yields: the function's result, or the value behind its `sret` parameter."""
        self.params = type.params
        """The types of the arguments that the user gives: by value where the function means a value."""
        if any(self.indirect):
            pairs = zip(type.params, self.indirect, strict=True)
            self.params = tuple(i.type if i else t for t, i in pairs if not (i and i.kind == "sret"))
            self.result = next((i.type for i in self.indirect if i and i.kind == "sret"), type.result)

    def declaration(self, name: str) -> str:
        """A `declare` line for a function of this signature, its name quoted as IR wants it."""
        result, *params = self.attributes
        items = [f"{t.text} {a}".rstrip() for t, a in zip(self.type.params, params, strict=True)]
        items += ["..."] * self.type.varargs
        convention = f"cc {self.convention} " if self.convention else ""
        attributes = f"{result} " if result else ""
        inside = ", ".join(items)
        return f"declare {convention}{attributes}{self.type.result.text} {name}({inside})"


_DEEPEST = 150
"""How many types may be around one: values are read and written by functions that call themselves."""


class TypeReader:
    """Reads the types and functions of modules, all with one data layout.

    Args:
        layout: the data layout as IR writes it.
    """

    def __init__(self, layout: str) -> None:
        self._layout = layout.encode()
        self._kinds: dict[int, str] = {}
        self._noreturn: int = llvm.attribute_kind_named(b"noreturn", 8)
        for name in (*_FLAGS, *_NUMBERS, *_TYPED):
            self._kinds[llvm.attribute_kind_named(name.encode(), len(name))] = name
        with self.context() as reader:
            self.pointer_size: int = llvm.pointer_size(reader.ptr, 0)
            self.big_endian = llvm.byte_order(reader.ptr) == 0

    def context(self) -> ContextReader:
        """A reader for one context; LLVM's types and attributes are unique within it."""
        return ContextReader(llvm.create_layout(self._layout), self._kinds, self._noreturn)


class ContextReader(Owned):
    """Reads the types and functions of one context, each type once.

    It has a layout of its own: LLVM keeps the offsets of a struct by the struct's address, at which the next
    context may have another one.

    Args:
        layout: an `LLVMTargetDataRef`, which this owns.
        kinds: the names of the attributes that matter, by their number.
        noreturn: the number of that attribute.
    """

    def __init__(self, layout: int, kinds: dict[int, str], noreturn: int) -> None:
        super().__init__(layout)
        self._noreturn = noreturn
        self._kinds = kinds
        self._types: dict[int, Type] = {}
        self._depth = 0
        self._attributes: dict[int, tuple[str, Indirect | None]] = {}

    def _dispose(self, pointer: int) -> None:
        llvm.dispose_layout(pointer)

    def type(self, ref: int) -> Type:
        """The type behind an `LLVMTypeRef`; of one that is nested too deeply only the spelling is known."""
        known = self._types.get(ref)
        if known is None:
            self._depth += 1
            known = self._types[ref] = self._read(ref) if self._depth <= _DEEPEST else _unsupported(ref)
            self._depth -= 1
        return known

    def _read(self, ref: int) -> Type:
        kind = llvm.type_kind(ref)
        if kind in _FLOATS:
            return Float(_FLOATS[kind], llvm.abi_size(self.ptr, ref))
        read = _READERS.get(kind)
        return read(self, ref) if read else _unsupported(ref)

    def _integer(self, ref: int) -> Type:
        return Int(llvm.int_width(ref), llvm.abi_size(self.ptr, ref))

    def _address(self, ref: int) -> Type:
        return Pointer(llvm.pointer_space(ref), llvm.abi_size(self.ptr, ref))

    def _vector(self, ref: int) -> Type:
        element = self.type(llvm.element_type(ref))
        return Vector(llvm.vector_size(ref), element, llvm.abi_size(self.ptr, ref))

    def _array(self, ref: int) -> Type:
        element = self.type(llvm.element_type(ref))
        count = llvm.array_length(ref)
        if isinstance(element, Unsupported):
            return Unsupported(f"[{count} x {element.text}]", 0)
        return Array(count, element, count * element.size)

    def _struct(self, ref: int) -> Type:
        count = llvm.struct_count(ref)
        fields = tuple(self.type(llvm.struct_element(ref, i)) for i in range(count))
        if llvm.is_opaque(ref) or any(isinstance(field, Unsupported) for field in fields):
            return _unsupported(ref)
        offsets = tuple(llvm.field_offset(self.ptr, ref, i) for i in range(count))
        return Struct(fields, offsets, bool(llvm.is_packed(ref)), llvm.abi_size(self.ptr, ref))

    def function_type(self, ref: int) -> Function:
        """The function type behind an `LLVMTypeRef` of that kind."""
        known = self._types.get(ref)
        if isinstance(known, Function):
            return known
        count = llvm.function_param_count(ref)
        params = (c_void_p * count)()
        llvm.function_params(ref, params)
        function = Function(
            self.type(llvm.function_result(ref)),
            tuple(self.type(param) for param in params if param),
            bool(llvm.is_varargs(ref)),
        )
        self._types[ref] = function
        return function

    def signature(self, function: int) -> Signature:
        """The signature of a function."""
        type = self.function_type(llvm.value_type(function))
        texts, indirect = [], []
        for index in range(len(type.params) + 1):
            text, behind = "", None
            if llvm.attribute_count(function, index):
                text, behind = self._attributes_at(function, index)
            texts.append(text)
            if index >= _FIRST_PARAM:
                indirect.append(behind)
        return Signature(type, llvm.calling_convention(function), tuple(texts), tuple(indirect))

    def never_returns(self, function: int) -> bool:
        """Whether a function has the attribute `noreturn`."""
        return bool(llvm.enum_attribute(function, llvm.FUNCTION_INDEX, self._noreturn))

    def _attributes_at(self, function: int, index: int) -> tuple[str, Indirect | None]:
        refs = (c_void_p * llvm.attribute_count(function, index))()
        llvm.attributes_at(function, index, refs)
        texts, behind = [], None
        for ref in refs:
            if not ref:
                continue
            if ref not in self._attributes:
                self._attributes[ref] = self._attribute(ref)
            text, indirect = self._attributes[ref]
            if text:
                texts.append(text)
            behind = indirect or behind
        return " ".join(texts), behind

    def _attribute(self, ref: int) -> tuple[str, Indirect | None]:
        if llvm.is_type_attribute(ref):
            name = self._kinds.get(llvm.attribute_kind(ref))
            if name is None:
                return "", None
            type = self.type(llvm.attribute_type(ref))
            indirect = Indirect(name, type) if name in ("sret", "byval") else None
            return f"{name}({type.text})", indirect
        if llvm.is_enum_attribute(ref):
            name = self._kinds.get(llvm.attribute_kind(ref))
            if name in _NUMBERS:
                number = llvm.attribute_value(ref)
                return (f"align {number}" if name == "align" else f"{name}({number})"), None
            return name or "", None
        return "", None


def _unsupported(ref: int) -> Type:
    return Unsupported(llvm.text_of(llvm.print_type(ref)), 0)


_READERS: dict[int, Callable[[ContextReader, int], Type]] = {
    _VOID: lambda reader, ref: Void(),
    _INTEGER: ContextReader._integer,
    _POINTER: ContextReader._address,
    _VECTOR: ContextReader._vector,
    _ARRAY: ContextReader._array,
    _STRUCT: ContextReader._struct,
    _FUNCTION: ContextReader.function_type,
}
