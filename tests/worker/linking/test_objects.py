from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, _clang, skip_without
from transcripts import TIMEOUT

from jitrepl import Session
from jitrepl.errors import (
    InputError,
    InternalError,
    JITError,
    JitreplError,
    ObjectError,
    SymbolError,
    UndefinedError,
    WorkerDied,
)
from jitrepl.worker.linking.archives import Archive
from jitrepl.worker.linking.objects import read_object

Compile = Callable[..., Path]
INT = "i32 ()"


@pytest.fixture
def compile(tmp_path: Path) -> Compile:
    """Compile C to an object in an empty folder: `compile("a.o", "int a;", "-O2", with_="gcc")`."""

    def compile(target: str, source: str, *flags: str, with_: str = "clang") -> Path:
        program = _clang() if with_ == "clang" else shutil.which(with_)
        if not program:
            skip_without(["clang"])
            pytest.skip(f"no {with_}")
        command = [program, "-x", "c++" if 'extern "C"' in source else "c", "-", "-c", "-o", tmp_path / target, *flags]
        subprocess.run(command, input=source.encode(), check=True, timeout=TIMEOUT, cwd=ROOT)
        return tmp_path / target

    return compile


def archive(path: Path, *members: Path, flags: str = "rcs") -> Path:
    skip_without(["ar"])
    subprocess.run(["ar", flags, path, *members], check=True, timeout=TIMEOUT, capture_output=True)
    return path


# Objects


@pytest.mark.parametrize("with_", ["clang", "gcc"])
@pytest.mark.parametrize("flags", ["-O0 -g", "-O2", "-O2 -fno-pic -mcmodel=large", "-ffunction-sections -fcommon"])
def test_an_object_is_linked(compile: Compile, session: Session, with_: str, flags: str) -> None:
    source = "#include <math.h>\nint n = 5, empty; double f(double x) { return floor(x) + n + empty; }"
    loaded = session.load(compile("a.o", source, *flags.split(), with_=with_))
    assert {(symbol.name, symbol.kind, symbol.type) for symbol in loaded.defines} == {
        ("n", "variable", "[4 x i8]"),
        ("empty", "variable", "[4 x i8]"),
        ("f", "function", ""),
    }
    assert session.call("f", 2.5, signature="double (double)") == 7.0


def test_a_function_without_a_type_is_called_with_one_or_as_declared(objects: Path, session: Session) -> None:
    session.load(objects / "factor.o")
    with pytest.raises(SymbolError, match="which does not say its type"):
        session.call("factor")
    assert session.call("factor", signature=INT) == 3
    session.load("declare i32 @factor()")
    assert session.call("factor") == 3


def test_modules_and_objects_use_each_other(objects: Path, session: Session) -> None:
    session.load(objects / "scaled.o")
    session.load("define i32 @factor() { ret i32 7 }\ndeclare i32 @scaled(i32)")
    assert session.call("scaled", 6) == 42


def test_a_missing_symbol_is_told_and_the_object_heals(objects: Path, session: Session) -> None:
    session.load(objects / "scaled.o")
    for _ in range(2):
        with pytest.raises(UndefinedError, match=r"(?s)\[ factor \].*@factor is used by .*scaled\.o"):
            session.call("scaled", 6, signature="i32 (i32)")
    session.load(objects / "factor.o")
    assert session.call("scaled", 6, signature="i32 (i32)") == 18


CALLS_FACTOR = (
    "declare i32 @factor()\ndefine i32 @six() {\n  %a = call i32 @factor()\n  %b = mul i32 %a, 2\n  ret i32 %b\n}"
)


def test_an_object_takes_the_place_of_typed_code(objects: Path, session: Session) -> None:
    session.load("define i32 @factor() { ret i32 7 }")
    session.load(CALLS_FACTOR)
    assert session.call("six") == 14
    assert session.load(objects / "factor.o").replaced == ("factor",)
    assert [session.call("six"), session.call("factor")] == [6, 3]
    session.load("define i32 @factor() { ret i32 8 }")
    assert [session.call("six"), session.call("factor")] == [16, 8]


