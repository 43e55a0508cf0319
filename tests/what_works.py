"""The rows of docs/what-works.md: what is tried, and what comes of it (`what_works_page.py` has the tables).

Above each table of the page stands a comment that names its source, a file of `tests/data/what_works`:

- `c.c`, `cpp.cpp`, `std.rs`, …: **features**. `/// what it is: 42` stands above a function that returns 42 where that
  works. A `main` that calls all of them is added. A second line `/// because …` says why it does not work.
- `ends.c`, …: **ends**. `/// what it does` stands above a function that ends otherwise than by returning. The cells say
  how: what `:call` says, and the exit status and the messages of a program that calls it.
- `files.txt`: **files**. Under the name of a row stand the commands that make `answer`, which returns 42, from
  `tests/data/what_works/answer.*`; then what is given to jitrepl.
- `values.c`, …: **values**. `/// what it is` stands above a function; the cell shows what `:call` prints.
- `debuggers.txt`: **debuggers**. Under the name of a row stand commands for each, and what they print where it works.

A cell is `yes`, or else what jitrepl said. To write the tables anew, and read the diff:

    pytest tests/test_what_works.py --update-what-works

Text that differs from machine to machine is `…` there; cells with `…` that still match stay as they are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from transcripts import JITREPL, TIMEOUT, environment

from jitrepl.shell.debuggers import DEBUGGERS, find

SOURCES = Path(__file__).parent / "data" / "what_works"
LIMIT = "2s"
"""How long code may run that does not end by itself; its row says so, and is the last."""


@dataclass
class Row:
    """A row of a table.

    Args:
        what: the feature, as users call it.
        cells: what came of it.
    """

    what: str
    cells: list[str]

    def __str__(self) -> str:
        return f"| {' | '.join([self.what, *self.cells])} |"


# Sources


@dataclass
class Function:
    """A function of a source, and what the comment above it says.

    Args:
        name: its name.
        what: what is tried.
        expected: what it returns where that works.
        reason: why it does not work, where it does not.
    """

    name: str
    what: str
    expected: str = ""
    reason: str = ""


def read_functions(text: str, with_results: bool) -> list[Function]:
    """The functions of a source that have a comment of three slashes.

    Args:
        text: the source.
        with_results: whether the comments say what is returned.
    """
    found = []
    for said, name in re.findall(r"^((?:(?:; )?/// .*\n)+).*?(\w+)\(", text, re.MULTILINE):
        first, *rest = [line.partition("/// ")[2] for line in said.splitlines()]
        what, _, expected = first.rpartition(": ") if with_results else (first, "", "")
        found.append(Function(name, what, expected, " ".join(rest)))
    return found


def program_of(source: Path, functions: Sequence[Function]) -> str:
    """A source with a `main` that calls its functions, or the one that its argument names, and prints their results."""
    text = source.read_text("utf-8")
    names = [function.name for function in functions]
    if source.suffix == ".ll":
        calls = "".join(_IR_CALL.format(name=name) for name in names)
        texts = "".join(_IR_TEXT.format(name=name, size=len(f"{name} %d") + 2) for name in names)
        return f"{text}{_IR_MAIN[0]}{calls}{_IR_MAIN[1]}{texts}"
    if source.suffix != ".rs":
        calls = "".join(_C_CALL.format(name=name) for name in names)
        return f"{text}{_C_MAIN[0]}{calls}{_C_MAIN[1]}"
    before, each, after = _CORE_MAIN if "#![no_std]" in text else _STD_MAIN
    return f"{text}{before}{''.join(each.format(name=name) for name in names)}{after}"


_C_MAIN = (
    "\n#include <stdio.h>\n#include <string.h>\nint main(int count, char **words) {\n",
    "  return 0;\n}\n",
)
_C_CALL = """  if (count < 2 || !strcmp(words[1], "{name}")) printf("{name} %d\\n", {name}()), fflush(stdout);
"""
_IR_MAIN = (
    """
declare i32 @printf(ptr, ...)
define i32 @main() {
""",
    """  ret i32 0
}
""",
)
_IR_CALL = """  %{name} = call i32 @{name}()
  call i32 (ptr, ...) @printf(ptr @text.{name}, i32 %{name})
"""
_IR_TEXT = """@text.{name} = private constant [{size} x i8] c"{name} %d\\0A\\00"
"""
_STD_MAIN = (
    """
