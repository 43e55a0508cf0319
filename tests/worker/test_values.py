from __future__ import annotations

import json
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitrepl.errors import ArgumentError, SymbolError, UndefinedError
from jitrepl.literals import split_arguments
from jitrepl.worker.floats import FORMATS
from jitrepl.worker.types import Array, Float, Int, Pointer, Struct, Type, Unsupported, Vector, Void
from jitrepl.worker.values import element_bits, natural_type, remark, render, to_python, write, write_variadic

# A busy machine is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

FLOAT_SIZES = {name: 16 if form.size > 8 else form.size for name, form in FORMATS.items()}


def round_up(size: int, align: int) -> int:
    return -(-size // align) * align


def align_of(type: Type) -> int:
    if isinstance(type, Struct):
        return 1 if type.packed else max(map(align_of, type.fields), default=1)
    if isinstance(type, Array):
        return align_of(type.element)
    return type.size if isinstance(type, Vector) else min(type.size, 16)


def make_int(bits: int) -> Int:
    size = round_up(bits, 8) // 8
    return Int(bits, 1 << (size - 1).bit_length() if size <= 16 else round_up(size, 16))


def make_vector(count: int, element: Type) -> Vector:
    bits = element_bits(element)
    return Vector(count, element, 1 << (-(-count * bits // 8) - 1).bit_length())


def make_struct(fields: tuple[Type, ...], packed: bool = False) -> Struct:
    offsets, end, align = [], 0, 1
    for field in fields:
        own = 1 if packed else align_of(field)
        end, align = round_up(end, own), max(align, own)
        offsets.append(end)
        end += field.size
    return Struct(fields, tuple(offsets), packed, round_up(end, align))


def read_type(text: str) -> Type:
    """The type that `text` spells, laid out as LLVM does on x86-64 (`test_layouts_are_those_of_llvm`)."""
    type, rest = read_front(text)
    if rest:
        raise ArgumentError(f"{text} is no type")
    return type


def read_front(text: str) -> tuple[Type, str]:
    packed = text.startswith("<{")
    if packed or text.startswith("{"):
        fields, rest = [], text[1 + packed :].lstrip()
        while not rest.startswith("}"):
            field, rest = read_front(rest.lstrip(", "))
            fields.append(field)
            rest = rest.lstrip()
        return make_struct(tuple(fields), packed), rest[1 + packed :]
    if text[0] in "[<":
        count, rest = text[1:].split(" x ", 1)
        element, rest = read_front(rest)
        make = make_vector if text[0] == "<" else lambda n, t: Array(n, t, n * t.size)
        return make(int(count), element), rest[1:]
    end = next((at for at, char in enumerate(text) if char in " ,}]>"), len(text))
    word, rest = text[:end], text[end:]
    if word in FLOAT_SIZES:
        return Float(word, FLOAT_SIZES[word]), rest
    if word == "ptr":
        return Pointer(0, 8), rest
    if word[:1] == "i":
        return make_int(int(word[1:])), rest
    if word == "%P":
        return make_struct((make_int(32), Pointer(0, 8))), rest
    raise ArgumentError(f"{text} is no type")


class Session:
    """What values need of a session: buffers get the addresses 0x1000, 0x2000, …"""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def keep(self, data: bytes, align: int = 16) -> int:
        self.kept.append(data)
        return 0x1000 * len(self.kept)

    def address_of(self, name: str) -> int:
        if name != "known":
            raise UndefinedError(f"no @{name}")
        return 0xABC0

    def type_of(self, text: str) -> Type:
        return read_type(text)


def name_at(address: int) -> str | None:
    return {0xABC0: "known", 0xABD0: "odd name"}.get(address)


def through(type_text: str, literal: str) -> str:
    type = read_type(type_text)
    data = write(type, literal, Session())
    assert len(data) == type.size
    return render(type, data, name_at)


def refusal(type_text: str, literal: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        write(read_type(type_text), literal, Session())
    return caught.value.message


@pytest.mark.parametrize(
    ("type_text", "literal", "shown"),
    [
        ("i32", "5", "5"),
        ("i32", "i32 5", "5"),
        ("i32", "0xffffffff", "-1"),
        ("i8", "200", "-56"),
        ("i8", "'a'", "97"),
        ("i8", "true", "1"),
        ("i1", "true", "true"),
        ("i1", "1", "true"),
        ("i1", "-1", "true"),
        ("i1", "0", "false"),
        ("i7", "-64", "-64"),
        ("i128", "-0x8000_0000_0000_0000_0000_0000_0000_0000", str(-(2**127))),
        ("i32", "undef", "0"),
        ("double", "2.5", "2.5"),
        ("double", "7", "7.0"),
        ("double", "-inf", "-inf"),
        ("half", "0xH3C00", "1.0"),
        ("x86_fp80", "0.1", "0.1"),
        ("fp128", "poison", "0.0"),
        ("ptr", "null", "null"),
        ("ptr", "None", "null"),
        ("ptr", "0x7f00", "0x0000000000007f00"),
        ("ptr", "-1", "0xffffffffffffffff"),
        ("ptr", "@known", "@known"),
        ("ptr", "0xabd0", '@"odd name"'),
        ("<2 x i32>", "<i32 1, i32 2>", "<i32 1, i32 2>"),
        ("<2 x i32>", "(1, 2)", "<i32 1, i32 2>"),
        ("<3 x i1>", "<true, false, true>", "<i1 true, i1 false, i1 true>"),
        ("[2 x i16]", "[2 x i16] [1 -2]", "[i16 1, i16 -2]"),
        ("[2 x ptr]", "[null, @known]", "[ptr null, ptr @known]"),
        ("[0 x i32]", "[]", "[]"),
        ("[4 x i8]", '"abc"', r'c"abc\00"'),
        ("[3 x i8]", r'c"a\22\5C"', r'c"a\22\5C"'),
        ("[2 x i8]", r'"a\n"', "[i8 97, i8 10]"),
        ("[2 x i8]", "zeroinitializer", "[i8 0, i8 0]"),
        ("[3 x i8]", "[97, 0, 97]", "[i8 97, i8 0, i8 97]"),
        ("{ i32, ptr }", "{ i32 1, ptr null }", "{ i32 1, ptr null }"),
        ("{ i32, ptr }", "%P (1, null)", "{ i32 1, ptr null }"),
        ("<{ i8, i32 }>", "<{ i8 1, i32 2 }>", "<{ i8 1, i32 2 }>"),
        ("{}", "{}", "{}"),
        ("{ i8, [2 x i32], double }", "(1, [2, 3], 4)", "{ i8 1, [2 x i32] [i32 2, i32 3], double 4.0 }"),
        ("{ i8, ptr }", "zeroinitializer", "{ i8 0, ptr null }"),
    ],
)
def test_a_literal_becomes_the_value_it_spells(type_text: str, literal: str, shown: str) -> None:
    assert through(type_text, literal) == shown


@pytest.mark.parametrize(
    ("type_text", "literal", "message"),
    [
        ("i8", "300", "300 does not fit i8 (-128 … 255)"),
        ("i8", "-129", "-129 does not fit i8 (-128 … 255)"),
        ("i1", "2", "2 does not fit i1 (-1 … 1)"),
        ("i8", "'€'", "'€' does not fit i8 (-128 … 255)"),
        ("i256", "0x1" + "0" * 64, "0x1" + "0" * 37 + "… does not fit i256 (256 bits)"),
        ("i32", "2.5", "i32 wants an integer, not 2.5"),
        ("i32", "null", "i32 wants an integer, not null"),
        ("i32", '"a"', 'i32 wants an integer, not "a"'),
        ("i32", "i64 5", "i32 is wanted, i64 is given"),
        ("double", "true", "double wants a number, not true"),
        ("double", "[1]", "double wants a number, not [1]"),
        ("ptr", "2.5", "ptr wants an address, not 2.5"),
        ("ptr", "true", "ptr wants an address, not true"),
        ("ptr", "<1, 2>", "ptr wants an address, not <1, 2>"),
        ("ptr", "0x1" + "0" * 16, f"0x1{'0' * 16} does not fit ptr ({-(2**63)} … {2**64 - 1})"),
        ("ptr", "[1, @known]", "the items of […] have one type, here are i32 and ptr"),
        ("ptr", "[zeroinitializer]", "zeroinitializer needs its type in front"),
        ("ptr", "[i8 300]", "element 1: 300 does not fit i8 (-128 … 255)"),
        ("[4 x i32]", "[1, 2, 3]", "[4 x i32] wants 4 elements, 3 given"),
        ("{ i32 }", "(1, 2)", "{ i32 } wants 1 field, 2 given"),
        ("[2 x i32]", "5", "[2 x i32] wants […] or (…), not 5"),
        ("[2 x i32]", '"ab"', '[2 x i32] wants […] or (…), not "ab"'),
        ("<2 x i32>", "{ 1, 2 }", "<2 x i32> wants <…> or (…), not {1, 2}"),
        ("{ i32, i32 }", "[1, 2]", "{ i32, i32 } wants { … } or (…), not [1, 2]"),
        ("[3 x i8]", '"abcd"', '"abcd" has 4 bytes, [3 x i8] holds 3'),
        ("<2 x i32>", "<i64 1, i32 2>", "element 1: i32 is wanted, i64 is given"),
        (
            "{ i32, [1 x i8] }",
            "(1, [300])",
            "field 2 of { i32, [1 x i8] }: element 1: 300 does not fit i8 (-128 … 255)",
        ),
    ],
)
def test_a_misfit_says_what_is_wanted_and_where(type_text: str, literal: str, message: str) -> None:
    assert refusal(type_text, literal) == message


@pytest.mark.parametrize("type", [Void(), Unsupported("token", 0)])
def test_types_without_values_are_refused(type: Type) -> None:
    with pytest.raises(ArgumentError, match=f"a value of type {type.text} cannot be written here"):
        write(type, "zeroinitializer", Session())


def test_unknown_symbols_stay_symbol_errors() -> None:
    with pytest.raises(SymbolError):
        write(read_type("[1 x ptr]"), "[@nope]", Session())


@pytest.mark.parametrize(
    ("literal", "buffers"),
    [
        ('"hé"', ["hé".encode() + b"\0"]),
        ('c"hi"', [b"hi"]),
        ("[1, 2]", [struct.pack("<2i", 1, 2)]),
        ("[1, 4294967296]", [struct.pack("<2q", 1, 1 << 32)]),
        ("[1, 2.5, inf]", [struct.pack("<3d", 1, 2.5, float("inf"))]),
        ("['a', true]", [struct.pack("<2i", 97, 1)]),
        ("[i8 1, i8 -1]", [b"\1\xff"]),
        ("[i8 1, 2]", [b"\1\2"]),
        ("[float 0.5]", [struct.pack("<f", 0.5)]),
        ('["a", "b"]', [b"a\0", b"b\0", struct.pack("<2q", 0x1000, 0x2000)]),
        ("[[1], [2]]", [struct.pack("<i", 1), struct.pack("<i", 2), struct.pack("<2q", 0x1000, 0x2000)]),
        ("[[1 x i16] [1], [1 x i16] [2]]", [struct.pack("<2h", 1, 2)]),
        ("[(1, 2.5), (3, 4.5)]", [struct.pack("<i4xdi4xd", 1, 2.5, 3, 4.5)]),
        ("[null, @known]", [struct.pack("<2q", 0, 0xABC0)]),
        ("(1, i8 2, 2.5)", [struct.pack("<ib3xd", 1, 2, 2.5)]),
        ("{ i8 1, ptr @known }", [struct.pack("<b7xq", 1, 0xABC0)]),
        ("<{ i8 1, i32 2 }>", [struct.pack("<bi", 1, 2)]),
        ('(1, "a", (2, 3))', [b"a\0", struct.pack("<i4xq2i", 1, 0x1000, 2, 3)]),
        ("[]", [b""]),
        ("()", [b""]),
    ],
)
def test_a_pointer_takes_what_it_may_point_to(literal: str, buffers: list[bytes]) -> None:
    session = Session()
    data = write(read_type("ptr"), literal, session)
    assert session.kept == buffers
    assert int.from_bytes(data, "little") == 0x1000 * len(buffers)


@pytest.mark.parametrize(
    ("literal", "type_text", "data"),
    [
        ("5", "i32", struct.pack("<i", 5)),
        ("2147483648", "i64", struct.pack("<q", 1 << 31)),
        ("2.5", "double", struct.pack("<d", 2.5)),
        ("nan", "double", struct.pack("<d", float("nan"))),
        ("'a'", "i32", struct.pack("<i", 97)),
        ("i8 -1", "i32", struct.pack("<i", -1)),
        ("i16 65535", "i32", struct.pack("<i", 65535)),
        ("i1 true", "i32", struct.pack("<i", 1)),
        ("i24 5", "i24", struct.pack("<i", 5)),
        ("i64 5", "i64", struct.pack("<q", 5)),
        ("float 0.1", "double", struct.pack("<d", struct.unpack("<f", struct.pack("<f", 0.1))[0])),
        ("%P (1, null)", "{ i32, ptr }", struct.pack("<i4xq", 1, 0)),
        ("null", "ptr", bytes(8)),
        ("@known", "ptr", struct.pack("<q", 0xABC0)),
        ('"x"', "ptr", struct.pack("<q", 0x1000)),
        ("[1, 2]", "ptr", struct.pack("<q", 0x1000)),
        ("(1, 2)", "ptr", struct.pack("<q", 0x1000)),
    ],
)
def test_a_variadic_argument_is_promoted_as_in_c(literal: str, type_text: str, data: bytes) -> None:
    assert natural_type(literal, Session()) == read_type(type_text)
    assert write_variadic(literal, Session()) == (read_type(type_text), data)


@pytest.mark.parametrize("literal", ["undef", "<1, 2>", "i8 300", "word"])
def test_a_variadic_argument_must_say_its_type(literal: str) -> None:
    with pytest.raises(ArgumentError):
        write_variadic(literal, Session())


@pytest.mark.parametrize(
    ("type_text", "literal", "text"),
    [
        ("i32", "-1", "unsigned 4294967295, 0xffffffff"),
        ("i7", "-1", "unsigned 127, 0x7f"),
        ("i32", "4096", "0x1000"),
        ("i32", "4095", ""),
        ("i32", "97", ""),
        ("i8", "97", "'a'"),
        ("i8", "'\\''", "'\\''"),
        ("i8", "10", ""),
        ("i1", "true", ""),
        ("double", "-1", ""),
        ("[1 x i32]", "[-1]", ""),
    ],
)
def test_remarks_help_where_they_can(type_text: str, literal: str, text: str) -> None:
    type = read_type(type_text)
    assert remark(type, write(type, literal, Session())) == text


@pytest.mark.parametrize(
    ("type_text", "literal", "value"),
    [
        ("i32", "0xffffffff", -1),
        ("i1", "true", True),
        ("float", "0.5", 0.5),
        ("ptr", "0x10", 16),
        ("[2 x i8]", "[1, 255]", b"\1\xff"),
        ("<2 x i8>", "<1, 255>", (1, -1)),
        ("{ i8, [2 x i16] }", "(1, [2, 3])", (1, (2, 3))),
        ("{}", "{}", ()),
    ],
)
def test_values_become_python_values(type_text: str, literal: str, value: object) -> None:
    type = read_type(type_text)
    found = to_python(type, write(type, literal, Session()))
    assert (found, found.__class__) == (value, value.__class__)


def test_void_reads_as_nothing_and_unsupported_types_do_not_read() -> None:
    assert to_python(Void(), b"") is None
    assert render(Void(), b"", name_at) == ""
    with pytest.raises(ArgumentError, match="token"):
        render(Unsupported("token", 0), b"", name_at)


def test_integers_longer_than_python_would_print_survive() -> None:
    shown = through("i20000", "-0x" + "7" * 4000)
    assert shown == "-0x" + "7" * 4000
    assert through("i20000", shown) == shown


def test_what_lies_above_the_bits_of_an_integer_is_ignored() -> None:
    assert render(make_int(24), b"\1\0\0\xee", name_at) == "1"


ints = st.sampled_from([1, 3, 7, 8, 16, 24, 32, 33, 64, 65, 128, 200]).map(make_int)
scalar_types = ints | st.sampled_from([*FLOAT_SIZES]).map(read_type) | st.just(Pointer(0, 8))
types = st.recursive(
    scalar_types | st.builds(make_vector, st.integers(1, 5), scalar_types),
    lambda inner: (
        st.builds(lambda count, element: Array(count, element, count * element.size), st.integers(0, 4), inner)
        | st.builds(make_struct, st.lists(inner, max_size=4).map(tuple), st.booleans())
    ),
    max_leaves=6,
)


@given(types, st.data())
def test_a_rendered_value_reads_back_as_the_same_value(type: Type, data: st.DataObject) -> None:
    noise = data.draw(st.binary(min_size=type.size, max_size=type.size))
    shown = render(type, noise, name_at)
    stored = write(type, shown, Session())
    assert len(stored) == type.size
    assert render(type, stored, name_at) == shown
    assert write(type, shown, Session()) == stored
    assert split_arguments(f"{type.text} {shown} 5") == (f"{type.text} {shown}", "5")
    assert write(type, f"{type.text} {shown}", Session()) == stored
    assert str(to_python(type, stored)) == str(to_python(type, noise))


STORED_BY_LLVM = """
import ctypes, json, sys
import llvmlite.binding as llvm
llvm.initialize_native_target(); llvm.initialize_native_asmprinter()
cases = json.load(sys.stdin)
machine = llvm.Target.from_default_triple().create_target_machine()
ir = "".join(
    f"@t{n} = global {type} zeroinitializer\\n@v{n} = global {type} {value}\\n"
    f"define void @f{n}(ptr %p) {{ %v = load volatile {type}, ptr @v{n} "
    f"store {type} %v, ptr %p, align 1 ret void }}\\n"
    for n, (type, value) in enumerate(cases))
module = llvm.parse_assembly(ir)
module.data_layout = str(machine.target_data)
globals = [module.get_global_variable(f"t{n}") for n in range(len(cases))]
sizes = [machine.target_data.get_abi_size(found.global_value_type) for found in globals]
engine = llvm.create_mcjit_compiler(module, machine)
engine.finalize_object()
answers = []
for n, size in enumerate(sizes):
    out = ctypes.create_string_buffer(size + 64)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address(f"f{n}"))(ctypes.addressof(out))
    answers.append([size, out.raw[:size].hex()])
print(json.dumps(answers))
"""

CONSTANTS = [
    ("i1", "true"),
    ("i3", "-1"),
    ("i7", "-2"),
    ("i9", "-2"),
    ("i24", "-2"),
    ("i33", "-2"),
    ("i65", "-2"),
    ("i100", "-1"),
    ("i129", "-2"),
    ("i200", "-2"),
    ("<1 x i1>", "<i1 true>"),
    ("<3 x i1>", "<i1 true, i1 false, i1 true>"),
    ("<9 x i1>", "<i1 1, i1 0, i1 0, i1 0, i1 0, i1 0, i1 0, i1 0, i1 1>"),
    ("<3 x i7>", "<i7 1, i7 2, i7 127>"),
    ("<4 x i24>", "<i24 66051, i24 263430, i24 460809, i24 -1>"),
    ("<5 x i33>", "<i33 1, i33 -1, i33 3, i33 4, i33 5>"),
    ("<3 x i32>", "<i32 1, i32 2, i32 3>"),
    ("<2 x i128>", "<i128 1, i128 2>"),
    ("<3 x half>", "<half 1.0, half 2.0, half 3.0>"),
    ("<2 x bfloat>", "<bfloat 1.0, bfloat 2.0>"),
    ("<2 x x86_fp80>", "<x86_fp80 0xK3FFF8000000000000000, x86_fp80 0xKC0008000000000000000>"),
    ("<2 x fp128>", "<fp128 0xL00000000000000013FFF000000000002, fp128 0xL00000000000000004000000000000000>"),
    ("<3 x ptr>", "<ptr null, ptr null, ptr null>"),
    ("ppc_fp128", "0xM3FF0000000000000BC00000000000000"),
    ("float", "0x3FB99999A0000000"),
    ("[2 x i24]", "[i24 1, i24 -1]"),
    ("[2 x x86_fp80]", "[x86_fp80 0xK3FFF8000000000000000, x86_fp80 0xKC0008000000000000000]"),
    ("{ i1, i24, i8 }", "{ i1 true, i24 -1, i8 3 }"),
    ("<{ i8, i33, half }>", "<{ i8 1, i33 -1, half 1.0 }>"),
    (
        "{ i8, { i16, <3 x i7> }, [3 x i8] }",
        '{ i8 1, { i16, <3 x i7> } { i16 2, <3 x i7> <i7 1, i7 2, i7 3> }, [3 x i8] c"ab\\00" }',
    ),
]


def test_layouts_are_those_of_llvm() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORED_BY_LLVM], input=json.dumps(CONSTANTS), capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    for (text, value), (size, stored) in zip(CONSTANTS, json.loads(done.stdout), strict=True):
        type = read_type(text)
        assert (text, type.size) == (text, size)
        assert (text, write(type, value, Session()).hex()) == (text, stored)
