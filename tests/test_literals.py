from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitrepl.digits import decimal_integer
from jitrepl.errors import ArgumentError
from jitrepl.literal_tree import quoted
from jitrepl.literals import (
    Char,
    Number,
    Sequence,
    String,
    Symbol,
    Typed,
    Word,
    parse,
    quote,
    split_arguments,
)
from jitrepl.structs import Struct

# A busy machine is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", []),
        ("  ", []),
        ("1 2", ["1", "2"]),
        ("1,2", ["1", "2"]),
        ("1, 2,", ["1", "2"]),
        ("i32 5, ptr null", ["i32 5", "ptr null"]),
        ("i32 5 ptr null", ["i32 5", "ptr null"]),
        ("<4 x i32> <i32 1, i32 2, i32 3, i32 4>", ["<4 x i32> <i32 1, i32 2, i32 3, i32 4>"]),
        ("{ i32, ptr } { i32 1, ptr null }", ["{ i32, ptr } { i32 1, ptr null }"]),
        ("<{ i8, i32 }> <{ i8 1, i32 2 }> 7", ["<{ i8, i32 }> <{ i8 1, i32 2 }>", "7"]),
        ("ptr addrspace(1) null 3", ["ptr addrspace(1) null", "3"]),
        ("%T { i32 1 } %\"a b\" zeroinitializer 'x'", ["%T { i32 1 }", '%"a b" zeroinitializer', "'x'"]),
        ("[2 x [2 x i8]] zeroinitializer", ["[2 x [2 x i8]] zeroinitializer"]),
        ('"a b" [1, 2]', ['"a b"', "[1, 2]"]),
        (r'"a\" b" c"x y\00"', [r'"a\" b"', r'c"x y\00"']),
        ('@"a b" @c', ['@"a b"', "@c"]),
        ("(1, (2, 3)) [ [1] ]", ["(1, (2, 3))", "[ [1] ]"]),
        ("{} {}", ["{} {}"]),
        ("{}, {}", ["{}", "{}"]),
        ("{} 5", ["{}", "5"]),
        ("{ {}, {} } zeroinitializer", ["{ {}, {} } zeroinitializer"]),
    ],
)
def test_arguments_are_cut_where_values_end(text: str, arguments: list[str]) -> None:
    assert split_arguments(text) == tuple(arguments)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("1 [2, 3", "the [ is never closed: ] is missing", 3),
        ("<{ i8 1 }", "}> is wanted here, not }", 9),
        ("[1)", "] is wanted here, not )", 3),
        ("1 ]", "the ] closes nothing", 3),
        ('"abc', 'the " is never closed: " is missing', 1),
        (r'"abc\"', 'the " is never closed: " is missing', 1),
        ("1,,2", "a value is missing before the comma", 3),
        ("i32", "a value is missing after the type i32", 0),
        ("i32, 5", "a value is missing after the type i32", 0),
        ("[i32]", "a value is missing after the type i32", 0),
        ("i32 i64 5", "a value is wanted here, not the type i64", 5),
        ("'ab'", "the ' wants one character and another '", 1),
        ("''", "the ' wants one character and another '", 1),
        ("'", "the ' wants one character and another '", 1),
        ("[@]", "a name is missing after the @", 2),
        (r'"\q"', r"\q is not an escape", 2),
        ('"\\', r"\ is not an escape", 2),
        ("[" * 5000, "brackets are nested more than 100 deep", 0),
        ("{" * 5000, "brackets are nested more than 100 deep", 0),
        ("[1 x " * 5000, "brackets are nested more than 100 deep", 0),
    ],
)
def test_a_malformed_line_says_what_is_missing_and_where(text: str, message: str, column: int) -> None:
    with pytest.raises(ArgumentError) as caught:
        split_arguments(text)
    pointed = f"\n  {text}\n  {' ' * (column - 1)}^" if column else ""
    assert caught.value.message == message + pointed


def test_of_a_long_line_what_is_around_the_mistake_is_shown() -> None:
    with pytest.raises(ArgumentError) as caught:
        split_arguments(f"{'1 ' * 200}] {'2 ' * 200}")
    _, shown, caret = caught.value.message.split("\n")
    assert (len(shown), shown[caret.index("^")]) == (122, "]")


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("5", Number("5")),
        ("-.5e3", Number("-.5e3")),
        ("-inf", Word("-inf")),
        ("True", Word("true")),
        ("None", Word("null")),
        ("'a'", Char(97)),
        (r"'\n'", Char(10)),
        (r"'\''", Char(39)),
        ("'\"'", Char(34)),
        ("'é'", Char(233)),
        (r'"a\n\t\r\0\\\"\'"', String(b"a\n\t\r\0\\\"'")),
        (r'"\x41\42é"', String("ABé".encode())),
        (r'c"hi\00"', String(b"hi\0", raw=True)),
        ("@main", Symbol("main")),
        (r'@"a\20b\5C"', Symbol("a b\\")),
        ("i32 -5", Typed("i32", Number("-5"))),
        ("<{ i8 1 }>", Sequence("<{", (Typed("i8", Number("1")),))),
        ("[1 2, 3]", Sequence("[", (Number("1"), Number("2"), Number("3")))),
        ("()", Sequence("(", ())),
        ("(1,)", Sequence("(", (Number("1"),))),
    ],
)
def test_a_literal_is_read_into_a_tree(text: str, literal: object) -> None:
    assert parse(text) == literal


