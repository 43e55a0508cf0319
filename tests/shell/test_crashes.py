from __future__ import annotations

from pathlib import Path

import pytest

from jitrepl.crash_report import CrashReport, Frame, Instruction, Thread
from jitrepl.shell.crashes import cause, ended_by, full_text, short_frames, signal_name

STACK = 0x7FFD_0000_0000
LEAF = Frame(0x1000, "leaf", 4)
DEEP = tuple(Frame(0x2000, "deep", 9) for _ in range(250))


def nothing_typed(file: str, line: int) -> str:
    return ""


def test_signals_have_names() -> None:
    assert (signal_name(11), signal_name(99)) == ("SIGSEGV", "signal 99")


@pytest.mark.parametrize(
    ("signal", "report", "text"),
    [
        (11, CrashReport(11, 0, "write"), "SIGSEGV: write of address 0x0 (null)"),
        (11, CrashReport(11, 8, "read"), "SIGSEGV: read of address 0x8 (null + 8)"),
        (11, CrashReport(11, 0x123456789000, "read"), "SIGSEGV: read of address 0x123456789000"),
        (11, CrashReport(11, 0, "jump"), "SIGSEGV: jump to address 0x0 (null)"),
        (7, CrashReport(7, 0x7000_0000, "read"), "SIGBUS: read of address 0x70000000"),
        (11, CrashReport(11), "SIGSEGV (an access to memory that is not there)"),
        (11, CrashReport(0), "SIGSEGV (an access to memory that is not there)"),
        (6, CrashReport(6), "SIGABRT (`abort` was called)"),
        (9, CrashReport(0), "SIGKILL (from outside, or out of memory)"),
        (15, CrashReport(0), "SIGTERM"),
        (11, CrashReport(11, sent=True), "SIGSEGV (sent by `raise` or `kill`)"),
        (6, CrashReport(6, sent=True), "SIGABRT (`abort` was called)"),
        (11, CrashReport(6), "SIGSEGV (an access to memory that is not there)"),
    ],
)
def test_the_cause_in_one_sentence(signal: int, report: CrashReport, text: str) -> None:
    assert cause(signal, report) == text


def test_signals_kill_or_stop() -> None:
    assert ended_by(15, CrashReport(0)) == "killed by SIGTERM"
    assert ended_by(19, CrashReport(5, sent=True)) == "stopped by SIGSTOP"


def test_the_instruction_of_unreachable_is_known() -> None:
    there = CrashReport(4, registers=(("rip", 0x1000),), code=(Instruction(0x0FFF, "nop"), Instruction(0x1000, "ud2")))
    assert cause(4, there) == "SIGILL: reached `unreachable`, or a trap"
    elsewhere = CrashReport(4, registers=(("rip", 0x0FFF),), code=there.code)
    assert cause(4, elsewhere) == "SIGILL (an instruction that this machine does not have)"


def test_an_access_behind_the_end_of_the_stack_is_an_overflow() -> None:
    report = CrashReport(11, STACK - 8, "write", DEEP, overflow=True)
    assert cause(11, report) == "SIGSEGV: stack overflow"


def test_a_crash_in_another_thread_is_said_to_be_there() -> None:
    assert cause(11, CrashReport(11, 8, "read", main=False)).endswith("0x8 (null + 8), in another thread")
    assert cause(9, CrashReport(0, main=False)) == "SIGKILL (from outside, or out of memory)"


def test_frames_are_named_and_placed() -> None:
    frames = (
        LEAF,
        Frame(0x3000, "qsort", 16, "/lib/libc.so.6"),
        Frame(0x3100, "", 32, "/lib/libc.so.6"),
        Frame(0x3200, "main", 0, "", "/src/main.c", 7),
    )
    assert short_frames(CrashReport(11, frames=frames), nothing_typed) == (
        "  at @leaf+0x4",
        "  at qsort+0x10 in libc.so.6",
        "  at ?+0x20 in libc.so.6",
        "  at @main (/src/main.c:7)",
    )


def test_a_frame_of_which_nothing_is_known_is_left_out() -> None:
    frames = (Frame(0, "", 0), LEAF)
    assert short_frames(CrashReport(11, frames=frames), nothing_typed) == ("  at @leaf+0x4",)


