from __future__ import annotations

import time

import llvmlite.binding as llvm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitrepl.shell.completeness import ends_label, indent, is_complete, open_for

MODULE = r"""; ModuleID = 'sample {'
source_filename = "sample.c"
target triple = "x86_64-unknown-linux-gnu"

%pair = type { i32, <{ i8, [2 x i16] }> }
@"odd { name" = global %pair zeroinitializer, align 4
@text = private constant [3 x i8] c"}{\00"

declare i32 @puts(ptr noundef) #0

define { i32, i1 } @"f}("(i32 %x, ptr %p) #0 personality ptr @puts !dbg !1 {
entry:                                            ; preds = {
  switch i32 %x, label %other [
    i32 1, label %one
    i32 2, label %one
  ]

one:
  %s = getelementptr inbounds %pair, ptr %p, i64 0, i32 1
  call void asm sideeffect "}", ""() /* } */
  br label %other

other:
  ret { i32, i1 } { i32 1, i1 true }
}

attributes #0 = { nounwind "frame-pointer"="all" }

!0 = !{!"}", i32 1}
!1 = distinct !DISubprogram(name: "f", scope: null, spFlags: DISPFlagDefinition)
"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "@x = global i32 0",
        "declare i32 @f(i32)",
        'target triple = "x"',
        'module asm "x {"',
        "%t = type { i32 }",
        "!0 = !{}",
        "%x = add i32 1, 2",
        "define i32 @f() {\n}",
        "define void @f() { ret void }",
        "define void @f() { ret void } define void @g() { ret void }",
        "define void @f()\n#0\n{ ret void }",
        "define void @f() prefix { i32 } { i32 1 } { ret void }",
        "define void @f() prefix %t { i32 1 } { ret void }",
        "define void @f() prologue <{ i8 }> <{ i8 1 }> { ret void }",
        "define void @f() personality ptr @p { ret void }",
        "define void @f()\ndeclare void @g()",
        '@s = constant [2 x i8] c"{{"',
        '@"a{" = global i32 0',
        "; {",
        "/* { */ ; [",
        "@x = global i32 0 ; ,",
    ],
)
def test_complete(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "define",
        "define i32 @f()",
        "define { i32 } @f()",
        "define <{ i32 }> @f() #0 ; c",
        'define target("x") @f()',
        "define i32 @f(\n{ i32 }",
        "define i32 @f() {",
        "define i32 @f() {\n",
        "define void @f() {\n  ret void\n",
        "define void @f() {\n  switch i32 %x, label %d [",
        'define void @f() {\n  ; }\n  call void asm "}"',
        "define void @f() prefix { i32 } { i32 1 }",
        "define void @f() prefix %t { i32 1 }",
        "define void @f() personality ptr @p",
        "attributes #0 = {",
        "@x = global [2 x i32] [i32 1,",
        "@x =",
        "@x = global i32 0,",
        "@x = global i32 0, ; comment",
        "@x = global i32 0 \\",
        'module asm "x',
        '@"a',
        "/* open",
        "/***/",
        "declare void @g()\ndefine void @f() {",
    ],
)
def test_incomplete(text: str) -> None:
    assert not is_complete(text)


@pytest.mark.parametrize("text", ["}", "define void @f() {\n}}", "define void @f(]", "@x = global i32 0)"])
def test_wrong_brackets_are_left_to_llvm(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "define i32 f() {",
        "define i32 add(i32 %x",
        "declare i32 puts(ptr",
        "define @f() {",
        "define i32 @f {",
        "define i32 @f( { ret i32 1 }",
        "define i32 @f(i32 %x {\n  ret i32 %x",
        "define i32 @é(i32 %x) {",
        "int main() {",
        'int main() { printf("hi\\n"); return 0; }',
        "double f(double x) {",
        "#include <a",
        "// x {",
        "fn main() {",
        'std::cout << "a',
        "f(1",
        "(1 +",
        "{",
        "define void @f() {\n  ret void\n}\nint x() {",
    ],
)
def test_what_is_wrong_already_is_left_to_llvm(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("define void @f() {", ""),
        ("define void @f() {\n", "the { of line 1 is not closed"),
        ("define void @f() { ret void ; }", "the } in line 1 is in a comment, which `;` begins"),
        ("define void @f() { ret void", "the { of line 1 is not closed"),
        ("define void @f() {\n  call void @g(i32 1", "the ( of line 2 is not closed"),
        ("define void @f() {\n  switch i32 %x, label %d [ ; to", ""),
        ("define void @f(i32 %a,", ""),
        ("define void @f()", ""),
        ("define void @f()\n", "the body of the function is missing"),
        ('\n@s = constant [2 x i8] c"a', "the string of line 2 is not closed"),
        ('@"s', "the name in quotes of line 1 is not closed"),
        ("/* { ", "the comment of line 1 is not closed"),
        ("@x =", ""),
        ("}", ""),
    ],
)
def test_why_an_input_goes_on(text: str, reason: str) -> None:
    assert open_for(text) == reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("define void @f() {\n  entry", True),
        ("define void @f() {\n  %x", False),
        ("define void @f() {\n  switch i32 %x, label %d [\n  a", False),
        ("define void @f() {\n  a b", False),
        ("entry", False),
    ],
)
def test_what_a_colon_makes_a_label(text: str, expected: bool) -> None:
    assert ends_label(text) is expected


@pytest.mark.parametrize("text", [":help", "  :x {", ":call f (", ':print "open', ":a,", "define void @f() {\n:help"])
def test_a_command_line_is_always_complete(text: str) -> None:
    assert is_complete(text)


def test_ir_pasted_after_a_command_still_counts() -> None:
    assert not is_complete(":load x.ll\ndefine void @f() {")


def test_one_blank_line_keeps_a_body_open_and_two_submit_it() -> None:
    assert not is_complete("define void @f() {\n  ")
    assert is_complete("define void @f() {\n  \n  ")
    assert not is_complete("define void @f() {\n\n\n", blank_lines_submit=False)


def test_the_sample_is_ir() -> None:
    llvm.parse_assembly(MODULE).verify()


def test_a_module_is_complete_and_each_cut_inside_an_entity_is_not() -> None:
    assert is_complete(MODULE)
    for first, last in (
        ("define {", "\n}\n"),
        ("attributes #0 = {", " }\n"),
        ("DISubprogram(", ")\n"),
    ):
        start = MODULE.index(first) + len(first)
        end = MODULE.index(last, start) + len(last) - 2
        assert is_complete(MODULE[: end + 1])
        for cut in range(start, end):
            assert not is_complete(MODULE[:cut], blank_lines_submit=False), MODULE[:cut][-40:]


def test_each_line_outside_bodies_completes_the_module() -> None:
    inside = False
    lines = MODULE.splitlines(keepends=True)
    for number, line in enumerate(lines):
        inside = (inside or line.startswith("define")) and line != "}\n"
        text = "".join(lines[: number + 1])
        assert is_complete(text, blank_lines_submit=False) is not inside, line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("@x = global i32 0", ""),
        ("define void @f()", ""),
        ("define void @f() {", "  "),
        ("define void @f() {\nentry:", "  "),
        ("define void @f() {\n  %a = add i32 1, 2", "  "),
        ("define void @f() {\n  invoke void @g()", "  "),
        ("define void @f() {\n  br i1 %c,", "  "),
        ("define void @f() {\n  ret void", ""),
        ("define void @f() {\na: ret void ; c", ""),
        ("define void @f() {\n  switch i32 %x, label %d [", "    "),
        ("define void @f() {\n  switch i32 %x, label %d [\n    i32 1, label %a\n  ]", ""),
        ("define void @f() {\n  ret void\n}", ""),
        ("@x = global [1 x i32] [", "  "),
        ('module asm "x', ""),
    ],
)
def test_indent(text: str, expected: str) -> None:
    assert indent(text) == expected


@settings(deadline=None)
@given(st.text(alphabet='define @f%x(){}[]<>"\\;:/*,=\n ', max_size=40) | st.text())
def test_any_text_has_an_answer_and_can_be_submitted(text: str) -> None:
    is_complete(text)
    assert set(indent(text)) <= {" "}
    assert is_complete(text + "\n\n")


@pytest.mark.parametrize("unit", ['"', "/*", "a", "$", "1-", "{", "}", ":", '@"', '; "\n', " \n"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = (unit * 40_000)[:40_000]
    start = time.process_time()
    is_complete(text, blank_lines_submit=False)
    assert time.process_time() - start < 15  # linear takes 0.1 s, quadratic minutes
