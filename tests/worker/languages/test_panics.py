from __future__ import annotations

import ctypes

import pytest

from jitrepl.errors import ThrownError
from jitrepl.worker.languages.panics import arguments_text, handler, panic_error

CORE = "_RNvNtCsgEmfK2I1SDS_4core9panicking"


def buffer(data: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(data, len(data))


class Location(ctypes.Structure):
    _fields_ = (
        ("file", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("line", ctypes.c_uint32),
        ("col", ctypes.c_uint32),
    )


HERE = Location(b"sum.rs", 6, 3, 5)


def raised(symbol: str, *arguments: int) -> ThrownError:
    """What the handler of a panic function raises."""
    panicked = handler(symbol)
    assert panicked is not None
    with pytest.raises(ThrownError) as caught:
        panicked(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (b"\x02x \xc0\x00", "x {}"),
        (b"\x02x \xc7\x20\x00\x80\x60\x08\x00\x03\x00\x04 end\x00", "x {} end"),
        (b"\xc8\x01\x00\x05 tail\x00", "{} tail"),
        (b"\x80\x82\x00" + b"y" * 130 + b"\xc0\x00", "y" * 130 + "{}"),
        (b"\x02ab\x90\x00", "ab…"),
        (b"\x00", ""),
    ],
)
def test_the_text_of_a_template_is_there_without_its_values(template: bytes, text: str) -> None:
    data = buffer(template)
    assert arguments_text(ctypes.addressof(data), 0x1000) == text


def test_a_message_without_values_is_a_text() -> None:
    data = buffer(b"literal, and more")
    assert arguments_text(ctypes.addressof(data), 7 << 1 | 1) == "literal"


def test_an_overflow_says_so() -> None:
    problem = raised(
        "_RNvNtNtCsgEmfK2I1SDS_4core9panicking11panic_const24panic_const_add_overflow", ctypes.addressof(HERE)
    )
    assert problem.message == "Panic due to overflow: attempt to add with overflow at sum.rs:3:5"
    assert (problem.type, problem.text, problem.place) == ("panic", "attempt to add with overflow", "sum.rs:3:5")


def test_older_names_are_known_too() -> None:
    text = buffer(b"attempt to add with overflow")
    problem = raised("_ZN4core9panicking5panic17h0123456789abcdefE", ctypes.addressof(text), 28, ctypes.addressof(HERE))
    assert problem.message == "Panic due to overflow: attempt to add with overflow at sum.rs:3:5"


HELLO = "héllo".encode()


@pytest.mark.parametrize(
    ("begin", "end", "text"),
    # as Rust 1.95 prints them for &"héllo"[begin..end]
    [
        (2, 6, "start byte index 2 is not a char boundary; it is inside 'é' (bytes 1..3) of `héllo`"),
        (0, 2, "end byte index 2 is not a char boundary; it is inside 'é' (bytes 1..3) of `héllo`"),
        (9, 6, "start byte index 9 is out of bounds of `héllo`"),
        (0, 9, "end byte index 9 is out of bounds of `héllo`"),
        (3, 1, "begin > end (3 > 1) when slicing `héllo`"),
    ],
)
def test_slices_of_text(begin: int, end: int, text: str) -> None:
    data = buffer(HELLO)
    here = ctypes.addressof(HERE)
    problem = raised(
        "_RNvNtCsgEmfK2I1SDS_4core3str16slice_error_fail", ctypes.addressof(data), len(HELLO), begin, end, here
    )
    assert problem.text == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (5, 2, "range start index 5 out of range for slice of length 3"),
        (2, 9, "range end index 9 out of range for slice of length 3"),
        (2, 1, "slice index starts at 2 but ends at 1"),
        (0, 3, "range end index 3 out of range for slice of length 3"),  # of ..=3
    ],
)
def test_slices(start: int, end: int, text: str) -> None:
    symbol = "_RNvNtNtCsgEmfK2I1SDS_4core5slice5index16slice_index_fail"
    assert raised(symbol, start, end, 3, ctypes.addressof(HERE)).text == text


def test_a_panic_function_of_a_later_rust_is_told_by_its_name() -> None:
    problem = raised(f"{CORE}16panic_just_so_no", ctypes.addressof(HERE))
    assert problem.message == "Panic: panic_just_so_no at sum.rs:3:5"


@pytest.mark.parametrize("symbol", ["add", "_Z3addii", "_RNvNtCsgEmfK2I1SDS_4core3fmt5write", f"{CORE}4real"])
def test_what_does_not_panic_is_not_known(symbol: str) -> None:
    assert handler(symbol) is None


def test_the_place_stands_before_further_lines() -> None:
    assert panic_error("one\n two", "a.rs:1:2").message == "Panic: one at a.rs:1:2\n two"
    assert panic_error("nowhere", "").message == "Panic: nowhere"
