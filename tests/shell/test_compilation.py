from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DATA, SOURCES, skip_without

from jitrepl import Session
from jitrepl.errors import CompileError, TimedOut, UsageError
from jitrepl.shell import compile_cache
from jitrepl.shell.compilers import CLANG, RUSTC, find_compiler
from jitrepl.shell.rust_library import build_library
from jitrepl.shell.settings import read_flags


class Counted:
    """A clang that counts how often it compiles; a cache of its own."""

    def __init__(self, folder: Path, real: str) -> None:
        self.log = folder / "log"
        self.log.touch()
        self.cache = folder / "cache" / "jitrepl" / "compiled"
        self.program = folder / "counted-clang"
        self.program.write_text(f'#!/bin/sh\ncase "$1" in -c) echo "$@" >> {self.log};; esac\nexec {real} "$@"\n')
        self.program.chmod(0o755)

    @property
    def runs(self) -> int:
        return len(self.log.read_text().splitlines())


@pytest.fixture
def clang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    skip_without(["clang"])
    counted = Counted(tmp_path, find_compiler(CLANG, "22.0").path)
    monkeypatch.setenv("JITREPL_CLANG", str(counted.program))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return counted


@pytest.fixture
def sessions() -> Iterator[list[Session]]:
    made: list[Session] = []
    yield made
    for session in made:
        session.close()


def value(path: str, flags: str = "") -> int:
    """What `f` of a source returns, in a session of its own."""
    with Session(snapshots=False) as session:
        session.load(path, flags)
        result: int = session.call("f")
        return result


def write_f(number: object, path: str = "f.c") -> None:
    Path(path).write_text(f"int f(void) {{ return {number}; }}\n")


# The cache


def test_the_same_source_is_compiled_once(clang: Counted) -> None:
    write_f(5)
    assert [value("f.c"), value("f.c"), clang.runs] == [5, 5, 1]
    write_f(6)
    assert [value("f.c"), clang.runs] == [6, 2]
    write_f(5)
    assert [value("f.c"), clang.runs] == [5, 2]


def test_flags_make_it_another(clang: Counted) -> None:
    write_f("X")
    assert [value("f.c", "-DX=1"), value("f.c", "-DX=2"), value("f.c", "-DX=1"), clang.runs] == [1, 2, 1, 2]


def test_a_changed_header_counts_and_a_touched_one_does_not(clang: Counted) -> None:
    Path("f.c").write_text('#include "n h.h"\nint f(void) { return N; }\n')
    header = Path("n h.h")
    header.write_text("#define N 1\n")
    os.utime(header, (1, 1))
    assert value("f.c") == 1
    header.write_text("#define N 2\n")
    assert [value("f.c"), clang.runs] == [2, 2]
    os.utime(header, (5, 5))
    assert [value("f.c"), clang.runs] == [2, 2]
    header.unlink()
    with pytest.raises(CompileError):
        value("f.c")


def test_a_file_that_a_flag_names_counts(clang: Counted) -> None:
    Path("f.c").write_text("int f(void) { return N; }\n")
    flags = Path("flags.txt")
    for number in (1, 2):
        flags.write_text(f"-DN={number}")
        assert value("f.c", "@flags.txt") == number


def test_what_asks_for_the_time_is_compiled_each_time(clang: Counted) -> None:
    Path("f.c").write_text("int f(void) { return sizeof __TIME__; }\n")
    assert [value("f.c"), value("f.c"), clang.runs] == [9, 9, 2]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "garbage"])
def test_a_damaged_entry_is_made_again(clang: Counted, damage: str) -> None:
    write_f(5)
    value("f.c")
    (entry,) = clang.cache.iterdir()
    data = entry.read_bytes()
    flipped = data[:-9] + bytes((data[-9] ^ 1,)) + data[-8:]
    entry.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "flipped": flipped, "garbage": b"x" * 99}[damage])
    assert [value("f.c"), clang.runs, value("f.c"), clang.runs] == [5, 2, 5, 2]
    assert entry.read_bytes() == data


