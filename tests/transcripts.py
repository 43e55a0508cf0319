"""Run sessions that are written down as text, and compare what they print.

A **transcript** (`tests/sessions/NAME.txt`) is what `jitrepl --echo --keep-going 2>&1` prints for its own inputs:

    # what the transcript shows                  (comments, first lines only)
    # options: --host tests/data/numbers.py      (more command-line options)
    # needs: clang                               (the bitcode of tests/data/*.c lies in the working directory;
                                                  or `objects`: those of tests/data/sources; or `languages`:
                                                  the bitcode of tests/data/languages; or `rustc`)
    > define i32 @f() {
    .   ret i32 5
    . }
    defined @f
    > :call f
    i32 5

- `> ` begins an input, `. ` continues it; a blank continuation line is `.`.
- `< ` is a line of standard input that JITed code reads (`scanf`); jitrepl never sees it.
- Every other line is expected output, standard output and standard error together, in order.
- `…` in it stands for any text on that line: addresses, versions. Alone on a line it stands for any lines.

The inputs are piped in. A pipe has no Enter key, so IR that directly follows IR would be one input with it: a
transcript that shows such inputs gets each of them by `-e`, and its `< ` lines make up standard input.

**Markdown** (`README.md`, `docs/*.md`) is run as well: fenced blocks marked

- `jitrepl`: a transcript as above. The blocks of a file are one session; `jitrepl new` begins another,
  `jitrepl new --host FILE` one with options.
- `console`: `$ command` lines, each with the output it has, standard error included. Bash runs them. A line that
  ends in a backslash goes on in the next one. `# exit 1` at the end of a command says with what status it ends.

All of it runs in a fresh folder that looks like the root of the repository (`tests/data/sum.ll` is there) and
where files may be written. `jitrepl`, `clang-22` … of the running interpreter are on the PATH.

To rewrite the expected output after a change (`::test_document` for the documents), and read the diff in git:

    pytest tests/test_sessions.py::test_session --update-transcripts

Lines with `…` that still match stay as they are; new addresses become `…`.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
SESSIONS = Path(__file__).parent / "sessions"
SCRIPTS = Path(sys.executable).parent
JITREPL = SCRIPTS / "jitrepl"
PATH_SUFFIXES = (".ll", ".bc", ".c", ".cpp", ".rs", ".o", ".a", ".so")
HIDDEN = (
    "NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
    "JITREPL_CLANG", "JITREPL_RUSTC", "RUST_BACKTRACE",
)  # fmt: skip
"""Environment variables that change what programs print."""
TIMEOUT = 60
"""Seconds after which a program hangs rather than works."""


class Mismatch(AssertionError):
    """A program printed something else than is written down."""


@dataclass
class Step:
    """One input, and what it is expected to print.

    Args:
        text: the input; for a console block, the command.
        stdin: what JITed code reads meanwhile.
        expected: lines of output.
        heading: the lines that show the input in its file.
    """

    text: str
    heading: list[str]
    stdin: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    @property
    def is_command(self) -> bool:
        """Whether it ends the IR before it."""
        return self.text.startswith(":") or ("\n" not in self.text and self.text.endswith(PATH_SUFFIXES))

    @property
    def echo(self) -> list[str]:
        """How jitrepl shows the input."""
        first, *rest = self.text.split("\n")
        return [f"> {first}".rstrip(), *(f". {line}".rstrip() for line in rest)]


def environment() -> dict[str, str]:
    """The environment in which programs run: the user's, without what changes colours and buffers."""
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    return {**kept, "PATH": f"{SCRIPTS}{os.pathsep}{kept.get('PATH', '')}", "LC_ALL": "C.UTF-8"}


def make_folder(folder: Path, bitcode: Path | None = None) -> Path:
    """Fill a folder so that it looks like the repository's root, with the bitcode files of another folder."""
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    for file in sorted(bitcode.iterdir()) if bitcode else ():
        (folder / file.name).symlink_to(file)
    return folder


# Transcripts


def read_steps(lines: Sequence[str]) -> list[Step]:
    """The steps of a transcript's lines.

    Raises:
        ValueError: if there is output before the first input.
    """
    steps: list[Step] = []
    for line in lines:
        if line.startswith("> "):
            steps.append(Step(line[2:], [line]))
        elif not steps:
            raise ValueError(f"output before the first input: {line!r}")
        elif (line.startswith(". ") or line == ".") and not steps[-1].expected:
            steps[-1].text += "\n" + line[2:]
            steps[-1].heading.append(line)
        elif line.startswith("< "):
            steps[-1].stdin.append(line[2:])
            steps[-1].heading.append(line)
        else:
            steps[-1].expected.append(line)
    return steps


