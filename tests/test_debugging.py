"""Real debuggers on JITed code: the transcripts of docs/debugging.md, launched and attached, at the prompt, crashes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import pytest
from terminal import PATIENCE, Terminal
from transcripts import JITREPL, ROOT, SCRIPTS, TIMEOUT, all_match, environment, make_folder

from jitrepl import Session
from jitrepl.errors import UndoError, WorkerDied
from jitrepl.shell.debuggers import how_to_attach
from jitrepl.tracer import tracer_of

DOCUMENT = ROOT / "docs" / "debugging.md"
EXAMPLES = ROOT / "docs" / "examples"
PATH = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
HINTS = {
    "gdb": "apt install gdb",
    "lldb": "pip install 'jitrepl[lldb]'",
    "clang-22": "pip install 'jitrepl[clang]'",
    "rustc": "it comes from rustup.rs",
}
BOTH = pytest.mark.parametrize("name", ["gdb", "lldb"])
ROWS, COLUMNS = 200, 200
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool, path=PATH) is None:
            pytest.skip(f"no {tool}: {HINTS[tool]}")


class Debugger(Terminal):
    """A debugger on a terminal, none of whose settings are the user's."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        # lldb would draw a line at the bottom of the screen.
        (folder / ".lldbinit").write_text("settings set show-statusline false\n")
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
        super().__init__(command[1:], folder, home, ROWS, COLUMNS, command[0])
        self._prompt = f"({name})"
        self._asks_first = name == "lldb"

    def asks(self) -> bool:
        return self.lines[-1] == self._prompt

    def stopped(self, where: str) -> None:
        """Wait until it has stopped somewhere, as its message says."""
        self.wait(lambda: f" at {where}" in "\n".join(self.lines[-12:]) and (self._asks_first or self.asks()))

    def tell(self, line: str, *expected: str) -> None:
        """Type a line; wait until what is printed is as expected (`…` as in transcripts), and there is a prompt.

        lldb asks for the next command before it says what came of this one.
        """
        before = len(self.lines)
        self.send(f"{line}\r")
        wanted = [" ".join(text.split()) for text in expected or ("…",)]

        def printed() -> bool:
            lines = [" ".join(text.split()) for text in self.lines[before:]]
            if self._asks_first:
                lines = [text.removeprefix(self._prompt).strip() for text in lines]
            elif lines and lines[-1] == self._prompt:
                lines.pop()
            else:
                return False
            return all_match([*wanted, "…"] if self._asks_first else wanted, lines)

        try:
            self.wait(printed)
        except AssertionError as problem:
            raise AssertionError("\n".join([f"after {line!r} there should be", *wanted, str(problem)])) from None


def blocks() -> Iterator[tuple[str, list[str]]]:
    """The transcripts of the document: which debugger, and the lines."""
    lines: list[str] | None = None
    for line in DOCUMENT.read_text().splitlines():
        if line in ("```gdb", "```lldb"):
            name, lines = line[3:], []
        elif line == "```" and lines is not None:
            yield name, lines
            lines = None
        elif lines is not None:
            lines.append(line)


BLOCKS = list(blocks())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document's bitcode, made by the commands that stand there."""
    need("clang-22", "rustc")
    folder = make_folder(tmp_path_factory.mktemp("compiled"))
    commands = [line[2:] for line in DOCUMENT.read_text().splitlines() if line.startswith(("$ clang", "$ rustc"))]
    assert len(commands) == 2
    for command in commands:
        subprocess.run(shlex.split(command), cwd=folder, env=environment(), check=True, timeout=TIMEOUT)
    return folder


