"""Run inputs one after the other: read, do, print. The prompt and scripts both go through here."""

from __future__ import annotations

import os

from jitrepl import __version__, messages
from jitrepl.errors import CompileError, InternalError, Interrupted, IRError, JitreplError, UsageError
from jitrepl.shell.commands import run_command
from jitrepl.shell.commands.registry import Leave
from jitrepl.shell.inputs import (
    IR,
    CommandLine,
    Inputs,
    Look,
    Path,
    Script,
    Statement,
    numbered_inputs,
    split_inputs,
)
from jitrepl.shell.output import Output, OutputLost
from jitrepl.shell.render import render, render_error, render_note
from jitrepl.shell.session import Session
from jitrepl.shell.sources import full_path, is_script, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jitrepl.records import Record

_DEEPEST = 50
"""How deep scripts may load scripts."""


def as_told(problem: Exception) -> JitreplError:
    """What the user reads of an exception: one that nobody expected comes with what a report of it needs.

    Raises:
        OutputLost: if it is one, for then nobody reads anything.
    """
    if isinstance(problem, OutputLost):
        raise problem
    if isinstance(problem, JitreplError):
        return problem
    import platform
    import traceback

    trace = "".join(traceback.format_exception(problem)).rstrip()
    versions = f"jitrepl {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return InternalError(f"{trace}\n{versions}", "please report this")


class _Place:
    """How far a script is.

    Args:
        file: its real path.
        path: its name, as the user gave it.
    """

    def __init__(self, file: str, path: str) -> None:
        self.file = file
        self.path = path
        self.line = 0

    def locate(self, problem: JitreplError) -> None:
        """Make an error begin with the place in the script: `work.jitrepl:3:8: error: …`."""
        place, marker, reason = problem.message.partition(" error: ")
        parts = place.split(":")
        if marker and place.startswith("<input ") and len(parts) == 4:  # `<input 2>:1:8:`, of LLVM's parser
            problem.message = f"{self.path}:{self.line + int(parts[1]) - 1}:{parts[2]}: error: {reason}"
        elif not isinstance(problem, Interrupted):
            problem.message = f"{self.path}:{self.line}: error: {problem.message}"