def run_steps(steps: Sequence[Step], options: Sequence[str], folder: Path) -> list[list[str]]:
    """Run one session; what each step printed, line by line."""
    command = [str(JITREPL), "--echo", "--keep-going", *options]
    program_input = "".join(f"{line}\n" for step in steps for line in step.stdin)
    if any(not a.is_command and not b.is_command for a, b in pairwise(steps)):
        command += [word for step in steps for word in ("-e", step.text)]
    else:
        command += ["-"]
        program_input = "".join(f"{line}\n" for step in steps for line in [step.text, *step.stdin])
    lines, _ = run(command, program_input, folder)
    return _cut(lines, steps)


def run(command: Sequence[str], program_input: str, folder: Path) -> tuple[list[str], int]:
    """Run a program; the lines it printed, standard error included, and its exit status."""
    done = subprocess.run(
        command,
        input=program_input.encode("utf-8", "surrogateescape"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment(),
        timeout=TIMEOUT,
        check=False,
    )
    output = done.stdout.decode("utf-8", "backslashreplace").replace(f"{folder}/", "…/")
    if "Traceback (most recent call last)" in output:
        raise Mismatch(f"{' '.join(command)} printed a traceback:\n{output}")
    lines = [line.rstrip() for line in output.removesuffix("\n").split("\n")] if output else []
    return lines, done.returncode


def _cut(lines: list[str], steps: Sequence[Step]) -> list[list[str]]:
    """The output of a session by steps: what stands between the echoes of their inputs."""
    outputs: list[list[str]] = []
    at = 0
    while at < len(lines) and lines[at] != steps[0].echo[0] and " error: " not in f" {lines[at]}":
        at += 1  # what the options did, such as `--host`, is echoed too
    for number, step in enumerate(steps):
        if lines[at : at + len(step.echo)] != step.echo:
            seen = "\n".join(lines[at : at + 12])
            raise Mismatch(f"input {number + 1}, {step.heading[0]!r}, was not run; instead there is\n{seen}")
        start = at = at + len(step.echo)
        following = steps[number + 1].echo if number + 1 < len(steps) else None
        while at < len(lines) and (following is None or lines[at : at + len(following)] != following):
            at += 1
        outputs.append(lines[start:at])
    return outputs


def matches(expected: str, line: str) -> bool:
    """Whether a line is as expected; `…` there stands for anything."""
    if "…" not in expected:
        return expected == line
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), line) is not None


def all_match(expected: Sequence[str], output: Sequence[str]) -> bool:
    """Whether all lines are as expected; a lone `…` there stands for any number of them."""
    pattern = "".join(r"(?:.*\n)*" if e == "…" else ".*".join(map(re.escape, e.split("…"))) + "\n" for e in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in output)) is not None


def difference(steps: Sequence[Step], outputs: Sequence[list[str]]) -> str:
    """A diff of what was expected and what was printed, with the inputs between; "" if they match."""
    wanted: list[str] = []
    printed: list[str] = []
    for step, output in zip(steps, outputs, strict=True):
        wanted += [*step.heading, *step.expected]
        printed += [*step.heading, *_merged(step.expected, output)]
    return "\n".join(difflib.unified_diff(wanted, printed, "expected", "printed", lineterm="", n=6))


_ADDRESS = re.compile(r"(?<=@ )0x[0-9a-f]{16}\b|\b0x0000[5-7][0-9a-f]{11}\b|(?<=\+)0x[0-9a-f]+\b")


def _merged(expected: list[str], output: list[str]) -> list[str]:
    """The output, each line replaced by the expected one that it matches."""
    if all_match(expected, output):
        return expected
    merged: list[str] = []
    rest = iter(expected)
    same = len(expected) == len(output)
    for line in output:
        found = next(rest) if same else next((e for e in expected if "…" in e and matches(e, line)), line)
        merged.append(found if matches(found, line) else line)
    return merged


def _masked(lines: list[str]) -> list[str]:
    return [_ADDRESS.sub("0x…", line) for line in lines]