def once_more(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test again if the debugger does not answer any more.

    On a busy machine lldb may go on giving what is typed to the program that has just stopped.
    """

    @wraps(test)
    def run(**arguments: object) -> None:
        try:
            test(**arguments)
        except AssertionError as problem:
            if "waited in vain" not in str(problem):
                raise
            test(**arguments)

    return run


@once_more
@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=lambda number: f"{BLOCKS[number][0]}-{number}")
def test_the_transcripts_of_the_document(number: int, compiled: Path) -> None:
    name, lines = BLOCKS[number]
    need(name)
    prompt = f"({name}) "
    steps: list[list[str]] = []
    for line in lines[1:]:
        if line.startswith(prompt):
            steps.append([line.removeprefix(prompt)])
        else:
            steps[-1].append(line)
    command = shlex.split(lines[0].removeprefix("$ "))
    assert command[0] == "jitrepl"
    with Debugger(name, [str(JITREPL), *command[1:]], compiled) as debugger:
        debugger.wait(debugger.asks)
        for step, *expected in steps:
            debugger.tell(step, *expected)


@once_more
@pytest.mark.parametrize(
    ("name", "file", "call", "stop", "local"),
    [
        ("gdb", "total.bc", ":call total 3", "total.rs:5", "number = 1"),
        ("lldb", "squares.bc", ":call sum_of_squares 3 4", "squares.c:6", "first = 9"),
    ],
)
def test_the_other_language_of_each(name: str, file: str, call: str, stop: str, local: str, compiled: Path) -> None:
    need(name)
    function = call.split()[1]
    with Debugger(name, [str(JITREPL), "--debugger", name, file, "-e", call], compiled) as debugger:
        debugger.wait(debugger.asks)
        debugger.tell({"gdb": f"break {function}", "lldb": f"breakpoint set --name {function}"}[name])
        debugger.tell("run", "…", f"…{stop}…", "…")
        debugger.tell("bt 2", "…", f"…{function}…{stop}…", "…__jitrepl.call.1…", "…")
        for _ in range(2):
            debugger.tell("next", *{"gdb": ["…"], "lldb": ["…", "…step over…", "…"]}[name])
        debugger.tell({"gdb": "info locals", "lldb": "frame variable"}[name], "…", f"…{local}", "…")
        debugger.tell("continue", "…", {"gdb": "u32 6", "lldb": "int 25"}[name], "…")


@BOTH
def test_attached_by_the_line_that_debug_prints(name: str, compiled: Path) -> None:
    need(name)
    option, where, quiet = {
        "gdb": ("-ex", "break squares.c:6", "-batch"),
        "lldb": ("-o", "breakpoint set -f squares.c -l 6", "--batch"),
    }[name]
    steps = [word for step in ("next", where, "continue", "bt 1", "continue") for word in (option, step)]
    with Session() as session:
        session.load(compiled / "squares.bc")
        session.load("define i32 @twice(i32 %x) {\n  %r = mul i32 %x, 2\n  ret i32 %r\n}")
        assert session.call("sum_of_squares", 1, 2) == 5  # compiled before the debugger comes
        (line,) = [line for line in how_to_attach(session, "twice").splitlines() if line.split()[0].endswith(name)]
        with run_beside([*shlex.split(line), *steps, quiet], compiled) as debugger:
            end = time.monotonic() + PATIENCE
            while not tracer_of(session.pid):
                assert time.monotonic() < end, f"{name} does not attach"
                time.sleep(0.01)
            # From here on the process stands still until the debugger has done all up to `continue`.
            session.limits.timeout = 0.2  # that is not for calls that somebody steps through
            assert session.call("twice", 21) == 42
            assert session.call("sum_of_squares", 3, 4) == 25
            assert f"which {name}" in how_to_attach(session)
            with pytest.raises(UndoError, match="a debugger was attached") as refused:
                session.undo()
            assert refused.value.hint == "`:undo 2` can be done"
            folder = Path(session._supervisor._setup.sources)
            assert [path.name for path in folder.iterdir()] == ["<input 1>"]
            session.close()
            output, _ = debugger.communicate(timeout=TIMEOUT)
        assert "twice" in output
        assert "%r = mul i32 %x, 2" in output  # the lines of IR that was typed
        assert "  ret i32 %r" in output
        assert re.search(r"sum_of_squares ?\(a=3, b=4\) at .*squares.c:6", output), output
        assert not folder.exists()


@contextmanager
def run_beside(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A debugger whose commands are all on its command line."""
    home = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "TERM": "dumb"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, env={**environment(), **home}, stdin=subprocess.DEVNULL, stdout=pipe, text=True
    ) as made:
        watchdog = threading.Timer(TIMEOUT, made.kill)
        watchdog.start()
        try:
            yield made
        except BaseException:
            made.kill()
            raise
        finally:
            watchdog.cancel()


