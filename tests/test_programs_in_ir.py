"""Programs in IR by `--run`: what lli runs, and what takes a linker, C's start-up code or clang's passes besides."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import skip_without
from test_programs import run, written
from transcripts import JITREPL, TIMEOUT, environment

PUTS = """
declare i32 @puts(ptr)
define internal void @say(ptr %text) {
  call i32 @puts(ptr %text)
  ret void
}
"""

# Each program with its exit status and output.
PROGRAMS: dict[str, tuple[str, int, str]] = {
    "nothing is the result, but a register has something": (
        'define void @main() { call void asm sideeffect "movl $$6, %eax", "~{eax}"() ret void }',
        6,
        "",
    ),
    "a result that is no integer": ("define { i32, i32 } @main() { ret { i32, i32 } { i32 6, i32 7 } }", 6, ""),
    "parameters in another order": ("define i32 @main(ptr %p, i64 %n, i32 %m, ptr %q) { ret i32 5 }", 5, ""),
    "a main with another calling convention": (
        "define fastcc i32 @main(i32 %argc, ptr %argv) { %r = add i32 %argc, 14 ret i32 %r }",
        15,
        "",
    ),
    "functions listed in sections": (
        PUTS
        + """
@texts = constant [4 x [8 x i8]] [[8 x i8] c"preinit\\00", [8 x i8] c"init120\\00", [8 x i8] c"init\\00\\00\\00\\00",
  [8 x i8] c"fini\\00\\00\\00\\00"]
@ctor = constant [5 x i8] c"ctor\\00"
@c = internal global [2 x ptr] [ptr @init, ptr null], section ".init_array"
@b = internal global ptr @init120, section ".init_array.120"
@a = internal global ptr @preinit, section ".preinit_array"
@d = internal global ptr @fini, section ".fini_array"
@llvm.used = appending global [4 x ptr] [ptr @a, ptr @b, ptr @c, ptr @d], section "llvm.metadata"
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @late, ptr null }]
define internal void @preinit() { call void @say(ptr @texts) ret void }
define internal void @init120() { call void @say(ptr getelementptr (i8, ptr @texts, i64 8)) ret void }
define internal void @init() { call void @say(ptr getelementptr (i8, ptr @texts, i64 16)) ret void }
define internal void @fini() { call void @say(ptr getelementptr (i8, ptr @texts, i64 24)) ret void }
define internal void @late() { call void @say(ptr @ctor) ret void }
define i32 @main() { ret i32 3 }
""",
        3,
        "preinit\ninit120\ninit\nctor\nfini\n",
    ),
    "the bounds of a section that nothing else refers to": (
        """
@one = internal global i32 1, section "numbers"
@two = internal global i32 2, section "numbers"
@llvm.used = appending global [2 x ptr] [ptr @one, ptr @two], section "llvm.metadata"
@__start_numbers = external global [0 x i32]
@__stop_numbers = external global [0 x i32]
define i32 @main() {
  %bytes = sub i64 ptrtoint (ptr @__stop_numbers to i64), ptrtoint (ptr @__start_numbers to i64)
  %r = trunc i64 %bytes to i32
  ret i32 %r
}
""",
        8,
        "",
    ),
    "aliases of places in a variable": (
        """
@numbers = global [4 x i32] [i32 1, i32 2, i32 3, i32 4]
@third = alias i32, getelementptr ([4 x i32], ptr @numbers, i64 0, i64 2)
@byte = weak alias i8, inttoptr (i64 add (i64 ptrtoint (ptr @numbers to i64), i64 12) to ptr)
define i32 @main() {
  store i32 10, ptr @third
  %a = load i32, ptr getelementptr (i32, ptr @numbers, i64 2)
  %b = load i8, ptr @byte
  %c = zext i8 %b to i32
  %r = mul i32 %a, %c
  ret i32 %r
}
""",
        40,
        "",
    ),
    "a coroutine as clang's front end leaves it": (
        """
declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare ptr @llvm.coro.begin(token, ptr)
declare i64 @llvm.coro.size.i64()
declare i8 @llvm.coro.suspend(token, i1)
declare void @llvm.coro.end(ptr, i1, token)
declare ptr @llvm.coro.free(token, ptr)
declare void @llvm.coro.resume(ptr)
declare void @llvm.coro.destroy(ptr)
declare ptr @malloc(i64)
declare void @free(ptr)
@sum = global i32 0
define ptr @counting(i32 %from) presplitcoroutine {
entry:
  %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %handle = call ptr @llvm.coro.begin(token %id, ptr %memory)
  br label %loop
loop:
  %i = phi i32 [ %from, %entry ], [ %next, %more ]
  %old = load i32, ptr @sum
  %new = add i32 %old, %i
  store i32 %new, ptr @sum
  %how = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %how, label %suspend [ i8 0, label %more i8 1, label %clean ]
more:
  %next = add i32 %i, 1
  br label %loop
clean:
  %frame = call ptr @llvm.coro.free(token %id, ptr %handle)
  call void @free(ptr %frame)
  br label %suspend
suspend:
  call void @llvm.coro.end(ptr %handle, i1 false, token none)
  ret ptr %handle
}
define i32 @main() {
  %handle = call ptr @counting(i32 4)
  call void @llvm.coro.resume(ptr %handle)
  call void @llvm.coro.resume(ptr %handle)
  call void @llvm.coro.destroy(ptr %handle)
  %r = load i32, ptr @sum
  ret i32 %r
}
""",
        4 + 5 + 6,
        "",
    ),
    "matrices": (
        """
