"""Names and lines of addresses, in the process that they are of; nothing crashes here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from transcripts import ROOT, SCRIPTS, TIMEOUT

from jitrepl.messages import Load
from jitrepl.worker.crashes.symbolize import Symbolizer
from jitrepl.worker.engine import Engine
from jitrepl.worker.linking.redirect import PROLOGUE
from jitrepl.worker.process import symbol_address

SOURCE = ROOT / "tests" / "data" / "reports.c"
Compile = Callable[..., bytes]


@pytest.fixture
def compile(bitcode: Path, tmp_path: Path) -> Compile:
    """The bitcode of reports.c with these options."""
    clang = shutil.which("clang-22", path=str(SCRIPTS)) or "clang-22"

    def run(*options: str) -> bytes:
        target = tmp_path / "made.bc"
        subprocess.run([clang, *options, "-emit-llvm", "-c", SOURCE, "-o", target], check=True, timeout=TIMEOUT)
        return target.read_bytes()

    return run


def address(engine: Engine, data: bytes, name: str) -> int:
    """The address of a function of bitcode or IR, compiled and linked."""
    engine.answer(Load("<input 1>", data))
    return engine.dylib.lookup(name)


def line_of(start: str) -> int:
    """The number of the line in the source that begins so."""
    return next(number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if line.startswith(start))


@pytest.mark.parametrize("options", [("-O0", "-g"), ("-O2", "-g"), ("-O0", "-g", "-gdwarf-4")], ids=" ".join)
def test_a_function_with_debug_info_has_its_line(engine: Engine, compile: Compile, options: tuple[str, ...]) -> None:
    at = address(engine, compile(*options), "in_thread")
    (place,) = Symbolizer().places(at)
    assert (place.function, place.offset, place.module) == ("in_thread", 0, "")
    assert Path(place.file).samefile(SOURCE)
    assert place.line == line_of("int in_thread")


def test_a_function_without_debug_info_has_its_name(engine: Engine, compile: Compile) -> None:
    at = address(engine, compile("-O1"), "in_thread")
    (place,) = Symbolizer().places(at + 1)
    assert (place.function, place.offset, place.file, place.line) == ("in_thread", 1, "", 0)


def test_typed_ir_has_its_lines(engine: Engine) -> None:
    engine.dylib.units.folder_of = lambda name: ""
    at = address(engine, b"define i32 @typed(i32 %x) {\n  %r = mul i32 %x, 3\n  ret i32 %r\n}", "typed")
    (place,) = Symbolizer().places(at + len(PROLOGUE))  # behind the no-op that is there for redefinition
    assert (place.function, place.file, place.line) == ("typed", "<input 1>", 2)


def test_functions_of_several_objects_are_told_apart(engine: Engine) -> None:
    found = [address(engine, f"define void @f{n}() {{ ret void }}".encode(), f"f{n}") for n in range(5)]
    symbolizer = Symbolizer()
    assert [place.function for at in found for place in symbolizer.places(at)] == [f"f{n}" for n in range(5)]


def test_a_symbol_of_a_library_has_its_name_and_file() -> None:
    at = symbol_address("abort")
    assert at
    (place,) = Symbolizer().places(at + 3)
    assert (place.function, place.offset, place.line) == ("abort", 3, 0)
    assert "libc" in place.module


@pytest.mark.parametrize("at", [0, 8, 2**64 - 1])
def test_where_nothing_is_there_is_no_place(at: int) -> None:
    assert Symbolizer().places(at) == ()


def test_a_symbolizer_of_an_earlier_time_does_not_know_what_was_linked_later(engine: Engine) -> None:
    before = Symbolizer()
    at = address(engine, b"define void @later() { ret void }", "later")
    assert before.places(at) == ()
