"""The prompt as a person uses it: the real program on a pseudo-terminal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import skip_without
from terminal import BACKSPACE, ESCAPE, PROMPT, RIGHT, TAB, UP, Terminal, ended
from transcripts import JITREPL, ROOT

# From Python 3.12 on, forkpty warns in a process with threads; pytest-xdist's workers have some.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

SUM = ROOT / "tests" / "data" / "sum.ll"
AGAIN = SUM.with_name("again.ll")
SPIN = """declare i32 @puts(ptr)
@round = private constant [6 x i8] c"round\\00"
define void @spin() {
  call i32 @puts(ptr @round)
  br label %loop
loop:
  br label %loop
}"""
CRASH = "define void @crash() {\n  store i32 1, ptr null\n  ret void\n}"
PUT = "declare i32 @putchar(i32)\ndefine void @put() {\n  call i32 @putchar(i32 65)\n  ret void\n}"

Open = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Open]:
    """Start jitrepl with these arguments on a terminal; it runs in `tmp_path`."""
    with ExitStack() as stack:

        def start(*arguments: str | Path, **options: Any) -> Terminal:
            return stack.enter_context(Terminal(arguments, tmp_path, **options))

        yield start


@pytest.fixture
def terminal(start: Open) -> Terminal:
    """jitrepl at its first prompt, with `@sum`."""
    return start(SUM).prompt()


@pytest.fixture(scope="module")
def first_prompt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with Terminal([SUM], tmp_path_factory.mktemp("shared")) as terminal:
        yield terminal.prompt()


@pytest.fixture
def shared(first_prompt: Terminal) -> Iterator[Terminal]:
    """jitrepl with `@sum` on an empty screen, for tests that leave a line without Enter: nothing is remembered."""
    first_prompt.press("l")
    first_prompt.wait(lambda: first_prompt.lines == [PROMPT] and first_prompt.waits)
    yield first_prompt
    first_prompt.press("c")
    first_prompt.prompt()


@pytest.fixture
def bash(start: Open) -> Terminal:
    """An interactive shell with job control."""
    program = shutil.which("bash")
    if program is None:
        pytest.skip("no bash")
    quiet = {"PS1": "$ ", "HISTFILE": "/dev/null"}
    shell = start("--norc", "--noprofile", "-i", program=program, env=quiet)
    shell.wait("$")
    return shell


# Start and end


def test_the_banner_names_versions_target_and_help(start: Open) -> None:
    terminal = start().prompt()
    banner, prompt = terminal.lines
    assert banner.startswith("jitrepl ")
    assert ", LLVM 22." in banner
    assert "-linux-gnu. `:help`" in banner
    assert prompt == PROMPT


def test_files_are_loaded_before_the_first_prompt(start: Open) -> None:
    terminal = start(SUM, AGAIN).prompt()
    assert terminal.lines[1:] == [f"loaded {SUM}: @sum", f"loaded {AGAIN}: @read_int, @main", PROMPT]


def test_a_file_that_fails_is_told_and_the_prompt_comes(start: Open) -> None:
    terminal = start("absent.ll", SUM).prompt()
    assert "error: no file absent.ll" in terminal.lines[1]
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_keys_typed_before_the_prompt_are_kept(start: Open) -> None:
    terminal = start(SUM)
    terminal.send(":call sum 20 22\r:call sum 1")
    terminal.wait(lambda: "i32 42" in terminal.lines and terminal.lines[-1] == f"{PROMPT} :call sum 1")


def test_two_inputs_typed_at_once_are_two_inputs(terminal: Terminal) -> None:
    terminal.send(":call sum 1 2\r:call sum 3 4\r")
    terminal.wait("i32 7")
    terminal.wait(lambda: terminal.waits)
    assert terminal.lines[-5:] == [
        f"{PROMPT} :call sum 1 2",
        "i32 3",
        f"{PROMPT} :call sum 3 4",
        "i32 7",
        PROMPT,
    ]


def test_ctrl_d_leaves_and_so_does_the_worker(terminal: Terminal) -> None:
    workers = terminal.workers()
    assert workers
    assert terminal.leave() == 0
    assert all(ended(worker) for worker in workers)


@pytest.mark.parametrize("command", [":quit", ":q", ":exit"])
def test_quit_leaves(terminal: Terminal, command: str) -> None:
    terminal.send(f"{command}\r")
    assert terminal.status() == 0


def test_leaving_after_an_error_is_no_failure(terminal: Terminal) -> None:
    terminal.run("nonsense")
    assert terminal.leave() == 0


def test_the_terminal_is_left_as_it_was(start: Open) -> None:
    script = f"trap : INT; stty -g; {JITREPL}; stty -g"
    terminal = start("-c", script, program="/bin/sh").prompt()
    terminal.run(SPIN)
    spin_and_interrupt(terminal)
    terminal.run(CRASH)
    terminal.run(":call crash")
    assert terminal.leave() == 0
    assert terminal.lines[0] == terminal.lines[-1]


# Highlighting


def test_ir_is_highlighted_while_it_is_typed(shared: Terminal) -> None:
    words = ("define", "i32", "@f", "ret", "42", "; why")
    shared.send("define i32 @f() { ret i32 42 } ; why")
    shared.wait("; why")
    colours = {word: shared.colour(word) for word in words}
    assert "default" not in colours.values()
    assert len(set(colours.values())) >= 5, colours
    assert shared.colour("() {") == "default"


def test_a_command_is_highlighted_while_it_is_typed(shared: Terminal) -> None:
    shared.send(":call sum 42")
    shared.wait("42")
    assert shared.colour(":call") != "default"
    assert shared.colour("sum") == "default"
    assert shared.colour("42") != "default"


def test_a_dump_is_highlighted(terminal: Terminal) -> None:
    assert "define i32 @sum(i32 %a, i32 %b) {" in terminal.run(":dump sum")
    for word in ("define", "i32", "@sum"):
        assert terminal.colour(word, terminal.lines.index("define i32 @sum(i32 %a, i32 %b) {")) != "default"


@pytest.mark.parametrize(("options", "env"), [([], {"NO_COLOR": "1"}), (["--color", "never"], {})])
def test_colours_can_be_turned_off(start: Open, options: list[str], env: dict[str, str]) -> None:
    terminal = start(*options, SUM, env=env).prompt()
    terminal.run(":dump sum")
    terminal.run("define i32 @broken() { ret i32 %nope }")
    terminal.send("define i32 @f(")
    terminal.wait("@f(")
    cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
    assert {(cell.fg, cell.bg) for cell in cells} == {("default", "default")}


# An input of several lines


def test_an_input_goes_on_until_its_brace_closes(terminal: Terminal) -> None:
    terminal.send("define i32 @f(i32 %x)\r{\r%y = add i32 %x, 1 ; }\rret i32 %y\r}")
    terminal.wait("... }")
    assert terminal.lines[2:] == [
        f"{PROMPT} define i32 @f(i32 %x)",
        "     ... {",
        "     ...   %y = add i32 %x, 1 ; }",
        "     ...   ret i32 %y",
        "     ... }",
    ]
    terminal.send("\r")
    terminal.wait("defined @f")
    terminal.prompt()
    assert terminal.run(":call f 4") == ["i32 5"]


def test_an_input_on_one_line_needs_one_enter(terminal: Terminal) -> None:
    assert terminal.run("define i32 @f() { ret i32 5 }") == ["defined @f"]


def test_pasted_text_is_one_input(terminal: Terminal) -> None:
    assert terminal.run("define i32 @f() {\n\n\n  ret i32 5\n}\n\n@x = global i32 1") == ["defined @f, @x"]
    assert terminal.text.count(PROMPT) == 2


def test_a_paste_may_hold_commands(terminal: Terminal) -> None:
    assert terminal.run("@x = global i32 1\n:call sum 1 2\n:call sum 3 4") == ["defined @x", "i32 3", "i32 7"]


def test_a_pasted_tab_looks_like_one(shared: Terminal) -> None:
    shared.paste("define i32 @f() {\n\tret i32 5\n}")
    shared.wait("}")
    assert shared.lines[-2] == "     ...     ret i32 5"


def test_a_line_too_long_for_the_window_is_not_taken_for_two(start: Open) -> None:
    terminal = start(columns=40).prompt()
    terminal.send("z" * 40)
    terminal.wait(lambda: terminal.text.count("z") == 40)
    assert terminal.lines[-1].strip("z") == " " * len(f"{PROMPT} ")


def test_ctrl_c_drops_an_input_of_several_lines(terminal: Terminal) -> None:
    terminal.send("define i32 @f() {\rret")
    terminal.wait("...   ret")
    terminal.press("c")
    terminal.prompt()
    assert terminal.run(":call sum 1 2") == ["i32 3"]


# Completion


def complete(terminal: Terminal, typed: str, completed: str) -> None:
    """Type something and Tab; it becomes something else."""
    terminal.send(typed + TAB)
    terminal.wait(lambda: terminal.lines[-1] == f"{PROMPT} {completed}")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (":sy", ":symbols"),
        (":help dum", ":help dump"),
        (":call su", ":call sum"),
        (":call @su", ":call @sum"),
        (":dump su", ":dump sum"),
        ("@alias = alias i32 (i32), ptr @su", "@alias = alias i32 (i32), ptr @sum"),
        ("defi", "define"),
        ("define void @f() unnamed_", "define void @f() unnamed_addr"),
        ("define i32 @f(i32 %first) { ret i32 %fi", "define i32 @f(i32 %first) { ret i32 %first"),
    ],
)
def test_tab_completes(shared: Terminal, typed: str, completed: str) -> None:
    complete(shared, typed, completed)


def test_tab_completes_what_begins_an_instruction(shared: Terminal) -> None:
    shared.send("define void @f() {\runrea" + TAB)
    shared.wait("...   unreachable")


def test_tab_completes_symbols_of_this_session(terminal: Terminal) -> None:
    terminal.run('@"of this session" = global i32 1')
    complete(terminal, ':dump @"of', ':dump @"of this session"')


def test_tab_completes_paths_with_spaces(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "my ir.ll").write_text("@x = global i32 1\n")
    complete(terminal, ":load fol", ":load folder/")
    complete(terminal, TAB, ":load folder/my\\ ir.ll")
    terminal.send("\r")
    terminal.wait("loaded folder/my ir.ll: @x")
    terminal.prompt()
    complete(terminal, "./fold", "./folder/")
    terminal.press("c")
    terminal.prompt()
    complete(terminal, ':load "folder/m', ':load "folder/my ir.ll')


def test_tab_lists_what_is_possible_and_the_next_takes_the_first(shared: Terminal) -> None:
    shared.send(":" + TAB)
    shared.wait("Repeat the last call")
    assert [line.split()[0] for line in shared.lines if line.startswith(" :")][:3] == [
        ":load",
        ":call",
        ":again",
    ]
    shared.send(TAB)
    shared.wait(f"{PROMPT} :load")


def test_enter_typed_right_after_tab_comes_after_the_completion(terminal: Terminal) -> None:
    terminal.send(f":sy{TAB}\r")
    terminal.wait("@sum ")
    terminal.prompt()
    assert "error" not in terminal.text


# History


def test_an_earlier_input_is_suggested(terminal: Terminal) -> None:
    terminal.run(":call sum 1 2")
    terminal.send(":call s")
    terminal.wait(lambda: terminal.lines[-1] == f"{PROMPT} :call sum 1 2")
    assert terminal.screen.cursor.x == len(f"{PROMPT} :call s")
    terminal.send(RIGHT + BACKSPACE + "9\r")
    terminal.wait("i32 10")


def test_history_is_kept_across_runs(start: Open) -> None:
    first = start(SUM).prompt()
    first.run("define i32 @f() {\n  ret i32 5\n}")
    assert first.leave() == 0
    second = start(SUM).prompt()
    second.send(UP)
    second.wait("... }")
    second.send("\r")
    second.wait("defined @f")


def test_ctrl_r_searches_backward(terminal: Terminal) -> None:
    terminal.run(":call sum 30 3")
    terminal.run(":symbols")
    terminal.press("r")
    terminal.wait("backward")
    terminal.send("30")
    terminal.wait(f"{PROMPT} :call sum 30 3\n")
    terminal.send("\r\r")
    terminal.wait(lambda: terminal.lines.count("i32 33") == 2)


def test_a_history_that_cannot_be_written_is_no_error(start: Open, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    terminal = start(SUM, env={"XDG_STATE_HOME": str(tmp_path / "file")}).prompt()
    assert terminal.run(":call sum 1 2") == ["i32 3"]
    terminal.send(UP)
    terminal.wait(lambda: terminal.lines[-1] == f"{PROMPT} :call sum 1 2")


def test_a_history_that_disappears_is_no_error(terminal: Terminal, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "jitrepl")
    assert terminal.run(":call sum 1 2") == ["i32 3"]


# Ctrl-C and Ctrl-Z


def spin_and_interrupt(terminal: Terminal, function: str = "spin") -> None:
    """Call an infinite loop and press Ctrl-C; the prompt comes back."""
    terminal.send(f":call {function}\r")
    terminal.wait(lambda: terminal.lines[-1] == "round" and terminal.screen.cursor.x == 0)
    terminal.press("c")
    terminal.prompt()


def test_ctrl_c_clears_the_line(terminal: Terminal) -> None:
    terminal.send("nonsense")
    terminal.wait("nonsense")
    terminal.press("c")
    terminal.prompt()
    assert terminal.run(":call sum 1 2") == ["i32 3"]
    assert "error" not in terminal.text


def test_ctrl_c_ends_a_call_and_the_session_goes_on(terminal: Terminal) -> None:
    terminal.run(SPIN)
    spin_and_interrupt(terminal)
    assert "error: interrupted in @spin" in terminal.lines
    assert "^C" in terminal.lines  # without a mark behind it
    assert terminal.run(":call sum 1 2") == ["i32 3"]
    spin_and_interrupt(terminal)
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_ctrl_c_twice_still_says_where_the_call_was(terminal: Terminal) -> None:
    terminal.run(SPIN)
    terminal.send(":call spin\r")
    terminal.wait(lambda: "round" in terminal.lines)
    terminal.press("c")
    terminal.press("c")
    terminal.wait(lambda: terminal.waits)
    assert "error: interrupted in @spin" in terminal.lines
    assert any(line.startswith("  at @spin (<input 1>:") for line in terminal.lines), terminal.text


def test_ctrl_c_ends_a_call_that_ignores_it(terminal: Terminal) -> None:
    ignore = "define void @deaf() {\n  call ptr @signal(i32 2, ptr inttoptr (i64 1 to ptr))\n  call void @spin()"
    terminal.run(SPIN)
    terminal.run(f"declare ptr @signal(i32, ptr)\n{ignore}\n  ret void\n}}")
    spin_and_interrupt(terminal, "deaf")
    assert "error: interrupted in @deaf" in terminal.lines
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_ctrl_c_ends_a_compiler(terminal: Terminal, tmp_path: Path) -> None:
    skip_without(["clang"])
    os.mkfifo(tmp_path / "endless.h")
    (tmp_path / "waits.c").write_text('#include "endless.h"\n')
    terminal.send(":load waits.c\r")
    terminal.wait("C is compiled by")
    terminal.press("c")
    terminal.wait("error: interrupted while compiling waits.c")
    terminal.prompt()
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_a_compilers_errors_have_its_colours(start: Open, tmp_path: Path) -> None:
    skip_without(["clang"])
    (tmp_path / "broken.c").write_text("int f(void) { return m; }\n")
    terminal = start(env={"CLICOLOR_FORCE": "1"}).prompt()
    terminal.run(":load broken.c")
    row = next(index for index, line in enumerate(terminal.lines) if "use of undeclared identifier 'm'" in line)
    column = terminal.lines[row].index("error:")
    assert terminal.screen.buffer[row][column].fg == "red" and terminal.screen.buffer[row][column].bold


def test_ctrl_c_at_an_empty_prompt_shows_another(terminal: Terminal) -> None:
    terminal.press("c")
    terminal.wait(lambda: terminal.lines[-2:] == [PROMPT, PROMPT])
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_ctrl_z_stops_and_fg_goes_on_with_the_line(bash: Terminal) -> None:
    bash.send(f"{JITREPL} {SUM}\r")
    bash.prompt()
    bash.send(":call sum")
    bash.wait(":call sum")
    bash.press("z")
    bash.wait("Stopped")
    bash.wait(lambda: bash.lines[-1] == "$")
    bash.send("fg\r")
    bash.wait(lambda: bash.lines[-1] == f"{PROMPT} :call sum")
    bash.send(" 1 2\r")
    bash.wait("i32 3")
    bash.prompt()
    bash.press("d")
    bash.wait(lambda: bash.lines[-1] == "$")


def test_ctrl_z_stops_a_call_and_fg_goes_on_with_it(bash: Terminal) -> None:
    bash.send(f"{JITREPL} {SUM} {AGAIN}\r")
    bash.prompt()
    bash.send(":call main\r")
    bash.wait(lambda: bash.lines[-1] == "a?")
    bash.press("z")
    bash.wait("Stopped")
    bash.wait(lambda: bash.lines[-1] == "$")
    bash.send("fg\r1 2 n\r")
    bash.wait("1 + 2 = 3")
    bash.prompt()
    assert bash.lines[-2] == "i32 1"
    bash.press("d")
    bash.wait(lambda: bash.lines[-1] == "$")


# What JITed code writes and reads


def test_output_without_a_newline_is_marked_and_not_erased(terminal: Terminal) -> None:
    assert terminal.run(':call "i32 (i32)" putchar 65') == ["A⏎", "i32 65"]
    assert terminal.run(PUT) == ["defined @put"]
    assert terminal.run(":call put") == ["A⏎"]


def test_output_with_a_newline_is_not_marked(terminal: Terminal) -> None:
    assert terminal.run(':call "i32 (i32)" putchar 10') == ["", "i32 10"]
    assert terminal.run(':call "i32 (ptr)" puts "hi"') == ["hi", "i32 3"]


def test_a_full_line_without_a_newline_is_not_erased(start: Open) -> None:
    terminal = start(columns=80).prompt()
    text = "x" * 80
    before = len(terminal.lines)
    terminal.send(f':call "i32 (ptr, ...)" printf "{text}"\r')
    terminal.wait("i32 80")
    terminal.prompt()
    assert text in terminal.lines[before:]


def test_notes_and_constructors_keep_output_without_a_newline(start: Open) -> None:
    terminal = start(columns=150).prompt()
    entry = "{ i32, ptr, ptr }"
    constructors = f"@llvm.global_ctors = appending global [1 x {entry}] [{entry} {{ i32 1, ptr @put, ptr null }}]"
    assert terminal.run(f"{PUT}\n{constructors}") == ["A⏎", "defined @put"]
    terminal.run("declare void @hello()\ndefine void @f() {\n  call void @hello()\n  call void @put()\n  ret void\n}")
    lines = terminal.run(":call f")
    assert "Oh hello, that's called from JITed code!" in lines
    assert "A⏎" in lines
    assert any(line.startswith("Undefined symbol hello: redirect to host function @ 0x") for line in lines)


@pytest.mark.parametrize(
    ("env", "mark"), [({"PYTHONIOENCODING": "ascii"}, "%"), ({"LC_ALL": "C"}, "⏎"), ({"TERM": "dumb"}, "⏎")]
)
def test_poor_terminals_will_do(start: Open, env: dict[str, str], mark: str) -> None:
    terminal = start(env=env).prompt()
    terminal.send(':call "i32 (i32)" putchar 65\r')
    terminal.wait("i32 65")
    terminal.prompt()
    assert f"A{mark}" in terminal.lines


def test_the_loop_of_the_program_reads_the_terminal(start: Open) -> None:
    terminal = start(SUM, AGAIN).prompt()
    settings = terminal.settings
    terminal.send(":call main\r")
    for question, answer in [("a?", 1), ("b?", 2), ("Again? (y/n)", "y"), ("a?", 3), ("b?", 4), ("Again? (y/n)", "n")]:
        terminal.wait(lambda question=question: terminal.lines[-1] == question)
        terminal.send(f"{answer}\r")
    terminal.prompt()
    assert terminal.lines[-11:] == [
        f"{PROMPT} :call main",
        "a? 1",
        "b? 2",
        "1 + 2 = 3",
        "Again? (y/n) y",
        "a? 3",
        "b? 4",
        "3 + 4 = 7",
        "Again? (y/n) n",
        "i32 2",
        PROMPT,
    ]
    assert terminal.settings == settings
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_what_scanf_left_over_is_not_run(start: Open) -> None:
    terminal = start(SUM, AGAIN).prompt()
    terminal.send(":call main\r")
    terminal.wait("a?")
    terminal.send("1 2 n :quit\r")
    terminal.prompt()
    assert "i32 1" in terminal.lines
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_ctrl_c_and_ctrl_d_while_scanf_waits(start: Open) -> None:
    terminal = start(SUM, AGAIN).prompt()
    terminal.send(":call main\r")
    terminal.wait("a?")
    terminal.press("c")
    terminal.prompt()
    assert "error: interrupted in @main" in terminal.lines
    terminal.send(":call main\r")
    terminal.wait(lambda: terminal.lines[-1] == "a?")
    terminal.press("d")  # the end of the input, for all of scanf's calls
    terminal.prompt()
    assert terminal.lines[-2] == "i32 1"
    assert terminal.run(":call sum 1 2") == ["i32 3"]


# What the user is told


def test_a_crash_leaves_the_prompt_usable(terminal: Terminal) -> None:
    terminal.run(CRASH)
    first, *_ = terminal.run(":call crash")
    assert "SIGSEGV" in first
    assert "@crash" in first
    assert terminal.colour("SIGSEGV", terminal.lines.index(first)) == "default"
    assert terminal.run(":call sum 1 2") == ["i32 3"]


def test_a_negative_number_is_shown_in_its_other_readings_too(terminal: Terminal) -> None:
    assert terminal.run(":call sum -1 -4") == ["i32 -5  ; unsigned 4294967291, 0xfffffffb"]
    assert terminal.run(":call sum 1 4") == ["i32 5"]


def test_help_lists_the_commands_and_explains_one(terminal: Terminal) -> None:
    commands = [line.split()[0] for line in terminal.run(":help") if line.startswith(":")]
    assert {":load", ":call", ":again", ":dump", ":symbols", ":help", ":quit"} <= set(commands)
    assert '    :call "add(int, int)" 1 2' in terminal.run(":help call")


def test_a_mistake_gets_a_hint(terminal: Terminal) -> None:
    hints = {
        ":cal sum 1 2": "did you mean :call?",
        "call sum 1 2": "`:call sum 1 2`",
        "sum 1 2": "`:call sum 1 2`",
        "quit": "`:quit`",
        "load sum.ll": "`:load sum.ll`",
        "br label %x": "put it into a function",
        ":call smu 1 2": "did you mean @sum?",
    }
    for typed, hint in hints.items():
        assert hint in terminal.run(typed)[-1]


def test_an_error_in_ir_points_at_its_column(terminal: Terminal) -> None:
    message, line, caret = terminal.run("define i32 @f() {\n  ret i32 %nope\n}")
    assert message.endswith("error: use of undefined value '%nope'")
    assert message.startswith("<input 1>:2:11:")
    assert line == "  ret i32 %nope"
    assert caret.index("^") == line.index("%nope")
    assert terminal.colour("error:", -4) == "red"


def test_escape_enter_submits_what_is_not_complete(terminal: Terminal) -> None:
    terminal.send("define i32 @f() {")
    terminal.wait("{")
    terminal.send(f"{ESCAPE}\r")
    terminal.wait("error:")
    terminal.prompt()


# Wrong and open inputs


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("define i32 f() { ret i32 1 }", "expected function name"),
        ('int main() { printf("hi\\n"); return 0; }', "this looks like C"),
    ],
)
def test_what_is_wrong_already_is_told_at_once(terminal: Terminal, typed: str, told: str) -> None:
    assert told in "\n".join(terminal.run(typed))


def test_an_input_that_goes_on_for_an_odd_reason_says_why_and_how_to_end_it(terminal: Terminal) -> None:
    terminal.send("define i32 @f() { ret i32 1 ; }\r")
    terminal.wait("the } in line 1 is in a comment, which `;` begins: Alt-Enter runs this as it is, Ctrl-C drops it")
    terminal.send("}")
    terminal.send("\r")
    terminal.wait("defined @f")
    terminal.prompt()
    assert "Alt-Enter" not in terminal.text


def test_a_label_stands_at_the_margin_and_typed_indentation_in_place_of_the_automatic_one(shared: Terminal) -> None:
    shared.send("define i32 @f() {\rentry:\r  ret i32 1")
    shared.wait("ret i32 1")
    assert shared.lines[-2:] == ["     ... entry:", "     ...   ret i32 1"]


def test_prompts_are_taken_off_what_is_pasted(terminal: Terminal) -> None:
    terminal.run("> define i32 @two() {\n.   ret i32 2\n. }\ndefined @two\n> :call two")
    assert terminal.lines[-4:] == ["     ... :call two", "defined @two", "i32 2", PROMPT]


def test_prompts_that_were_typed_are_taken_off_too(terminal: Terminal) -> None:
    assert terminal.run(f"{PROMPT} :call sum 1 2") == ["i32 3"]


def test_a_terminal_that_cannot_draw_shows_further_lines(start: Open) -> None:
    terminal = start(env={"TERM": "dumb"}).prompt()
    for line in ("define i32 @f() {", "ret i32 1", "}"):
        terminal.send(f"{line}\r")
        terminal.wait(f"{line}\n")
    terminal.wait("defined @f")
    assert "define i32 @f() {\n     ... ret i32 1\n     ... }" in terminal.text


def test_a_prompt_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    script = tmp_path / "full.sh"
    script.write_text(f"#!/bin/sh\n{JITREPL} -i > /dev/full\n")
    script.chmod(0o755)
    with Terminal([], tmp_path, program=script) as terminal:
        assert terminal.status() == 1
        assert terminal.lines == ["error: standard output cannot be written: [Errno 28] No space left on device"]


def test_help_fits_a_terminal_that_tells_no_size(start: Open) -> None:
    with start(rows=24, columns=80) as terminal:
        terminal.prompt()
        terminal.child.setwinsize(0, 0)
        assert terminal.run(":help quit")[:1] == [":quit  Leave; Ctrl-D does the same"]