def test_an_object_that_is_linked_goes_on_with_what_it_is_linked_to(objects: Path, session: Session) -> None:
    session.load(objects / "scaled.o")
    session.load(objects / "factor.o")
    session.load("define i32 @factor() { ret i32 7 }")
    assert session.call("scaled", 1, signature="i32 (i32)") == 7  # it was not linked yet
    session.load("define i32 @factor() { ret i32 8 }")
    assert session.call("scaled", 1, signature="i32 (i32)") == 8  # typed code can be redirected
    session.load(objects / "factor.o")
    assert session.call("scaled", 1, signature="i32 (i32)") == 3
    session.load("define i32 @factor() { ret i32 9 }")
    assert session.call("factor") == 9
    assert session.call("scaled", 1, signature="i32 (i32)") == 3
    assert session.notes[-1].endswith("scaled.o is linked to the former ones")


def test_a_variable_of_an_object_is_replaced(compile: Compile, session: Session) -> None:
    get = (
        "declare i32 @get()\n@n = external global i32\ndefine i32 @n_now() {\n  %v = load i32, ptr @n\n  ret i32 %v\n}"
    )
    session.load(compile("a.o", "int n = 1; int get(void) { return n; }"))
    session.load(get)
    assert [session.call("n_now"), session.call("get")] == [1, 1]
    session.load("@n = global i32 5")
    assert [session.call("n_now"), session.call("get")] == [5, 1]
    session.load(compile("a.o", "int n = 2; int get(void) { return n; }"))
    assert [session.call("n_now"), session.call("get")] == [2, 2]


def test_an_object_that_is_loaded_again_is_another_one(compile: Compile, session: Session) -> None:
    session.load(compile("a.o", "int f(void) { return 1; }"))
    assert session.call("f", signature=INT) == 1
    again = session.load(compile("a.o", "int f(void) { return 2; } int g(void) { return 3; }"))
    assert again.again and again.changed == ("f", "g")
    assert [session.call(name, signature=INT) for name in "fg"] == [2, 3]


def test_an_object_is_unloaded_unless_another_is_linked_to_it(objects: Path, session: Session) -> None:
    session.load(objects / "factor.o")
    session.load(objects / "scaled.o")
    with pytest.raises(SymbolError, match=r"is used by .*scaled\.o"):
        session.unload("factor.o")
    session.unload("factor.o", force=True)  # scaled.o was not linked yet
    session.load(objects / "factor.o")
    assert session.call("scaled", 2, signature="i32 (i32)") == 6
    with pytest.raises(SymbolError, match=r"scaled\.o, an object, which is linked to it"):
        session.unload("factor.o", force=True)
    session.unload("scaled.o")
    session.unload("factor.o")
    assert [row.name for row in session.modules()] == []
    session.load("define i32 @factor() { ret i32 7 }")
    assert session.call("factor") == 7


