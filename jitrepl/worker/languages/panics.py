"""Rust panics without Rust's standard library: what `core` calls when something is wrong, defined here.

`core::panicking` and its like are functions that never return. Each is given code that takes its arguments to a
function below, which raises the error that ends the call. Their names are matched as the source spells them, since the
hashes in the symbols are another toolchain's tomorrow; their types are taken from the session's declarations.
Source: library/core/src/panicking.rs, panicking/panic_const, option.rs, result.rs, slice/index.rs of Rust 1.60 to 1.95.
"""

from __future__ import annotations

import ctypes

from jitrepl.errors import ThrownError
from jitrepl.worker.languages.demangle import demangle
from jitrepl.worker.process import word_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PANIC = "panic"
"""What `ThrownError.type` says of a panic."""

_CONSTANT = "core::panicking::panic_const::panic_const_"
_CONSTANTS = {
    "add_overflow": "attempt to add with overflow",
    "sub_overflow": "attempt to subtract with overflow",
    "mul_overflow": "attempt to multiply with overflow",
    "div_overflow": "attempt to divide with overflow",
    "rem_overflow": "attempt to calculate the remainder with overflow",
    "neg_overflow": "attempt to negate with overflow",
    "shr_overflow": "attempt to shift right with overflow",
    "shl_overflow": "attempt to shift left with overflow",
    "div_by_zero": "attempt to divide by zero",
    "rem_by_zero": "attempt to calculate the remainder with a divisor of zero",
    "coroutine_resumed": "coroutine resumed after completion",
    "coroutine_resumed_panic": "coroutine resumed after panicking",
    "coroutine_resumed_drop": "coroutine resumed after async drop",
    "async_fn_resumed": "`async fn` resumed after completion",
    "async_fn_resumed_panic": "`async fn` resumed after panicking",
    "async_fn_resumed_drop": "`async fn` resumed after async drop",
    "async_gen_fn_resumed": "`async gen fn` resumed after completion",
    "async_gen_fn_resumed_panic": "`async gen fn` resumed after panicking",
    "gen_fn_none": "`gen fn` should just keep returning `None` after completion",
    "gen_fn_none_panic": "`gen fn` should just keep returning `None` after panicking",
}


def _text(at: int, size: int) -> str:
    return ctypes.string_at(at, min(size, _LIMIT)).decode("utf-8", "replace") if size else ""


_LIMIT = 10_000
"""So much of a text is shown, in bytes."""


def _slice_range(start: int, end: int, size: int) -> str:
    if start > size:
        return f"range start index {start} out of range for slice of length {size}"
    if end > size or start <= end:
        return f"range end index {end} out of range for slice of length {size}"
    return f"slice index starts at {start} but ends at {end}"


def _str_range(text: int, size: int, begin: int, end: int) -> str:
    data = ctypes.string_at(text, size)
    shown = f"`{data[:256].decode('utf-8', 'ignore')}`{'[...]' if size > 256 else ''}"
    for which, index in (("start", begin), ("end", end)):
        if index > size:
            return f"{which} byte index {index} is out of bounds of {shown}"
    if begin > end:
        return f"begin > end ({begin} > {end}) when slicing {shown}"
    which, index = ("start", begin) if _inside(data, begin) else ("end", end)
    first, last = index, index
    while _inside(data, first):
        first -= 1
    while _inside(data, last):
        last += 1
    inside = f"{data[first:last].decode('utf-8', 'replace')!r} (bytes {first}..{last})"
    return f"{which} byte index {index} is not a char boundary; it is inside {inside} of {shown}"


def _inside(data: bytes, index: int) -> bool:
    """Whether an index is behind the first byte of a UTF-8 character, within it."""
    return 0 < index < len(data) and data[index] & 0xC0 == 0x80


def arguments_text(template: int, arguments: int) -> str:
    """What a `core::fmt::Arguments` of Rust 1.93 or later says; `{}` stands for a value, which only `core` can format.

    It is two words (library/core/src/fmt/mod.rs). With the lowest bit of the second one set, that is the length of a
    text at the first, times two. Else the first points at a template: a byte below 0x80 is the length of the text that
    follows it, 0x80 says that the length is in the next two bytes, 0xc0 and above are for a value and say by their low
    bits which fields follow, 0 is the end.
    """
    if arguments & 1:
        return _text(template, arguments >> 1)
    parts, at = [], template
    for _ in range(_LIMIT):
        code = ctypes.c_ubyte.from_address(at).value
        at += 1
        if code == 0:
            break
        if code <= _LONG:
            size = code
            if code == _LONG:
                size = int.from_bytes(ctypes.string_at(at, 2), "little")
                at += 2
            parts.append(_text(at, size))
            at += size
        elif code >= _VALUE:
            parts.append("{}")
            at += sum(size for bit, size in enumerate(_OPTION_SIZES) if code >> bit & 1)
        else:
            return "".join(parts) + "…"
    return "".join(parts)


