"""The prompt: what prompt_toolkit does for a line that the user types.

Drawn before LLVM is loaded: the worker loads it while the libraries here are imported and the user types.
"""

from __future__ import annotations

import gc
import os
import sys
from _thread import allocate_lock, start_new_thread

from jitrepl import __version__
from jitrepl.folders import state_folder
from jitrepl.shell.output import OutputLost
from jitrepl.shell.shell import Shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_toolkit import PromptSession

    from jitrepl.records import Record
    from jitrepl.shell.session import Session

PROMPT = "jitrepl> "
CONTINUATION = "     ... "


def run_prompt(shell: Shell, inputs: Iterable[Record]) -> int:
    """Run these inputs, then what the user types, until they leave.

    Returns:
        The exit status: 0, unless LLVM could not be loaded.
    """
    banner = Banner(shell)
    prompt = make_prompt(shell)
    from jitrepl.shell.pasting import without_prompts
    from jitrepl.shell.terminal import Terminal

    if sys.stdin.isatty():
        shell.tidy_up = Terminal().restore
    banner.finish()
    gc.enable()
    shell.run_all(inputs)
    while not shell.leaving:
        shell.tidy_up()
        shell.output.fresh_line(mark=False)  # the terminal echoes what is typed while no prompt is there
        prompt.bottom_toolbar = None
        try:
            text = prompt.prompt(pre_run=lambda: _while_typing(shell))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        except OSError as problem:
            raise OutputLost(problem) from None
        if text.strip():
            before = shell.failures
            try:
                shell.run_text(without_prompts(text))
            except KeyboardInterrupt:
                shell.output.lines([])
            prompt.auto_suggest.note(text, failed=shell.failures > before)  # type: ignore[union-attr]
    return 0


def _while_typing(shell: Shell) -> None:
    """What is done while the user types."""
    _settle_soon(shell.session)
    _look_at_files(shell)


_LOOK_EVERY = 0.3
"""How often watched files are looked at, in seconds."""


def _look_at_files(shell: Shell) -> None:
    """While the user types: load watched files again when they change."""
    if not shell.session.watch.paths:
        return
    from asyncio import sleep

    from prompt_toolkit.application import get_app, run_in_terminal

    async def look() -> None:
        while True:
            await sleep(_LOOK_EVERY)
            if shell.session.watch.changes():
                await run_in_terminal(shell.load_changed)

    get_app().create_background_task(look())


def _settle_soon(session: Session) -> None:
    """While the user types, let go of copies of the worker that newer ones have replaced."""
    from asyncio import sleep

    from prompt_toolkit.application import get_app

    async def settle() -> None:
        for seconds in _SETTLING:
            await sleep(seconds)
            if session.settle():
                break

    get_app().create_background_task(settle())


_SETTLING = (0.1, 0.3, 1, 3)
"""The copy of the last input is made within a few milliseconds; that a large process is gone may take longer."""


class Banner:
    """The first line on the screen. A thread waits for the worker, so that nothing else has to.

    Args:
        shell: whose session is started.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._printed = allocate_lock()
        self._printed.acquire()
        self._problem: Exception | None = None
        start_new_thread(self._wait, ())

    def _wait(self) -> None:
        try:
            started = self._shell.session.start()
            self._print(f"LLVM {started.llvm}, {started.triple}")
        except Exception as problem:
            self._problem = problem
        finally:
            self._printed.release()

    def _print(self, versions: str) -> None:
        try:
            os.write(sys.stdout.fileno(), f"jitrepl {__version__}, {versions}. `:help` lists the commands.\n".encode())
        except OSError as problem:
            raise OutputLost(problem) from None

    def finish(self) -> None:
        """Let the prompt be drawn; the worker has had as long as the imports took.

        Raises:
            JitreplError: if the worker could not start.
            OutputLost: if nothing can be written.
        """
        self._printed.acquire()
        if self._problem:
            raise self._problem


def make_prompt(shell: Shell) -> PromptSession[str]:
    """A prompt with highlighting, completion, history and lines that know when an input is complete."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.layout.processors import TabsProcessor
    from prompt_toolkit.lexers import PygmentsLexer
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.styles import Style

    from jitrepl.shell.completion import SessionCompleter
    from jitrepl.shell.history import ForgivingHistory, SuggestWhatWorked
    from jitrepl.shell.keys import key_bindings
    from jitrepl.shell.lexer import STYLE, IRLexer

    path = history_path()
    prompt: PromptSession[str]

    def tell(text: str) -> None:
        prompt.bottom_toolbar = text or None

    def write_continuation() -> None:
        prompt.output.write(CONTINUATION)
        prompt.output.flush()

    prompt = PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation=_continuation,
        lexer=PygmentsLexer(IRLexer),
        style=Style.from_dict(STYLE),
        completer=SessionCompleter(shell.session),
        complete_while_typing=False,
        auto_suggest=SuggestWhatWorked(),
        history=ForgivingHistory(path) if path else InMemoryHistory(),
        key_bindings=key_bindings(tell, write_continuation),
        input_processors=[TabsProcessor(char1=" ", char2=" ")],
        include_default_pygments_style=False,
        enable_suspend=True,
        color_depth=None if shell.output.colour else ColorDepth.MONOCHROME,
    )
    return prompt


def _continuation(width: int, line_number: int, wrap_count: int) -> str:
    """What stands before a further line; nothing before the rest of one that is too long for the window."""
    return " " * width if wrap_count else CONTINUATION


def history_path() -> str | None:
    """The file in which the history is kept; None if it cannot be."""
    folder = state_folder()
    path = os.path.join(folder, "history")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(path, "ab"):
            return path
    except OSError:
        return None