fn main() {
    let wanted = std::env::args().nth(1);
    let is_wanted = |name| wanted.as_deref().map_or(true, |wanted| wanted == name);
""",
    """    if is_wanted("{name}") {{ println!("{name} {{}}", {name}()) }}
""",
    "}\n",
)
_CORE_MAIN = (
    """
extern "C" {
    fn printf(format: *const i8, ...) -> i32;
    fn strcmp(a: *const i8, b: *const i8) -> i32;
}
#[no_mangle]
pub unsafe extern "C" fn main(count: i32, words: *const *const i8) -> i32 {
    let is_wanted = |name: *const u8| count < 2 || strcmp(*words.add(1), name.cast()) == 0;
""",
    """    if is_wanted(c"{name}".as_ptr().cast()) {{ printf(c"{name} %d\\n".as_ptr().cast(), {name}()); }}
""",
    "    0\n}\n",
)


# Runs


class Tried:
    """What a run printed.

    Args:
        status: its exit status.
        out, err: standard output and error.
    """

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


def attempt(command: Sequence[str | Path], folder: Path) -> Tried:
    """Run a program in a folder."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        cwd=folder,
        env={**environment(), "RUST_BACKTRACE": "0"},
        timeout=TIMEOUT,
        check=False,
    )
    return Tried(done.returncode, done.stdout, done.stderr)


def session(inputs: Sequence[str], folder: Path, *options: str) -> list[str]:
    """Run inputs in one session; what each of them printed, standard error included."""
    command = [str(JITREPL), "--quiet", "--echo", "--keep-going", *options]
    shell = ["bash", "-c", '"$@" 2>&1', "bash", *command, *(word for input in inputs for word in ("-e", input))]
    printed = attempt(shell, folder).out
    assert "Traceback" not in printed, printed
    outputs = []
    for input in reversed(inputs):
        printed, echo, output = printed.rpartition(f"> {input}\n")
        assert echo, f"{input!r} was not run; before it there is\n{printed or output}"
        outputs.append(output)
    return outputs[::-1]


def program(files: Sequence[str], folder: Path, *arguments: str, options: Sequence[str] = ()) -> Tried:
    """Run a program by `--run`."""
    return attempt([JITREPL, "--run", *options, *files, "--", *arguments], folder)


# What is said


_MASKS = (
    (re.compile(r"\b0x[0-9a-f]{4,}\b"), "0x…"),
    (re.compile(r"/rustc/[0-9a-f]+/\S*"), "…"),
    (re.compile(r"/tmp/\S*/"), "…/"),
    (re.compile(r" \((\d+)\) panicked"), " panicked"),
    (re.compile(r"python3?(?=:)"), "…"),
)


def said(printed: str, lines: int = 1) -> str:
    """The first lines of what was printed, as one line of a cell; places and hints, which are indented, left out."""
    kept = [line for line in printed.splitlines() if line.strip() and not line.startswith(("  ", "note: "))]
    starts = ("LLVM ERROR: ", "error: ")  # LLVM's own last words say more than that it aborted
    first = min((at for at, line in enumerate(kept) if line.startswith(starts)), default=0)
    chosen = kept[first : first + 1] if lines == 1 else kept[:lines]
    text = " ".join(line.removeprefix("error: ") for line in chosen)
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Text as Markdown's code."""
    fence = "``" if "`" in text else "`"
    room = " " * text.startswith("`")
    return f"{fence}{room}{text}{' ' * text.endswith('`')}{fence}" if text else ""


def verdict(function: Function, printed: str) -> str:
    """The cell for what a function returned: the last word of what was printed is to be as expected."""
    words = printed.split()
    if words and words[-1] == function.expected and "error: " not in printed:
        return "yes"
    return f"no: {function.reason or code(said(printed)) or 'nothing was printed'}"


# Tables


def features(source: Path, folder: Path, *options: str) -> list[Row]:
    """Each function of a source, called and as a part of a program."""
    functions = read_functions(source.read_text("utf-8"), with_results=True)
    (folder / source.name).write_text(program_of(source, functions))
    loaded, *called = session([source.name, *(f":call {function.name}" for function in functions)], folder, *options)
    ran = program([source.name], folder, options=options).out
    assert "error: " not in loaded, loaded
    results = dict(line.split(" ", 1) for line in ran.splitlines() if " " in line)
    rows = []
    for function, printed in zip(functions, called, strict=True):
        if function.name not in results:  # the program came to an end before
            alone = program([source.name], folder, function.name, options=options)
            results[function.name] = alone.out.removeprefix(f"{function.name} ") + alone.err
        rows.append(Row(function.what, [verdict(function, printed), verdict(function, results[function.name])]))
    return rows


def ends(source: Path, folder: Path, *options: str) -> list[Row]:
    """Each function of a source, called, and in a program of its own."""
    functions = read_functions(source.read_text("utf-8"), with_results=False)
    (folder / source.name).write_text(program_of(source, functions))
    calls = [[f":set timeout {LIMIT}"] * _is_limited(each) + [f":call {each.name}"] for each in functions]
    printed = iter(session([source.name, *(line for lines in calls for line in lines)], folder, *options)[1:])
    called = [[next(printed) for _ in lines][-1] for lines in calls]

    def run(each: Function) -> Tried:
        limit = ["--timeout", LIMIT] * _is_limited(each)
        return program([source.name], folder, each.name, options=[*options, *limit])

    with ThreadPoolExecutor(2) as pool:
        ran = pool.map(run, functions)
    rows = []
    for function, call, done in zip(functions, called, ran, strict=True):
        told = code(said(done.err, lines=2))
        rows.append(Row(function.what, [code(said(call)), f"{done.status}{f': {told}' if told else ''}"]))
    return rows


def _is_limited(function: Function) -> bool:
    return f"--timeout {LIMIT}" in function.what


def values(source: Path, folder: Path, *options: str) -> list[Row]:
    """What `:call` shows of the results of functions."""
    functions = read_functions(source.read_text("utf-8"), with_results=False)
    called = session([str(source), *(f":call {function.name}" for function in functions)], folder, *options)[1:]
    return [Row(function.what, [code(said(printed))]) for function, printed in zip(functions, called, strict=True)]


def read_blocks(text: str) -> list[tuple[str, list[str]]]:
    """Lines, and the indented lines below each; comments begin with `#`."""
    blocks: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(" "):
            blocks[-1][1].append(line.strip())
        elif line and not line.startswith("#"):
            blocks.append((line, []))
    return blocks


ANSWER = "42"


def files(source: Path, folder: Path) -> list[Row]:
    """Kinds of files and flags: `answer` from each, called and as a part of a program."""
    for file in [*SOURCES.glob("answer*"), SOURCES / "main.ll"]:
        (folder / file.name).write_bytes(file.read_bytes())
    blocks = read_blocks(source.read_text("utf-8"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda block: _make(block[1][:-1], folder), blocks))
        given = [below[-1] for _, below in blocks]
        ran = pool.map(lambda words: _run_files(words, folder), given)
        inputs = [line for words in given for line in (":reset", *_inputs(words), ':call "i32 ()" answer')]
        outputs = iter(session(inputs, folder))
    rows = []
    for (what, _), words, run in zip(blocks, given, ran, strict=True):
        printed = [next(outputs) for _ in range(len(list(_inputs(words))) + 2)]
        failed = next((text for text in printed if "error: " in text), printed[-1])
        runs = "yes" if str(run.status) == ANSWER else f"no: {code(said(run.err))}"
        rows.append(Row(what, [verdict(Function("answer", what, ANSWER), failed), runs]))
    return rows


def _make(commands: Iterable[str], folder: Path) -> None:
    for command in commands:
        done = attempt(["bash", "-c", command.removeprefix("$ ")], folder)
        assert done.status == 0, f"{command}\n{done.err}"


def _inputs(words: str) -> Iterable[str]:
    """What is typed to have files and libraries, as they stand on a command line, in a session."""
    paths, _, flags = words.partition(" -- ")
    for word in paths.split():
        yield f":lib {word[2:]}" if word.startswith("-l") else f":load {word}{f' -- {flags}' if flags else ''}"


def _run_files(words: str, folder: Path) -> Tried:
    paths, _, flags = words.partition(" -- ")
    return program([*paths.split(), "main.ll"], folder, options=[f"--cflags={flags}"] if flags else [])


def debuggers(source: Path, folder: Path) -> list[Row]:
    """What gdb and lldb do with a call in a session that they have launched."""
    for file in SOURCES.glob("debugged.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    blocks = read_blocks(source.read_text("utf-8"))
    with ThreadPoolExecutor(2) as pool:
        columns = list(pool.map(lambda name: _debug(name, blocks, folder), _BATCH))
    return [Row(what, list(cells)) for (what, _), cells in zip(blocks, zip(*columns, strict=True), strict=True)]


def _debug(name: str, blocks: Sequence[tuple[str, list[str]]], folder: Path) -> list[str]:
    """A column: whether a debugger prints what each row expects, behind what it has printed for the row before."""
    batch, option = _BATCH[name]
    *settings, last = DEBUGGERS[name].launch
    prefix = f"{name}: "
    lines = [line.removeprefix(prefix) for _, below in blocks for line in below if line.startswith(prefix)]
    commands = [word for line in lines for word in (option, line)]
    jitrepl = [sys.executable, "-m", "jitrepl", "-q", "debugged.c", "debugged.ll", "-e", ":call twice 4"]
    clean = ["env", f"HOME={folder}", "NO_COLOR=1", "TERM=dumb"]
    printed = attempt([*clean, find(name) or name, batch, *settings, *commands, last, *jitrepl], folder).out
    column, at = [], 0
    for _, below in blocks:
        (expected,) = (line.partition(": ")[2] for line in below if line.startswith(f"{name} prints: "))
        found = re.compile(".*".join(map(re.escape, expected.split("…")))).search(printed, at)
        at = found.end() if found else at
        column.append("yes" if found else f"no: {code(expected)} is not printed")
    return column


_BATCH = {"gdb": ("-batch", "-ex"), "lldb": ("--batch", "-o")}
