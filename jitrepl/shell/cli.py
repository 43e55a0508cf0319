"""The command line: what to run, in which order, and the exit status."""

from __future__ import annotations

import gc
import os
import sys

from jitrepl import __version__
from jitrepl.errors import Finished, JitreplError, UsageError
from jitrepl.shell.inputs import CommandLine, Path, Script, Splitter, split_inputs
from jitrepl.shell.options import Options, help_text, read_options
from jitrepl.shell.output import Output, OutputLost
from jitrepl.shell.render import render_error, render_note
from jitrepl.shell.script import read_lines
from jitrepl.shell.session import Session
from jitrepl.shell.settings import FLAGS, Limits, read_flags
from jitrepl.shell.shell import Shell, as_told
from jitrepl.shell.sources import is_script, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.records import Record
    from jitrepl.shell.client import Worker

OK, INTERRUPTED = 0, 130


def run(arguments: list[str], worker: Worker | None) -> int:
    """Run `jitrepl` with these arguments.

    Args:
        arguments: without the program's name.
        worker: a worker that was just started, if it could be.

    Returns:
        The exit status.
    """
    try:
        options = read_options(arguments)
    except JitreplError as problem:
        Output().lines(render_error(problem))
        return problem.exit_status
    if options.help:
        Output().text(help_text())
        return OK
    output = Output(options.color, options.quiet or options.run)  # standard error is the program's, too
    if options.debugger != "none":
        return _run_in_debugger(options.debugger, arguments, worker, output)
    if options.interactive and not sys.stdin.isatty():
        output.lines(render_error(UsageError("-i wants a terminal on standard input", "name the files instead of -")))
        return UsageError.exit_status
    interactive = _opens_prompt(options) and not options.run
    # A script that stops at its first error has no use for snapshots, and does not pay for them.
    snapshots = (interactive or options.keep_going) and not options.no_snapshots
    # A program may ask for more memory than the machine has, and not use it; alone, nothing would keep it from that.
    memory = options.memory if options.memory is not None or not options.run else 0
    session = Session(
        llvm_options=options.llvm,
        worker=worker,
        warm_up=interactive,
        snapshots=snapshots,
        dies_with_shell=True,
        goes_on=interactive or options.keep_going,
        limits=Limits(options.timeout, memory, trace=options.trace),
        program=options.run,
    )
    shell = Shell(session, output, options.echo, options.keep_going, interactive)
    session.tell_notes_to(shell.note)
    session.on_diagnostics = shell.diagnostics
    session.library_folders = tuple(options.library_path)
    try:
        for name in FLAGS:
            if given := getattr(options, name):
                setattr(session.compilation, name, read_flags(" ".join(given)))
        if options.run:
            from jitrepl.shell.programs import run_files

            return run_files(session, options, output)
        if options.version:
            return _print_version(session, output)
        if interactive:
            from jitrepl.shell.prompt import run_prompt

            return run_prompt(shell, _given(options))
        gc.enable()
        session.start()
        shell.run_all(_given(options))
        return shell.status
    except Finished:
        return OK
    except JitreplError as problem:
        output.lines(render_error(problem))
        return problem.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        session.close(wait=False)


def give_up(problem: Exception) -> int:
    """Say on standard error, which may still be there, why there is nothing more to do; the exit status."""
    if isinstance(problem, OutputLost):  # closed, or full
        if isinstance(problem.problem, BrokenPipeError):
            return 1  # whoever read our output has enough
        text = f"standard output cannot be written: {problem}"
    else:
        text = str(as_told(problem))
    try:
        os.write(2, f"error: {text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass
    return 1


def _run_in_debugger(name: str, arguments: list[str], worker: Worker | None, output: Output) -> int:
    from jitrepl.shell.debuggers import launch

    if worker:
        worker.close()
    output.remarks(render_note("`break NAME` sets a breakpoint, even in code that is not loaded yet; `run` starts it"))
    try:
        launch(name, arguments)
    except JitreplError as problem:
        output.lines(render_error(problem))
        return problem.exit_status
    return OK


def _opens_prompt(options: Options) -> bool:
    if options.interactive:
        return True
    script = options.execute or "-" in options.files or options.version
    return not script and sys.stdin.isatty() and sys.stdout.isatty()


def _given(options: Options) -> Iterator[Record]:
    """The inputs that the command line names, in their order."""
    for path in options.lib:
        yield CommandLine(f":lib {_shell_quoted(path)}")
    for path in options.host:
        yield CommandLine(f":host {_shell_quoted(path)}")
    for path in options.files:
        yield from _standard_input() if path == "-" else _file(path)
    for text in options.execute:
        yield from split_inputs(text.split("\n"))
    if not (options.files or options.execute or sys.stdin.isatty()):
        yield from _standard_input()


def _standard_input() -> Iterator[Record]:
    splitter = Splitter()
    for line in read_lines(0):
        yield from splitter.feed(line)
    yield from splitter.finish()


def _file(path: str) -> Iterator[Record]:
    """A file of the command line: a script, or what is to be loaded."""
    try:
        data = read_source(path)
    except JitreplError:
        yield Path(path)  # fails again where errors are told
    else:
        yield Script(path, data) if is_script(path, data) else Path(path, data)


def _shell_quoted(path: str) -> str:
    from shlex import quote

    return quote(path)


def _print_version(session: Session, output: Output) -> int:
    started = session.start()
    output.text(f"jitrepl {__version__}, LLVM {started.llvm}, {started.triple}\n")
    return OK