def test_destructors_run_when_an_object_is_unloaded(objects: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.load(objects / "parts.o")
        session.load(objects / "libscaled.a")
        assert session.call("is_ready", signature=INT) == 1
        session.unload("parts.o")
        assert capfd.readouterr().out == "put away\n"
    assert capfd.readouterr().out == ""


def test_objects_are_saved_by_name_only(objects: Path, session: Session, tmp_path: Path) -> None:
    session.load(objects / "factor.o")
    with pytest.raises(JITError, match=r"all\.ll would be without it"):
        session.save(str(tmp_path / "all.ll"))
    session.save(str(tmp_path / "work.jitrepl"))
    assert f":load {objects}/factor.o" in (tmp_path / "work.jitrepl").read_text()


def test_a_host_function_serves_an_object(objects: Path, session: Session, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.py"
    hosts.write_text('from jitrepl import host\n\n@host("i32 ()")\ndef factor():\n    return 11\n')
    session.host(str(hosts))
    session.load(objects / "scaled.o")
    assert session.call("scaled", 2, signature="i32 (i32)") == 22


def test_weak_definitions_do_not_collide(compile: Compile, session: Session) -> None:
    source = 'inline int shared() {{ static int n = 1; return n++; }} extern "C" int {0}() {{ return shared(); }}'
    for name in ("a", "b"):
        session.load(compile(f"{name}.o", source.format(name)))
    assert [session.call(name, signature=INT) for name in ("a", "b", "a")] == [1, 2, 3]


@pytest.mark.parametrize("with_", ["clang", "gcc"])
def test_constructors_run_by_priority_and_destructors_at_the_end(
    compile: Compile, with_: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = """
        #include <stdio.h>
        static int log;
        __attribute__((constructor)) static void c(int argc, char **argv) { log = 10 * log + 3 + argc + !!argv; }
        __attribute__((constructor(300))) static void b(void) { log = 10 * log + 2; }
        __attribute__((constructor(200))) static void a(void) { log = 10 * log + 1; }
        __attribute__((destructor)) static void z(void) { printf("gone %d\\n", log); }
        int get(void) { return log; }
    """
    with Session() as session:
        session.load(compile("a.o", source, with_=with_))
        assert session.call("get", signature=INT) == 125  # 1, 2, then 3 + argc + argv
        with pytest.raises(WorkerDied):
            session.call("raise", 11, signature="i32 (i32)")
        assert session.call("get", signature=INT) == 125  # 1, 2, then 3 + argc + argv
    assert capfd.readouterr().out == "gone 125\n"


def test_constructors_wait_for_what_they_need(compile: Compile, session: Session) -> None:
    source = "int later(void); static int n; __attribute__((constructor)) static void c(void) { n += later(); }"
    session.load(compile("a.o", f"{source} int get(void) {{ return n; }}"))
    assert "[ later ]: the static initialisers of" in session.notes[-1]
    session.load("define i32 @unrelated() { ret i32 1 }")
    assert len(session.notes) == 1
    session.load("define i32 @later() { ret i32 5 }")
    assert session.call("get", signature=INT) == 5
    session.load("define i32 @unrelated2() { ret i32 1 }")
    assert session.call("get", signature=INT) == 5


def test_a_crash_in_an_object_has_its_line(objects: Path, session: Session) -> None:
    session.load(objects / "area.o")
    session.load(objects / "side.o")
    with pytest.raises(WorkerDied) as caught:
        session.call("first_of", None, signature="i32 (ptr)")
    assert "sources/area.c:11)" in caught.value.frames[0]
    assert caught.value.frames[1].endswith("11 | return numbers[0];")


def test_undo_takes_an_object_back(objects: Path, session: Session) -> None:
    session.load(objects / "factor.o")
    session.undo()
    session.load("define i32 @factor() { ret i32 7 }")
    assert session.call("factor") == 7


def test_without_copies_an_object_is_loaded_again(objects: Path) -> None:
    with Session(snapshots=False) as session:
        session.load(objects / "libscaled.a")
        assert session.call("scaled", 2, signature="i32 (i32)") == 6
        with pytest.raises(WorkerDied):
            session.call("raise", 9, signature="i32 (i32)")
        assert session.call("scaled", 3, signature="i32 (i32)") == 9


# What is refused


@pytest.mark.parametrize("with_", ["clang", "gcc"])
@pytest.mark.parametrize(
    "source", ["__thread int n; int f(void) { return n; }", "extern __thread int n; int *f(void) { return &n; }"]
)
def test_thread_locals_are_refused(compile: Compile, session: Session, source: str, with_: str) -> None:
    with pytest.raises(ObjectError, match="uses thread-local variables") as caught:
        session.load(compile("a.o", source, "-fPIC", with_=with_))
    assert "its source or its bitcode" in caught.value.hint


def test_an_ifunc_is_refused(compile: Compile, session: Session) -> None:
    source = (
        "static int one(void) { return 1; } static void *pick(void) { return one; }"
        'int f(void) __attribute__((ifunc("pick")));'
    )
    with pytest.raises(ObjectError, match="ORC cannot link the ifunc @f"):
        session.load(compile("a.o", source))


def test_code_that_must_lie_low_is_refused_with_a_reason(compile: Compile, session: Session) -> None:
    path = compile("a.o", "int n; long f(void) { return (long)&n; }", "-fno-pic", "-O1", with_="gcc")
    session.load(path)
    with pytest.raises(JITError, match="is out of range of") as caught:
        session.call("f", signature="i64 ()")
    assert "-fPIC" in caught.value.hint
    session.load("define i32 @after() { ret i32 5 }")
    assert session.call("after") == 5


def test_intermediate_code_of_gcc_is_refused(compile: Compile, session: Session) -> None:
    path = compile("a.o", "int f(void) { return 1; }", "-flto", "-fno-fat-lto-objects", with_="gcc")
    with pytest.raises(ObjectError, match="GCC's intermediate code"):
        session.load(path)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (18, 183, "is an object for AArch64, this session runs x86_64"),
        (18, 77, r"is an object for another machine \(77\)"),
        (4, 1, "is an object for 32-bit pointers"),
        (5, 2, "another"),
        (16, 2, "is a linked program, not an object"),
        (16, 3, "is a shared library or a program"),
        (16, 4, "is an ELF file of type 4"),
    ],
)
def test_what_is_no_object_for_this_machine_is_named(objects: Path, at: int, value: int, message: str) -> None:
    data = bytearray((objects / "factor.o").read_bytes())
    data[at] = value
    with pytest.raises(ObjectError, match=message):
        read_object(bytes(data), "a.o")


def test_a_text_that_is_called_an_object_is_told(session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.o").write_text("int x;")
    with pytest.raises(InputError, match=r"a\.o is no object, archive or library: it starts with 69 6e 74 20"):
        session.load(tmp_path / "a.o")


@pytest.mark.parametrize("name", ["parts.o", "libscaled.a"])
def test_broken_files_are_refused_or_read(objects: Path, name: str) -> None:
    """Cut anywhere, or with some bytes changed: a clear error, or something that can be read."""
    data = (objects / name).read_bytes()

    def read(data: bytes) -> None:
        try:
            Archive(name, data, lambda data, name: []) if name.endswith(".a") else read_object(data, name)
        except ObjectError as problem:
            assert problem.message.startswith(name)

    for end in range(0, len(data), 3):
        read(data[:end])
    chance = random.Random(1)
    for _ in range(3000):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(data))] = chance.randrange(256)
        read(bytes(changed))


