from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl.errors import BitcodeError, InputError, IRError
from jitrepl.worker.engine import Engine
from jitrepl.worker.reader import Global, Reader, names_of_types

LAYOUT = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"


class Known:
    """What an earlier session lends: one function, one global and one type."""

    def declaration(self, name: str) -> str | None:
        """As `SessionDylib.declaration`."""
        return {"f": "declare i32 @f()", "g": "@g = external global i32"}.get(name)

    def type_definitions(self, names: set[str]) -> str:
        """As `SessionDylib.type_definitions`."""
        return "%pair = type { i32, i32 } " if "pair" in names else ""

    def hint(self, name: str) -> str:
        """As `SessionDylib.hint`."""
        return f"declare @{name}"


@pytest.fixture
def reader() -> Reader:
    return Reader("x86_64-unknown-linux-gnu", LAYOUT, Known())


def read(reader: Reader, text: str | bytes) -> dict[str, Global]:
    data = text.encode() if isinstance(text, str) else text
    reading = reader.read(data, "<input 1>")
    reading.module.close()
    return {item.name: item for item in reading.globals}


def test_what_is_defined_and_what_is_declared(reader: Reader) -> None:
    found = read(
        reader, "declare void @out()\ndefine i32 @f() { ret i32 1 }\n@g = global i64 0\n@h = external global i8"
    )
    assert {name: (item.kind, item.type.text, item.defined) for name, item in found.items()} == {
        "out": ("function", "void ()", False),
        "f": ("function", "i32 ()", True),
        "g": ("variable", "i64", True),
        "h": ("variable", "i8", False),
    }


@pytest.mark.parametrize(
    ("linkage", "defined", "local", "weak"),
    [
        ("", True, False, False),
        ("internal", True, True, False),
        ("private", True, True, False),
        ("weak", True, False, True),
        ("weak_odr", True, False, True),
        ("linkonce", True, False, True),
        ("linkonce_odr", True, False, True),
        ("available_externally", False, False, False),
    ],
)
def test_linkage_decides_who_sees_a_definition(
    reader: Reader, linkage: str, defined: bool, local: bool, weak: bool
) -> None:
    item = read(reader, f"define {linkage} i32 @x() {{ ret i32 1 }}")["x"]
    assert (item.defined, item.local, item.weak) == (defined, local, weak)


def test_an_extern_weak_declaration_may_stay_undefined(reader: Reader) -> None:
    item = read(reader, "declare extern_weak void @x()")["x"]
    assert (item.defined, item.weak) == (False, True)


def test_aliases_and_ifuncs_have_their_kind(reader: Reader) -> None:
    found = read(reader, "define ptr @r() { ret ptr null }\n@a = alias ptr (), ptr @r\n@i = ifunc i32 (i32), ptr @r")
    assert (found["a"].kind, found["a"].callable) == ("alias", True)
    assert (found["i"].kind, found["i"].type.text) == ("ifunc", "i32 (i32)")


def test_intrinsics_are_nobodys_symbols(reader: Reader) -> None:
    assert list(read(reader, "declare i32 @llvm.ctpop.i32(i32)")) == []


@pytest.mark.parametrize(
    ("text", "declaration"),
    [
        ("define i32 @x(i32 %a, ptr %b) { ret i32 1 }", "declare i32 @x(i32, ptr)"),
        ("declare i32 @x(ptr, ...)", "declare i32 @x(ptr, ...)"),
        ("define signext i8 @x(i8 zeroext %a) { ret i8 1 }", "declare signext i8 @x(i8 zeroext)"),
        ("define fastcc void @x() { ret void }", "declare cc 8 void @x()"),
        ('define void @"a b"() { ret void }', 'declare void @"a b"()'),
        ("@x = global [2 x i8] zeroinitializer", "@x = external global [2 x i8]"),
        ("@x = constant i32 1", "@x = external constant i32"),
        ("@x = thread_local global i32 1", "@x = external thread_local global i32"),
    ],
)
def test_a_global_can_be_declared_elsewhere(reader: Reader, text: str, declaration: str) -> None:
    (item,) = read(reader, text).values()
    assert item.declaration() == declaration
    assert [g.declaration() for g in read(reader, declaration).values()] == [declaration]


# What earlier inputs lend


def test_unknown_functions_and_globals_are_declared(reader: Reader) -> None:
    found = read(reader, "define i32 @user() {\n %r = call i32 @f()\n %x = load i32, ptr @g\n ret i32 %r\n}")
    assert {name: item.defined for name, item in found.items()} == {"f": False, "user": True, "g": False}


