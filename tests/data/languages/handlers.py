"""A panic handler of the user's own, and host functions that raise and call back."""

import ctypes

from jitrepl import host


class Location(ctypes.Structure):
    """`core::panic::Location`."""

    _fields_ = (
        ("file", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("line", ctypes.c_uint32),
        ("column", ctypes.c_uint32),
    )


@host("void (ptr)", pattern="core::panicking::panic_const::*")
def constant(path: str, location: int) -> None:
    """Whatever arithmetic panics."""
    raise ArithmeticError(f"{path.rpartition('::')[2]} in line {Location.from_address(location).line}")


@host("void (i64, i64, ptr)", name="core::panicking::panic_bounds_check")
def bounds(index: int, length: int, location: int) -> None:
    """It returns, which it must not."""
    print(f"{index} of {length}")


@host("i32 (i32)")
def checked(n: int) -> int:
    """Refuse what is above 9."""
    if n > 9:
        raise ValueError(f"{n} is more than 9")
    return n


@host("i32 (ptr, i32)")
def call_back(function: int, n: int) -> int:
    """Call a function pointer."""
    result = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(function)(n)
    print("python goes on with", result)
    return result