def test_no_broken_object_ends_the_session(objects: Path, session: Session, tmp_path: Path) -> None:
    """What reads well may still be beyond JITLink."""
    data = (objects / "parts.o").read_bytes()
    session.load("define i32 @state() { ret i32 5 }\ndefine i32 @scaled(i32 %n) { ret i32 %n }")
    chance = random.Random(2)
    for number in range(40):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] = chance.randrange(256)
        path = tmp_path / f"{number}.o"
        path.write_bytes(changed)
        try:
            session.load(path)
            session.undo()
        except JitreplError as problem:
            assert not isinstance(problem, InternalError)
        assert session.call("state") == 5


# Archives


def test_members_are_loaded_when_they_are_needed(objects: Path, session: Session) -> None:
    loaded = session.load(objects / "libscaled.a")
    assert loaded.opened and {symbol.state for symbol in loaded.defines} == {"archived"}
    assert session.call("factor", signature=INT) == 3
    states = {symbol.name: symbol.state for symbol in session.symbols() if symbol.kind != "host"}
    assert states == {"factor": "ready", "scaled": "archived", "unneeded": "archived"}
    assert session.call("scaled", 2, signature="i32 (i32)") == 6


def test_a_member_comes_for_a_module_that_needs_it(objects: Path, session: Session) -> None:
    session.load("declare i32 @scaled(i32)\ndefine i32 @f() {\n  %r = call i32 @scaled(i32 5)\n  ret i32 %r\n}")
    with pytest.raises(UndefinedError):
        session.call("f")
    session.load(objects / "libscaled.a")
    assert session.call("f") == 15


def test_a_member_does_not_come_for_what_the_session_defines(objects: Path, session: Session) -> None:
    session.load("define i32 @factor() { ret i32 100 }")
    session.load(objects / "libscaled.a")
    assert session.call("scaled", 2, signature="i32 (i32)") == 200


