"""How functions are called; what goes in and comes out is in `test_values` and `test_roundtrip`."""

from __future__ import annotations

import pytest

from jitrepl import Session
from jitrepl.errors import ArgumentError, HostError, JITError, SymbolError, UndefinedError


def call(session: Session, name: str, *literals: str, signature: str = "") -> str:
    return session.ask_call(name, literals, signature).value.text


def test_what_is_declared_decides_how_a_libc_function_is_called(session: Session) -> None:
    session.load("declare i32 @toupper(i32)")
    assert call(session, "toupper", "'a'") == "65"


def test_the_last_declaration_decides(session: Session) -> None:
    session.load("declare i8 @toupper(i8)")
    session.load("declare i32 @toupper(i32)")
    assert session.ask_call("toupper", ("'a'",)).value.type == "i32"


def test_a_signature_given_wins_over_a_declaration(session: Session) -> None:
    session.load("declare double @labs(double)")
    assert call(session, "labs", "-5", signature="i64 (i64)") == "5"


def test_signatures_may_name_types_of_the_session(session: Session) -> None:
    session.load(
        "%pair = type { i32, i32 }\ndefine i32 @first(%pair %p) {\n %x = extractvalue %pair %p, 0\n ret i32 %x\n}"
    )
    assert call(session, "first", "(7, 8)", signature="i32 (%pair)") == "7"


def test_names_need_not_be_utf8(session: Session) -> None:
    session.load(b'%"\xff" = type { i32 }\ndefine i32 @"\xfe"(%"\xff" %x) {\n ret i32 6\n}')
    session.load(b'define %"\xff" @same(%"\xff" %x) {\n ret %"\xff" %x\n}')  # lent by the other one
    assert call(session, "\udcfe", "(7)", signature='i32 (%"\udcff")') == "6"
    assert session.call("same", (8,)) == (8,)


@pytest.mark.parametrize("text", ["double", "double (", "(double)", "double )(", "i32 (x)", "i32 (i32) nounwind"])
def test_what_is_no_function_type_is_told(shared: Session, text: str) -> None:
    with pytest.raises(ArgumentError, match="is not a function type"):
        call(shared, "cos", "1.0", signature=text)


@pytest.mark.parametrize(
    ("literals", "message"),
    [
        ((), r"@f takes 2 arguments \(i32, ptr\), none given"),
        (("1",), "1 given"),
        (("1", "null", "3"), "3 given"),
        (("x", "null"), "argument 1 of @f: i32 wants an integer, not x"),
        (("1", "2.5"), "argument 2 of @f: ptr wants an address"),
        (("1", "@nobody"), "argument 2 of @f: no @nobody"),
    ],
)
def test_what_does_not_fit_is_told(session: Session, literals: tuple[str, ...], message: str) -> None:
    session.load("define void @f(i32 %a, ptr %b) { ret void }")
    with pytest.raises(ArgumentError, match=message):
        call(session, "f", *literals)


def test_internal_functions_are_called_by_name_if_there_is_one(session: Session) -> None:
    session.load("define internal i32 @hidden() { ret i32 1 }")
    assert call(session, "hidden") == "1"
    session.load("define internal i32 @hidden() { ret i32 2 }")
    with pytest.raises(SymbolError, match=r"@hidden is internal to <input 1> and <input 2>"):
        call(session, "hidden")


def test_an_alias_is_called_like_its_function(session: Session) -> None:
    session.load("define i32 @f(i32 %x) { ret i32 %x }\n@a = alias i32 (i32), ptr @f")
    assert call(session, "a", "5") == "5"


# Not `coldcc`: LLVM 22 restores xmm0, which holds the result, before it returns.
@pytest.mark.parametrize(
    "convention", ["ccc", "fastcc", "tailcc", "swiftcc", "preserve_mostcc", "win64cc", "x86_64_sysvcc"]
)
def test_calling_conventions_are_kept(session: Session, convention: str) -> None:
    session.load(f"""
        define {convention} double @f(i32 %a, double %b, i64 %c, float %d) {{
          %x = sitofp i32 %a to double
          %y = sitofp i64 %c to double
          %z = fpext float %d to double
          %s = fsub double %x, %b
          %t = fsub double %s, %y
          %u = fsub double %t, %z
          ret double %u
        }}
    """)
    assert call(session, "f", "100", "1.5", "20", "0.5") == "78.0"