_LONG, _VALUE = 0x80, 0xC0
_OPTION_SIZES = (4, 2, 2, 2)
"""Bytes of the flags, the width, the precision and the index of a value, each there if its bit is set."""

_UNWRAPPED = "called `Option::unwrap()` on a `None` value"

NO_UNWIND, IN_CLEANUP = "core::panicking::panic_cannot_unwind", "core::panicking::panic_in_cleanup"
"""What is called where a panic may not go on: at the end of an `extern "C"` function, and when a destructor that runs
because of a panic panics itself. A program would abort."""

# What each says, from its arguments without the location, which comes last.
_MESSAGES: dict[str, Callable[..., str]] = {
    "core::panicking::panic": _text,
    "core::panicking::panic_str_literal": _text,
    "core::panicking::panic_str_2015": _text,
    "core::panicking::panic_nounwind": _text,
    "core::panicking::panic_nounwind_nobacktrace": _text,
    "core::panicking::panic_explicit": lambda: "explicit panic",
    "core::panicking::panic_fmt": arguments_text,
    "core::panicking::panic_nounwind_fmt": lambda template, arguments, _: arguments_text(template, arguments),
    "core::panicking::panic_bounds_check": lambda index, size: (
        f"index out of bounds: the len is {size} but the index is {index}"
    ),
    "core::panicking::panic_misaligned_pointer_dereference": lambda wanted, address: (
        f"misaligned pointer dereference: address must be a multiple of {wanted:#x} but is {address:#x}"
    ),
    "core::panicking::panic_null_pointer_dereference": lambda: "null pointer dereference occurred",
    "core::panicking::panic_invalid_enum_construction": lambda value: (
        f"trying to construct an enum from an invalid value {value:#x}"
    ),
    NO_UNWIND: lambda: "panic in a function that cannot unwind",
    IN_CLEANUP: lambda: "panic in a destructor during cleanup",
    "core::panicking::unreachable_display": lambda *_: "internal error: entered unreachable code",
    "core::option::unwrap_failed": lambda: _UNWRAPPED,
    "core::option::expect_failed": _text,
    "core::result::unwrap_failed": lambda text, size, *_: (
        f"{_text(text, size)}: (an error that only `core` can format)"
    ),
    "core::slice::index::slice_index_fail": _slice_range,
    "core::slice::index::slice_start_index_len_fail": lambda index, size: (
        f"range start index {index} out of range for slice of length {size}"
    ),
    "core::slice::index::slice_end_index_len_fail": lambda index, size: (
        f"range end index {index} out of range for slice of length {size}"
    ),
    "core::slice::index::slice_index_order_fail": lambda start, end: f"slice index starts at {start} but ends at {end}",
    "core::slice::copy_from_slice_impl::len_mismatch_fail": lambda target, source: (
        f"copy_from_slice: source slice length ({source}) does not match destination slice length ({target})"
    ),
    "core::str::slice_error_fail": _str_range,
    "core::cell::panic_already_borrowed": lambda: "RefCell already borrowed",
    "core::cell::panic_already_mutably_borrowed": lambda: "RefCell already mutably borrowed",
}
_WITHOUT_PLACE = frozenset(
    ("core::panicking::panic_nounwind", "core::panicking::panic_nounwind_nobacktrace", NO_UNWIND, IN_CLEANUP)
)


def handler(symbol: str) -> Callable[..., None] | None:
    """What to call with the arguments of a panic function; it raises. None if the symbol is none of these."""
    path = demangle(symbol).partition("<")[0].removesuffix("::")
    if path.startswith(_CONSTANT):
        text = _CONSTANTS.get(path.removeprefix(_CONSTANT))
        known: Callable[..., str] | None = (lambda: text) if text else None
    else:
        known = _MESSAGES.get(path)
    if known is None and not path.startswith("core::panicking::panic_"):
        return None
    say, placed = known, path not in _WITHOUT_PLACE

    def panicked(*arguments: int) -> None:
        place = ""
        if placed and arguments:
            place, arguments = _place(arguments[-1]), arguments[:-1]
        try:
            said = say(*arguments) if say else path.rpartition("::")[2]
        except TypeError:  # a Rust of which the table does not know the parameters
            said = path.rpartition("::")[2]
        raise panic_error(said, place)

    return panicked


def _place(location: int) -> str:
    """`file:line:column` of a `core::panic::Location`: a text, the line and the column."""
    text = _text(word_at(location), word_at(location + 8))
    line, column = (ctypes.c_uint32.from_address(location + at).value for at in (16, 20))
    return f"{text}:{line}:{column}"


def panic_error(text: str, place: str) -> ThrownError:
    """The error for a panic: `Panic due to overflow: attempt to add with overflow at sum.rs:3:5`."""
    cause = " due to overflow" if text.startswith("attempt to ") and text.endswith(" with overflow") else ""
    first, newline, rest = text.partition("\n")
    at = f" at {place}" if place else ""
    problem = ThrownError(f"Panic{cause}: {first}{at}{newline}{rest}")
    problem.details = (PANIC, text, place)
    return problem
