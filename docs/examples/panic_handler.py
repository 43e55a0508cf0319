"""A panic handler: what Rust's `core` calls when arithmetic goes wrong, in Python."""

import ctypes

from jitrepl import host


class Location(ctypes.Structure):
    """`core::panic::Location`: where it happened."""

    _fields_ = (
        ("file", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("line", ctypes.c_uint32),
        ("column", ctypes.c_uint32),
    )


@host("void (ptr)", pattern="core::panicking::panic_const::*")
def on_panic(path: str, location: int) -> None:
    at = Location.from_address(location)
    file = ctypes.string_at(at.file, at.length).decode()
    raise ArithmeticError(f"{path.rpartition('_const_')[2]} in line {at.line} of {file}")
