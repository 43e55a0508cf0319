"""The real program, from its arguments to its exit status."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transcripts import JITREPL, ROOT, TIMEOUT, environment

STAYS = "a session stays in the folder where it began; paths are relative to that"
DATA = ROOT / "tests" / "data"
SUM = DATA / "sum.ll"
Run = Callable[..., Any]

LOOP = """
declare i32 @puts(ptr)
@text = constant [3 x i8] c"go\\00"
define void @loop() {
  %r = call i32 @puts(ptr @text)
  br label %again
again:
  br label %again
}
define i32 @five() { ret i32 5 }
"""


# What is run, in which order


def test_files_first_then_inputs(jitrepl: Run) -> None:
    done = jitrepl("-e", ":call sum 1 2", SUM)
    assert (done.status, done.out, done.err) == (0, "i32 3\n", f"loaded {SUM}: @sum\n")


def test_inputs_in_their_order(jitrepl: Run) -> None:
    assert jitrepl(SUM, "-e", ":call sum 1 2", "-e", ":again 3 4", "-e", ":again").out == "i32 3\ni32 7\ni32 7\n"


def test_an_input_may_have_several_lines(jitrepl: Run) -> None:
    assert jitrepl("-e", "define i32 @f() {\n  ret i32 5\n}\n:call f").out == "i32 5\n"


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_a_script(jitrepl: Run, arguments: tuple[str, ...]) -> None:
    assert jitrepl(*arguments, input="define i32 @f() {\n  ret i32 5\n}\n:call f\n").out == "i32 5\n"


def test_standard_input_is_read_at_its_place_among_the_files(jitrepl: Run) -> None:
    assert jitrepl(SUM, "-", "-e", ":call sum 1 2", input=":call sum 3 4\n").out == "i32 7\ni32 3\n"
    assert jitrepl("-", "-e", ":call sum 1 2", input=SUM.read_text()).out == "i32 3\n"


def test_standard_input_is_left_alone_when_something_was_given(jitrepl: Run) -> None:
    script = "declare i32 @getchar()\n:call getchar\n:call getchar"
    assert jitrepl("-e", script, input="ab:call nope\n").out == "i32 97\ni32 98\n"


def test_ir_may_be_piped_in(jitrepl: Run) -> None:
    done = jitrepl("-", input=SUM.read_text())
    assert (done.status, done.err) == (0, "defined @sum\n")


def test_bitcode_may_be_a_file(jitrepl: Run, bitcode: Path) -> None:
    assert jitrepl(bitcode / "sum_c.bc", "-e", ":call sum 1 2").out == "i32 3\n"


def test_a_script_may_be_a_file(jitrepl: Run) -> None:
    assert jitrepl(DATA / "script.txt").out == "i32 15\ni32 -3\n"


def test_a_file_may_have_spaces_in_its_name(jitrepl: Run) -> None:
    assert jitrepl(DATA / "two words.ll", "-e", ":call two").out == "i32 2\n"


def test_host_files_and_libraries_come_first(jitrepl: Run) -> None:
    done = jitrepl("-e", ":call add 1 2", "--host", DATA / "hosts.py", "-l", "libz.so.1")
    assert (done.status, done.out) == (0, "i32 3\n")


def test_nothing_to_do_is_no_error(jitrepl: Run) -> None:
    assert jitrepl(input="").status == 0


def test_ir_with_instructions_of_its_own_is_told_to_be_a_script(jitrepl: Run, tmp_path: Path) -> None:
    file = tmp_path / "calls.ll"
    file.write_text("call i32 @f()\n")
    done = jitrepl(str(file))
    assert (done.status, done.err.splitlines()[-1]) == (
        1,
        "scripts may have instructions outside of functions: name it ….jitrepl",
    )


def test_quit_ends_a_script(jitrepl: Run) -> None:
    done = jitrepl(input=":quit\n:call nope\n")
    assert (done.status, done.out + done.err) == (0, "")


def test_python_m_jitrepl_is_the_same_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jitrepl", str(SUM), "-e", ":call sum 1 2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment(), check=True)
    assert done.stdout == "i32 3\n"


# Errors and exit statuses


def test_a_script_stops_at_its_first_error(jitrepl: Run) -> None:
    done = jitrepl(SUM, "-e", ":call sum 1", "-e", ":call sum 1 2")
    assert (done.status, done.out) == (1, "")
    assert "takes 2 arguments" in done.err


@pytest.mark.parametrize("option", ["-k", "--keep-going"])
def test_keep_going_goes_on_and_fails_at_the_end(jitrepl: Run, option: str) -> None:
    done = jitrepl(option, SUM, "-e", ":call sum 1", "-e", ":call sum 1 2")
    assert (done.status, done.out) == (1, "i32 3\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--nope",), 2, "no option --nope"),
        (("-e",), 2, "-e wants a value"),
        (("no/such.ll",), 1, "no file no/such.ll"),
        (("-e", ":nope"), 1, "no command :nope"),
        (("-e", "nonsense"), 1, "error: expected top-level entity"),
        (("--host", "nope.py"), 1, "nope.py"),
        (("--lib", "nope.so"), 1, "cannot open the library"),
        (("--llvm=-no-such-option", "-e", ":help"), 2, "-no-such-option"),
        (("--llvm=\udcff", "-e", ":help"), 2, "Unknown command line argument '\udcff'"),
        ((CRASH := str(DATA / "crashes.ll"), "-e", ":call aborts"), 1, "killed by SIGABRT"),
        ((CRASH, "-e", ":call null_store"), 1, "crashes.ll:19)\n    19 | store volatile i32 1, ptr null"),
        ((CRASH, "-e", ":call exits 0"), 1, "ended the process with exit status 0"),
    ],
)
def test_an_error_has_its_status(jitrepl: Run, arguments: tuple[str, ...], status: int, message: str) -> None:
    done = jitrepl(*arguments)
    assert (done.status, done.out) == (status, "")
    assert message in done.err


def test_an_interrupt_ends_a_script(tmp_path: Path) -> None:
    command = [JITREPL, "-q", "-e", LOOP, "-e", ":call loop", "-e", ":call five"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "go\n"
        os.kill(process.pid, signal.SIGINT)
        assert "interrupted in @loop" in process.stderr.read()
        assert process.stdout.read() == ""
        assert process.wait(TIMEOUT) == 130


def test_a_reader_that_has_enough_is_no_traceback(tmp_path: Path) -> None:
    script = f"{JITREPL} {SUM} -e ':help' -e ':help' -e ':dump' | true; echo ${{PIPESTATUS[0]}}"
    command = ["bash", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment(), check=True)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


# What is printed, and where


def test_results_go_to_stdout_and_remarks_to_stderr(jitrepl: Run) -> None:
    done = jitrepl(input="declare void @hello()\n:call hello\n:symbols hello\n:nope\n")
    assert done.out.splitlines()[0] == "Oh hello, that's called from JITed code!"
    assert done.out.splitlines()[1].split() == ["@hello", "host", "void", "()", "-", "ready"]
    assert done.err.splitlines() == ["declared @hello", "error: no command :nope", "`:help` lists the commands"]


def test_quiet_leaves_results_and_errors(jitrepl: Run) -> None:
    done = jitrepl("-q", SUM, "-e", ":call sum 1 2", "-e", ":call sum")
    assert done.out == "i32 3\n"
    assert done.err == "error: @sum takes 2 arguments (i32, i32), none given\n"


def test_remarks_on_values_are_for_terminals(jitrepl: Run) -> None:
    assert jitrepl("-e", "define i8 @f() { ret i8 -1 }", "-e", ":call f").out == "i8 -1\n"


def test_echo_shows_each_input(jitrepl: Run) -> None:
    done = jitrepl("--echo", "-q", input="define i32 @f() {\n  ret i32 5\n}\n:call f\n")
    assert done.out == "> define i32 @f() {\n.   ret i32 5\n. }\n> :call f\ni32 5\n"


@pytest.mark.parametrize(
    ("arguments", "variables", "coloured"),
    [
        ((), {}, False),
        (("--color=always",), {}, True),
        (("--color", "never"), {"CLICOLOR_FORCE": "1"}, False),
        ((), {"CLICOLOR_FORCE": "1"}, True),
        ((), {"CLICOLOR_FORCE": "0"}, False),
        ((), {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        (("--color=always",), {"NO_COLOR": "1"}, True),
    ],
)
def test_colours_are_forced_or_left_out(
    jitrepl: Run, arguments: tuple[str, ...], variables: dict[str, str], coloured: bool
) -> None:
    done = jitrepl(*arguments, SUM, "-e", ":call sum 1 2", "-e", ":dump", "-e", ":nope", env=variables)
    assert ("\x1b[" in done.out, "\x1b[" in done.err) == (coloured, coloured)


def test_a_locale_without_unicode_is_no_error(jitrepl: Run) -> None:
    done = jitrepl("-e", ":help", "-e", '@"é" = global i32 0', env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert done.status == 0


# Options


def test_version_names_jitrepl_llvm_and_the_target(jitrepl: Run) -> None:
    done = jitrepl("--version")
    assert done.status == 0
    assert done.out.startswith("jitrepl 0.")
    assert ", LLVM 22.1." in done.out
    assert "x86_64" in done.out


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_printed(jitrepl: Run, option: str) -> None:
    done = jitrepl(option)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("usage: jitrepl [OPTION…] [FILE…]\n")


def test_llvm_options_are_passed_on(jitrepl: Run) -> None:
    done = jitrepl("--llvm=-print-after=x86-isel", SUM, "-e", ":call sum 1 2")
    assert done.out == "i32 3\n"
    assert "# *** IR Dump After X86 DAG->DAG Instruction Selection" in done.err


# JITed code on the same streams


def test_jited_code_reads_on_from_the_script(jitrepl: Run) -> None:
    script = "declare i32 @getchar()\n:call getchar\nx:call getchar\n\n:call getchar\ny\n"
    assert jitrepl(input=script).out == "i32 120\ni32 10\ni32 121\n"


def test_jited_code_reads_on_from_a_script_in_a_regular_file(tmp_path: Path, bitcode: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"{bitcode / 'again_c.bc'}\n:call main\n1\n2\ny\n3\n4\nn\n:load {SUM}\n:call sum 1 2\n")
    with script.open() as file:
        done = subprocess.run([JITREPL], stdin=file, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout == "a: b: 3\nAgain? a: b: 7\nAgain? i32 2\ni32 3\n"


def test_output_before_a_crash_is_not_lost(jitrepl: Run) -> None:
    ir = """
        declare i32 @putchar(i32)
        define void @f() {
          %r = call i32 @putchar(i32 65)
          store volatile i32 0, ptr null
          ret void
        }
    """
    done = jitrepl("-e", ir, "-e", ":call f")
    assert (done.status, done.out) == (1, "A")


def test_jited_code_may_close_its_streams(jitrepl: Run) -> None:
    done = jitrepl(
        "-k", "-e", ':call "i32 (i32)" close 1', "-e", ':call "i32 (i32)" close 2', SUM, "-e", ":call sum 1 2"
    )
    assert done.out.splitlines()[-1] == "i32 3"


def test_a_child_of_jited_code_does_not_hold_up_the_end(jitrepl: Run) -> None:
    done = jitrepl("-e", ':call "i32 (ptr)" system "sleep 100 >/dev/null 2>&1 & echo $!"')
    child, result = done.out.splitlines()
    os.kill(int(child), signal.SIGKILL)
    assert (done.status, result) == (0, "i32 0")


def test_a_working_folder_without_write_permission_is_fine(jitrepl: Run) -> None:
    command = [JITREPL, SUM, "-e", ":call sum 1 2"]
    process = subprocess.run(command, cwd="/", capture_output=True, text=True, env=environment(), check=True)
    assert process.stdout == "i32 3\n"


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ([""], "the name of a file is empty", "give its path"),
        (
            ["--run", "main.ll", "x", "y"],
            "no file x",
            "the program's arguments go after `--`: `jitrepl --run main.ll -- x y`",
        ),
        (
            ["-e", ":load a.c -O2 -DX"],
            "-O2 is no path",
            "compiler flags go after `--`: `:load a.c -- -O2 -DX`",
        ),
        (["-e", "a.py"], "a.py is Python, not IR", "if it registers host functions: `:host a.py`"),
        (
            ["-e", sys.executable],
            f"{sys.executable} is a program, not a library",
            "what can be loaded: IR, bitcode, sources, objects, archives, shared libraries, scripts",
        ),
        (["-e", ":cd .."], "no command :cd", STAYS),
        (["-e", "!cd .."], "`cd` would only affect a shell of its own", STAYS),
        (["-e", ":unload"], ":unload wants NAME: :unload NAME", "`:help unload` says more"),
    ],
)
def test_a_mistake_is_told_with_the_next_step(
    jitrepl: Run, tmp_path: Path, arguments: list[str], error: str, hint: str
) -> None:
    (tmp_path / "main.ll").write_text("define i32 @main() { ret i32 0 }")
    (tmp_path / "a.py").write_text("import os\n")
    assert jitrepl(*arguments).err == f"error: {error}\n{hint}\n"


def test_commands_of_the_systems_shell(jitrepl: Run) -> None:
    done = jitrepl("-e", "!echo one; echo two", "-e", ":!exit 3", "-e", ":shell kill -9 $$", "-e", ':!echo "three"')
    assert (done.status, done.out) == (0, "one\ntwo\nthree\n")
    assert done.err == "exit status 3\nkilled by signal 9\n"


@pytest.mark.parametrize(
    "line",
    [
        ":time sum 1 2",
        ":time call sum 1 2",
        ":time :call sum 1 2",
        ":time c sum 1 2",
        ":time call i32 @sum(i32 1, i32 2)",
        ":time add i32 1, 2",
    ],
)
def test_what_takes_time_is_timed(jitrepl: Run, line: str) -> None:
    assert re.fullmatch(r"i32 3\n[\d.]+ (s|ms|µs)\n", jitrepl("-q", SUM, "-e", line).out)


def test_what_is_timed_is_not_timed_again(jitrepl: Run) -> None:
    assert "error: what is timed is not timed again\n" in jitrepl("-e", ":time" + " :time" * 3000).err


def test_loading_is_timed_and_scripts_are_not(jitrepl: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jitrepl").write_text(":time sum 1 2")
    assert re.fullmatch(r"[\d.]+ (s|ms|µs)\n", jitrepl("-e", f":time {SUM}").out)
    done = jitrepl("-e", ":time a.jitrepl")
    assert (done.out, done.err.splitlines()[0]) == ("", "error: an input that runs several others cannot be timed")


# Where it is started


def test_output_that_cannot_be_written_is_told(jitrepl: Run, tmp_path: Path) -> None:
    script = tmp_path / "full.sh"
    for arguments in ("--help", "--version", "-e 'add i32 1, 2'", "-k -e :set"):
        script.write_text(f"{JITREPL} {arguments} > /dev/full")
        done = subprocess.run(["sh", str(script)], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
        assert (done.returncode, done.stderr) == (
            1,
            "error: standard output cannot be written: [Errno 28] No space left on device\n",
        )


def test_errors_that_cannot_be_written_go_nowhere(tmp_path: Path) -> None:
    script = f"{JITREPL} -k -e ':nope' -e 'add i32 1, 2' 2>/dev/full"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert (done.returncode, done.stdout) == (1, "i32 3\n")


def test_a_reader_that_has_enough_of_the_help_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:
        done = subprocess.run([JITREPL, "--help"], stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_folder_that_was_deleted_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text("int f(void) { return 1; }")
    script = f"mkdir gone && cd gone && rmdir ../gone && {JITREPL} -kq"
    script += f" -e ':host h.py' -e ':load {tmp_path}/f.c' -e ':save a.ll' -e 'add i32 1, 2'"
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=TIMEOUT
    )
    gone = "error: the folder that jitrepl was started in is gone\nstart it in another\n"
    assert (done.stdout, done.stderr.count(gone)) == ("i32 3\n", 3)


def test_flags_that_cannot_be_read_are_told(jitrepl: Run) -> None:
    done = jitrepl("--cflags", "'", "-e", "add i32 1, 2")
    assert (done.status, done.err) == (2, "error: the flags cannot be read: no closing quotation\n")


def test_all_that_is_printed_fits_the_encoding(jitrepl: Run) -> None:
    ascii = {"PYTHONIOENCODING": "ascii"}
    assert "[OPTION\\u2026]" in jitrepl("--help", env=ascii).out
    assert jitrepl("--echo", "-e", '@"é" = global i32 5', env=ascii).out == '> @"\\xe9" = global i32 5\n'


def test_standard_input_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    command = f"{JITREPL} - <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert "error: standard input cannot be read: bad file descriptor\n" in done.stderr


def test_a_nul_is_refused_wherever_it_is(jitrepl: Run) -> None:
    lines = (":save a\0.jitrepl", ":save a\0.ll", ":host a\0.py", ":lib ./a\0.so", ":!ls \0", "!ls \0", ":time a\0.ll")
    done = jitrepl("-k", "-", input="\n".join([*lines, "a\0.ll", "add i32 1, 2"]))
    assert (done.out, done.err.count("error: a command has no NUL in it\n")) == ("i32 3\n", len(lines))
    assert "cannot be read: embedded null byte" in done.err


def test_an_empty_name_is_that_of_no_file(jitrepl: Run) -> None:
    done = jitrepl("-k", "-e", ":host ''", "-e", ":load ''", "-e", ":lib ''", "-e", ":save ''")
    assert done.err.count("error: the name of a file is empty\n") == 2
    assert "error: the name of a library is empty\n" in done.err and "error: the path is missing\n" in done.err


def test_an_option_for_llvm_may_have_any_bytes() -> None:
    done = subprocess.run([JITREPL, "--llvm=\udcff", "-e", ":set"], capture_output=True, timeout=TIMEOUT, check=False)
    assert b"Unknown command line argument '\xff'" in done.stderr
    assert b"Traceback" not in done.stderr


def test_numbers_may_have_any_length(jitrepl: Run) -> None:
    digits = "9" * 5000
    done = jitrepl("-k", "-e", f":undo {digits}", "-e", f":set undo-depth {digits}", "-e", "add i32 1, 2")
    assert (done.out, done.err.count("error")) == ("i32 3\n", 2)


def test_a_command_of_the_systems_shell_has_a_status_where_sigchld_is_ignored() -> None:
    done = subprocess.run(
        [JITREPL, "-k", "-e", "!false", "-e", "!true", "-e", "add i32 1, 2"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=TIMEOUT,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert (done.stdout, done.stderr) == ("i32 3\n", "exit status 1\n")