def test_many_arguments_go_over_the_stack(session: Session) -> None:
    params = ", ".join(f"i64 %a{n}" for n in range(30))
    session.load(f"define i64 @last({params}) {{ ret i64 %a29 }}")
    assert call(session, "last", *map(str, range(30))) == "29"


def test_a_large_result_comes_back(session: Session) -> None:
    session.load("define [500 x i64] @f([500 x i64] %x) { ret [500 x i64] %x }")
    values = tuple(range(500))
    assert session.call("f", values) == values


def test_an_sret_result_that_wants_a_high_alignment_has_it(session: Session) -> None:
    session.load("""
        define void @f(ptr sret({ i64 }) align 64 %out) {
          %address = ptrtoint ptr %out to i64
          %low = and i64 %address, 63
          store i64 %low, ptr %out, align 64
          ret void
        }
    """)
    assert session.call("f") == (0,)


def test_the_callee_may_write_into_its_byval_argument(session: Session) -> None:
    session.load("""
        define i32 @f(ptr byval({ i32, i32 }) %p) {
          %x = load i32, ptr %p
          store i32 0, ptr %p
          ret i32 %x
        }
    """)
    assert [session.call("f", (5, 6)) for _ in range(2)] == [5, 5]


def test_buffers_live_as_long_as_the_session(session: Session) -> None:
    session.load("""
        @kept = global ptr null
        declare i64 @strlen(ptr)
        define void @keep(ptr %p) {
          store ptr %p, ptr @kept
          ret void
        }
        define i64 @length() {
          %p = load ptr, ptr @kept
          %n = call i64 @strlen(ptr %p)
          ret i64 %n
        }
    """)
    session.call("keep", "x" * 1000)
    for number in range(20):
        session.call("strlen", "y" * number * 100)
    assert session.call("length") == 1000


def test_printf_takes_what_c_promotes(session: Session) -> None:
    session.load("declare i32 @snprintf(ptr, i64, ptr, ...)\n@out = global [100 x i8] zeroinitializer")
    call(
        session,
        "snprintf",
        "@out",
        "100",
        '"%d %d %ld %.2f %.1f %s %c %p"',
        "i8 -1",
        "true",
        "1234567890123",
        "2.5",
        "float 0.5",
        '"text"',
        "'x'",
        "null",
    )
    session.load("define [100 x i8] @shown() {\n %x = load [100 x i8], ptr @out\n ret [100 x i8] %x\n}")
    assert session.call("shown").rstrip(b"\0") == b"-1 1 1234567890123 2.50 0.5 text x (nil)"


def test_a_symbol_that_is_missing_is_found_before_anything_runs(session: Session) -> None:
    session.load(
        "@g = global i32 1\ndeclare void @gone()\n"
        "define void @f() {\n store i32 2, ptr @g\n call void @gone()\n ret void\n}"
    )
    with pytest.raises(UndefinedError, match=r"Symbols not found: \[ gone \]"):
        call(session, "f")


def test_an_error_in_inline_assembly_is_an_error_of_the_call(session: Session) -> None:
    session.load('define void @bad() {\n call void asm "nonsense", ""()\n ret void\n}\ndefine i32 @f() { ret i32 5 }')
    with pytest.raises(JITError, match="invalid instruction mnemonic 'nonsense'"):
        call(session, "bad")
    with pytest.raises(JITError, match="nonsense"):
        call(session, "bad")


def test_a_host_function_is_called_without_a_declaration(session: Session) -> None:
    assert session.call("hello") is None


def test_calls_may_nest_through_host_functions(session: Session, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "nested.py"
    file.write_text("from jitrepl import host\n@host('i32 (i32)')\ndef fail(n):\n    raise RuntimeError(n)\n")
    session.host(str(file))
    session.load("""
        declare i32 @fail(i32)
        declare void @qsort(ptr, i64, i64, ptr)
        @numbers = global [3 x i32] [i32 3, i32 1, i32 2]
        define i32 @compare(ptr %a, ptr %b) {
          %r = call i32 @fail(i32 7)
          ret i32 %r
        }
        define void @sort() {
          call void @qsort(ptr @numbers, i64 3, i64 4, ptr @compare)
          ret void
        }
    """)
    for _ in range(3):
        with pytest.raises(HostError, match=r"host function fail failed: RuntimeError: 7"):
            session.call("sort")
