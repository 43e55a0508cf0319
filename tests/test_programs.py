"""Whole programs by `--run`: they end, print and read as they do when a linker has made them.

The expected output in tests/data/programs is that of native builds: clang's objects, linked by gcc.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import NO_CLANG, _clang
from transcripts import JITREPL, ROOT, TIMEOUT, environment

PROGRAMS = ROOT / "tests" / "data" / "programs"
Compile = Callable[..., Path]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compile]:
    """Bitcode of a program of tests/data/programs: `compiled("exits.c", "-O0")`. All are compiled at once, ahead."""
    compiler = _clang()
    if compiler is None:
        pytest.skip(NO_CLANG)
    folder = tmp_path_factory.mktemp("programs")

    def compile(name: str, *options: str) -> Path:
        target = folder / f"{'_'.join([Path(name).stem, *options])}.bc"
        language = ["-x", "c++", "-std=c++20"] if name.endswith("cpp") else []
        command = [compiler, *language, *options, "-w", "-emit-llvm", "-c", PROGRAMS / name, "-o", target]
        subprocess.run(command, check=True, timeout=TIMEOUT)
        target.rename(folder / f"{target.name}.done")  # a name that is complete
        (folder / f"{target.name}.done").rename(target)
        return target

    with ThreadPoolExecutor(2) as pool:
        made: dict[tuple[str, ...], Future[Path]] = {}

        def result(*what: str) -> Path:
            if what not in made:
                made[what] = pool.submit(compile, *what)
            return made[what].result()

        yield result


class Ended:
    """How a program ended, and what it wrote."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


