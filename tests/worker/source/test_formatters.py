"""Formatters: those of users, and reading values that are garbage."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from transcripts import SCRIPTS, TIMEOUT

from jitrepl import Session, errors, formatting
from jitrepl.formatting import Formatter, Shown, formatter
from jitrepl.messages import AddHost, HostsAdded
from jitrepl.worker.source.sourcetypes import RUST, Address, C, Member, Record, Scalar
from jitrepl.worker.source.sourcevalues import Elements, Memory, SourceValue, Unreadable

SOURCE = """
#include <stdint.h>
typedef struct { int x, y; } point;
typedef struct { const char *start; uint64_t size; } slice;
typedef struct { int year; } date;
struct holder { point at; date when; };
typedef struct { int any; } strange;
point here(void) { return (point){1, 2}; }
slice text(void) { return (slice){"some text", 4}; }
slice broken(void) { return (slice){(const char *)16, 4}; }
typedef struct { int n; } leaving;
typedef struct { int n; } object;
leaving left(void) { return (leaving){6}; }
object called(void) { return (object){7}; }
struct holder held(void) { return (struct holder){{3, 4}, {1999}}; }
strange odd(void) { return (strange){0}; }
int year_of(date d) { return d.year; }
"""

FORMATTERS = """
from jitrepl import formatter
from jitrepl.formatting import Shown


@formatter("point")
def point(value):
    return int(value["x"]), int(value["y"])


@formatter("slice")
def text(value):
    return value.memory.read(value["start"].pointer, int(value["size"]))


@formatter("date")
def date(value):
    year = int(value["year"])
    return Shown(f"anno {year}", year)


@formatter("strange")
def strange(value):
    return value["nothing"]


@formatter("leaving")
def leaving(value):
    raise SystemExit(3)


class Raises:
    def __call__(self, value):
        raise ValueError("no")


formatter("object")(Raises())
"""


@pytest.fixture(scope="module")
def formatted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with types that have formatters."""
    clang = shutil.which("clang-22", path=str(SCRIPTS)) or shutil.which("clang-22")
    if clang is None:
        pytest.skip("no clang-22 beside this Python: pip install 'jitrepl[clang]'")
    folder = tmp_path_factory.mktemp("formatted")
    (folder / "made.c").write_text(SOURCE)
    (folder / "formatters.py").write_text(FORMATTERS)
    command = [clang, "-g", "-emit-llvm", "-c", "made.c", "-o", "made.bc"]
    subprocess.run(command, check=True, timeout=TIMEOUT, cwd=folder)
    with Session(snapshots=False) as session:
        session.load(folder / "made.bc")
        reply = session.ask(AddHost(str(folder / "formatters.py")))
        assert isinstance(reply, HostsAdded)
        assert reply.formatters == ("point", "slice", "date", "strange", "leaving", "object")
        yield session


def shown(session: Session, name: str) -> tuple[str, object]:
    value = session.ask_call(name, ()).value
    return f"{value.type} {value.text}", value.data


def test_what_a_formatter_returns_is_shown_in_the_spelling_of_the_language(formatted: Session) -> None:
    assert shown(formatted, "here") == ("point {1, 2}", (1, 2))
    assert shown(formatted, "text") == ('slice "some"', "some")
    assert shown(formatted, "held") == ("struct holder {at = {3, 4}, when = anno 1999}", ((3, 4), 1999))


def test_memory_that_is_not_there_is_said_to_be_so(formatted: Session) -> None:
    assert shown(formatted, "broken") == ("slice <memory at 0x10 cannot be read>", None)


def test_a_formatter_that_fails_is_a_note_and_the_value_is_shown_without_it(formatted: Session) -> None:
    formatted.notes.clear()
    assert shown(formatted, "odd") == ("strange {any = 0}", (0,))
    (note,) = formatted.notes
    assert note.startswith("formatter strange failed: KeyError: 'strange has no field nothing; it has any' (")
    assert note.endswith("formatters.py:24)")


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("left", "leaving {n = 6}", r"formatter leaving failed: SystemExit: 3 \(.*formatters\.py:29\)"),
        ("called", "object {n = 7}", r"formatter of object failed: ValueError: no \(.*formatters\.py:34\)"),
    ],
)
def test_whatever_a_formatter_is_and_raises(formatted: Session, name: str, value: str, note: str) -> None:
    reply = formatted.ask_call(name, ())
    assert f"{reply.value.type} {reply.value.text}" == value
    assert re.fullmatch(note, reply.notes[0])


