"""`from jitrepl import Session`, as a Python program uses it."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from transcripts import ROOT

from jitrepl import JitreplError, Session
from jitrepl.errors import (
    ArgumentError,
    BitcodeError,
    DuplicateError,
    HostError,
    InputError,
    IRError,
    JITError,
    SymbolError,
    TimedOut,
    UndefinedError,
    UndoError,
    UsageError,
    WorkerDied,
)
from jitrepl.messages import Load

DATA = ROOT / "tests" / "data"
CRASHES = str(DATA / "crashes.ll")


def identity(session: Session, type: str) -> str:
    """The name of a function that returns its argument."""
    name = f"id.{len(session.symbols_by_name)}"
    session.load(f"define {type} @{name}({type} %x) {{ ret {type} %x }}")
    return name


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        ("i32", 5, 5),
        ("i32", -5, -5),
        ("i32", 0xFFFFFFFF, -1),
        ("i128", 1 << 100, 1 << 100),
        ("i1", True, True),
        ("i1", 0, False),
        ("i8", True, 1),
        ("double", 2.5, 2.5),
        ("double", 2, 2.0),
        ("double", math.inf, math.inf),
        ("float", 0.5, 0.5),
        ("half", -1.5, -1.5),
        ("bfloat", 3.0, 3.0),
        ("x86_fp80", 0.5, Decimal("0.5")),
        ("fp128", Decimal("0.25"), Decimal("0.25")),
        ("ptr", None, 0),
        ("ptr", 4096, 4096),
        ("{ i32, double }", (1, 2.5), (1, 2.5)),
        ("{ i32, { i8, i8 } }", (1, (2, 3)), (1, (2, 3))),
        ("[2 x i32]", (1, 2), (1, 2)),
        ("[2 x i32]", [1, 2], (1, 2)),
        ("<4 x i1>", (True, False, True, True), (True, False, True, True)),
        ("<2 x float>", (0.5, 1.5), (0.5, 1.5)),
        ("[4 x i8]", b"ab\x00\xff", b"ab\x00\xff"),
        ("[4 x i8]", "abcd", b"abcd"),
        ("{}", (), ()),
    ],
)
def test_values_go_in_and_come_out(shared: Session, type: str, given: object, value: object) -> None:
    result = shared.call(identity(shared, type), given)
    assert result == value
    assert result.__class__ is value.__class__


def test_a_nan_comes_out(shared: Session) -> None:
    assert math.isnan(shared.call(identity(shared, "double"), math.nan))


def test_void_is_none(shared: Session) -> None:
    shared.load("define void @nothing() { ret void }")
    assert shared.call("nothing") is None


@pytest.mark.parametrize("given", ["text", b"text"])
def test_text_is_the_address_of_a_copy(shared: Session, given: object) -> None:
    assert shared.call("strlen", given, signature="i64 (ptr)") == 4


def test_a_list_is_a_buffer(session: Session) -> None:
    session.load("""
        define i32 @third(ptr %p) {
          %at = getelementptr i32, ptr %p, i64 2
          %x = load i32, ptr %at
          ret i32 %x
        }
    """)
    assert session.call("third", [10, 20, 30]) == 30


def test_a_function_of_the_process_is_called_by_its_type(shared: Session) -> None:
    assert shared.call("cos", 0.0, signature="double (double)") == 1.0


def test_again_repeats_with_other_arguments(session: Session) -> None:
    session.load(DATA / "sum.ll")
    assert session.call("sum", 1, 2) == 3
    assert session.again() == 3
    assert session.again(3, 4) == 7


# Loading


def test_load_takes_paths_text_and_bytes(session: Session) -> None:
    assert session.load(DATA / "sum.ll").defines[0].name == "sum"
    assert session.load(str(DATA / "two words.ll")).name == str(DATA / "two words.ll")
    assert session.load("@a = global i32 1").defines[0].kind == "variable"
    assert session.load(b"define void @b() { ret void }").name == "<input 2>"


def test_load_takes_bitcode(session: Session, bitcode: Path) -> None:
    session.load((bitcode / "sum_c.bc").read_bytes())
    assert session.call("sum", 1, 2) == 3


def test_load_takes_a_module_of_llvmlite_ir(session: Session) -> None:
    from llvmlite import ir

    module = ir.Module("made")
    function = ir.Function(module, ir.FunctionType(ir.IntType(32), [ir.IntType(32)]), "twice")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(builder.mul(function.args[0], ir.Constant(ir.IntType(32), 2)))
    session.load(module)
    assert session.call("twice", 21) == 42


def test_load_takes_a_module_of_llvmlite_binding(session: Session) -> None:
    from llvmlite import binding

    session.load(binding.parse_assembly("define i32 @parsed() { ret i32 7 }"))
    assert session.call("parsed") == 7


def test_loaded_says_what_was_defined_and_declared(session: Session) -> None:
    loaded = session.load("declare void @out()\n@g = global i64 0\ndefine i32 @f() { ret i32 1 }")
    assert [(s.name, s.kind, s.type) for s in loaded.defines] == [("f", "function", "i32 ()"), ("g", "variable", "i64")]
    assert loaded.declares == ("out",)


def test_the_session_knows_its_symbols_and_their_ir(session: Session) -> None:
    session.load("define i32 @f() { ret i32 1 }")
    assert [s.name for s in session.symbols()] == ["f"]
    assert session.dump("f") == "define i32 @f() {\n  ret i32 1\n}"
    assert session.dump("@f") in session.dump()


# Errors


@pytest.mark.parametrize(
    ("kind", "act"),
    [
        (ArgumentError, lambda s: s.call("sum", 1)),
        (ArgumentError, lambda s: s.call("sum", 1, "x")),
        (ArgumentError, lambda s: s.call("sum", 1, 1 << 40)),
        (SymbolError, lambda s: s.call("smu", 1, 2)),
        (SymbolError, lambda s: s.dump("nope")),
        (DuplicateError, lambda s: s.ask(Load("b.ll", b"define i32 @sum() { ret i32 0 }", replace=False))),
        (IRError, lambda s: s.load("define i32 @broken() { ret i64 0 }")),
        (IRError, lambda s: s.load("define void @invalid() {\na:\n  br label %a\n}")),
        (BitcodeError, lambda s: s.load(b"BC\xc0\xde")),
        (InputError, lambda s: s.load("no/such/file.ll")),
        (UndefinedError, lambda s: (s.load("declare void @gone()"), s.call("gone"))),
        (HostError, lambda s: s.host("no/such/file.py")),
        (JITError, lambda s: s.library("no_such_library.so")),
    ],
)
def test_errors_have_their_class(session: Session, kind: type[JitreplError], act: object) -> None:
    session.load(DATA / "sum.ll")
    with pytest.raises(kind) as caught:
        act(session)  # type: ignore[operator]
    assert caught.type is kind
    assert session.call("sum", 1, 2) == 3


@pytest.mark.parametrize("value", [object(), 1j, {"a": 1}, {1, 2}])
def test_a_value_that_ir_does_not_know_is_refused(session: Session, value: object) -> None:
    with pytest.raises(ArgumentError):
        session.call("abs", value, signature="i32 (i32)")


def test_an_error_has_a_message_and_the_next_step(session: Session) -> None:
    session.load(DATA / "sum.ll")
    with pytest.raises(SymbolError) as caught:
        session.call("smu", 1, 2)
    assert (caught.value.message, caught.value.hint) == ("no @smu", "did you mean @sum?")


def test_again_needs_a_call_before(session: Session) -> None:
    with pytest.raises(SymbolError, match="nothing was called yet"):
        session.again()


# Host functions and libraries


def test_host_functions_are_named_and_called(session: Session) -> None:
    assert "add" in session.host(str(DATA / "hosts.py"))
    assert session.call("add", 1, 2) == 3
    assert session.call("swap_sign", (1, 2.5)) == (-1, -2.5)


def test_an_exception_in_a_host_function_is_an_error_of_the_call(session: Session) -> None:
    session.host(str(DATA / "hosts.py"))
    with pytest.raises(HostError, match=r"ValueError: 10 is more than 9 \(.*hosts\.py:32\)"):
        session.call("checked", 10)
    assert session.call("checked", 9) == 9


def test_a_library_serves_the_session(session: Session) -> None:
    session.library("libz.so.1")
    assert session.call("compressBound", 1000, signature="i64 (i64)") > 1000


def test_notes_are_kept(session: Session) -> None:
    session.load("declare void @hello()\ndefine void @f() {\n call void @hello()\n ret void\n}")
    session.call("f")
    (note,) = session.notes
    assert note.startswith("Undefined symbol hello: redirect to host function @ 0x")


def test_notes_can_be_heard_as_they_come() -> None:
    heard: list[str] = []
    with Session(on_note=heard.append) as session:
        session.load("declare void @hello()\ndefine void @f() {\n call void @hello()\n ret void\n}")
        session.call("f")
    assert len(heard) == 1
    assert session.notes == []


# Life and death


def test_nothing_is_started_before_the_first_request() -> None:
    session = Session()
    session.close()
    session.close()


def test_close_can_be_called_twice() -> None:
    session = Session()
    session.load("define i32 @f() { ret i32 1 }")
    session.close()
    session.close()


def test_sessions_share_nothing(session: Session) -> None:
    session.load("@g = global i32 1\ndefine i32 @f() { ret i32 1 }")
    with Session() as other:
        other.load("define i32 @f() { ret i32 2 }")
        assert (session.call("f"), other.call("f")) == (1, 2)


@pytest.mark.parametrize(
    ("name", "arguments", "signal", "status"),
    [("null_store", (), 11, 0), ("aborts", (), 6, 0), ("exits", (3,), 0, 3), ("exits", (0,), 0, 0)],
)
def test_a_death_is_an_error_and_the_session_goes_on(
    session: Session, name: str, arguments: tuple[int, ...], signal: int, status: int
) -> None:
    session.load(CRASHES)
    with pytest.raises(WorkerDied) as caught:
        session.call(name, *arguments)
    assert (caught.value.signal, caught.value.status) == (signal, status)
    session.call("remember", 8)
    assert session.call("recall") == 8


def test_many_deaths_leave_no_descriptors_open(session: Session) -> None:
    session.load(CRASHES)
    with pytest.raises(WorkerDied):
        session.call("null_store")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(WorkerDied):
            session.call("null_store")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_closed_session_leaves_no_process() -> None:
    children = Path("/proc/self/task").joinpath(str(threading.get_native_id()), "children")
    before = children.read_text()
    with Session() as session:
        session.load("define i32 @f() { ret i32 1 }")
        assert children.read_text() != before
    assert children.read_text() == before


def test_a_process_with_threads_can_have_sessions() -> None:
    results: list[object] = []

    def work(number: int) -> None:
        with Session() as session:
            session.load(f"define i32 @f() {{ ret i32 {number} }}")
            results.append(session.call("f"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1, 2]  # type: ignore[type-var]


# What is public


TABLES = (ROOT / "docs" / "python.md").read_text().partition("## Formatters")[0]
CELLS = re.findall(r"^\| (`[^|]*) \|", TABLES, re.MULTILINE)
LISTED = [name for cell in CELLS for name in re.findall(r"`(\w+)", cell)]


def test_everything_that_a_session_has_for_python_programs_is_documented() -> None:
    public = [name for name in vars(Session) if not name.startswith("_")]
    assert set(public) - set(LISTED) == set()
    with Session() as session:
        inherited = [name for name in LISTED if name in public or hasattr(session, name)]
    assert [name for name in LISTED if name not in inherited] == []


def test_limits_and_flags_can_be_set_at_any_time(session: Session, tmp_path: Path, clang: str) -> None:
    session.load("define void @spin() {\n  br label %l\nl:\n  br label %l\n}")
    session.limits.timeout = 0.3
    with pytest.raises(TimedOut):
        session.call("spin")
    session.limits.timeout = 0
    session.compilation.cflags = ("-DN=7",)
    (tmp_path / "n.c").write_text("int n(void) { return N; }")
    session.load(tmp_path / "n.c")
    assert session.call("n") == 7


def test_paths_may_be_those_of_pathlib(session: Session, tmp_path: Path) -> None:
    file, saved = tmp_path / "five.ll", tmp_path / "all.ll"
    file.write_text("define i32 @five() { ret i32 5 }")
    session.load(file)
    file.write_text("define i32 @five() { ret i32 6 }")
    session.reload(file)
    assert session.call("five") == 6
    session.save(saved)
    assert "@five" in saved.read_text()
    assert session.host(DATA / "hosts.py")
    assert session.library(Path("libz.so.1"))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: s.reload(5), "a path is a str or a Path, not int"),
        (lambda s: s.host(None), "a path is a str or a Path, not NoneType"),
        (lambda s: s.save(5), "a path is a str or a Path, not int"),
        (lambda s: s.library(5), "a path is a str or a Path, not int"),
        (lambda s: s.call("f", signature=5), "a signature is a str, not int"),
        (lambda s: s.call(5), "the name of a function is a str, not int"),
        (lambda s: s.dump(5), "a name is a str, not int"),
        (lambda s: s.unload(5), "a name is a str, not int"),
        (lambda s: s.describe(None), "a name is a str, not NoneType"),
        (lambda s: s.load("a.c", flags=5), "flags is a str, not int"),
        (lambda s: s.load([]), "a list is no source"),
        (lambda s: s.load(object()), "a object is no source"),
        (lambda s: s.call("\ud800"), "has a lone surrogate"),
        (lambda s: s.load("define \ud800 {"), "has a lone surrogate"),
        (lambda s: s.library("\ud800"), "has a lone surrogate"),
        (lambda s: s.evaluate(5), "an instruction is a str, not int"),
        (lambda s: s.run(5), "an argument is a str, not int"),
        (lambda s: s.again(endless()), "a Python list is nested more than 100 deep"),
        (lambda s: setattr(s.limits, "timeout", "x"), "the limit timeout cannot be 'x'"),
        (lambda s: setattr(s.limits, "memory", -1), "the limit memory cannot be -1"),
        (lambda s: setattr(s.limits, "timeout", math.nan), "the limit timeout cannot be nan"),
    ],
)
def test_what_has_the_wrong_type_is_told(act: Callable[[Session], object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        act(Session())


def endless() -> list[object]:
    """A list that is in itself."""
    found: list[object] = []
    found.append(found)
    return found


@pytest.mark.parametrize("act", [Session.save, Session.host, Session.load, Session.library, Session.reload])
def test_no_file_has_a_nul_in_its_name(act: Callable[[Session, str], object]) -> None:
    with pytest.raises(InputError):
        act(Session(), "a\0b.ll")


def test_a_new_beginning_has_no_crash(session: Session) -> None:
    session.load(CRASHES)
    with pytest.raises(WorkerDied):
        session.call("null_store")
    assert session.last_crash.signal
    session.reset()
    assert not session.last_crash.signal


def test_a_session_that_answers_another_thread_says_so(session: Session) -> None:
    begun, over = threading.Event(), threading.Event()
    session.tell_notes_to(lambda _: (begun.set(), over.wait(30)))
    thread = threading.Thread(target=session.load, args=("@x = internal global i32 5",))
    thread.start()
    try:
        assert begun.wait(30)
        for act in (lambda: session.load("@y = global i32 5"), session.reset, session.undo):
            with pytest.raises(UsageError, match="answering another thread"):
                act()
    finally:
        over.set()
        thread.join()
    assert session.evaluate("add i32 1, 2") == 3


def test_undo_may_be_given_any_number(session: Session) -> None:
    with pytest.raises(UndoError):
        session.undo(10**5000)


def test_a_limit_that_is_none_is_told() -> None:
    with pytest.raises(AttributeError):
        Session().limits.tiemout = 5  # type: ignore[attr-defined]
