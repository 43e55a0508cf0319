from __future__ import annotations

import pytest

from jitrepl.errors import DuplicateError, JITError, UndefinedError
from jitrepl.worker.engine import Engine
from jitrepl.worker.linking.missing import suggestion

MISSING = "declare i32 @gone()\ndefine i32 @user() {\n  %r = call i32 @gone()\n  ret i32 %r\n}"


def add(engine: Engine, text: str, name: str = "") -> str:
    return engine.dylib.add(text.encode(), name or f"<input {engine.dylib.next_number()}>").module.name


def states(engine: Engine) -> dict[str, str]:
    return {symbol.name: symbol.state for symbol in engine.dylib.symbols()}


def test_a_module_is_compiled_when_one_of_its_symbols_is_looked_up(engine: Engine) -> None:
    add(engine, "define i32 @f() { ret i32 1 }")
    add(engine, "define i32 @g() { ret i32 1 }")
    assert states(engine) == {"f": "lazy", "g": "lazy"}
    assert engine.dylib.lookup("f")
    assert states(engine) == {"f": "ready", "g": "lazy"}


def test_a_module_takes_the_place_of_one_of_its_name(engine: Engine) -> None:
    add(engine, "@a = global i32 0", "x.ll")
    add(engine, "@b = global i32 0", "x.ll")
    assert states(engine) == {"b": "lazy"}


def test_a_duplicate_is_refused_as_a_whole_where_linkers_do(engine: Engine) -> None:
    add(engine, "@a = global i32 0")
    with pytest.raises(DuplicateError, match="@a is already defined by <input 1>"):
        engine.dylib.add(b"@b = global i32 0\n@a = global i32 1", "b.ll", replace=False)
    assert states(engine) == {"a": "lazy"}
    add(engine, "@b = global i32 0")


def test_local_symbols_collide_with_nothing(engine: Engine) -> None:
    for _ in range(2):
        add(engine, "@hidden = internal global i32 0")


def test_of_weak_symbols_the_first_wins(engine: Engine) -> None:
    add(engine, "@w = weak global i32 1\n@one = global ptr @w")
    add(engine, "@w = weak global i32 2\n@two = global ptr @w")
    found = engine.dylib.find("w")
    assert found
    assert found[0].name == "<input 1>"
    engine.dylib.lookup("two")
    assert engine.dylib.lookup("w")


def test_an_undefined_symbol_is_told_with_its_users(engine: Engine) -> None:
    add(engine, MISSING)
    add(engine, "@table = global ptr @gone\ndeclare i32 @gone()")
    with pytest.raises(UndefinedError) as caught:
        engine.dylib.lookup("user")
    assert caught.value.message.splitlines() == [
        "Symbols not found: [ gone ]",
        "  @gone is used by @user of <input 1>",
        "  @gone is used by <input 3>",
    ]


def test_a_failed_link_poisons_nothing(engine: Engine) -> None:
    add(engine, MISSING)
    add(engine, "define i32 @other() {\n %r = call i32 @user()\n ret i32 %r\n}\ndefine i32 @fine() { ret i32 1 }")
    for name in ("other", "user", "other", "fine"):
        with pytest.raises(UndefinedError):
            engine.dylib.lookup(name)
    add(engine, "define i32 @gone() { ret i32 1 }")
    assert all(engine.dylib.lookup(name) for name in ("other", "user", "fine", "gone"))


def test_a_module_with_other_data_keeps_it_through_a_failed_link(engine: Engine) -> None:
    add(engine, "@a = global i32 5")
    address = engine.dylib.lookup("a")
    add(engine, MISSING.replace("ret i32 %r", "store i32 1, ptr @a\n ret i32 %r"))
    with pytest.raises(UndefinedError):
        engine.dylib.lookup("user")
    assert engine.dylib.lookup("a") == address


def test_code_that_cannot_be_compiled_is_told_every_time(engine: Engine) -> None:
    add(engine, 'define void @bad() {\n call void asm "nonsense", ""()\n ret void\n}')
    for _ in range(2):
        with pytest.raises(JITError, match="nonsense"):
            engine.dylib.lookup("bad")


def test_assembly_defines_symbols(engine: Engine) -> None:
    add(engine, 'module asm ".globl seven"\nmodule asm "seven: ret"')
    add(engine, "declare void @seven()\ndefine void @f() {\n call void @seven()\n ret void\n}")
    assert engine.dylib.lookup("f")


def test_several_modules_may_have_static_initialisers(engine: Engine) -> None:
    for name in ("a", "b"):
        add(
            engine,
            f"""
            define void @{name}() {{ ret void }}
            @llvm.global_ctors = appending global [1 x {{ i32, ptr, ptr }}] [
              {{ i32, ptr, ptr }} {{ i32 1, ptr @{name}, ptr null }}
            ]
        """,
        )
    assert list(states(engine)) == ["a", "b"]


def test_types_come_with_the_types_in_them(engine: Engine) -> None:
    add(engine, '%a = type { %b, ptr }\n%b = type { %"c d" }\n%"c d" = type { i8 }\n@x = global %a zeroinitializer')
    text = engine.dylib.lender.type_definitions({"a"})
    assert text == '%a = type { %b, ptr } %b = type { %"c d" } %"c d" = type { i8 } '


def test_of_types_with_one_name_the_last_is_lent(engine: Engine) -> None:
    add(engine, "%t = type { i8 }\n@x = global %t zeroinitializer")
    add(engine, "%t = type { i16 }\n@y = global %t zeroinitializer")
    assert engine.dylib.lender.type_definitions({"t"}).strip() == "%t = type { i16 }"


@pytest.mark.parametrize(
    ("name", "candidates", "text"),
    [
        ("smu", ["sum", "main"], "did you mean @sum?"),
        ("helo", ["hello", "help"], "did you mean @hello or @help?"),
        ("a nam", ["a name"], 'did you mean @"a name"?'),
        ("xyz", ["sum"], ""),
        ("sum", ["sum"], ""),
    ],
)
def test_similar_names_are_suggested(name: str, candidates: list[str], text: str) -> None:
    assert suggestion(name, candidates) == text
