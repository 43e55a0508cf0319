"""What debug info says of types and functions, and how they are spelt."""

from __future__ import annotations

import pytest

from jitrepl import Session
from jitrepl.worker.owned import parse
from jitrepl.worker.source.debuginfo import DebugInfo, Node
from jitrepl.worker.source.sourcetypes import CXX, RUST, Address, Alias, C, Nothing, Record, Routine, Scalar, Sequence
from jitrepl.worker.source.spelling import declare, definition, short_cxx, short_rust, spell

# As another front end could have written it: a list that refers to itself, a function that takes and returns its own
# type, a name with a quote and a backslash in it.
IR = r"""
define i32 @plain(i32 %x) {
  ret i32 %x
}

define ptr @list(ptr %l) !dbg !10 {
  ret ptr %l
}

define i8 @strange(i8 %x) !dbg !20 {
  ret i8 %x
}

@first = global { ptr, i8 } zeroinitializer, !dbg !30

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, producer: "hand", emissionKind: FullDebug, globals: !34)
!1 = !DIFile(filename: "a.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!10 = distinct !DISubprogram(name: "list", scope: !1, file: !1, type: !11, unit: !0, spFlags: DISPFlagDefinition)
!11 = !DISubroutineType(types: !12)
!12 = !{!13, !13}
!13 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !14, size: 64)
!14 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "list", size: 128, elements: !15)
!15 = !{!16, !17}
!16 = !DIDerivedType(tag: DW_TAG_member, name: "next", scope: !14, baseType: !13, size: 64)
!17 = !DIDerivedType(tag: DW_TAG_member, name: "low", scope: !14, baseType: !18, size: 3, offset: 69,
                     flags: DIFlagBitField, extraData: i64 64)
!18 = !DIBasicType(name: "unsigned char", size: 8, encoding: DW_ATE_unsigned_char)
!20 = distinct !DISubprogram(name: "str\22an\\ge", scope: !1, file: !1, type: !21, unit: !0,
                             spFlags: DISPFlagDefinition)
!21 = !DISubroutineType(types: !22)
!22 = !{!23, !23}
!23 = !DIBasicType(name: "my number, odd", size: 8, encoding: DW_ATE_signed_fixed)
!30 = !DIGlobalVariableExpression(var: !31, expr: !DIExpression(DW_OP_plus_uconst, 8))
!31 = distinct !DIGlobalVariable(name: "first", scope: !0, file: !1, type: !14, isDefinition: true)
!34 = !{!30}
"""


@pytest.fixture(scope="module")
def info() -> DebugInfo:
    module, message = parse(IR.encode(), "a.ll")
    assert module, message
    return DebugInfo(module)


def test_functions_and_variables_have_source_types(info: DebugInfo) -> None:
    assert info.language == C
    assert info.function("plain") is None
    assert info.function("nobody") is None
    function = info.function("list")
    assert function
    assert (function.name, function.param_names) == ("list", [])
    assert (spell(function.type.result), spell(function.type.params[0])) == ("struct list *", "struct list *")
    variable = info.variable("first")
    assert variable
    assert (variable[0], spell(variable[1])) == ("first", "struct list")


def test_a_type_that_refers_to_itself_is_one_object(info: DebugInfo) -> None:
    function = info.function("list")
    assert function
    address = function.type.result
    assert isinstance(address, Address)
    record = address.target
    assert isinstance(record, Record)
    following, low = record.members
    assert following.type is address
    assert (low.name, low.offset, low.bits) == ("low", 8, (3, 5))
    assert definition(record) == "struct list {\n    struct list *next;\n    unsigned char low : 3;\n};"
    assert [type.name for type in info.types()] == ["list"]


def test_names_may_have_any_characters(info: DebugInfo) -> None:
    function = info.function("strange")
    assert function
    assert function.name == 'str"an\\ge'
    assert isinstance(function.type.result, Nothing)  # an encoding that is not known here
    assert function.type.result.name == "my number, odd"


