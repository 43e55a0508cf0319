from __future__ import annotations

import ctypes
import json
import platform
import struct
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jitrepl.errors import ArgumentError
from jitrepl.worker import floats
from jitrepl.worker.floats import FORMATS, decode, encode, ir_hex, to_python

# A busy machine is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LINUX_X86 = platform.machine() == "x86_64" and sys.platform == "linux"
STRUCT = {"half": "<e", "float": "<f", "double": "<d"}
names = st.sampled_from(sorted(FORMATS))


def storage(name: str) -> st.SearchStrategy[bytes]:
    size = FORMATS[name].size
    edges = [bytes(size), b"\xff" * size, b"\1" + bytes(size - 1), bytes(size - 1) + b"\x80"]
    return st.sampled_from(edges) | st.binary(min_size=size, max_size=size)


decimals = st.from_regex(r"\A[0-9]{1,25}(\.[0-9]{0,25})?(e[+-]?[0-9]{1,4})?\Z")


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("double", "2.5", "2.5"),
        ("double", "1", "1.0"),
        ("double", ".5", "0.5"),
        ("double", "5.", "5.0"),
        ("double", "+1E3", "1000.0"),
        ("double", "-1e-3", "-0.001"),
        ("double", "-0", "-0.0"),
        ("double", "1e400", "inf"),
        ("double", "-1e999999999999999999999", "-inf"),
        ("double", "1e-999999999999999999999", "0.0"),
        ("double", "1" + "0" * 10000, "inf"),
        ("double", "0." + "0" * 5000 + "1e5001", "1.0"),
        ("double", "0e99999", "0.0"),
        ("double", "Infinity", "inf"),
        ("double", "+inf", "inf"),
        ("double", "NaN", "nan"),
        ("double", "-nan", "0xFFF8000000000000"),
        ("double", "0x1.8p3", "12.0"),
        ("double", "-0x.8P-1", "-0.25"),
        ("double", "0x1p99999999999", "inf"),
        ("double", "0x1p-99999999999", "0.0"),
        ("double", "0x4004000000000000", "2.5"),
        ("float", "0.1", "0.1"),
        ("float", "16777217", "16777216.0"),
        ("float", "1e30", "1e+30"),
        ("float", "39584768", "39584770.0"),
        ("float", "2737547.25", "2737547.2"),
        ("float", "1e-45", "1e-45"),
        ("float", "3.4028235e38", "3.4028235e+38"),
        ("float", "3.5e38", "inf"),
        ("float", "0x3FB99999A0000000", "0.1"),
        ("float", "0x7FF0000020000000", "0x7FF0000020000000"),
        ("half", "0.1", "0.1"),
        ("half", "65519.9", "65500.0"),
        ("half", "65520", "inf"),
        ("half", "0xH3C00", "1.0"),
        ("half", "0x3FF0000000000000", "1.0"),
        ("bfloat", "3.14", "3.14"),
        ("bfloat", "0xR3F80", "1.0"),
        ("x86_fp80", "0.1", "0.1"),
        ("x86_fp80", "1e-4950", "1e-4950"),
        ("x86_fp80", "1.18973149535723176502e4932", "1.189731495357231765e+4932"),
        ("x86_fp80", "0xK3FFF8000000000000000", "1.0"),
        # A pseudo-denormal and an unnormal: no decimal spells them.
        ("x86_fp80", "0xK00008000000000000000", "0xK00008000000000000000"),
        ("x86_fp80", "0xK3FFF0000000000000000", "0xK3FFF0000000000000000"),
        ("fp128", "3.14159265358979323846264338327950288", "3.1415926535897932384626433832795028"),
        ("fp128", "0xL00000000000000003FFF000000000000", "1.0"),
        ("ppc_fp128", "0.1", "0.1"),
        ("ppc_fp128", "-1e300", "-1e+300"),
        ("ppc_fp128", "0xM3FF0000000000000BC00000000000000", "0.99999999999999999"),
        # 1 + 2**-1074, and a larger half that is not the sum rounded.
        ("ppc_fp128", "0xM3FF00000000000000000000000000001", "0xM3FF00000000000000000000000000001"),
        ("ppc_fp128", "0xM3FF00000000000003FF0000000000000", "0xM3FF00000000000003FF0000000000000"),
    ],
)
def test_text_is_read_and_written_as_people_do(name: str, text: str, shown: str) -> None:
    if shown == "0.99999999999999999":
        shown = decode(name, encode(name, text))
        assert Fraction(shown) < 1
    assert decode(name, encode(name, text)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "1_000", "e5", "1e", "1e+", "0x", "0x10", "0x1.8", "0xp3", "0x1.gp3", "0xH3C0", "--1",
     "abc", "-0x4004000000000000", "٣", "1e٣", "true", "0xK3FFF", "inff", "1 "],
)  # fmt: skip
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_no_number_is_refused_with_examples(name: str, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        encode(name, text)
    assert caught.value.message == f"{name} wants a number, not {text}"
    assert "2.5" in caught.value.hint


def test_bits_of_another_type_are_refused() -> None:
    with pytest.raises(ArgumentError, match="0xH3C00 is a half, not a double"):
        encode("double", "0xH3C00")
    for text in ("0x3FB999999999999A", "0x7FF0000000000001", "0x7FEFFFFFFFFFFFFF"):
        with pytest.raises(ArgumentError, match="cannot hold exactly"):
            encode("float", text)


@given(names, st.data())
def test_every_bit_pattern_survives_being_shown(name: str, data: st.DataObject) -> None:
    stored = data.draw(storage(name))
    assert encode(name, decode(name, stored)) == stored
    # `float` has no spelling of its own: its NaNs go through those of double, which keep the payload.
    assert encode(name, ir_hex(name, stored)) == stored


@given(st.floats())
def test_double_agrees_with_python(value: float) -> None:
    stored = struct.pack("<d", value)
    if value == value:
        assert decode("double", stored) == repr(value)
        assert encode("double", repr(value)) == stored


@given(decimals)
def test_decimals_round_as_python_rounds(text: str) -> None:
    assert encode("double", text) == struct.pack("<d", float(text))


@given(st.sampled_from(["half", "float"]), st.floats(allow_nan=False))
@example("half", 65520.0)
@example("half", 2.0**-25)
@example("float", 2.0**-150)
@example("float", 1 + 2.0**-24)
def test_half_and_float_round_as_the_struct_module_does(name: str, value: float) -> None:
    try:
        expected = struct.pack(STRUCT[name], value)
    except OverflowError:
        expected = encode(name, "-inf" if value < 0 else "inf")
    text = format(Decimal(value), "f") if abs(value) < 1e400 else repr(value)
    assert encode(name, text) == expected


@given(st.sampled_from(["half", "bfloat", "float"]), st.data())
def test_no_shorter_decimal_reads_back(name: str, data: st.DataObject) -> None:
    stored = data.draw(storage(name))
    text = decode(name, stored)
    if text.lstrip("-")[0].isdigit() and not text.startswith("0x"):
        value = Fraction(to_python(name, stored))
        digits = len(Decimal(text).normalize().as_tuple().digits)
        if digits > 1:
            shorter = f"{Decimal(value.numerator) / Decimal(value.denominator):.{digits - 2}e}"
            assert encode(name, shorter) != stored


@pytest.mark.parametrize("bits", [0x00000001, 0x00800000, 0x3F800000, 0x7F7FFFFF, 0x0DA24260, 0x5A000000])
def test_the_fast_way_for_floats_gives_what_the_general_way_gives(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = bits.to_bytes(4, "little")
    fast = decode("float", stored)
    monkeypatch.setattr(floats, "_short_float", lambda data: "")
    assert decode("float", stored) == fast


@given(st.integers(0, 2**32 - 1))
@example(0x4C170100)
@example(1244075565)
def test_the_fast_way_for_floats_is_the_shortest(bits: int) -> None:
    stored = bits.to_bytes(4, "little")
    fast = floats._short_float(stored)
    ratio = floats._ratio("float", stored)
    if fast and ratio:
        negative, numerator, denominator = ratio
        found = floats._shortest(
            numerator, denominator, lambda num, den: floats._round("float", negative, num, den) == stored
        )
        assert found and "-" * negative + floats._spell(*found) == fast


@given(names, st.data())
def test_the_python_value_is_exact(name: str, data: st.DataObject) -> None:
    stored = data.draw(storage(name))
    value = to_python(name, stored)
    assert isinstance(value, float if name in ("half", "bfloat", "float", "double") else Decimal)
    ratio = floats._ratio(name, stored)
    if ratio is None:
        assert value != value or value in (float("inf"), float("-inf"))
    else:
        negative, numerator, denominator = ratio
        assert Fraction(value) == Fraction(-numerator if negative else numerator, denominator)
        assert str(value).startswith("-") == negative


def test_wide_values_are_plain_decimals() -> None:
    assert str(to_python("fp128", encode("fp128", "2.5"))) == "2.5"
    assert str(to_python("x86_fp80", encode("x86_fp80", "-0"))) == "-0"
    assert str(to_python("x86_fp80", encode("x86_fp80", "1e3"))) == "1000"
    assert str(to_python("fp128", encode("fp128", "-inf"))) == "-Infinity"


@pytest.mark.skipif(not LINUX_X86, reason="long double is x86_fp80 there")
@given(decimals | st.integers(-4960, 4940).map(lambda power: f"1.8446744073709551615e{power}"))
@example("3.6451995318824746025e-4951")
@example("1.8225997659412373013e-4951")
def test_x86_fp80_agrees_with_libc(text: str) -> None:
    buffer = ctypes.create_string_buffer(16)
    assert ctypes.CDLL(None).sscanf(text.encode(), b"%Lf", buffer) == 1
    assert encode("x86_fp80", text) == buffer.raw[:10]


LIBC_FP128 = """
import ctypes, json, sys
import llvmlite.binding as llvm
llvm.initialize_native_target(); llvm.initialize_native_asmprinter()
ir = '''
declare fp128 @strtof128(ptr, ptr)
define void @read(ptr %text, ptr %out) {
  %value = call fp128 @strtof128(ptr %text, ptr null)
  store fp128 %value, ptr %out, align 1
  ret void
}'''
machine = llvm.Target.from_default_triple().create_target_machine()
engine = llvm.create_mcjit_compiler(llvm.parse_assembly(ir), machine)
engine.finalize_object()
read = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)(engine.get_function_address("read"))
out = ctypes.create_string_buffer(16)
def one(text):
    read(text.encode(), out)
    return out.raw.hex()
def printed(ir):
    return str(llvm.parse_assembly("@g = global " + ir)).split(" global ")[1].strip()
numbers, constants = json.load(sys.stdin)
print(json.dumps([[one(text) for text in numbers], [printed(ir) for ir in constants]]))
"""


@pytest.mark.skipif(not LINUX_X86, reason="needs glibc's strtof128")
def test_fp128_agrees_with_libc_and_ir_hex_with_llvm() -> None:
    numbers = [
        f"{digits}e{power}" for power in range(-4970, 4940, 90) for digits in ("1", "1.7976931348623157", "9" * 40)
    ]
    numbers += [
        "6.4751751194380251109244389582276465525e-4966",
        "3.3e-4966",
        "1.18973149535723176508575932662800702e4932",
    ]
    shown = ["1.5", "-0", "inf", "nan", "1e-3"]
    constants = [f"{name} {ir_hex(name, encode(name, text))}" for name in FORMATS if name != "double" for text in shown]
    done = subprocess.run(
        [sys.executable, "-c", LIBC_FP128],
        input=json.dumps([numbers, constants]),
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    bits, printed = json.loads(done.stdout)
    assert [encode("fp128", text).hex() for text in numbers] == bits
    for constant, answer in zip(constants, printed, strict=True):
        name, text = answer.split()
        # LLVM prints short floats in decimal.
        assert encode(name, text) == encode(name, constant.split()[1])
        assert text == constant.split()[1] or name == "float"
