from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from jitrepl.errors import JitreplError
from jitrepl.messages import Call, Load, Quit
from jitrepl.worker.engine import Engine
from jitrepl.worker.trace import Trace


@pytest.fixture
def traced(engine: Engine) -> Callable[..., list[str]]:
    """Answer a request; the lines of the trace, with `N` for each time, size and address."""
    lines: list[str] = []
    engine.jit.trace = Trace(engine.jit.prefix, engine.jit.address_of, lines.append)

    def answer(request: Call | Load | Quit) -> list[str]:
        lines.clear()
        try:
            engine.answer(request)
        except JitreplError as problem:
            lines.append(f"raised {type(problem).__name__}")
        numbers = r"0x[0-9a-f]{16}|(?<=in )\d+\.\d(?= ms)|(?<=of )\d+(?= bytes)"
        return [re.sub(numbers, "N", line.rstrip("\n")) for line in lines]

    return answer


def load(text: str, name: str = "a.ll") -> Load:
    return Load(name, text.encode())


def about(lines: list[str], *words: str) -> list[str]:
    return [line for line in lines if any(word in line for word in words)]


def test_what_is_added_is_compiled_when_it_is_looked_up(traced: Callable[..., list[str]]) -> None:
    assert traced(load("define i32 @f() { ret i32 1 }\n@v = global i32 2\n@p = private constant i32 3")) == [
        "orc: add a.ll to the JITDylib: 1 function, 2 variables, 1 instruction; it defines f, v"
    ]
    lines = traced(Call("f"))
    assert about(lines, "look up f", "found f", "a.ll") == [
        "orc: look up f, for :call f",
        "orc:   materialize a.ll: 1 function, 2 variables, 1 instruction",
        "orc:   compiled a.ll in N ms: an object of N bytes, defines f, v",
        "orc:   linked a.ll: f @ N, v @ N",
        "orc: found f @ N in N ms",
    ]
    assert traced(Call("f")) == ["orc: look up f, for :call f", "orc: found f @ N in N ms"]


def test_what_a_link_needs_is_materialized_in_it(traced: Callable[..., list[str]]) -> None:
    traced(load("declare i32 @g()\ndefine i32 @f() {\n  %r = call i32 @g()\n  ret i32 %r\n}"))
    traced(load("define i32 @g() { ret i32 1 }", "b.ll"))
    assert about(traced(Call("f")), "materialize ", "linked ", "found f")[:5] == [
        "orc:   materialize a.ll: 1 function, 2 instructions",
        "orc:   materialize b.ll: 1 function, 1 instruction, for g, which a.ll needs",
        "orc:   linked b.ll: g @ N",
        "orc:   linked a.ll: f @ N",
        "orc: found f @ N in N ms",
    ]


def test_where_symbols_from_outside_come_from(traced: Callable[..., list[str]]) -> None:
    traced(
        load("declare void @hello()\ndeclare i32 @abs(i32)\ndefine void @f() {\n  call void @hello()\n  ret void\n}")
    )
    traced(load("define ptr @g() {\n  ret ptr @labs\n}\ndeclare i64 @labs(i64)", "b.ll"))
    assert about(traced(Call("f")), "generator: hello") == [
        "orc:   generator: hello, which a.ll needs, is a host function @ N"
    ]
    (line,) = about(traced(Call("g")), "generator: labs")
    assert re.fullmatch(
        r"orc:   generator: labs, which b.ll needs, is no host function; the process has it @ N, in /.*libc.*", line
    )


def test_a_failed_link_and_how_it_heals(traced: Callable[..., list[str]]) -> None:
    traced(load("declare void @nobody()\ndefine void @f() {\n  call void @nobody()\n  ret void\n}"))
    assert traced(Call("f"))[3:] == [
        "orc:   generator: nobody, which a.ll needs, is neither a host function nor in the process",
        "orc:   error: Symbols not found: [ nobody ]",
        "orc:   error: Failed to materialize symbols: { (main, { f }) }",
        "orc: f was not found in N ms",
        "orc: remove a.ll from the JITDylib",
        "orc: add a.ll' to the JITDylib: 1 function, 2 instructions; it defines f",
        "raised UndefinedError",
    ]
    traced(load("define void @nobody() { ret void }", "b.ll"))
    assert about(traced(Call("f")), "found f") == ["orc: found f @ N in N ms"]


def test_static_initialisers_and_destructors(traced: Callable[..., list[str]]) -> None:
    structors = "appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @run, ptr null }]"
    lines = traced(
        load(f"define void @run() {{ ret void }}\n@llvm.global_ctors = {structors}\n@llvm.global_dtors = {structors}")
    )
    assert about(lines, "look up __jitrepl.constructors", "look up __jitrepl.destructors", "orc: run ") == [
        "orc: look up __jitrepl.constructors.a.ll, the table of static initialisers, for loading a.ll",
        "orc: look up __jitrepl.destructors.a.ll, the table of static destructors, for loading a.ll",
        "orc: run the static initialisers of a.ll",
    ]
    assert about(traced(Quit()), "orc: run ") == ["orc: run what a.ll has left for the end"]


def test_a_module_with_assembly_is_an_object_from_the_start(traced: Callable[..., list[str]]) -> None:
    assert traced(load('module asm ".globl f"\nmodule asm "f: ret"\ndeclare void @f()')) == [
        "orc: add a.ll to the JITDylib: an object of N bytes; it defines f, f#assembly1"
    ]
    assert about(traced(Call("f")), "a.ll") == [
        "orc:   materialize a.ll: an object of N bytes, defines f, f#assembly1",
        "orc:   linked a.ll: f @ N, f#assembly1 @ N",
    ]


def test_of_many_names_the_first_are_listed(traced: Callable[..., list[str]]) -> None:
    lines = traced(load("\n".join(f"define void @f{n}() {{ ret void }}" for n in range(9))))
    assert lines == [
        "orc: add a.ll to the JITDylib: 9 functions, 9 instructions; it defines f0, f1, f2, f3, f4, f5 and 3 more"
    ]
    assert about(traced(Call("f0")), "linked a.ll")[0].endswith(" and 3 more")