def test_unknown_types_are_defined(reader: Reader) -> None:
    found = read(reader, "define %pair @user(%pair %x) { ret %pair %x }")
    assert found["user"].type.text == "{ i32, i32 } ({ i32, i32 })"


def test_a_type_of_the_input_itself_wins(reader: Reader) -> None:
    found = read(reader, "%pair = type { i8 }\ndefine void @user(%pair %x) { ret void }")
    assert found["user"].type.text == "void ({ i8 })"


def test_the_place_of_an_error_is_the_users_though_types_were_added(reader: Reader) -> None:
    with pytest.raises(IRError) as caught:
        read(reader, "define %pair @user(%pair %x) { ret i32 1 }")
    assert caught.value.message.splitlines()[0].startswith("<input 1>:1:36: error:")


def test_the_place_of_an_error_is_the_users_though_declarations_were_added(reader: Reader) -> None:
    with pytest.raises(IRError, match=r"^<input 1>:2:6: error: expected 'global' or 'constant'"):
        read(reader, "@a = global ptr @f\n@b = glob")


def test_what_nobody_knows_is_an_error_with_a_hint(reader: Reader) -> None:
    with pytest.raises(IRError) as caught:
        read(reader, "@a = global ptr @nobody")
    assert caught.value.message.startswith("<input 1>:1:17: error: use of undefined value '@nobody'")
    assert caught.value.hint == "declare @nobody"


# Targets


@pytest.mark.parametrize("triple", ["", "x86_64-unknown-linux-gnu", "x86_64-pc-linux-gnu", "unknown-unknown-unknown"])
def test_code_for_this_machine_is_taken(reader: Reader, triple: str) -> None:
    read(reader, f'target triple = "{triple}"\ndefine void @x() {{ ret void }}')


def test_code_for_another_machine_is_refused(reader: Reader) -> None:
    with pytest.raises(InputError, match="is for aarch64-apple-macosx, this session runs x86_64"):
        read(reader, 'target triple = "aarch64-apple-macosx"')


def test_another_layout_with_the_same_pointers_is_replaced_and_noted(reader: Reader) -> None:
    reading = reader.read(b'target datalayout = "e-m:e-i64:32"', "a.ll")
    reading.module.close()
    assert reading.notes == ["a.ll: its data layout e-m:e-i64:32 is replaced by this target's"]


@pytest.mark.parametrize("layout", ["E-m:e", "e-p:32:32"])
def test_a_layout_with_other_pointers_or_byte_order_is_refused(reader: Reader, layout: str) -> None:
    with pytest.raises(InputError, match="has a different pointer size or byte order"):
        read(reader, f'target datalayout = "{layout}"')


# Bytes


def test_bitcode_is_read(reader: Reader, bitcode: Path) -> None:
    assert list(read(reader, (bitcode / "sum_c.bc").read_bytes())) == ["sum"]


@pytest.mark.parametrize("name", ["truncated.bc", "garbage.bc", "object.o", "archive.a", "newer.bc"])
def test_what_is_no_bitcode_is_refused(reader: Reader, bitcode: Path, name: str) -> None:
    with pytest.raises(BitcodeError) as caught:
        reader.read((bitcode / name).read_bytes(), name)
    assert caught.value.message.startswith(name)
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("cut", range(4, 200, 4))
def test_bitcode_that_breaks_off_is_refused(reader: Reader, bitcode: Path, cut: int) -> None:
    with pytest.raises(BitcodeError):
        reader.read((bitcode / "sum_c.bc").read_bytes()[:cut], "cut.bc")


def test_an_empty_text_is_an_empty_module(reader: Reader) -> None:
    assert read(reader, "") == {}


def test_bytes_that_are_no_utf_8_may_be_in_comments_and_strings(reader: Reader) -> None:
    assert list(read(reader, b'; caf\xe9\n@x = constant [1 x i8] c"\xe9"')) == ["x"]


# Names


def test_names_of_types_are_those_that_are_not_defined_here() -> None:
    text = '%a = type { %b, %"c d" }\ndefine %a @f(%e %x) { ret %a %x }'
    assert names_of_types(text) >= {"b", "c d", "e"}
    assert "a" not in names_of_types(text)


@pytest.fixture(autouse=True)
def _engine(engine: Engine) -> Iterator[None]:
    """LLVM's targets are set up by an engine."""
    yield
