"""Instructions outside of functions, as `Session` has them; what they print is in tests/sessions/instructions.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitrepl import Session
from jitrepl.errors import HostError, InputError, IRError, SymbolError, UndefinedError, WorkerDied


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


def test_values_of_any_type_come_back_and_go_in_again(session: Session) -> None:
    assert session.evaluate("%a = fadd double 0.1, 0.2") == 0.1 + 0.2
    assert session.evaluate("fsub double %a, 0.1") == 0.1 + 0.2 - 0.1
    assert session.evaluate("%b = icmp ult i8 -1, 5") is False
    assert session.evaluate("%c = insertvalue { i1, [2 x i128] } undef, i1 %b, 0") is not None
    assert session.evaluate(
        "%d = insertvalue { i1, [2 x i128] } %c, i128 -170141183460469231731687303715884105728, 1, 1"
    )
    assert session.evaluate("extractvalue { i1, [2 x i128] } %d, 1, 1") == -(2**127)
    assert session.evaluate("%f = freeze x86_fp80 0xK3FFF8000000000000000") == 1
    assert session.evaluate("fptosi x86_fp80 %f to i64") == 1


def test_a_crash_takes_back_what_came_of_it_and_nothing_else(session: Session) -> None:
    session.evaluate("%p = alloca i32")
    session.evaluate("store i32 5, ptr %p")
    with pytest.raises(WorkerDied, match="<input 3> was killed by SIGSEGV"):
        session.evaluate("%q = load i32, ptr null")
    assert session.evaluate("load i32, ptr %p") == 5
    with pytest.raises(SymbolError, match="no %q"):
        session.evaluate("%q")


def test_a_crash_is_reported_as_that_of_a_function(session: Session) -> None:
    with pytest.raises(WorkerDied, match="reached `unreachable`"):
        session.evaluate("unreachable")
    assert [frame.function for frame in session.last_crash.frames][:1] == ["input 1"]
    assert session.modules() == ()


def test_nothing_is_left_of_the_function(session: Session) -> None:
    session.evaluate("add i32 1, 2")
    assert session.modules() == ()
    assert [symbol.name for symbol in session.symbols() if symbol.kind != "host"] == []


def test_what_cannot_be_linked_leaves_nothing_either(session: Session) -> None:
    session.load("declare i32 @missing()")
    with pytest.raises(UndefinedError, match="missing"):
        session.evaluate("call i32 @missing()")
    assert len(session.modules()) == 1
    session.load("define i32 @missing() { ret i32 3 }")
    assert session.evaluate("call i32 @missing()") == 3


def test_a_host_function_that_raises_ends_it(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "host.py"
    file.write_text("from jitrepl import host\n@host('i32 ()')\ndef fails():\n    raise ValueError('no')\n")
    session.host(str(file))
    session.load("declare i32 @fails()")
    with pytest.raises(HostError, match="no"):
        session.evaluate("call i32 @fails()")
    assert session.evaluate("add i32 1, 1") == 2


def test_errors_point_at_what_was_typed(session: Session) -> None:
    session.evaluate("%x = add i32 1, 2")
    with pytest.raises(IRError) as caught:
        session.evaluate("%long.name = add i32 %x, zz")
    assert caught.value.message.split("\n")[1:] == ["%long.name = add i32 %x, zz", " " * 25 + "^"]
    assert caught.value.message.startswith("<input 2>:1:26: error: ")


@pytest.mark.parametrize("opcode", ["br label %x", "switch i32 1, label %x []", "phi i32 [ 1, %x ]"])
def test_what_needs_blocks_is_refused(session: Session, opcode: str) -> None:
    with pytest.raises(InputError, match="needs blocks"):
        session.evaluate(opcode)


def test_scalable_vectors_cannot_be_kept(session: Session) -> None:
    with pytest.raises(InputError, match="cannot be kept"):
        session.evaluate("%v = freeze <vscale x 4 x i32> zeroinitializer")


@pytest.mark.parametrize("text", ["", " \n", "%x = "])
def test_nothing_is_no_instruction(session: Session, text: str) -> None:
    with pytest.raises(InputError, match="there is no instruction"):
        session.evaluate(text)


def test_a_comment_behind_ret_is_none_of_its_value(session: Session) -> None:
    assert session.evaluate("ret i32 3 ; three") == 3
    assert session.evaluate("ret void ; nothing") is None


def test_a_name_in_quotes_may_have_blanks(session: Session) -> None:
    session.evaluate('%"a b" = add i32 1, 2')
    assert session.evaluate('%"a b"') == 3
    with pytest.raises(SymbolError, match='no %"a c"'):
        session.evaluate('%"a c"')


def test_room_for_several(session: Session) -> None:
    session.evaluate("%p = alloca i64, i32 3")
    session.evaluate("%last = getelementptr i64, ptr %p, i64 2")
    session.evaluate("store i64 -1, ptr %last")
    assert session.evaluate("load [3 x i64], ptr %p") == (0, 0, -1)


def test_how_many_to_allocate_is_a_number_or_a_value_without_a_sign(session: Session) -> None:
    session.evaluate("%n = add i32 0, 1000000")
    session.evaluate("%p = alloca i64, i32 %n")
    session.evaluate("%last = getelementptr i64, ptr %p, i64 999999")
    session.evaluate("store i64 7, ptr %last")
    assert session.evaluate("load i64, ptr %last") == 7
    session.evaluate("%m = add i8 0, -1")
    for count, size in [("i8 %m", 255), ("i32 u0x10", 16), ("i1 true", 1), ("i128 1073741824", 1 << 30)]:
        with pytest.raises(InputError, match=f"^{size * (2**30 + 1):,} bytes are too much"):
            session.evaluate(f"alloca [1073741825 x i8], {count}")


@pytest.mark.parametrize(
    ("allocation", "problem"),
    [
        ("<vscale x 4 x i32>", "has no size that is known"),
        ("i32, align 4294967296", "4 bytes at a multiple of 4,294,967,296 are too much"),
        ("i32, i32 undef", "how many to allocate is not known"),
        ("i32, i32 -1", "17,179,869,180 bytes are too much"),
    ],
)
def test_what_cannot_be_allocated_is_refused(session: Session, allocation: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        session.evaluate(f"alloca {allocation}")


def test_variables_of_each_kind_are_shown(session: Session) -> None:
    session.load(
        "@g = global { i8, double } { i8 3, double 2.5 }\n@t = thread_local global i32 4\n"
        "@environ = external global ptr\n"
        "@large = global [500 x i8] zeroinitializer\n@hidden = internal global i32 6\n"
        "define ptr @where() { ret ptr @hidden }"
    )
    assert session.evaluate("@g") == (3, 2.5)
    assert session.evaluate("@t") == 4
    assert session.evaluate("@environ") > 0
    assert session.evaluate("@hidden") == 6
    assert session.evaluate("@large") == bytes(100)
    assert "the first 100 of 500 elements:" in session.notes


def test_a_redefined_function_is_the_one_that_is_called(session: Session) -> None:
    session.load("define i32 @f() { ret i32 1 }")
    assert session.evaluate("call i32 @f()") == 1
    session.load("define i32 @f() { ret i32 2 }")
    assert session.evaluate("call i32 @f()") == 2