def test_a_weak_reference_brings_no_member(objects: Path, session: Session) -> None:
    session.load(objects / "libscaled.a")
    session.load(
        "declare extern_weak i32 @factor()\ndefine i1 @has() {\n  %r = icmp ne ptr @factor, null\n  ret i1 %r\n}"
    )
    assert session.call("has") is False


def test_members_construct_what_others_need_first(compile: Compile, session: Session, tmp_path: Path) -> None:
    first = "int second(void); static int n; __attribute__((constructor)) static void c(void) { n = second(); }"
    second = "static int n; __attribute__((constructor)) static void c(void) { n = 5; } int second(void) { return n; }"
    members = compile("a.o", f"{first} int first(void) {{ return n; }}"), compile("b.o", second)
    session.load(archive(tmp_path / "lib.a", *members))
    assert session.call("first", signature=INT) == 5


def test_a_member_that_cannot_be_linked_is_named(objects: Path, session: Session) -> None:
    session.load(objects / "libown.a")
    assert session.call("factor", signature=INT) == 3
    with pytest.raises(ObjectError, match=r"libown\.a\(own_to_each_thread\.o\) uses thread-local variables"):
        session.call("count", signature=INT)
    session.load(objects / "libscaled.a")
    with pytest.raises(UndefinedError, match=r"@nobody_has_this is used by .*libscaled\.a\(unneeded\.o\)"):
        session.call("unneeded", signature=INT)


@pytest.mark.parametrize("flags", ["rcs", "rcS"])
@pytest.mark.parametrize("kind", ["object", "bitcode"])
def test_archives_with_and_without_an_index(
    compile: Compile, session: Session, tmp_path: Path, kind: str, flags: str
) -> None:
    name = "a_member_whose_name_is_long.o"
    member = compile(name, "int f(void) { return 5; }", *["-emit-llvm"] * (kind == "bitcode"))
    loaded = session.load(archive(tmp_path / "lib.a", member, flags=flags))
    assert [symbol.name for symbol in loaded.defines] == ["f"]
    assert session.call("f", signature=INT) == 5
    assert {row.module.rpartition("/")[2] for row in session.symbols() if row.name == "f"} == {f"lib.a({name})"}


def test_a_thin_archive_is_refused(objects: Path, session: Session, tmp_path: Path) -> None:
    path = archive(tmp_path / "thin.a", objects / "factor.o", flags="rcsT")
    with pytest.raises(ObjectError, match="is a thin archive, which has only the names of its members"):
        session.load(path)


def test_a_shared_library_is_opened(compile: Compile, session: Session, tmp_path: Path) -> None:
    member = compile("a.o", "__thread int n = 4; int f(void) { return ++n; }", "-fPIC", with_="gcc")
    library = tmp_path / "libmine.so"
    subprocess.run(["gcc", "-shared", "-o", library, member], check=True, timeout=TIMEOUT)
    assert session.load(library).opened
    assert session.call("f", signature=INT) == 5


@pytest.mark.parametrize("kind", ["hello.o", "libhello.a", "libhello.so"])
@pytest.mark.parametrize("used", [False, True])
def test_what_the_user_brings_goes_before_the_built_in_host_function(
    compile: Compile, session: Session, tmp_path: Path, kind: str, used: bool
) -> None:
    member = compile("hello.o", "int hello(int x) { return x + 1; }", "-fPIC", with_="gcc")
    made = {"hello.o": lambda: member, "libhello.a": lambda: archive(tmp_path / kind, member)}
    if used:
        assert session.call("hello") is None
    if kind in made:
        session.load(made[kind]())
    else:
        subprocess.run(["gcc", "-shared", "-o", tmp_path / kind, member], check=True, timeout=TIMEOUT)
        session.library(str(tmp_path / kind))
    assert session.call("hello", 4, signature="i32 (i32)") == 5
    session.load("declare i32 @hello(i32)\ndefine i32 @f() {\n  %r = call i32 @hello(i32 5)\n  ret i32 %r\n}")
    assert session.call("f") == 6