def test_many_may_write_at_once(clang: Counted) -> None:
    write_f(5)
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(value("f.c"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [5] * 4
    assert [path.suffix for path in clang.cache.iterdir()] == [".compiled"]


def test_what_was_not_used_for_the_longest_time_goes_first(clang: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        write_f(number, f"f{number}.c")
        value(f"f{number}.c")
    entries = sorted(clang.cache.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for age, entry in enumerate(reversed(entries)):
        os.utime(entry, (1000 - age, 1000 - age))
    (clang.cache / "tmpleft").write_bytes(b"x")
    os.utime(clang.cache / "tmpleft", (1, 1))
    assert value("f1.c") == 1  # used: now the youngest
    monkeypatch.setattr(compile_cache, "SIZE_LIMIT", 3 * entries[0].stat().st_size + 200)
    write_f(4, "f4.c")
    value("f4.c")
    assert not entries[1].exists() and entries[0].exists() and entries[2].exists()
    assert not (clang.cache / "tmpleft").exists()


def test_without_a_cache_folder_it_compiles_all_the_same(clang: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    write_f(5)
    assert [value("f.c"), value("f.c"), clang.runs] == [5, 5, 2]


def test_warnings_are_told_again_without_compiling(clang: Counted, sessions: list[Session]) -> None:
    shutil.copy(SOURCES / "warned.c", "warned.c")
    for _ in range(2):
        session = Session(snapshots=False)
        sessions.append(session)
        session.load("warned.c", "-Wall")
        assert (
            session.notes[0] == f"C is compiled by clang {session.compilation.used['clang'].version}, {clang.program}"
        )
        assert session.notes[1].startswith("warned.c:2:7: warning: unused variable 'unused'")
    assert clang.runs == 1


# Loading again


def test_a_source_is_loaded_again_when_what_it_makes_changes(clang: Counted, sessions: list[Session]) -> None:
    Path("n.h").write_text("#define N 1\n")
    Path("f.c").write_text('#include "n.h"\nint f(void) { int unused; return N + X; }\n')
    session = Session()
    sessions.append(session)
    session.load("f.c", "-DX=10 -Wall")
    told = len(session.notes)
    assert session.reload() == ()
    assert [session.call("f"), len(session.notes)] == [11, told]
    Path("n.h").write_text("#define N 2\n")
    (loaded,) = session.reload()
    assert [session.call("f"), loaded.changed, len(session.notes)] == [12, ("f",), told + 1]
    session.reload("f.c")
    assert session.call("f") == 12


def test_a_saved_session_has_the_flags(clang: Counted, sessions: list[Session]) -> None:
    write_f("X + Y")
    session = Session()
    sessions.append(session)
    session.compilation.cflags = ("-DY=2",)
    session.load("f.c", "-DX=1")
    session.save("work.jitrepl")
    assert Path("work.jitrepl").read_text().splitlines()[1:] == [
        ":next",
        ":set cflags -DY=2",
        f":load {Path('f.c').resolve()} -- -DX=1",
    ]


# Compiling


def test_an_error_is_the_compilers_own(clang: Counted) -> None:
    shutil.copy(SOURCES / "broken.c", "broken.c")
    with Session() as session:
        with pytest.raises(CompileError) as caught:
            session.load("broken.c")
        assert caught.value.message == "broken.c was not compiled"
        assert "broken.c:2:14: error: use of undeclared identifier 'm'" in str(caught.value)
        assert "\x1b[" in caught.value.diagnostics and "\x1b[" not in str(caught.value)
        write_f(5)
        session.load("f.c")
        assert session.call("f") == 5


def test_flags_that_make_something_else_are_refused(clang: Counted) -> None:
    write_f(5)
    with Session() as session, pytest.raises(CompileError, match=r"clang accepted f\.c but wrote no bitcode"):
        session.load("f.c", "-fsyntax-only")


def test_settings_come_before_the_flags_of_a_file(clang: Counted) -> None:
    write_f("X")
    with Session() as session:
        session.compilation.cflags = ("-DX=1",)
        session.load("f.c", "-UX -DX=2")
        assert session.call("f") == 2


def test_flags_for_cxx_are_not_for_c(clang: Counted) -> None:
    write_f(5)
    Path("g.cpp").write_text('extern "C" int g() { auto x = [](auto y) { return y + X; }; return x(1); }')
    with Session() as session:
        session.compilation.cxxflags = ("-std=c++17", "-DX=6")
        session.load("f.c")
        session.load("g.cpp")
        assert session.call("g") == 7


def test_bitcode_that_is_called_a_source_is_bitcode(clang: Counted, bitcode: Path) -> None:
    shutil.copy(bitcode / "sum_c.bc", "sum.c")
    with Session() as session:
        session.load("sum.c")
        assert [session.call("sum", 1, 2), clang.runs] == [3, 0]


def test_odd_names_are_compiled(clang: Counted) -> None:
    for name in ("-f.c", "two words.c", "@f.c", "ü.c"):
        write_f(5, name)
        assert value(name) == 5


def test_a_time_limit_holds_for_compilers(clang: Counted) -> None:
    os.mkfifo("endless.h")
    Path("f.c").write_text('#include "endless.h"\n')
    with Session() as session:
        session.limits.timeout = 0.3
        with pytest.raises(TimedOut, match=r"compiling f\.c took longer than 0\.3 s"):
            session.load("f.c")


def test_sources_need_no_other_include_than_their_own(session: Session) -> None:
    skip_without(["clang"])
    session.load(str(SOURCES / "area.c"))
    session.load(str(SOURCES / "side.c"))
    assert session.call("area", 0, 0, 3, 4) == 12


def test_a_script_is_no_source_and_a_source_no_script(tmp_path: Path, session: Session) -> None:
    skip_without(["clang"])
    source = tmp_path / "label.cpp"
    source.write_text('namespace n { int x = 4; }\nextern "C" int f() { return\n::n::x; }\n')
    session.load(str(source))
    assert session.call("f") == 4


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("-O2 -Wall", ("-O2", "-Wall")),
        ('"-O2 -Wall"', ("-O2", "-Wall")),
        ("-DX='a b'", ("-DX=a b",)),
        ("", ()),
        ('""', ()),
    ],
)
def test_flags_are_quoted_as_in_a_shell(text: str, flags: tuple[str, ...]) -> None:
    assert read_flags(text) == flags


def test_an_open_quote_is_told() -> None:
    with pytest.raises(UsageError, match="the flags cannot be read: no closing quotation"):
        read_flags("-DX='a")


# Rust


@pytest.fixture
def rust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    skip_without(["rustc"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def functions(path: str, flags: str = "") -> set[str]:
    """The functions that a source of Rust defines, without what mangling puts around their names."""
    with Session(snapshots=False) as session:
        names = [symbol.name for symbol in session.load(path, flags).defines]
    return {name if "17h" not in name else name.rpartition("17h")[0].lstrip("_ZN") for name in names}


@pytest.mark.parametrize("flags", ["", "-O", "-C opt-level=3"])
def test_every_function_can_be_called(rust: Path, flags: str) -> None:
    Path("my-own.rs").write_text(
        "pub fn add(a: i32, b: i32) -> i32 { a + b }\n"
        "fn private(a: i32) -> i32 { a }\n"
        '#[no_mangle] pub extern "C" fn plain() -> i32 { 5 }\n'
    )
    assert functions("my-own.rs", flags) >= {"6my_own3add", "6my_own7private", "plain"}


def test_a_program_has_a_main(rust: Path) -> None:
    Path("a.rs").write_text("fn helper() -> i32 { 1 }\n// comment\nfn main() { std::process::exit(helper()) }\n")
    assert {"main", "1a6helper", "1a4main"} <= functions("a.rs")


def test_a_library_without_std_needs_none(rust: Path) -> None:
    Path("a.rs").write_text('#![no_std]\n#[no_mangle]\npub extern "C" fn f() -> i32 { 5 }\n')
    assert value("a.rs") == 5


def test_what_the_source_or_the_flags_say_counts(rust: Path) -> None:
    Path("a.rs").write_text('#![crate_type = "lib"]\n#![crate_name = "other"]\npub fn main() {}\n')
    assert "5other4main" in functions("a.rs")
    Path("b.rs").write_text("pub fn f() {}\n")
    assert "5named1f" in functions("b.rs", "--crate-name=named --edition=2018 -g --crate-type=lib")


def test_an_environment_variable_in_the_source_counts(rust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.rs").write_text('#[no_mangle] pub extern "C" fn f() -> usize { env!("JITREPL_TEST").len() }')
    for text in ("abc", "abcde"):
        monkeypatch.setenv("JITREPL_TEST", text)
        assert value("a.rs") == len(text)


def test_a_file_of_the_crate_counts(rust: Path) -> None:
    Path("a.rs").write_text('mod part;\n#[no_mangle] pub extern "C" fn f() -> i32 { part::n() }')
    for number in (1, 2):
        Path("part.rs").write_text(f"pub fn n() -> i32 {{ {number} }}")
        assert value("a.rs") == number


def test_the_standard_library_is_there(rust: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.load(str(SOURCES / "primes.rs"))
        assert session.call("largest_factor", 360) == 5
    assert "[2, 2, 2, 3, 3, 5]" in capfd.readouterr().out


def test_a_toolchain_with_static_libraries_only_gets_a_shared_one(
    rust: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(rust / "cache"))
    rustc = find_compiler(RUSTC, "99.0")
    library = build_library(rustc)
    assert library and library == build_library(rustc)
    assert [str(path) for path in (rust / "cache" / "jitrepl" / "rust").iterdir()] == [library]
    monkeypatch.setattr("jitrepl.shell.rust_library.standard_library", build_library)
    with Session() as session:
        session.load(str(SOURCES / "primes.rs"))
        assert session.call("largest_factor", 12) == 3
    assert "[2, 2, 3]" in capfd.readouterr().out


def test_c_and_rust_call_each_other(rust: Path, session: Session) -> None:
    skip_without(["clang"])
    Path("a.rs").write_text(
        'extern "C" { fn sum(a: i32, b: i32) -> i32; }\n'
        '#[no_mangle] pub extern "C" fn f() -> i32 { unsafe { sum(40, 2) } }\n'
    )
    session.load("a.rs")
    session.load(str(DATA / "sum.c"))
    assert session.call("f") == 42


def test_a_source_is_read_once(rust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = rust / "rustc-that-removes"
    remove = 'rustc "$@" || exit 1; case "$*" in *once.rs*) rm once.rs;; esac'
    program.write_text(f"#!/bin/sh\n{remove}\n")
    program.chmod(0o755)
    monkeypatch.setenv("JITREPL_RUSTC", str(program))
    Path("once.rs").write_text("#![no_std]\n#[no_mangle] pub extern fn two() -> i32 { 2 }\n")
    assert "two" in functions("once.rs")
    assert not Path("once.rs").exists()