def test_the_first_line_that_is_known_is_quoted(tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("one\n  two\nthree\n")
    frames = (LEAF, Frame(1, "f", 0, "", str(source), 2), Frame(2, "g", 0, "", str(source), 3))
    assert short_frames(CrashReport(11, frames=frames), nothing_typed) == (
        "  at @leaf+0x4",
        f"  at @f ({source}:2)",
        "    2 | two",
        f"  at @g ({source}:3)",
    )


def test_a_line_that_was_typed_is_quoted() -> None:
    frames = (Frame(1, "f", 0, "", "<input 3>", 2),)
    typed = {("<input 3>", 2): "%v = load i32, ptr %p"}
    lines = short_frames(CrashReport(11, frames=frames), lambda file, line: typed.get((file, line), ""))
    assert lines == ("  at @f (<input 3>:2)", "    2 | %v = load i32, ptr %p")


@pytest.mark.parametrize("line", [9, 0])
def test_a_source_that_is_not_there_is_no_error(tmp_path: Path, line: int) -> None:
    frames = (Frame(1, "f", 0, "", str(tmp_path / "gone.c"), line),)
    assert len(short_frames(CrashReport(11, frames=frames), nothing_typed)) == 1


def test_a_recursion_is_one_line() -> None:
    three = (LEAF, *DEEP[:3], Frame(0x3000, "top", 1))
    assert short_frames(CrashReport(11, frames=three), nothing_typed)[1:] == (
        "  at @deep+0x9  (3 times)",
        "  at @top+0x1",
    )
    assert short_frames(CrashReport(11, frames=DEEP), nothing_typed) == ("  at @deep+0x9  (250 times or more)",)


def test_a_long_chain_is_cut() -> None:
    frames = tuple(Frame(number, f"f{number}", 0) for number in range(20))
    lines = short_frames(CrashReport(11, frames=frames), nothing_typed)
    assert lines[-2:] == ("  at @f7+0x0", "  … `:bt` shows the rest")


def test_what_was_inlined_is_said_to_be_and_part_of_its_frame_in_a_recursion() -> None:
    pair = (Frame(1, "leaf", 4, "", "/a.c", 3, True), Frame(1, "deep", 4, "", "/a.c", 9))
    assert short_frames(CrashReport(11, frames=pair * 5), nothing_typed) == (
        "  at @leaf (/a.c:3), inlined  (5 times)",
        "  at @deep (/a.c:9)  (5 times)",
    )


def test_names_of_other_languages_are_no_symbols() -> None:
    frames = (Frame(1, "ns::boom(int)", 4), Frame(2, "@odd", 1), Frame(3, "f.1", 1))
    lines = short_frames(CrashReport(11, frames=frames), nothing_typed)
    assert lines == ("  at ns::boom(int)+0x4", "  at @odd+0x1", "  at @f.1+0x1")


def test_all_of_it_has_frames_code_registers_and_threads() -> None:
    registers = (("rax", 5), ("rsp", STACK), ("rip", 0x1000), ("cr2", 1), ("trapno", 14))
    inlined = Frame(0x3000, "part", 1, "", "/a.c", 3, True)
    report = CrashReport(
        11,
        8,
        "read",
        (LEAF, *DEEP[:3], inlined, Frame(0x3000, "top", 1)),
        registers,
        threads=(Thread(77, "helper", (LEAF,)), Thread(78, "")),
        code=(Instruction(0xFFF, "nop"), Instruction(0x1000, "movl 0x8, %eax")),
    )
    assert full_text(report).split("\n") == [
        "SIGSEGV: read of address 0x8 (null + 8)",
        "#0   0x0000000000001000 at @leaf+0x4",
        "#1   0x0000000000002000 at @deep+0x9  (3 times)",
        "#4                      at @part (/a.c:3), inlined",
        "#5   0x0000000000003000 at @top+0x1",
        "",
        "   0x0000000000000fff  nop",
        "=> 0x0000000000001000  movl 0x8, %eax",
        "",
        "   rax 0000000000000005     rsp 00007ffd00000000     rip 0000000000001000",
        "",
        "thread 77 (helper)",
        "#0   0x0000000000001000 at @leaf+0x4",
        "",
        "thread 78",
        "  its stack is not known: it did not answer",
    ]


def test_of_a_crash_of_llvm_the_frame_is_shown_that_says_most() -> None:
    llvm = "/lib/libLLVM.so.22.1"
    frames = [Frame(1, "abort", 4, "/lib/libc.so.6"), Frame(2, "llvm::report_fatal_error(char const*)", 4, llvm)]
    frames += [Frame(3, "llvm::Selector::cannot()", 4, llvm), Frame(4, "llvm::run()", 4, llvm)]
    lines = short_frames(CrashReport(6, frames=tuple(frames)), nothing_typed)
    assert lines == ("  at llvm::Selector::cannot()+0x4 in libLLVM.so.22.1", "  … `:bt` shows the rest")


def test_registers_are_in_the_order_of_debuggers() -> None:
    names = ("r8", "r15", "rdi", "rbx", "rax", "rip", "trapno")
    text = full_text(CrashReport(11, registers=tuple((name, 1) for name in names)))
    assert [word for word in text.split() if word in names] == ["rax", "rbx", "rdi", "r8", "r15", "rip"]