@pytest.mark.parametrize("text", ["", "1 2", "{} 5"])
def test_parse_wants_exactly_one_value(text: str) -> None:
    with pytest.raises(ArgumentError, match="value"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("+5", 5),
        ("1_000", 1000),
        ("-0x1F", -31),
        ("0b101", 5),
        ("0o17", 15),
        ("2.5", None),
        ("1e3", None),
        ("0x", None),
        ("+-5", None),
        ("1__0", None),
        ("5x", None),
        ("9" * 5000 + "+" + "9" * 5000, None),
    ],
)
def test_an_integer_may_be_spelt_in_many_ways(text: str, value: int | None) -> None:
    assert Number(text).integer() == value


def test_decimal_integers_may_have_any_length() -> None:
    assert Number("9" * 9000).integer() == 10**9000 - 1
    assert decimal_integer("-" + "1_0" * 5000) < 0
    with pytest.raises(ValueError, match=r"^x1"):
        decimal_integer("x" + "1" * 5000)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=20)
python_values = st.recursive(scalars, lambda inner: st.lists(inner) | st.lists(inner).map(tuple), max_leaves=10)


def meaning(literal: object) -> object:
    """The Python value that a quoted literal stands for."""
    match literal:
        case Word(text=text):
            return {"true": True, "false": False, "null": None}[text] if text[-1] != "f" else float(text)
        case Number():
            value = literal.integer()
            return float(literal.text) if value is None else value
        case String(data=data, raw=raw):
            return data if raw else data.decode()
        case Sequence(kind=kind, items=items):
            return (list if kind == "[" else tuple)(map(meaning, items))
    raise AssertionError(literal)


@given(python_values)
def test_a_quoted_python_value_reads_back_as_the_same_value(value: object) -> None:
    text = quote(value)
    back = meaning(parse(text))
    assert (back, type(back)) == (value, type(value))
    assert split_arguments(f"{text}, {text}") == (text, text)
    assert parse(str(parse(text))) == parse(text)


@given(st.text(), st.integers(0, 0x10FFFF).filter(lambda code: not 0xD800 <= code < 0xE000))
def test_names_and_characters_read_back_from_their_own_text(name: str, code: int) -> None:
    assert parse(str(Symbol(name))) == Symbol(name)
    assert parse(str(Char(code))) == Char(code)


@given(st.text(alphabet="[](){}<>\"'\\,@%ci8x42 \n", max_size=30))
def test_no_line_does_worse_than_an_argument_error(text: str) -> None:
    try:
        parts = [parse(part) for part in split_arguments(text)]
    except ArgumentError:
        return
    assert split_arguments(", ".join(map(str, parts))) == tuple(map(str, parts))


def test_structs_are_quoted_by_name_or_as_tuples() -> None:
    assert quote({"x": 1, "y": "a"}) == '{x: 1, y: "a"}'
    assert quote(Struct("Point", ("x", "y"), (1, 2))) == "(1, 2)"
    assert quote([Struct("Shape::Circle", ("0",), (2.5,))]) == "[Shape::Circle(2.5)]"


def test_quote_refuses_what_has_no_literal_and_names_the_type() -> None:
    with pytest.raises(ArgumentError, match="a Python set cannot be passed"):
        quote({1})
    with pytest.raises(ArgumentError, match="lone surrogate"):
        quote("\ud800")


def test_quote_writes_integers_longer_than_python_would_print() -> None:
    assert Number(quote(-(10**9000))).integer() == -(10**9000)


def test_reading_literals_loads_no_slow_module() -> None:
    code = "import sys, jitrepl.literals, jitrepl.worker.values as v; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"sys = __import__('sys'); sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    slow = {"re", "typing", "dataclasses", "enum", "json", "decimal", "fractions", "ctypes", "llvmlite"}
    assert not slow & set(loaded.split())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sum", "@sum"),
        ("a.b-c$d_1", "@a.b-c$d_1"),
        ("a b", '@"a b"'),
        ("1a", '@"1a"'),
        ("1", '@"1"'),
        ('a"\\', '@"a\\22\\5C"'),
        ("é", '@"é"'),
        ("", '@""'),
        ("a\udcff", '@"a\\FF"'),
    ],
)
def test_names_are_quoted_as_llvm_wants_them(name: str, text: str) -> None:
    assert quoted(name) == str(Symbol(name)) == text


def test_a_value_without_a_name_has_a_number() -> None:
    assert [quoted(name, "%") for name in ("1", "1a", "x")] == ["%1", '%"1a"', "%x"]


def test_quote_says_what_a_value_is_for() -> None:
    with pytest.raises(ArgumentError, match="a Python set cannot be returned"):
        quote([{1}], "returned")


@pytest.mark.parametrize("opened", ["'", "''", "'''", "'ab'", "'\\n"])
def test_a_character_is_one_between_quotes(opened: str) -> None:
    with pytest.raises(ArgumentError, match="the ' wants one character and another"):
        parse(opened)