def test_a_crash_in_a_debugger_goes_back_to_before_it_came(tmp_path: Path) -> None:
    need("gdb")
    with Session() as session:
        session.load("@g = global i32 0\ndefine void @set(i32 %x) {\n store i32 %x, ptr @g\n ret void\n}")
        session.load("define void @crash() {\n  store i32 1, ptr null\n  ret void\n}")
        session.call("set", 7)
        before = session.pid
        command = ["gdb", "-q", "-nx", "-iex", "set pagination off", "-p", str(before), "-ex", "continue"]
        with Debugger("gdb", command, tmp_path) as debugger:
            debugger.wait("Continuing")
            session.call("set", 8)
            session.load("define i32 @get() {\n  %v = load i32, ptr @g\n  ret i32 %v\n}")
            ends: list[WorkerDied] = []

            def crash() -> None:
                with pytest.raises(WorkerDied) as caught:
                    session.call("crash")
                ends.append(caught.value)

            thread = threading.Thread(target=crash)
            thread.start()
            debugger.wait(lambda: debugger.asks() and "SIGSEGV" in debugger.text)
            debugger.tell("bt 1", "#0 …crash () at <input 2>:2", "…")
            debugger.tell("continue", "…", "…SIGSEGV…", "…")
            debugger.tell("continue", "…", "Program terminated with signal SIGSEGV…", "…")
            thread.join(TIMEOUT)
        assert ends[0].hint == (
            "the session goes on: memory is as it was 2 inputs ago, before a debugger was attached, "
            "1 input was loaded again"
        )
        assert session.call("get") == 7
        assert session.pid != before


def test_a_debugger_at_the_prompt(tmp_path: Path) -> None:
    need("gdb")
    with Debugger("gdb", [str(JITREPL), "--debugger", "gdb"], tmp_path) as debugger:
        debugger.wait(debugger.asks)
        debugger.tell("break twice", "…", "…pending.")
        debugger.send("run\r")
        debugger.prompt()
        debugger.run("define i32 @twice(i32 %x) {\n  %r = mul i32 %x, 2\n  ret i32 %r\n}")
        debugger.send(":call twice 21\r")
        debugger.stopped("<input 1>:2")
        debugger.send("continue\r")
        debugger.wait(lambda: debugger.waits and "i32 42" in debugger.text)
        debugger.run("declare i32 @putchar(i32)")
        debugger.run("define void @spin() {\n  call i32 @putchar(i32 35)\n  br label %on\non:\n  br label %on\n}")
        debugger.send(":call spin\r")
        debugger.wait(lambda: debugger.lines[-1] == "#")
        debugger.press("c")
        debugger.wait(lambda: debugger.asks() and "SIGINT" in debugger.text)
        assert "spin () at <input 3>" in debugger.text
        debugger.send("kill\r")
        debugger.wait("(y or n)")
        debugger.send("y\r")
        debugger.wait("the session ended with it; in gdb, `inferior 1`, then `run` begins a new one")
        debugger.send("\r")
        debugger.wait(debugger.asks)


def test_a_breakpoint_is_in_every_body_of_a_function(tmp_path: Path) -> None:
    need("gdb")
    source = "define i32 @f() {{\n  ret i32 {}\n}}"
    inputs = [source.format(1), ":call f", source.format(2), ":call f"]
    command = ["gdb", "-q", "-nx", "-batch", "-iex", "set breakpoint pending on", "-ex", "set follow-fork-mode child"]
    command += [word for step in ("break f", "run", "continue", "continue") for word in ("-ex", step)]
    command += ["--args", str(SCRIPTS / "python3"), str(JITREPL), *(word for text in inputs for word in ("-e", text))]
    process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, env=environment())
    stops = re.findall(r"f \(\) at (<input .>:2)|^(i32 .)$", process.stdout, re.MULTILINE)
    assert [stop or result for stop, result in stops] == ["<input 1>:2", "i32 1", "<input 2>:2", "i32 2"]


def test_a_debugger_that_does_not_follow_is_told(tmp_path: Path) -> None:
    need("gdb")
    command = ["gdb", "-q", "-nx", "-batch", "-ex", "run", "--args", str(SCRIPTS / "python3"), str(JITREPL)]
    sum = ROOT / "tests" / "data" / "sum.ll"
    process = subprocess.run(
        [*command, str(sum), "-e", ":call sum 1 2"], capture_output=True, text=True, timeout=TIMEOUT, env=environment()
    )
    assert "warning: gdb does not see the code that runs here: that is in process " in process.stderr
    assert "i32 3" in process.stdout


def test_a_debugger_that_is_not_there_is_told(tmp_path: Path) -> None:
    command = [SCRIPTS / "python3", JITREPL, "--debugger", "gdb"]
    process = subprocess.run(
        command, capture_output=True, text=True, env={**environment(), "PATH": str(tmp_path)}, timeout=TIMEOUT
    )
    assert process.returncode == 2
    assert "error: gdb is not installed\n`apt install gdb`\n" in process.stderr
