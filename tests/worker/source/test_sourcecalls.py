"""Calls at the level of C, C++ and Rust: every kind of value goes in and comes out, at -O0 and at -O2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from transcripts import ROOT, SCRIPTS, TIMEOUT

from jitrepl import Session, errors
from jitrepl.messages import Value
from jitrepl.structs import Struct

SOURCES = ROOT / "tests" / "data" / "source"
Call = Callable[[str], Value]


def compile_to(folder: Path, *command: str | Path) -> Path:
    target = folder / "made.bc"
    subprocess.run([*command, "-o", target], check=True, timeout=TIMEOUT, capture_output=True)
    return target


def clang() -> str:
    found = shutil.which("clang-22", path=str(SCRIPTS)) or shutil.which("clang-22")
    return found or pytest.skip("no clang-22 beside this Python: pip install 'jitrepl[clang]'")


def called(session: Session) -> Call:
    """What `:call LINE` returns."""
    from jitrepl.messages import Called
    from jitrepl.shell.commands import run_command

    def call(line: str) -> Value:
        reply = run_command(session, f":call {line}")
        assert isinstance(reply, Called)
        return reply.value

    return call


def shown(value: Value) -> str:
    """What is printed of a value."""
    return value.shown or f"{value.type} {value.text}" if value.type != "void" else ""


def outcome(session: Session, line: str) -> tuple[str, object]:
    """What is printed of a call's value, and what Python gets."""
    value = called(session)(line)
    return shown(value), value.data


def refusal(session: Session, line: str) -> tuple[str, str]:
    """The message and the hint of the error that a call ends with."""
    with pytest.raises(errors.ArgumentError) as caught:
        called(session)(line)
    return caught.value.message, caught.value.hint


# C