def test_a_value_of_a_type_that_is_not_understood_is_shown_as_ir(session: Session) -> None:
    session.load(IR)
    value = session.ask_call("strange", ("5",)).value
    assert (value.type, value.text) == ("i8", "5")
    assert session.describe("strange") == 'my number, odd str"an\\ge(my number, odd)'


def test_lists_of_nodes_are_read_with_their_gaps() -> None:
    assert Node("<0x1> = !{<0x10>, null, <0x2f>}\n").items == [0x10, 0, 0x2F]
    assert Node("<0x1> = !{}\n").items == []
    assert Node("<0x1> = distinct !{<0x1>}\n").items == [1]


# Spelling

INT = Scalar("int", 4, C, "signed")
VOID = Nothing("void", 0, C)
ROUTINE = Routine(INT, [INT, Address("", 8, C, "*", Alias("", C, Scalar("char", 1, C, "char"), "const"))], False, C)


@pytest.mark.parametrize(
    ("type", "name", "text"),
    [
        (INT, "", "int"),
        (Address("", 8, C, "*", VOID), "p", "void *p"),
        (Address("", 8, C, "*", Address("", 8, C, "*", INT)), "", "int **"),
        (Alias("", C, Address("", 8, C, "*", INT), "const"), "p", "int *const p"),
        (Alias("", C, Address("", 8, C, "*", INT), "const"), "", "int *const"),
        (Address("", 8, C, "*", Alias("", C, INT, "const")), "p", "const int *p"),
        (Sequence(Sequence(INT, 3, 12), 2, 24), "a", "int a[2][3]"),
        (Sequence(INT, None, 0), "a", "int a[]"),
        (Address("", 8, C, "*", Sequence(INT, 3, 12)), "p", "int (*p)[3]"),
        (Address("", 8, C, "*", ROUTINE), "f", "int (*f)(int, const char *)"),
        (Address("", 8, C, "*", ROUTINE), "", "int (*)(int, const char *)"),
        (Sequence(Address("", 8, C, "*", Routine(VOID, [], False, C)), 2, 16), "f", "void (*f[2])(void)"),
        (Alias("size_t", C, INT), "n", "size_t n"),
        (Address("geo::Point", 8, CXX, "::*", Scalar("int", 4, CXX, "signed")), "m", "int geo::Point::*m"),
        (Sequence(Scalar("u8", 1, RUST, "unsigned"), 3, 3), "a", "a: [u8; 3]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_types_are_declared_as_in_their_language(type: Alias, name: str, text: str) -> None:
    assert declare(type, name) == text


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("std::vector<int, std::allocator<int> >", "std::vector<int>"),
        ("std::__1::vector<int, std::__1::allocator<int>>", "std::vector<int>"),
        ("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"),
        ("std::map<int, char, std::less<int>, std::allocator<std::pair<const int, char> > >", "std::map<int, char>"),
        ("std::array<short, 3UL>", "std::array<short, 3>"),
        ("std::vector<int, std::allocator<int> >::iterator", "std::vector<int>::iterator"),
        ("geo::Point", "geo::Point"),
        ("operator<", "operator<"),
        ("f<&g>", "f<&g>"),
        ("broken<int", "broken<int"),
    ],
)  # fmt: skip
def test_cxx_names_are_as_somebody_would_write_them(name: str, short: str) -> None:
    assert short_cxx(name) == short


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("alloc::vec::Vec<u64, alloc::alloc::Global>", "Vec<u64>"),
        ("core::option::Option<alloc::boxed::Box<i32, alloc::alloc::Global>>", "Option<Box<i32>>"),
        ("&mut [a::Point]", "&mut [Point]"),
        ("(i32,)", "(i32,)"),
        ("(u8)", "(u8,)"),
        ("()", "()"),
        ("&dyn core::fmt::Debug", "&dyn Debug"),
        ("alloc::raw_vec::RawVec<u8>::grow", "RawVec<u8>::grow"),
        ("[core::cell::Cell<u8>; 3]", "[Cell<u8>; 3]"),
    ],
)
def test_rust_names_have_no_paths(name: str, short: str) -> None:
    assert short_rust(name) == short