class Shell:
    """A session with somewhere to print.

    Args:
        session: what runs the inputs; its notes are printed as they come.
        output: where to print.
        echo: whether to print each input before it runs, so that the output reads as a transcript.
        keep_going: whether the inputs after one that failed are run.
        interactive: whether they are run all the same where they come from a prompt.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        echo: bool = False,
        keep_going: bool = False,
        interactive: bool = False,
    ) -> None:
        self.session = session
        self.output = output
        self.status = 0
        self.failures = 0
        self.leaving = False
        self.interrupted = False
        self.tidy_up: Callable[[], object] = lambda: None
        """Called when an input has run, before anything is printed of it."""
        self._echo = echo
        self._keep_going = keep_going
        self._interactive = interactive
        self._scripts: list[_Place] = []

    def note(self, text: str) -> None:
        """Print a remark of the session."""
        self.output.fresh_line()
        self.output.remarks(render_note(text))

    def diagnostics(self, text: str) -> None:
        """Print what a compiler has printed about a source that it compiled."""
        if not self.output.quiet:
            self.output.fresh_line()
            self.output.diagnostics(text)

    def run_all(self, inputs: Iterable[Record]) -> bool:
        """Run inputs until one fails (unless `keep_going`), is interrupted, or leaves; whether the rest may run."""
        self.interrupted = False
        try:
            for item in inputs:
                done = self.run(item)
                if self.leaving or self.interrupted or not (done or self._keep_going or self._interactive):
                    return False
        except Exception as problem:  # of what cuts a text into inputs
            self.fail(as_told(problem))
            return False
        return True

    def run_script(self, path: str, data: bytes) -> bool:
        """Run the inputs of a script, until one fails (unless `keep_going`); whether none did, or all may.

        Args:
            path: its name, as the user gave it; errors name it, and the line.
            data: its content.
        """
        file = os.path.realpath(full_path(path))
        if file in [script.file for script in self._scripts]:
            self.fail(UsageError(f"{path} would load itself again and again", "take that line out of it"))
            return False
        if len(self._scripts) == _DEEPEST:
            self.fail(UsageError(f"scripts that load scripts are {_DEEPEST} deep", "load the rest from here"))
            return False
        place = _Place(file, path)
        self._scripts.append(place)
        inputs = numbered_inputs(data.decode("utf-8", "surrogateescape").split("\n"))
        try:
            for place.line, item in inputs:
                if not self._goes_on(self.run(item)):
                    if self._interactive and not self.leaving and next(inputs, None):
                        self.note(f"the rest of {path} was not run")
                    return False
            return True
        finally:
            self._scripts.pop()

    def _goes_on(self, done: bool) -> bool:
        """Whether a script goes on after an input."""
        return not (self.leaving or self.interrupted) and (done or self._keep_going)

    def run_text(self, text: str) -> bool:
        """Run the inputs in a text, as `run_all`."""
        return self.run_all(split_inputs(text.split("\n")))

    def run(self, item: Record) -> bool:
        """Run one input and print what comes of it; whether it succeeded."""
        try:
            return self._run(item)
        except Exception as problem:  # a mistake of jitrepl's own ends no session
            self.fail(as_told(problem))
            return False

    def _run(self, item: Record) -> bool:
        if isinstance(item, Script):
            return self.run_script(item.path, item.data)
        if self._echo:
            self._print_input(item)
        self.output.flush()
        self.load_changed()
        try:
            result = self._do(item)
            self.tidy_up()
        except JitreplError as problem:
            if not self.session.ended:  # else the terminal is a debugger's by now
                self.tidy_up()
            self.output.fresh_line(mark=not isinstance(problem, Interrupted))  # the terminal shows ^C itself
            for done in problem.before:
                self._show(done)  # type: ignore[arg-type]
            self.fail(problem)
            return False
        if isinstance(result, Script):
            return self.run_script(result.path, result.data)
        if isinstance(result, Inputs):
            return all(self._goes_on(self.run(part)) for part in result.items)
        if isinstance(result, Leave):
            self.leaving = True
        self.output.fresh_line()
        self._show(result)
        return True

    def load_changed(self) -> None:
        """Load the watched files again that have changed."""
        for path in self.session.watch.changed():
            try:
                for loaded in self.session.reload(path):
                    self._show(loaded)
            except Exception as problem:
                self.fail(as_told(problem))

    def _show(self, result: Record) -> None:
        for line in render(result, remarks=self.output.terminal, width=self.output.width):
            if line.result:
                self.output.lines([line])
            else:
                self.output.remarks([line])

    def fail(self, problem: JitreplError) -> None:
        """Print an error and remember the exit status that it asks for."""
        self.failures += 1
        if self._scripts:
            self._scripts[-1].locate(problem)
        if isinstance(problem, CompileError):
            self.output.diagnostics(problem.diagnostics)
        self.output.lines(render_error(problem))
        self.interrupted = isinstance(problem, Interrupted)
        self.leaving = self.leaving or self.session.ended
        self.status = 130 if self.interrupted else max(self.status, 1)

    def _do(self, item: Record) -> Record:
        if isinstance(item, CommandLine):
            return run_command(self.session, item.text)
        if isinstance(item, IR):
            try:
                return self.session.add(item.text.encode("utf-8", "surrogateescape"))
            except IRError as problem:
                from jitrepl.shell.mistakes import misplaced

                problem.hint = problem.hint or misplaced(item.text, problem.message, self.session.symbols_by_name)
                raise
        if isinstance(item, Statement):
            try:
                return self.session.ask_evaluate(item.text)
            except IRError as problem:
                from jitrepl.shell.mistakes import without_colon

                problem.hint = without_colon(item.text, self.session.symbols_by_name) or problem.hint
                raise
        if isinstance(item, Look):
            return self.session.ask(messages.Show(item.text))
        assert isinstance(item, Path)
        path = item.text.strip('"')
        data = read_source(path) if item.data is None else item.data
        return Script(path, data) if is_script(path, data) else self.session.load_file(path, data)

    def _print_input(self, item: Record) -> None:
        text: str = getattr(item, "typed", "") or item.text  # type: ignore[attr-defined]
        first, *rest = text.split("\n")
        self.output.flush()
        self.output.text("\n".join([f"> {first}", *(f". {line}".rstrip() for line in rest), ""]))
