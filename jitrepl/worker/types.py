"""LLVM's first-class types as plain Python values, with the sizes of the session's data layout.

`jitrepl.worker.reader` makes them from an `LLVMTypeRef`; everything that reads, writes or prints values
works on these and needs no LLVM. A type is equal to another when its spelling and layout are.
Source: LangRef, "First Class Types"; sizes from `llvm-c/Target.h` (`LLVMABISizeOfType`, `LLVMOffsetOfElement`).
"""

from __future__ import annotations


class Type:
    """A type with its IR spelling and its ABI size.

    Args:
        text: the spelling in IR, struct names resolved to bodies: `{ i32, ptr }`.
        size: the distance in bytes between two of them in an array.
    """

    __slots__ = ("size", "text")

    def __init__(self, text: str, size: int) -> None:
        self.text = text
        self.size = size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.text}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and (self.text, self.size) == (other.text, other.size)

    def __hash__(self) -> int:
        return hash(self.text)


class Void(Type):
    """`void`: the result of a function that returns nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("void", 0)


class Int(Type):
    """`iN`, from 1 to 2**23 bits."""

    __slots__ = ("bits",)

    def __init__(self, bits: int, size: int) -> None:
        super().__init__(f"i{bits}", size)
        self.bits = bits


class Float(Type):
    """`half`, `bfloat`, `float`, `double`, `x86_fp80`, `fp128` or `ppc_fp128`; `text` says which."""

    __slots__ = ()


class Pointer(Type):
    """`ptr`, or `ptr addrspace(N)`."""

    __slots__ = ("space",)

    def __init__(self, space: int, size: int) -> None:
        super().__init__(f"ptr addrspace({space})" if space else "ptr", size)
        self.space = space


class Vector(Type):
    """`<N x T>`: elements packed bit by bit, the first in the lowest bits (LangRef, "Vector Type")."""

    __slots__ = ("count", "element")

    def __init__(self, count: int, element: Type, size: int) -> None:
        super().__init__(f"<{count} x {element.text}>", size)
        self.count = count
        self.element = element


class Array(Type):
    """`[N x T]`: elements `element.size` bytes apart."""

    __slots__ = ("count", "element")

    def __init__(self, count: int, element: Type, size: int) -> None:
        super().__init__(f"[{count} x {element.text}]", size)
        self.count = count
        self.element = element


class Struct(Type):
    """`{ … }` or the packed `<{ … }>`; `offsets` holds the byte offset of each field."""

    __slots__ = ("fields", "offsets", "packed")

    def __init__(self, fields: tuple[Type, ...], offsets: tuple[int, ...], packed: bool, size: int) -> None:
        body = f"{{ {', '.join(field.text for field in fields)} }}" if fields else "{}"
        super().__init__(f"<{body}>" if packed else body, size)
        self.fields = fields
        self.offsets = offsets
        self.packed = packed


class Unsupported(Type):
    """A type whose values cannot be written down here (`token`, `label`, scalable vectors, target types)."""

    __slots__ = ()


class Function(Type):
    """The type of a function: `i32 (ptr, ...)`."""

    __slots__ = ("params", "result", "varargs")

    def __init__(self, result: Type, params: tuple[Type, ...], varargs: bool) -> None:
        inside = [param.text for param in params] + ["..."] * varargs
        super().__init__(f"{result.text} ({', '.join(inside)})", 0)
        self.result = result
        self.params = params
        self.varargs = varargs
