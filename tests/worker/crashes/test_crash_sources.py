"""Lines that are found after the fact, and unwind tables."""

from __future__ import annotations

import re

import pytest

from jitrepl.messages import Load
from jitrepl.worker.crashes.crash_sources import SessionSources
from jitrepl.worker.crashes.symbolize import Place, Symbolizer
from jitrepl.worker.engine import Engine
from jitrepl.worker.hosts import Hosts
from jitrepl.worker.languages.uwtable import keep_unwind_tables
from jitrepl.worker.linking.redirect import PROLOGUE
from jitrepl.worker.owned import parse

TEXT = b"""define i32 @first(i32 %x) {
  %r = mul i32 %x, 3
  ret i32 %r
}

define i32 @second(ptr %p) section ".text.cold" {
  %v = load volatile i32, ptr %p
  %w = call i32 @first(i32 %v)
  ret i32 %w
}
"""


@pytest.fixture
def sources(engine: Engine) -> SessionSources:
    engine.answer(Load("<input 1>", TEXT))
    hosts: Hosts = engine._hosts
    return SessionSources(engine.dylib, engine.jit, hosts)


def place_of(engine: Engine, name: str) -> Place:
    address = engine.dylib.lookup(name) + len(
        PROLOGUE
    )  # which compiles it; behind the no-op that is there for redefinition
    (place,) = Symbolizer().places(address)
    return place


@pytest.mark.parametrize(("name", "line"), [("first", 2), ("second", 6)])
def test_code_without_lines_has_them_when_they_are_asked_for(
    engine: Engine, sources: SessionSources, name: str, line: int
) -> None:
    place = place_of(engine, name)
    assert place.line == 0
    file, found = sources.line_of(place)
    assert (file, found) == ("<input 1>", line)


def test_a_function_that_is_not_the_same_has_no_line(engine: Engine, sources: SessionSources) -> None:
    place = place_of(engine, "first")
    assert sources.line_of(Place("first", len(PROLOGUE), size=place.size + 1)) == ("", 0)
    assert sources.line_of(Place("nobody", 0, size=1)) == ("", 0)


def test_host_functions_are_found_by_their_thunks(engine: Engine, sources: SessionSources) -> None:
    address = engine._hosts.address("hello")
    assert address
    found = sources.host_at(address)
    assert found
    assert (found[0], found[1].endswith(".py"), found[2] > 0) == ("hello", True, True)
    assert sources.host_at(address + 1) is None


def test_functions_that_throw_nothing_get_unwind_tables(engine: Engine) -> None:
    text = """define void @a() nounwind { ret void }
define void @b() { ret void }
define void @c() nounwind uwtable { ret void }
declare void @d() nounwind
"""
    module, _ = parse(text.encode(), "m")
    assert module
    with module:
        keep_unwind_tables(module)
        printed = _printed(module.ptr)
    attributes = dict(re.findall(r"attributes (#\d+) = \{([^}]*)\}", printed))
    functions = dict(re.findall(r"(?:define|declare) void @(\w)\(\)(?: (#\d+))?", printed))
    with_tables = {name for name, key in functions.items() if "uwtable" in attributes.get(key, "")}
    assert with_tables == {"a", "c"}


def _printed(module: int) -> str:
    from jitrepl.worker import llvm

    return llvm.text_of(llvm.print_module(module))