def run(*arguments: str | Path, input: str = "", env: dict[str, str] | None = None) -> Ended:
    """`jitrepl --run`, with nothing in the environment that a shell would not have there."""
    variables = {name: value for name, value in environment().items() if not name.startswith("LC_")}
    done = subprocess.run(
        [JITREPL, "--run", *arguments],
        input=input,
        capture_output=True,
        text=True,
        env={**variables, **(env or {})},
        timeout=TIMEOUT,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def expected(name: str) -> str:
    return (PROGRAMS / f"{name}.out").read_text()


# The ways out

START = "start101 {count} 1\nstart102\n"
HANDLERS = "late\nend\nend102\nend101\n"
WAYS = {
    "return": (300 % 256, "main; status 300\nsecond\nfirst\n" + HANDLERS),
    "exit": (17, "main; status 17\nsecond\nfirst\n" + HANDLERS),
    "_exit": (4, ""),
    "quick": (5, "main; quickly\n"),
    "abort": (128 + signal.SIGABRT, ""),
    "fault": (128 + signal.SIGSEGV, ""),
    "term": (128 + signal.SIGTERM, ""),
    "thread": (33, "main; status 33\nsecond\nfirst\n" + HANDLERS),
    "leave": (0, "main; last thread\nstatus 0\nsecond\nfirst\n" + HANDLERS),
    "detached": (300 % 256, "main; status 300\nsecond\nfirst\n" + HANDLERS),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out(compiled: Compile, way: str) -> None:
    done = run(compiled("exits.c"), "--", way)
    status, out = WAYS[way]
    assert (done.status, done.out) == (status, START.format(count=2) + out)
    quiet = way not in ("abort", "fault")
    assert quiet == (done.err == ""), done.err


def test_a_crash_is_told_with_where_it_was(compiled: Compile) -> None:
    done = run(compiled("exits.c", "-g"), "--", "fault")
    assert "killed by SIGSEGV: write of address 0x8 (null + 8)\n  at @main (" in done.err
    assert '| if (!strcmp(way, "fault"))' in done.err


# What programs do


@pytest.mark.parametrize("options", [("-O0",), ("-O2", "-g")], ids=" ".join)
def test_the_machine(compiled: Compile, options: tuple[str, ...]) -> None:
    done = run(compiled("machine.c", *options))
    assert (done.out, done.status, done.err) == (expected("machine"), 0, "")


@pytest.mark.parametrize("options", [("-O0", "-g"), ("-O2",)], ids=" ".join)
def test_processes_threads_and_signals(compiled: Compile, options: tuple[str, ...]) -> None:
    done = run(compiled("processes.c", *options))
    assert (done.out, done.status, done.err) == (expected("processes"), 3, "")


def test_the_surroundings_are_those_of_a_process_of_its_own(compiled: Compile) -> None:
    arguments = ("--", "-a", "-b", "value", "rest")
    done = run(compiled("surroundings.c"), *arguments, input="first\nsecond\n", env={"JITREPL_TEST": "yes"})
    assert (done.out, done.status, done.err) == (expected("surroundings"), 0, "")


def test_a_program_of_two_modules(compiled: Compile) -> None:
    done = run(compiled("modules_a.c"), compiled("modules_b.c"))
    assert (done.out, done.status, done.err) == (expected("modules"), 6, "")


@pytest.mark.parametrize("options", [("-O0", "-g"), ("-O2",)], ids=" ".join)
def test_the_language_of_cxx(compiled: Compile, options: tuple[str, ...]) -> None:
    done = run(compiled("language.cpp", *options))
    assert (done.out, done.status, done.err) == (expected("language"), 3, "")


def test_an_uncaught_exception_ends_in_terminate(compiled: Compile) -> None:
    done = run(compiled("language.cpp", "-O2"), "--", "throw")
    assert done.status == 128 + signal.SIGABRT
    assert "terminat" in done.err and "boom" in done.err


def test_the_library_of_cxx(compiled: Compile) -> None:
    """GCC's; what_works.py tries libc++."""
    try:
        program = compiled("library.cpp", "-O1", "-stdlib=libstdc++")
    except subprocess.CalledProcessError:
        pytest.skip("no headers of libstdc++: apt-get install g++")
    done = run(program, input="a b a c\n")
    assert (done.out, done.status, done.err) == (expected("library"), 2, "")


# In a pipeline


def test_a_reader_that_has_enough_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "yes.ll").write_text("""
@text = constant [2 x i8] c"y\\00"
declare i32 @puts(ptr)
define i32 @main() {
  br label %again
again:
  %r = call i32 @puts(ptr @text)
  br label %again
}""")
    command = f"{JITREPL} --run {tmp_path}/yes.ll | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert (done.stdout, done.stderr) == (f"y\n{128 + signal.SIGPIPE}\n", "")


def test_what_the_program_has_not_read_is_left_to_the_next(compiled: Compile, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("first\nsecond\n")
    command = f"({JITREPL} --run {compiled('surroundings.c')}; cat) < {tmp_path / 'lines'}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert done.stdout.endswith("line first\nsecond\n")


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A program that runs; it does not outlive the test."""
    with subprocess.Popen([JITREPL, "--run", *arguments], stdout=subprocess.PIPE, env=environment(), text=True) as made:
        try:
            yield made
        finally:
            made.kill()


def line_of(program: subprocess.Popen[str]) -> str:
    assert program.stdout
    return program.stdout.readline()


def test_a_signal_for_jitrepl_is_for_the_program(compiled: Compile) -> None:
    with started(compiled("waits.c")) as program:
        assert line_of(program) == "ready\n"
        program.send_signal(signal.SIGUSR1)
        assert line_of(program) == f"caught {signal.SIGUSR1:d}\n"
        program.send_signal(signal.SIGTERM)
        assert program.wait(TIMEOUT) == 128 + signal.SIGTERM


def test_who_reads_is_told_when_the_program_closes_its_output(compiled: Compile) -> None:
    with started(compiled("waits.c"), "--", "close") as program:
        assert program.stdout and program.stdout.read() == "ready\n"  # until its end
        assert program.poll() is None
        program.send_signal(signal.SIGINT)
        assert program.wait(TIMEOUT) == 128 + signal.SIGINT


def test_a_program_ends_with_jitrepl(compiled: Compile) -> None:
    with started(compiled("waits.c"), "--", "pid") as program:
        waiting = os.pidfd_open(int(line_of(program)))
        program.kill()
        assert select.select([waiting], [], [], TIMEOUT)[0]
        os.close(waiting)


def test_the_time_of_a_program_can_be_limited(compiled: Compile) -> None:
    done = run("--timeout", "300ms", compiled("waits.c"))
    assert (done.status, done.out) == (124, "ready\n")
    assert done.err == "error: @main ran longer than 0.3 s\n"


def test_the_memory_of_a_program_can_be_limited(compiled: Compile) -> None:
    done = run("--memory-limit", "4G", compiled("surroundings.c"))
    assert "limit some\n" in done.out


# With what a session has, too


def test_host_functions_in_the_order_of_the_output(tmp_path: Path) -> None:
    (tmp_path / "hosts.py").write_text(
        "from jitrepl import host\n"
        "@host('void (i32)')\n"
        "def show(x):\n"
        "    print('host', x)\n"
        "    if x > 1:\n"
        "        raise ValueError('too much')\n"
    )
    (tmp_path / "p.ll").write_text("""
@text = constant [2 x i8] c"c\\00"
declare i32 @puts(ptr)
declare void @show(i32)
define i32 @main(i32 %count, ptr %words) {
  call void @show(i32 0)
  %r = call i32 @puts(ptr @text)
  call void @show(i32 %count)
  ret i32 5
}""")
    done = run("-q", "--host", tmp_path / "hosts.py", tmp_path / "p.ll")
    assert (done.out, done.status, done.err) == ("host 0\nc\nhost 1\n", 5, "")
    done = run("-q", "--host", tmp_path / "hosts.py", tmp_path / "p.ll", "--", "more")
    assert (done.out, done.status) == ("host 0\nc\nhost 2\n", 1)
    assert "ValueError: too much" in done.err


def test_a_library_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "z.ll").write_text("""
declare i64 @crc32(i64, ptr, i32)
@text = constant [3 x i8] c"abc"
define i32 @main() {
  %c = call i64 @crc32(i64 0, ptr @text, i32 3)
  %r = trunc i64 %c to i32
  ret i32 %r
}""")
    assert run("--lib", "libz.so.1", tmp_path / "z.ll").status == 0xC2


# What keeps a program from running


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_program_begins_in_main(tmp_path: Path) -> None:
    done = run(written(tmp_path, "p.ll", "define i32 @Main() { ret i32 0 }"))
    assert (done.status, done.err) == (1, "error: no @main, where a program begins\ndid you mean @Main?\n")
    done = run(written(tmp_path, "q.ll", "define i32 @f() { ret i32 0 }"))
    assert done.err.endswith("define `i32 @main()`, or call another function: `:call NAME`\n")
    done = run(written(tmp_path, "r.ll", "define float @main(double %x) { ret float 0.0 }"))
    assert done.err.startswith("error: @main is float (double), which no program begins with\n")
    done = run(written(tmp_path, "s.ll", "@main = global i32 0"))
    assert done.err.startswith("error: @main is a variable, not a function\n")


def test_results_that_are_no_i32(tmp_path: Path) -> None:
    for type, value, status in (("i8", "-3", 253), ("i64", "4294967302", 6), ("i1", "true", 1), ("i16", "-1", 255)):
        assert run(written(tmp_path, "p.ll", f"define {type} @main() {{ ret {type} {value} }}")).status == status
    assert run(written(tmp_path, "p.ll", "define void @main() { ret void }")).status == 0


def test_two_definitions_are_one_too_many(tmp_path: Path) -> None:
    text = "define i32 @f() { ret i32 0 } define i32 @main() { ret i32 0 }"
    done = run(written(tmp_path, "a.ll", text), written(tmp_path, "b.ll", "define i32 @f() { ret i32 0 }"))
    assert done.status == 1
    assert "b.ll: @f is already defined by" in done.err


def test_what_is_missing_is_named_before_anything_runs(tmp_path: Path) -> None:
    text = "declare i32 @nowhere() define i32 @main() { %r = call i32 @nowhere() ret i32 %r }"
    done = run(written(tmp_path, "p.ll", text))
    assert (done.status, done.out) == (1, "")
    assert "@nowhere is used by @main" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run",), "--run wants a FILE"),
        (("--run", "p.ll", "-e", ":stats"), "--run runs a program and takes no inputs"),
        (("--run", "p.ll", "x"), "no file"),
    ],
)
def test_the_command_line_is_checked(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "p.ll").write_text("define i32 @main() { ret i32 0 }")
    done = subprocess.run(
        [JITREPL, *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=TIMEOUT
    )
    assert done.returncode in (1, 2)
    assert message in done.stderr
