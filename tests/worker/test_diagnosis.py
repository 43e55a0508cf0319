from __future__ import annotations

import pytest

from jitrepl.errors import IRError
from jitrepl.worker.diagnosis import Location, explain_parse, explain_verify, refuse_bytes
from jitrepl.worker.engine import Engine
from jitrepl.worker.llvm import version


def test_a_message_of_the_parser_has_a_place_and_a_reason() -> None:
    location = Location.parse("<input 3>:4:8: error: expected type\n  %z = \n       ^", "<input 3>")
    assert (location.line, location.column, location.reason) == (4, 8, "expected type")


def test_a_name_may_have_colons() -> None:
    location = Location.parse("C:/a:1:2.ll:4:8: error: expected: type", "C:/a:1:2.ll")
    assert (location.line, location.column, location.reason) == (4, 8, "expected: type")


def test_what_was_put_in_front_of_the_first_line_does_not_count() -> None:
    assert Location.parse("x:1:30: error: e", "x", shift=20).column == 10
    assert Location.parse("x:2:30: error: e", "x", shift=20).column == 30


def test_the_undefined_name_is_found() -> None:
    assert Location.parse("x:1:1: error: use of undefined value '@f.g'", "x").undefined == "f.g"
    assert Location.parse("x:1:1: error: use of undefined value '%f'", "x").undefined is None


def test_a_caret_stands_below_the_place() -> None:
    location = Location("x", 2, 5, "expected type")
    assert explain_parse(location, "a\n  b c\nd") == "x:2:5: error: expected type\n  b c\n    ^"


def test_tabs_stay_tabs_so_that_the_caret_is_right() -> None:
    assert explain_parse(Location("x", 1, 3, "e"), "\t\tb").splitlines()[2] == "\t\t^"


@pytest.mark.parametrize("line", [0, 3, 99])
def test_an_error_behind_the_end_points_at_the_end(line: int) -> None:
    assert explain_parse(Location("x", line, 1, "e"), "a\nbc") == "x:2:3: error: e\nbc\n  ^"


def test_an_error_in_nothing_points_at_the_start() -> None:
    assert explain_parse(Location("x", 1, 1, "e"), "").startswith("x:1:1: error: e")


IR = b"""define i32 @f(i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %x = add i32 1, 2       ; a comment
  br label %b
b:
  ret i32 %x
}
"""


def test_the_verifier_s_instruction_is_found_in_the_text() -> None:
    message = "Instruction does not dominate all uses!\n  %x = add i32 1, 2\n  ret i32 %x"
    assert explain_verify("x", IR, message) == (
        "x:5:3: error: Instruction does not dominate all uses!\n  %x = add i32 1, 2       ; a comment\n  ^\n"
        "  %x = add i32 1, 2\n  ret i32 %x"
    ).replace("  ^\n  %x = add i32 1, 2\n", "  ^\n  %x = add i32 1, 2\n")


def test_each_complaint_has_its_place() -> None:
    text = explain_verify("x", IR, "First!\n  ret i32 %x\nSecond!\nptr @f")
    assert [line for line in text.splitlines() if "error" in line] == ["x:8:3: error: First!", "x:1:1: error: Second!"]


def test_a_label_is_found_if_it_is_the_only_one() -> None:
    assert explain_verify("x", IR, "Bad block!\nlabel %a").startswith("x:4:1: error: Bad block!\na:\n^")
    assert explain_verify("x", IR + IR, "Bad block!\nlabel %a").startswith("x: error: Bad block!")


@pytest.mark.parametrize("magic", [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"])
def test_of_bitcode_the_complaint_alone_is_told(magic: bytes) -> None:
    assert explain_verify("x", magic + bytes(16), "Bad!\nptr @f") == "x: error: the module is invalid\nBad!\nptr @f"


def test_a_complaint_about_nothing_in_the_text_has_no_place() -> None:
    assert explain_verify("x", IR, "Something!\n  unheard of") == "x: error: Something!\n  unheard of"


def test_bitcode_has_no_lines() -> None:
    assert explain_verify("x.bc", b"BC\xc0\xde", "Bad!") == "x.bc: error: the module is invalid\nBad!"


@pytest.mark.parametrize(
    ("data", "message", "words"),
    [
        (b"", "", "a.bc is empty"),
        (b"\x7fELF...", "", "is an ELF object or program"),
        (b"\x1f\x8b...", "", "is gzip-compressed"),
        (b"\0\1\2\3", "", "neither bitcode nor textual IR (it starts with 00 01 02 03)"),
        (b"BC\xc0\xde", "a.bc: error: Invalid record", "is truncated or corrupt bitcode: Invalid record"),
        (
            b"BC\xc0\xde",
            "a.bc: error: Unknown attribute kind (99) (Producer: 'LLVM23.0' Reader: 'LLVM 22.1.8')",
            "was made by another LLVM: Unknown attribute kind (99) (Producer: 'LLVM23.0' Reader: 'LLVM 22.1.8')",
        ),
        (
            b"BC\xc0\xde",
            f"a.bc: error: Invalid ID (Producer: 'LLVM{version()}' Reader: 'LLVM {version()}')",
            "is truncated or corrupt bitcode: Invalid ID",
        ),
    ],
)
def test_refused_bytes_are_told_in_one_line(data: bytes, message: str, words: str) -> None:
    reason, hint = refuse_bytes("a.bc", data, message)
    assert words in reason
    assert "\n" not in reason
    assert hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("@x = global float 0.1", "0.1 has no exact value as float; the nearest is 0x3FB99999A0000000"),
        ("@x = global [2 x half] [half 1.0, half -3.3]", "-3.3 has no exact value as half; the nearest is 0xHC29A"),
        ("@x = global bfloat 0.1", "0.1 has no exact value as bfloat; the nearest is 0xR3DCD"),
        ("@x = global float 1.0e50", "1.0e50 is too large for float"),
        ("@x = global double 5", "a double is written with a point: 5.0"),
        ("@x = global float 1e5", "a float is written with a point: 1.0e5"),
        ("@x = global i32 0.1", ""),
        ("@x = global ptr 5", ""),
    ],
)
def test_a_constant_that_llvm_refuses_can_be_written_otherwise(engine: Engine, text: str, hint: str) -> None:
    with pytest.raises(IRError) as caught:
        engine.dylib.reader.read(text.encode(), "a")
    assert caught.value.hint == hint
    if "nearest" in hint:
        written = text.replace(hint.split()[0], hint.split()[-1])
        engine.dylib.reader.read(written.encode(), "a").module.close()