@pytest.fixture(scope="module", params=["-O0", "-O2"])
def c(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with values.c."""
    folder = tmp_path_factory.mktemp("c")
    made = compile_to(folder, clang(), request.param, "-g", "-w", "-emit-llvm", "-c", SOURCES / "values.c")
    with Session(snapshots=False) as session:
        session.load(made)
        yield session


OF_C = {
    "sum 1 -2": ("int -1", -1),
    "all_ones": ("unsigned int 4294967295", 4294967295),
    "byte": ("uint8_t 200", 200),
    "tiny": ("signed char -5", -5),
    "huge": ("unsigned long long 18446744073709551615", 2**64 - 1),
    "huger": ("__int128 -1267650600228229401496703205376", -(2**100)),
    "hugest": ("unsigned __int128 340282366920938463463374607431768211455", 2**128 - 1),
    "letter 0": ("char 'a'", 97),
    "letter 1": (r"char '\n'", 10),
    "letter 2": (r"char '\''", 39),
    "letter 3": (r"char '\xff'", -1),
    "truth true": ("bool false", False),
    "third": ("float 0.33333334", 0.3333333432674408),
    "quotient 1 3": ("double 0.3333333333333333", 1 / 3),
    "quotient -1 0": ("double -inf", float("-inf")),
    "precise 0.25": ("long double 0.75", 0.75),
    "rotated (1, 2)": ("double _Complex -2.0+1.0i", (-2.0, 1.0)),
    "rotated_f (1, 2)": ("float _Complex -2.0+1.0i", (-2.0, 1.0)),
    'length "four"': ("size_t 4", 4),
    "nowhere": ("int * null", 0),
    "wild": ("void * 0x0000000000000010", 16),
    "wild_text": ("char * 0x0000000000000010 <cannot be read>", 16),
    "nothing": ("", None),
    "next RED": ("enum color GREEN", 5),
    "next 5": ("enum color BLUE", 6),
    "all": ("enum flags READ | EXECUTE", 5),
    "no_color": ("enum color 77", 77),
    "kind LARGE": ("size_kind SMALL", -1),
    "moved {1, 2} 10": ("struct point {x = 11, y = -8}", (11, -8)),
    "moved (1, 2) 10": ("struct point {x = 11, y = -8}", (11, -8)),
    "moved {.y = 2, .x = 1} 10": ("struct point {x = 11, y = -8}", (11, -8)),
    "moved {y = 2} 10": ("struct point {x = 10, y = -8}", (10, -8)),
    "swapped {1, 2.5}": ("pair_t {re = 2.5, im = 1.0}", (2.5, 1.0)),
    "rotated3 {1, 2, 3}": ("struct three {a = 2.0, b = 3.0, c = 1.0}", (2.0, 3.0, 1.0)),
    "heavier {'a', 1.5}": ("struct mixed {tag = 'a', weight = 3.0}", (97, 3.0)),
    "lighter {1.5, 'a'}": ("struct late {weight = 0.75, tag = 'a'}", (0.75, 97)),
    'reversed {"abc"}': ('struct odd {bytes = "cba"}', (b"cba",)),
    "doubled {[1, 2, 3, 4]}": ("struct big {values = {2, 4, 6, 8}}", ([2, 4, 6, 8],)),
    "flipped {5, 3, true}": ("struct bits {low = 2, high = -3, flag = false}", (2, -3, False)),
    "nested {{1, 2}, {3}, BLUE}": (
        "struct outer {at = {x = 2, y = 2}, {inner = 4}, color = RED}",
        ((2, 2), 4, 0),
    ),
    "wider {1.25}": ("struct wide {x = 2.5}", (2.5,)),
    "emptied {} 5": ("", None),
    "joined {whole = 0xffff}": (
        "union word {whole = 65536, parts = {0, 0, 1, 0}, real = 9.1835e-41}",
        (65536, [0, 0, 1, 0], 9.183549615799121e-41),
    ),
    "scaled [1, 2, 3, 4] 0.5": ("float4 {0.5, 1.0, 1.5, 2.0}", [0.5, 1.0, 1.5, 2.0]),
    "many {1, 2} {3, 4} {5, 'a'} {6, 7} {8, 9} {[1, 2, 3, 10]} {1.5, 'b'}": ("int64_t 270", 270),
    "mean [1, 2, 3, 4] 4": ("double 2.5", 2.5),
    "total [{1, 2}, {3, 4}] 2": ("int 14", 14),
    "apply @sum 1 2": ("int 3", 3),
    "added 3 1 2 3": ("int 6", 6),
    "same_37 -5": ("_BitInt(37) -5", -5),
    "same_100 -5": ("_BitInt(100) -5", -5),
    "same_129 -5": ("_BitInt(129) -5", -5),
    "same_narrow {-65536, 7}": ("struct narrow {a = -65536, b = 7}", (-65536, 7)),
    "same_sevens {[-64, 2, -3]}": ("struct sevens {all = {-64, 2, -3}}", ([-64, 2, -3],)),
}


def test_values_of_c(c: Session) -> None:
    assert {line: outcome(c, line) for line in OF_C} == OF_C


def test_pointers_are_shown_with_what_is_known_of_them(c: Session) -> None:
    assert shown(called(c)("chosen")) == "operation @sum"
    assert shown(called(c)("greeting")).endswith(' "hello"')
    assert shown(called(c)('older {"bob", 41}')).endswith(' "bob", age = 42}')


def test_a_struct_comes_to_python_as_a_tuple_with_names_and_goes_back(c: Session) -> None:
    point = c.call("moved", (1, 2), 10)
    assert isinstance(point, Struct)
    assert (point.x, point.y, point._fields, repr(point)) == (11, -8, ("x", "y"), "struct point(x=11, y=-8)")
    assert c.call("moved", point, -10) == (1, 2)
    assert c.call("moved", {"y": 2, "x": 1}, 10) == (11, -8)


WRONG = {
    "next PURPLE": ("argument 1 of @next: enum color has no value PURPLE", "it has RED, GREEN, BLUE"),
    "moved {1, 2, 3} 10": (
        "argument 1 of @moved: struct point wants 2 fields, 3 given",
        "for example {x = …, y = …}",
    ),
    "moved {z = 1} 10": ("argument 1 of @moved: struct point has no field z", "it has x, y"),
    "moved {x = 1.5} 10": ("argument 1 of @moved: field x of struct point: int wants an integer, not 1.5", ""),
    "moved 5 10": ("argument 1 of @moved: struct point wants { … }, not 5", "for example {x = …, y = …}"),
    "moved {x = } 10": ("argument 1 of @moved: a value is missing after x", ""),
    "sum 1": ("@sum takes 2 arguments, 1 given: int sum(int, int)", ""),
    "sum 99999999999 1": (
        "argument 1 of @sum: 99999999999 does not fit int (-2147483648 … 4294967295)",
        "",
    ),
    "same_narrow {-70000, 7}": (
        "argument 1 of @same_narrow: field a of struct narrow: -70000 does not fit _BitInt(17) (-65536 … 131071)",
        "",
    ),
    "same_narrow {1, 9}": (
        "argument 1 of @same_narrow: field b of struct narrow: 9 does not fit unsigned _BitInt(3) (-4 … 7)",
        "",
    ),
    "truth 2": ("argument 1 of @truth: bool is true or false, not 2", ""),
    "third 1": ("@third takes no arguments, 1 given: float third(void)", ""),
}


def test_what_does_not_fit_is_refused_in_the_words_of_the_source(c: Session) -> None:
    assert {line: refusal(c, line) for line in WRONG} == WRONG


def test_arguments_for_the_ir_parameters_are_taken_as_such(c: Session) -> None:
    # A `struct late` is `double, i8` in IR.
    assert c.call("lighter", 1.5, 97) == (0.75, 97)


TYPES = {
    "sum": "int sum(int, int)",
    "added": "int added(int, ...)",
    "apply": "int apply(operation, int, int)",
    "linked": "struct node *linked(void)",
    "origin": "struct point origin",
    "names": "const char *names[2]",
    "operation": "typedef int (*operation)(int, int);",
    "struct point": "struct point {\n    int x;\n    int y;\n};",
    "outer": "struct outer {\n    struct point at;\n    struct {\n        int inner;\n    };\n    enum color color;\n"
    "};",
    "bits": "struct bits {\n    unsigned int low : 3;\n    int high : 5;\n    bool flag : 1;\n};",
    "color": "enum color {\n    RED = 0,\n    GREEN = 5,\n    BLUE = 6,\n};",
}


def test_types_in_the_spelling_of_c(c: Session) -> None:
    assert {name: c.describe(name) for name in TYPES} == TYPES


def test_without_debug_info_types_and_values_are_those_of_ir(session: Session) -> None:
    session.load("define i32 @sum(i32 %a, i32 %b) {\n  %r = add i32 %a, %b\n  ret i32 %r\n}\n@n = global i64 5")
    assert session.describe("@sum") == "i32 (i32, i32)"
    assert session.describe("n") == "i64"
    assert shown(called(session)("sum 1 2")) == "i32 3"
    with pytest.raises(errors.SymbolError, match="the session has no smu"):
        session.describe("smu")


def test_a_host_function_has_the_type_that_was_given_to_it(session: Session) -> None:
    assert session.describe("hello") == "void ()"


# C++

LIBRARIES = {"libstdc++": ("-stdlib=libstdc++", "libstdc++.so.6"), "libc++": ("-stdlib=libc++", "libc++.so.1")}


@pytest.fixture(scope="module", params=[("libstdc++", "-O0"), ("libstdc++", "-O2"), ("libc++", "-O0")], ids=" ".join)
def cxx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with values.cpp, made for one of the two C++ libraries."""
    library, level = request.param
    option, name = LIBRARIES[library]
    source = SOURCES / "values.cpp"
    command = [clang(), "-x", "c++", "-std=c++17", option, level, "-g", "-w", "-emit-llvm", "-c", source]
    try:
        made = compile_to(tmp_path_factory.mktemp("cxx"), *command)
    except subprocess.CalledProcessError as problem:
        if b"file not found" in problem.stderr:
            pytest.skip(f"the headers of {library} are not installed")
        raise
    wheel = Path(sys.prefix) / "lib" / "x86_64-unknown-linux-gnu" / name
    with Session(snapshots=False) as session:
        session.library(str(wheel) if wheel.exists() else name)
        session.load(made)
        yield session


OF_CXX = {
    "text 3": (r'std::string "xxx\n"', "xxx\n"),
    "text 50": (f'std::string "{"x" * 50}\\n"', "x" * 50 + "\n"),
    'greet "bob"': ('std::string "hello bob"', "hello bob"),
    'shout "bob"': ('std::string "bob!!"', "bob!!"),
    'moved "a text of more than twenty-two letters"': (
        'std::string "a text of more than twenty-two letters"',
        "a text of more than twenty-two letters",
    ),
    'view "abc"': ('std::string_view "bc"', "bc"),
    "numbers 4": ("std::vector<int> {0, 1, 4, 9}", [0, 1, 4, 9]),
    "numbers 0": ("std::vector<int> {}", []),
    "total [1, 2, 3]": ("int 6", 6),
    "words": (
        'std::vector<std::string> {"one", "a text of more than twenty-two letters"}',
        ["one", "a text of more than twenty-two letters"],
    ),
    "bits 4": ("std::vector<bool> {true, false, false, true}", [True, False, False, True]),
    "points": ("std::vector<geo::Point> {{x = 1, y = 2}, {x = 3, y = 4}}", [(1, 2), (3, 4)]),
    "array": ("std::array<short, 3> {1, 2, 3}", [1, 2, 3]),
    "some 5": ("std::optional<int> 5", 5),
    "some 0": ("std::optional<int> std::nullopt", None),
    "some_text": ('std::optional<std::string> "text"', "text"),
    "pair": ("std::pair<int, double> {1, 2.5}", (1, 2.5)),
    "tuple": ("std::tuple<int, char, std::string> {1, 'c', \"three\"}", (1, 99, "three")),
    "variant 0": ("std::variant<int, std::string> 5", 5),
    "variant 1": ('std::variant<int, std::string> "text"', "text"),
    "map": ('std::map<std::string, int> {["a"] = 1, ["b"] = 2, ["c"] = 3}', {"a": 1, "b": 2, "c": 3}),
    "int_map": ("std::map<int, int> {[1] = 10, [2] = 20, [3] = 30}", {1: 10, 2: 20, 3: 30}),
    "none": ("std::map<int, short> {}", {}),
    "set": ("std::set<char> {'a', 'b'}", [97, 98]),
    "hashed": ("std::unordered_map<int, int> {[7] = 8}", {7: 8}),
    "hashed_set": ('std::unordered_set<std::string> {"x"}', ["x"]),
    "list": ("std::list<int> {1, 2, 3}", [1, 2, 3]),
    "unique 0": ("std::unique_ptr<int> nullptr", None),
    "complex": ("std::complex<double> 1.0-2.0i", (1.0, -2.0)),
    "point {1, 2} 10": ("geo::Point {x = 11, y = -8}", (11, -8)),
    "color Red": ("geo::Color::Green", 5),
    "color geo::Color::Green": ("geo::Color::Red", 0),
    "plain B": ("Plain A", 0),
    "box": ('geo::Box<std::string> {inside = "in a box"}', ("in a box",)),
    "derived": ("Derived {<Base> = {id = 1}, weight = 2.0}", (1, 2.0)),
    "both": ("Both {<geo::Point> = {x = 1, y = 2}, flag = true}", (1, 2, True)),
    "tag {}": ("", None),
    "reference": ("int & 5", 5),
    "text_reference": ('const std::string & "kept"', "kept"),
    "wide": ("char16_t u'é'", 233),
    "wider": (r"wchar_t L'\n'", 10),
    "null": ("std::nullptr_t null", 0),
    "member 4 {5, 6}": ("int 6", 6),
    'mixed [1, 2, 3] "abcd" "ef" {1, 2} B [1, 2, 3]': ("int 21", 21),
    "counted 5": ("Counted {number = 5}", (5,)),
    "of_counted {5}": ("int 6", 6),
    "big {{1, 2, 3, 4, 5}} {6}": ("long long 11", 11),
    "_ZN3geo4areaENS_5PointE {3, 4}": ("int 12", 12),
}


def test_values_of_cxx(cxx: Session) -> None:
    assert {line: outcome(cxx, line) for line in OF_CXX} == OF_CXX


def test_pointers_to_members_are_offsets_or_functions(cxx: Session) -> None:
    names = ("talking", "walking", "idling", "nothing_of_it")
    talking, walking, idling, nothing = (called(cxx)(name).text for name in names)
    assert (talking, walking, idling, nothing) == ("virtual, at offset 0", "@_ZN6talker4walkEv", "null", "null")


def test_smart_pointers_are_shown_with_what_they_own(cxx: Session) -> None:
    assert shown(called(cxx)("unique 5")).startswith("std::unique_ptr<int> 0x")
    assert cxx.call("unique", 5) == 5
    assert shown(called(cxx)("shared")).endswith(" {x = 5, y = 6}")


def test_a_temporary_is_destroyed_when_it_was_shown(cxx: Session) -> None:
    if not {"_ZN7CountedD2Ev", "_ZN5LargeD2Ev"} <= {symbol.name for symbol in cxx.symbols()}:
        return  # at -O2 no code of their own is left of them
    before = cxx.call("living")
    assert cxx.call("counted", 1) == (1,)
    assert cxx.call("living") == before
    assert cxx.call("large", 2).last == (2,)
    assert cxx.call("living") == before


CXX_TYPES = {
    "mixed": "int mixed(const std::vector<int> &, std::string, std::string_view, geo::Point, Plain, int (&)[3])",
    "member": "int member(int geo::Point::*, geo::Point &&)",
    "_ZNK7Counted4plusEi": "int Counted::plus(int) const",
    "_ZN7CountedC2Ei": "Counted::Counted(int)",
    "_ZN7Counted4makeEi": "Counted Counted::make(int)",
    "geo::Color": "enum class geo::Color : unsigned char {\n    Red = 0,\n    Green = 5,\n};",
    "Derived": "struct Derived : Base {\n    double weight;\n};",
}


def test_types_in_the_spelling_of_cxx(cxx: Session) -> None:
    known = {symbol.name for symbol in cxx.symbols()}
    for name, text in CXX_TYPES.items():
        if not name.startswith("_Z") or name in known:  # at -O2 small functions are not kept
            assert cxx.describe(name) == text


# Rust


@pytest.fixture(scope="module", params=["-Copt-level=0", "-Copt-level=2"])
def rust(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with values.rs and Rust's std."""
    rustc = shutil.which("rustc") or pytest.skip("no rustc: install Rust")
    command = [rustc, "--edition=2021", "--crate-type=lib", "--emit=llvm-bc", "-g", request.param]
    made = compile_to(tmp_path_factory.mktemp("rust"), *command, SOURCES / "values.rs")
    where = subprocess.run([rustc, "--print=target-libdir"], check=True, capture_output=True, text=True).stdout
    (std,) = Path(where.strip()).glob("libstd-*.so")
    with Session(snapshots=False) as session:
        session.library(str(std))
        session.load(made)
        yield session


LIST = "Some(Node { value: 2, next: Some(Node { value: 1, next: None }) })"
OF_RUST = {
    "prime_factors 12": ("Vec<u64> [2, 2, 3]", [2, 2, 3]),
    "prime_factors 1": ("Vec<u64> []", []),
    "sum 1 2": ("i32 3", 3),
    "all_ones": ("u32 4294967295", 4294967295),
    "huge": ("u128 340282366920938463463374607431768211455", 2**128 - 1),
    "letter 'a'": ("char '😀'", "😀"),
    "letter 'é'": ("char 'é'", "é"),
    "truth true": ("bool false", False),
    "third": ("f32 0.33333334", 0.3333333432674408),
    "nothing": ("", None),
    "text 0": (r'&str "tab\t\"é\""', 'tab\t"é"'),
    "text 1": ('&str ""', ""),
    'greet "bob"': ('String "hello bob"', "hello bob"),
    'shout "bob"': ('String "bob!"', "bob!"),
    'shout ""': ('String "!"', "!"),
    "origin": ("Point { x: 1, y: 2 }", (1, 2)),
    "area (3, 4)": ("i32 12", 12),
    "area Point { x: 3, y: 5 }": ("i32 15", 15),
    "by_reference { y: 5, x: 3 }": ("i32 -2", -2),
    "longer Meters(1.5)": ("Meters(2.5)", (2.5,)),
    "longer (1.5)": ("Meters(2.5)", (2.5,)),
    "unit": ("", None),
    "rotated {1, 2, 3}": ("Triple { a: 2.0, b: 3.0, c: 1.0 }", (2.0, 3.0, 1.0)),
    'doubled {[1, 2, 3, 4], "n"}': ('Large { values: [2, 4, 6, 8], name: "n" }', ([2, 4, 6, 8], "n")),
    "tuple 3 ('x', true)": ("(u8, char, bool) (3, 'x', false)", (3, "x", False)),
    "one_tuple": ("(i32,) (5,)", (5,)),
    "half 4": ("Option<i32> Some(2)", 2),
    "half 5": ("Option<i32> None", None),
    "or_zero Some(3)": ("i32 3", 3),
    "or_zero None": ("i32 0", 0),
    "or_zero 5": ("i32 5", 5),
    "boxed 4": ("Option<Box<i32>> Some(4)", 4),
    "boxed 3": ("Option<Box<i32>> None", None),
    "unboxed Some(4)": ("i32 4", 4),
    "unboxed None": ("i32 -1", -1),
    'parse "12"': ("Result<i64, String> Ok(12)", (12,)),
    'parse "x"': (
        'Result<i64, String> Err("invalid digit found in string")',
        ("invalid digit found in string",),
    ),
    "color Red": ("Color::Green", "Color::Green"),
    "color Color::Green": ("Color::Blue", "Color::Blue"),
    "shape 0": ("Shape::Empty", "Shape::Empty"),
    "shape 1": ("Shape::Circle(2.5)", (2.5,)),
    "shape 2": ("Shape::Rect { w: 1, h: 2 }", (1, 2)),
    "surface Shape::Circle(2)": ("f64 4.0", 4.0),
    "surface Rect { w: 3, h: 4 }": ("f64 12.0", 12.0),
    "surface Empty": ("f64 0.0", 0.0),
    "list 2": (f"Option<Box<Node>> {LIST}", (2, (1, None))),
    "strings": ('Vec<String> ["a", "bc"]', ["a", "bc"]),
    "nested": ("Vec<Option<Vec<u8>>> [Some([1, 2]), None]", [[1, 2], None]),
    "slice [1, 2, 3]": ("i32 6", 6),
    "tail [1, 2, 3]": ("&[i32] [2, 3]", [2, 3]),
    "array": ("[u16; 3] [1, 2, 3]", [1, 2, 3]),
    "matrix": ("[[f64; 2]; 2] [[1.0, 2.0], [3.0, 4.0]]", [[1.0, 2.0], [3.0, 4.0]]),
    "total [1, 2, 3]": ("u64 6", 6),
    "pair": ("Pair<Option<u8>> { first: Some(1), second: None }", (1, None)),
    "shared": ('Rc<String> "shared"', "shared"),
    "counted": ("Arc<Point> Point { x: 5, y: 6 }", (5, 6)),
    "cells": ("(Cell<u8>, RefCell<u8>) (1, 2)", (1, 2)),
    "non_zero": ("Option<NonZero<u32>> Some(7)", 7),
    "map": ('HashMap<String, u32, BuildHasherDefault<DefaultHasher>> {"one": 1}', {"one": 1}),
    "set": ("HashSet<u8, BuildHasherDefault<DefaultHasher>> [9]", [9]),
    "queue": ("VecDeque<u8> [1, 2, 3]", [1, 2, 3]),
    "tree": ("BTreeMap<u8, u8> {1: 2}", {1: 2}),
    "path": ('PathBuf "/a/b"', "/a/b"),
    "pointer": ("*const u8 0x0000000000000010", 16),
    "noisy": ("Noisy(3)", (3,)),
    "c_point {1, 2, 3}": ("Cpoint { x: 3.0, y: 1.0, z: 2.0 }", (3.0, 1.0, 2.0)),
}


def test_values_of_rust(rust: Session) -> None:
    assert {line: outcome(rust, line) for line in OF_RUST} == OF_RUST


def test_a_reference_to_itself_ends(rust: Session) -> None:
    value = called(rust)("looped")
    assert value.text.startswith("Looped { other: Some(<cycle to 0x")


def test_a_long_list_is_cut_on_the_screen_and_whole_in_python(rust: Session) -> None:
    value = called(rust)("many 1000")
    assert value.text.endswith(", 98, 99, … 900 more]")
    assert value.data == list(range(1000))


def test_so_much_is_read_of_a_value_and_no_more(rust: Session) -> None:
    rust.notes.clear()
    assert rust.call("many", 70000) == list(range(65536))
    assert rust.notes == ["the value has more than 65536 parts; the rest of it was not read"]


RUST_WRONG = {
    "area { x: 3 }": ("argument 1 of @area: Point wants 2 fields, 1 given", "for example { x: …, y: … }"),
    "color Purple": ("argument 1 of @color: Color has no value Purple", "it has Red, Green, Blue"),
    "surface Square(1)": ("argument 1 of @surface: Shape has no variant Square", "it has Empty, Circle, Rect"),
    "area Size { x: 3 }": ("argument 1 of @area: Point is wanted, Size is given", ""),
    "parse": ("@parse takes 1 argument, none given: fn parse(s: &str) -> Result<i64, String>", ""),
}


def test_what_does_not_fit_is_refused_in_the_words_of_rust(rust: Session) -> None:
    assert {line: refusal(rust, line) for line in RUST_WRONG} == RUST_WRONG


RUST_TYPES = {
    "sum": "fn sum(a: i32, b: i32) -> i32",
    "prime_factors": "fn prime_factors(n: u64) -> Vec<u64>",
    "COUNT": "static COUNT: u32",
    "Shape": "enum Shape {\n    Empty,\n    Circle(f64),\n    Rect { w: u8, h: u16 },\n}",
    "Large": "struct Large {\n    values: [u64; 4],\n    name: &str,\n}",
    "Meters": "struct Meters(f64);",
    "Color": "enum Color {\n    Red = 0,\n    Green = 5,\n    Blue = 6,\n}",
}


def test_types_in_the_spelling_of_rust(rust: Session) -> None:
    assert {name: rust.describe(name) for name in RUST_TYPES} == RUST_TYPES


def test_what_a_call_returns_is_given_back(rust: Session) -> None:
    call = called(rust)
    for line in ("many 1000", "strings", "nested", "boxed 4"):
        call(line)
        before = allocated(rust)
        for _ in range(20):
            call(line)
        assert allocated(rust) - before < 1000, line


def allocated(session: Session) -> int:
    """The bytes that malloc has given out in the worker (mallinfo2(3), `uordblks`)."""
    info = session.call("mallinfo2", signature="[10 x i64] ()")
    return int(info[7])


def test_a_variant_comes_to_python_with_its_name_and_goes_back(rust: Session) -> None:
    circle = rust.call("shape", 1)
    assert isinstance(circle, Struct)
    assert circle._name == "Shape::Circle"
    assert rust.call("surface", circle) == 6.25
    assert rust.call("surface", rust.call("shape", 0)) == 0.0
    assert rust.call("color", rust.call("color", "Red")) == "Color::Blue"


# What an optimiser makes of functions


CHANGED = """
define i32 @read(i32 %value, ptr %rest) !dbg !4 {
  ret i32 %value
}

define i32 @less(i32 %value) !dbg !9 {
  ret i32 %value
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, producer: "hand", emissionKind: FullDebug)
!1 = !DIFile(filename: "a.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "read", scope: !1, file: !1, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{!8, !7, !7}
!7 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !8, size: 64)
!8 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!9 = distinct !DISubprogram(name: "less", scope: !1, file: !1, type: !5, unit: !0, spFlags: DISPFlagDefinition)
"""


def test_a_function_whose_parameters_were_changed_is_called_as_its_ir_says(session: Session) -> None:
    # `int read(int *, int *)`, of which the first pointer was replaced by what it points at.
    session.load(CHANGED)
    assert session.describe("read") == "int read(int *, int *)"
    assert shown(called(session)("read 5 null")) == "i32 5"
    assert shown(called(session)("less 5")) == "i32 5"
