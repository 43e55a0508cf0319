from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl import Session
from jitrepl.errors import SymbolError

PARTS = [
    "%pair = type { i32, %inner }\n%inner = type { i8 }\n@one = global %pair { i32 1, %inner zeroinitializer }",
    "$c = comdat any\n"
    "define linkonce_odr i32 @f(ptr %p) #0 comdat($c) !note !0 {\n  %x = load i32, ptr %p\n  ret i32 %x\n}\n"
    'attributes #0 = { nounwind "a"="b" }\n!0 = !{!"text", !1}\n!1 = !{i32 5}',
    "define i32 @user() {\n  %x = call i32 @f(ptr @one)\n  ret i32 %x\n}",
    '@text = private constant [3 x i8] c"hi\\00"\n'
    "define ptr @get() {\n  ret ptr @text\n}\n@alias = alias ptr (), ptr @get",
    '@"a name" = thread_local global i32 7',
]


@pytest.fixture
def filled(session: Session) -> Session:
    for part in PARTS:
        session.load(part)
    return session


def test_the_whole_session_can_be_fed_back_in(filled: Session) -> None:
    text = filled.dump()
    with Session() as other:
        other.load(text)
        assert other.call("user") == filled.call("user") == 1
        again = other.dump()
    assert again.partition("\n\n")[2] == text.partition("\n\n")[2]


@pytest.mark.parametrize("name", ["one", "f", "user", "get", "alias", "a name"])
def test_one_thing_parses_with_what_it_refers_to(filled: Session, name: str) -> None:
    text = filled.dump(name)
    with Session() as other:
        declarations = {
            "user": "declare i32 @f(ptr)\n@one = external global i8\n",
            "get": "@text = external global i8\n",
            "alias": "define ptr @get() { ret ptr null }\n",
        }
        other.load(declarations.get(name, "") + text + "\n")
        assert name in [symbol.name for symbol in other.symbols()]


def test_assembly_can_be_fed_back_in(session: Session) -> None:
    session.load('module asm ".globl seven\\0Aseven: movl $7, %eax; ret"\ndeclare i32 @seven()')
    with Session() as other:
        other.load(session.dump())
        assert other.call("seven") == 7


def test_attributes_comdats_and_metadata_come_along(filled: Session) -> None:
    text = filled.dump("f")
    assert "$c = comdat any" in text
    assert 'attributes #0 = { nounwind "a"="b" }' in text
    assert '!0 = !{!"text", !1}' in text
    assert "!1 = !{i32 5}" in text
    assert "%pair" not in text


def test_names_may_be_written_as_in_ir(filled: Session) -> None:
    assert filled.dump('@"a name"') == filled.dump("a name") == '@"a name" = thread_local global i32 7'


def test_types_are_dumped_with_the_types_in_them(filled: Session) -> None:
    assert filled.dump("%pair") == "%pair = type { i32, %inner }\n%inner = type { i8 }"


def test_modules_are_dumped_by_their_names(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "some file.ll"
    path.write_text("define i32 @f() {\n  ret i32 5\n}\n")
    session.load(path)
    session.load("@g = global i32 0")
    assert session.dump(str(path)) == session.dump("some file.ll")
    assert "ret i32 5" in session.dump("some file.ll")
    assert session.dump("input 1") == session.dump("<input 1>")
    assert "@g = global i32 0" in session.dump("input 1")


def test_what_is_only_declared_is_dumped_as_a_declaration(session: Session) -> None:
    session.load("declare i32 @printf(ptr, ...)\n@environ = external global ptr")
    assert session.dump("printf") == "declare i32 @printf(ptr, ...)"
    assert session.dump("environ") == "@environ = external global ptr"


def test_an_empty_session_has_no_ir(session: Session) -> None:
    assert session.dump() == ""


@pytest.mark.parametrize(("name", "hint"), [("usr", "did you mean @user?"), ("%nope", ""), ("input 99", "")])
def test_what_is_not_there_is_told(filled: Session, name: str, hint: str) -> None:
    with pytest.raises(SymbolError, match=f"the session has no {name}") as caught:
        filled.dump(name)
    assert hint in caught.value.hint


def test_bitcode_is_dumped_as_text(session: Session, bitcode: Path) -> None:
    session.load(bitcode / "points_c.bc")
    assert "define dso_local i64 @total(" in session.dump("total")


SOURCE = """
struct inner { char c; };
struct pair { int x; struct inner in; };
struct pair one;
enum colour { RED } paint;
struct pair *get(struct pair *p) { return p + p->x; }
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, clang: str) -> Iterator[Session]:
    path = tmp_path_factory.mktemp("dump") / "types.c"
    path.write_text(SOURCE)
    with Session() as made:
        made.load(path)
        yield made


@pytest.mark.parametrize("name", ["pair", "struct pair", "struct.pair", "%struct.pair", "%pair"])
def test_a_type_goes_by_its_names_in_ir_and_source(described: Session, name: str) -> None:
    assert described.dump(name).startswith("%struct.pair = type { i32, %struct.inner }\n%struct.inner = type { i8 }")
    assert described.describe(name).startswith(("struct pair {", "%struct.pair = type"))


def test_a_type_of_ir_needs_no_sigil(filled: Session) -> None:
    assert filled.describe("pair") == filled.dump("pair") == filled.dump("%pair")


def test_a_type_that_only_the_source_has_is_found_elsewhere(described: Session) -> None:
    with pytest.raises(SymbolError) as caught:
        described.dump("colour")
    assert caught.value.hint == "its source has a type of that name: `:type colour`"


@pytest.mark.parametrize("what", ["", "types.c", "get"])
def test_debug_info_comes_when_it_is_asked_for(described: Session, what: str) -> None:
    assert "DILocation" not in described.dump(what)
    assert "!DILocation" in described.dump(what, debug_info=True)