declare <4 x double> @llvm.matrix.multiply.v4f64.v4f64.v4f64(<4 x double>, <4 x double>, i32, i32, i32)
define i32 @main() {
  %m = call <4 x double> @llvm.matrix.multiply.v4f64.v4f64.v4f64(<4 x double> <double 1.0, double 2.0, double 3.0,
    double 4.0>, <4 x double> <double 5.0, double 6.0, double 7.0, double 8.0>, i32 2, i32 2, i32 2)
  %last = extractelement <4 x double> %m, i32 3
  %r = fptosi double %last to i32
  ret i32 %r
}
""",
        2 * 7 + 4 * 8,
        "",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program(tmp_path: Path, name: str) -> None:
    text, status, out = PROGRAMS[name]
    done = run(written(tmp_path, "p.ll", text))
    assert (done.status, done.out, done.err) == (status, out, "")


def test_of_two_groups_of_a_name_a_linker_takes_either(tmp_path: Path) -> None:
    group = "$f = comdat any define i32 @f() comdat { ret i32 3 }"
    first = written(tmp_path, "a.ll", group + "define i32 @main() { %r = call i32 @f() ret i32 %r }")
    assert run(first, written(tmp_path, "b.ll", group)).status == 3
    strong = run(first, written(tmp_path, "c.ll", "define i32 @f() { ret i32 4 }"))
    assert "c.ll: @f is already defined by" in strong.err


def test_a_module_from_standard_input(tmp_path: Path) -> None:
    rest = written(tmp_path, "rest.ll", "define i32 @three() { ret i32 3 }")
    text = """
declare i32 @three()
declare i32 @getchar()
define i32 @main(i32 %argc, ptr %argv) {
  %end = call i32 @getchar()
  %three = call i32 @three()
  %sum = add i32 %end, %three
  %r = add i32 %sum, %argc
  ret i32 %r
}
"""
    assert run("-", rest, "--", "word", input=text).status == -1 + 3 + 2
    assert run("-", input="define i32 @main() { ret i32 %x }").err.startswith("<stdin>:1:")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_without_a_standard_stream(tmp_path: Path, closed: str) -> None:
    text = "declare i64 @read(i32, ptr, i64) declare i64 @write(i32, ptr, i64) @b = global i8 65"
    text += """
define i32 @main() {
  %in = call i64 @read(i32 0, ptr @b, i64 1)
  %out = call i64 @write(i32 1, ptr @b, i64 1)
  %both = add i64 %in, %out
  %more = add i64 %both, 2
  %r = trunc i64 %more to i32
  ret i32 %r
}
"""
    path = written(tmp_path, "p.ll", text)
    command = ["sh", "-c", f'"$0" --run "$1" {closed}', JITREPL, path]
    done = subprocess.run(command, input=b"", capture_output=True, env=environment(), timeout=TIMEOUT, check=False)
    expected = 2 + (-1 if "<&-" in closed else 0) + (-1 if " >&-" in f" {closed}" else 1)
    assert (done.returncode, done.stderr) == (expected, b"")


def test_few_descriptors_are_enough(tmp_path: Path) -> None:
    path = written(tmp_path, "p.ll", "define i32 @main() { ret i32 9 }")
    command = ["sh", "-c", 'ulimit -n 64; "$0" --run "$1"', JITREPL, path]
    done = subprocess.run(command, capture_output=True, env=environment(), timeout=TIMEOUT, check=False)
    assert (done.returncode, done.stderr) == (9, b"")


def test_how_many_frames_are_not_shown(tmp_path: Path) -> None:
    callers = "\n".join(f"define i32 @f{n}() {{ %r = call i32 @f{n + 1}() ret i32 %r }}" for n in range(12))
    last = "define i32 @f12() { %r = load volatile i32, ptr null ret i32 %r } declare i32 @puts(ptr)"
    done = run(written(tmp_path, "p.ll", callers + last + "define i32 @main() { %r = call i32 @f0() ret i32 %r }"))
    assert "  at @f12" in done.err
    assert done.err.rstrip().endswith(" more")


def test_what_rusts_library_has_for_each_thread(tmp_path: Path) -> None:
    skip_without(["rustc"])
    source = """
use std::collections::HashMap;
fn main() {
    let map = HashMap::from([(1, 2)]);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(40).unwrap()).join().unwrap();
    std::process::exit(receiver.recv().unwrap() + map[&1]);
}
"""
    path = tmp_path / "p.bc"
    command = ["rustc", "--edition=2021", "--emit=llvm-bc", "-o", path, written(tmp_path, "p.rs", source)]
    subprocess.run(command, check=True, timeout=TIMEOUT, capture_output=True)
    done = run(path)
    assert (done.status, done.err) == (42, "")