def test_a_file_that_fails_registers_nothing(tmp_path: Path, formatted: Session) -> None:
    file = tmp_path / "half.py"
    file.write_text(
        'from jitrepl import formatter\n@formatter("point")\ndef f(value):\n    return 0\nraise ValueError\n'
    )
    with pytest.raises(errors.HostError, match=r"ValueError \(.*half.py:5\)"):
        formatted.host(str(file))
    assert shown(formatted, "here") == ("point {1, 2}", (1, 2))


def test_a_formatter_names_types() -> None:
    with pytest.raises(TypeError, match="name the types"):
        formatter()
    with pytest.raises(TypeError, match="name the types"):
        formatter(len)  # type: ignore[arg-type]
    assert formatting.registered == []


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("Point", ["Point"], ["Points", "geo::Point"]),
        ("std::vector<*", ["std::vector<int>"], ["std::vector_bool"]),
        ("*::Point", ["geo::Point", "a::b::Point"], ["Point"]),
        ("&[*]", ["&[i32]", "&[&[u8]]"], ["&str", "&i32"]),
        ("i?", ["i8"], ["i32"]),
    ],
)
def test_patterns_are_globs_in_which_brackets_are_brackets(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    made = Formatter(lambda value: value, pattern)
    assert [name for name in [*matching, *others] if made.matches(name)] == matching


def test_a_shown_text_is_its_own_data_unless_there_is_better() -> None:
    assert (Shown("five").data, Shown("five", 5).data, Shown("none", None).data) == ("five", 5, None)


# Values in memory


INT = Scalar("int", 4, C, "signed")


@pytest.mark.parametrize("address", [0, 16, 2**47, 2**63, 2**64 - 8, -1])
def test_reading_where_nothing_is_fails_and_does_no_harm(address: int) -> None:
    with Memory() as memory:
        value = SourceValue(INT, address, memory)
        for read in (lambda: value.data, value.python, lambda: memory.text(address, 10)):
            with pytest.raises(Unreadable, match="cannot be read"):
                read()


def test_a_size_that_is_garbage_is_refused_before_memory_is_asked_for() -> None:
    with Memory() as memory, pytest.raises(Unreadable):
        memory.read(id(memory), 2**40)


def test_bytes_of_this_process_are_read_as_they_are() -> None:
    import ctypes

    buffer = ctypes.create_string_buffer(b"\xff\xff\xff\xff\x02\0\0\0text\0")
    at = ctypes.addressof(buffer)
    with Memory() as memory:
        assert memory.text(at + 8, 100) == b"text"
        assert memory.text(at + 8, 2) == b"te"
        assert int(SourceValue(INT, at, memory)) == -1
        elements = Elements(INT, at, 2, memory)
        assert (len(elements), elements.numbers(2), int(elements[1])) == (2, [-1, 2], 2)
        with pytest.raises(IndexError, match="element 2 of 2"):
            elements[2]


def test_fields_are_found_by_name_and_position_also_in_bases_and_anonymous_ones() -> None:
    import ctypes

    inner = Record("Inner", 4, C, "struct", False, "", lambda: ([Member("deep", INT, 0)], None, {}))
    base = Record("Base", 4, C, "struct", False, "", lambda: ([Member("id", INT, 0)], None, {}))
    members = [Member("Base", base, 0, is_base=True), Member("x", INT, 4), Member("", inner, 8)]
    outer = Record("Outer", 12, C, "struct", False, "", lambda: (members, None, {}))
    buffer = (ctypes.c_int32 * 3)(1, 2, 3)
    with Memory() as memory:
        value = SourceValue(outer, ctypes.addressof(buffer), memory)
        assert [int(value[name]) for name in ("id", "x", "deep")] == [1, 2, 3]
        assert int(value[0]) == 2
        with pytest.raises(KeyError, match="struct Outer has no field z; it has x"):
            value["z"]
        with pytest.raises(TypeError, match="a struct Outer is not one number"):
            int(value)


def test_what_is_no_struct_has_no_fields_and_what_is_no_pointer_no_target() -> None:
    with Memory() as memory:
        value = SourceValue(INT, 0, memory)
        for use in (lambda: value["x"], lambda: value.target, lambda: value.elements(1)):
            with pytest.raises(KeyError, match="int"):
                use()


def test_rust_references_stand_for_what_they_refer_to_and_raw_pointers_do_not() -> None:
    number = Scalar("i32", 4, RUST, "signed")
    assert Address("&i32", 8, RUST, "*", number).is_reference
    assert not Address("*const i32", 8, RUST, "*", number).is_reference
