from __future__ import annotations

import functools
import math
from pathlib import Path

import pytest

from jitrepl import Session, hosting
from jitrepl.errors import HostError, UndefinedError
from jitrepl.hosting import HostFunction, host


@pytest.fixture(autouse=True)
def _registered() -> object:
    before = list(hosting.registered)
    yield
    hosting.registered[:] = before


def last() -> HostFunction:
    return hosting.registered[-1]


# The decorator


def test_a_signature_is_given_or_read_from_the_annotations() -> None:
    @host("i32 (i32)")
    def one(x):  # type: ignore[no-untyped-def]
        return x

    assert (last().name, last().signature) == ("one", "i32 (i32)")

    @host
    def two(a: int, b: float, c: bool, d: str, e: bytes) -> None: ...

    assert last().signature == "void (i64, double, i1, ptr, ptr)"
    assert one(5) == 5


def test_annotations_may_be_text() -> None:
    @host
    def f(a: int) -> float:
        return a

    f.__annotations__ = {"a": "int", "return": "float"}
    host(f)
    assert last().signature == "double (i64)"


def test_a_name_or_a_pattern_may_be_given() -> None:
    host("void ()", name="other.name")(lambda: None)
    assert last().matches("other.name")
    host("void ()", pattern="log_*")(lambda name: None)
    assert last().matches("log_x")
    assert not last().matches("log")
    assert last().label == "log_*"


def test_what_stands_for_no_ir_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"host function f: annotate `x` with int, float"):

        @host
        def f(x): ...  # type: ignore[no-untyped-def]

    with pytest.raises(TypeError, match="annotate `x`"):

        @host
        def g(x: list[int]) -> None: ...


def test_a_callable_that_is_no_function_of_python_wants_a_signature_and_maybe_a_name() -> None:
    host("double (double)")(math.sqrt)
    assert (last().name, last().annotations) == ("sqrt", ())
    host("i32 (i32)", name="three_less")(functools.partial(int.__rsub__, 3))
    assert last().name == "three_less"
    with pytest.raises(TypeError, match="host function sqrt has no annotations; give the IR signature"):
        host(math.sqrt)
    with pytest.raises(TypeError, match="without a name of its own is given one"):
        host("i32 ()")(functools.partial(int))


def test_of_a_method_and_an_object_that_can_be_called_self_is_no_parameter() -> None:
    class Sum:
        def __call__(self, a: int) -> int:
            return a

        def text(self, a: str) -> int:
            return len(a)

    host("i64 (i64)", name="sum")(Sum())
    assert last().annotations == ("int",)
    host(Sum().text)
    assert (last().signature, last().annotations) == ("i64 (ptr)", ("str",))


# In a session


def load(session: Session, folder: Path, text: str) -> None:
    path = folder / "made.py"
    path.write_text(f"from jitrepl import host\n{text}")
    session.host(str(path))


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("i32", -5),
        ("i1", True),
        ("i64", 1 << 40),
        ("i128", 1 << 100),
        ("double", 2.5),
        ("float", 0.5),
        ("half", 0.5),
        ("{ i32, double }", (1, 2.5)),
        ("[3 x i16]", (1, 2, 3)),
        ("<4 x i1>", (True, False, True, True)),
        ("[2 x i8]", b"ab"),
        ("ptr", 4096),
        ("{ i64, i64, i64, i64 }", (1, 2, 3, 4)),
    ],
)
def test_values_go_through_python_and_back(session: Session, tmp_path: Path, type: str, given: object) -> None:
    load(session, tmp_path, f"@host('{type} ({type})')\ndef same(x):\n    return x")
    session.load(
        f"declare {type} @same({type})\n"
        f"define {type} @f({type} %x) {{\n %r = call {type} @same({type} %x)\n ret {type} %r\n}}"
    )
    assert session.call("f", given) == given
    assert session.call("same", given) == given


def test_text_comes_as_its_annotation_says(session: Session, tmp_path: Path) -> None:
    load(
        session,
        tmp_path,
        "@host('i64 (ptr, ptr, ptr)')\ndef f(a: str, b: bytes, c):\n    return len(a) * 100 + len(b) * 10 + (c > 0)",
    )
    assert session.call("f", "äb", "äb", "x") == 231