def check(steps: Sequence[Step], outputs: Sequence[list[str]], update: bool) -> None:
    """Compare what steps printed with what they say, or let them say it.

    Raises:
        Mismatch: with a diff.
    """
    if update:
        for step, output in zip(steps, outputs, strict=True):
            step.expected = _masked(_merged(step.expected, output))
        return
    problem = difference(steps, outputs)
    if problem:
        raise Mismatch(f"\n{problem}")


@dataclass
class Transcript:
    """A file of `tests/sessions`.

    Args:
        path: the file.
    """

    path: Path

    def __post_init__(self) -> None:
        lines = self.path.read_text("utf-8").splitlines()
        self.head = []
        while lines and lines[0].startswith("# "):
            self.head.append(lines.pop(0))
        self.steps = read_steps(lines)
        self.options = self._header("options").split()
        self.needs = self._header("needs").split()

    def _header(self, name: str) -> str:
        return next((h.removeprefix(f"# {name}: ") for h in self.head if h.startswith(f"# {name}: ")), "")

    def run(self, folder: Path, update: bool = False) -> None:
        """Run it and compare, or rewrite it."""
        check(self.steps, run_steps(self.steps, self.options, folder), update)
        if update:
            lines = [*self.head, *(line for step in self.steps for line in [*step.heading, *step.expected])]
            self.path.write_text("\n".join(lines) + "\n", "utf-8")


# Markdown


@dataclass
class Block:
    """A fenced block that can be run.

    Args:
        words: what stands behind the fence.
        start: the index of its first line in the file.
        end: that of the closing fence.
        steps: what is in it.
    """

    words: list[str]
    start: int
    end: int
    steps: list[Step]


class Markdown:
    """A markdown file with blocks that can be run.

    Args:
        path: the file; a line `<!-- needs: rustc -->` in it names what it cannot be run without.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = path.read_text("utf-8").splitlines()
        said = next((line for line in self.lines if line.startswith("<!-- needs: ")), "")
        self.needs = said.removeprefix("<!-- needs: ").removesuffix(" -->").split()
        self.blocks = list(self._read())

    def _read(self) -> Iterator[Block]:
        start, words = 0, None
        for index, line in enumerate(self.lines):
            if not line.startswith("```"):
                continue
            if words is None:
                start, words = index + 1, line[3:].split() or [""]
                continue
            inside = self.lines[start:index]
            if words[0] == "jitrepl":
                yield Block(words, start, index, read_steps(inside))
            elif words[0] == "console":
                yield Block(words, start, index, read_commands(inside))
            words = None

    def run(self, folder: Path, update: bool = False) -> None:
        """Run all blocks in their order and compare, or rewrite them."""
        for session in self._sessions():
            steps = [step for block in session for step in block.steps]
            words = session[0].words
            if words[0] == "console":
                outputs = [run_command(step.text, folder) for step in steps]
            else:
                outputs = run_steps(steps, words[2:], folder)
            check(steps, outputs, update)
        if update:
            for block in reversed(self.blocks):
                lines = [line for step in block.steps for line in [*step.heading, *step.expected]]
                self.lines[block.start : block.end] = lines
            self.path.write_text("\n".join(self.lines) + "\n", "utf-8")

    def _sessions(self) -> list[list[Block]]:
        """Blocks that run as one: console blocks alone, `jitrepl` blocks up to the next `new`."""
        sessions: list[list[Block]] = []
        current: list[Block] | None = None
        for block in self.blocks:
            if block.words[0] == "console":
                sessions.append([block])
            elif current is None or "new" in block.words:
                current = [block]
                sessions.append(current)
            else:
                current.append(block)
        return sessions


def read_commands(lines: Sequence[str]) -> list[Step]:
    """The steps of a console block.

    Raises:
        ValueError: if there is output before the first command.
    """
    steps: list[Step] = []
    goes_on = False
    for line in lines:
        if goes_on:
            steps[-1].text += "\n" + line
            steps[-1].heading.append(line)
        elif line.startswith("$ "):
            steps.append(Step(line[2:], [line]))
        elif not steps:
            raise ValueError(f"output before the first command: {line!r}")
        else:
            steps[-1].expected.append(line)
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return steps


def run_command(command: str, folder: Path) -> list[str]:
    """Run a line of shell; the lines it printed.

    Raises:
        Mismatch: if it ends with another status than its `# exit N` says.
    """
    said = re.search(r"# exit (\d+)$", command)
    lines, status = run(["bash", "-c", command], "", folder)
    if status != int(said[1] if said else 0):
        shown = "\n".join(lines)
        raise Mismatch(f"$ {command}\nended with status {status}\n{shown}")
    return lines