def test_a_null_text_is_null(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i1 (ptr)')\ndef f(a: str):\n    return a == 0")
    assert session.call("f", None) is True


def test_text_that_is_returned_stays(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('ptr ()')\ndef f():\n    return 'hello'")
    address = session.call("f")
    assert session.call("strlen", address, signature="i64 (ptr)") == 5


def test_state_in_python_lives_on(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "calls = []\n@host('i32 ()')\ndef f():\n    calls.append(1)\n    return len(calls)")
    assert [session.call("f") for _ in range(3)] == [1, 2, 3]


def test_the_last_file_wins(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1")
    session.load("declare i32 @f()\ndefine i32 @one() {\n %r = call i32 @f()\n ret i32 %r\n}")
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 2")
    assert session.call("f") == 2
    assert session.call("one") == 2


CALLER = "define i32 @one() {\n %r = call i32 @f()\n ret i32 %r\n}\n"
POINTER = "@to = global ptr @f\ndefine i32 @two() {\n %p = load ptr, ptr @to\n %r = call i32 %p()\n ret i32 %r\n}"


def test_the_last_file_wins_for_those_that_are_linked_too(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1")
    session.load(f"declare i32 @f()\n{CALLER}{POINTER}")
    assert (session.call("one"), session.call("two"), session.call("f")) == (1, 1, 1)
    load(session, tmp_path, "@host('i32 ()', pattern='f*')\ndef any(name):\n    return 2")
    assert (session.call("one"), session.call("two"), session.call("f")) == (1, 1, 1)  # names go before patterns
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 3")
    assert (session.call("one"), session.call("two"), session.call("f")) == (3, 3, 3)
    session.undo(4)
    assert (session.call("one"), session.call("two"), session.call("f")) == (1, 1, 1)


def test_the_last_file_wins_with_another_signature_too(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1")
    session.load(f"declare i32 @f()\n{CALLER}{POINTER}")
    assert (session.call("one"), session.call("two")) == (1, 1)
    load(session, tmp_path, "@host('i64 ()')\ndef f():\n    return 2")
    assert (session.call("one"), session.call("two")) == (2, 2)
    assert "warning: f is declared as i32 (), the host function is i64 ()" in session.notes
    session.load("declare i64 @f()\ndefine i64 @three() {\n %r = call i64 @f()\n ret i64 %r\n}")
    assert session.call("three") == 2
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 4")
    assert (session.call("one"), session.call("two"), session.call("three")) == (4, 4, 4)


def test_a_file_that_fails_leaves_those_that_are_linked(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1")
    session.load(f"declare i32 @f()\n{CALLER}")
    assert session.call("one") == 1
    with pytest.raises(HostError, match="ZeroDivisionError"):
        load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 2\n1 / 0")
    assert session.call("one") == 1


def test_a_name_wins_over_a_pattern(session: Session, tmp_path: Path) -> None:
    load(
        session,
        tmp_path,
        "@host('i32 ()')\ndef log_x():\n    return 1\n@host('i32 ()', pattern='log_*')\ndef any(name):\n    return 2",
    )
    assert (session.call("log_x"), session.call("log_y")) == (1, 2)


def test_a_definition_of_the_session_wins_over_a_host_function(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1")
    session.load("define i32 @f() { ret i32 2 }\ndefine i32 @g() {\n %r = call i32 @f()\n ret i32 %r\n}")
    assert (session.call("f"), session.call("g")) == (2, 2)


def test_a_host_function_wins_over_the_process(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 (i32)')\ndef toupper(x):\n    return 0")
    session.load("declare i32 @toupper(i32)\ndefine i32 @f() {\n %r = call i32 @toupper(i32 97)\n ret i32 %r\n}")
    assert session.call("f") == 0


def test_host_functions_may_be_recursive_through_jited_code(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 (i32)')\ndef less(n):\n    return n - 1")
    session.load("""
        declare i32 @less(i32)
        define i32 @down(i32 %n) {
          %zero = icmp eq i32 %n, 0
          br i1 %zero, label %end, label %more
        end:
          ret i32 0
        more:
          %m = call i32 @less(i32 %n)
          %r = call i32 @down(i32 %m)
          %s = add i32 %r, 1
          ret i32 %s
        }
    """)
    assert session.call("down", 100) == 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('bad')", r"ValueError: bad \(.*made\.py:4\)"),
        ("raise KeyboardInterrupt", r"KeyboardInterrupt \(.*made\.py:4\)"),
        ("raise SystemExit(2)", r"SystemExit: 2"),
        ("return 'text'", r"i32 wants an integer, not \"text\""),
        ("return 1 << 40", r"does not fit i32"),
        ("return object()", r"a Python object cannot be returned"),
        ("return f(x)", r"RecursionError"),
    ],
)
def test_what_goes_wrong_in_python_is_an_error_of_the_call(
    session: Session, tmp_path: Path, body: str, message: str
) -> None:
    load(session, tmp_path, f"@host('i32 (i32)')\ndef f(x):\n    {body}")
    with pytest.raises(HostError, match=message):
        session.call("f", 1)
    assert session.call("abs", -1, signature="i32 (i32)") == 1


def test_an_exception_in_another_thread_does_not_end_the_call(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('ptr (ptr)')\ndef work(x):\n    raise ValueError('in a thread')")
    session.load("""
        declare ptr @work(ptr)
        declare i32 @pthread_create(ptr, ptr, ptr, ptr)
        declare i32 @pthread_join(i64, ptr)
        define i32 @f() {
          %id = alloca i64
          %c = call i32 @pthread_create(ptr %id, ptr null, ptr @work, ptr null)
          %t = load i64, ptr %id
          %j = call i32 @pthread_join(i64 %t, ptr null)
          ret i32 %j
        }
    """)
    with pytest.raises(HostError, match="in a thread"):
        session.call("f")
    assert session.call("hello") is None


def test_a_file_that_fails_registers_nothing(session: Session, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="ZeroDivisionError"):
        load(session, tmp_path, "@host('i32 ()')\ndef f():\n    return 1\n1 / 0")
    with pytest.raises(HostError, match=r"FileNotFoundError: .*'nowhere' \(.*:\d+\)"):
        load(session, tmp_path, "@host('i32 ()')\ndef g():\n    return 1\nopen('nowhere')")
    session.load("declare i32 @f()\ndeclare i32 @g()")
    assert {symbol.state for symbol in session.symbols()} == {"declared"}


def test_a_host_file_may_import_its_neighbours(session: Session, tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_host_file.py").write_text("VALUE = 7\n")
    load(session, tmp_path, "from neighbour_of_host_file import VALUE\n@host('i32 ()')\ndef f():\n    return VALUE")
    assert session.call("f") == 7


def test_a_host_file_has_its_own_future(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host\ndef f(a: int) -> 'int':\n    return int(f.__annotations__['a'] is int)")
    assert session.call("f", 0) == 1


# Whose symbol it is


HELLO = "define i32 @hello(i32 %x) {\n  ret i32 %x\n}"


def test_the_built_in_function_is_listed_when_something_needs_it(session: Session) -> None:
    assert session.symbols() == ()
    session.load("declare void @hello()")
    assert [(symbol.name, symbol.kind) for symbol in session.symbols()] == [("hello", "host")]


def test_a_definition_of_the_users_goes_before_the_built_in_function(session: Session) -> None:
    assert session.call("hello") is None
    session.load(HELLO)
    assert session.call("hello", 7) == 7


def test_a_declaration_of_another_type_does_not_mean_the_built_in_function(session: Session) -> None:
    session.load("declare i32 @hello(i32)\ndefine i32 @f() {\n  %r = call i32 @hello(i32 4)\n  ret i32 %r\n}")
    with pytest.raises(UndefinedError, match="hello is used by @f"):
        session.call("f")
    session.load(HELLO)
    assert session.call("f") == 4


def test_a_pattern_of_the_users_goes_before_the_built_in_function(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, "@host('i32 ()', pattern='hel*')\ndef any(name):\n    return 6")
    session.load("declare i32 @hello()")
    assert session.call("hello") == 6


@pytest.mark.parametrize("first", ["host", "definition"])
def test_a_definition_hides_a_host_function_and_says_so(session: Session, tmp_path: Path, first: str) -> None:
    steps = [
        lambda: load(session, tmp_path, "@host('i32 ()')\ndef six():\n    return 6"),
        lambda: session.load("define i32 @six() {\n  ret i32 7\n}"),
    ]
    for step in steps if first == "host" else steps[::-1]:
        step()
    assert session.call("six") == 7
    assert [note for note in session.notes if "hides the host function of that name" in note]
