"""What the keys do at the prompt, besides what prompt_toolkit has them do."""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.filters import completion_is_selected, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.utils import is_dumb_terminal

from jitrepl.shell.completeness import ends_label, indent, is_complete, open_for
from jitrepl.shell.pasting import without_prompts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer

HOW_TO_END = "Alt-Enter runs this as it is, Ctrl-C drops it"


class Indentation:
    """The indentation that a new line was given: it makes way for what somebody types in its place."""

    def __init__(self) -> None:
        self._before = ""
        self._width = 0

    def insert(self, buffer: Buffer) -> None:
        """Begin a line, indented as the text before it asks for."""
        width = len(indent(buffer.document.text_before_cursor))
        buffer.insert_text("\n" + " " * width)
        self._before, self._width = buffer.document.text_before_cursor, width

    def give_way(self, buffer: Buffer) -> None:
        """Take it away again, if the cursor stands behind it and nothing was typed since."""
        if self._width and buffer.document.text_before_cursor == self._before:
            buffer.delete_before_cursor(self._width)
        self._width = 0


def key_bindings(tell: Callable[[str], object], continuation: Callable[[], object]) -> KeyBindings:
    """The bindings of the prompt.

    Args:
        tell: called with why an input goes on that may not be meant to, at each Enter; "" for no reason.
        continuation: called on a terminal that cannot draw, when another line of an input begins.
    """
    bindings = KeyBindings()
    typing = ~is_searching & ~completion_is_selected
    indentation = Indentation()

    @bindings.add("enter", filter=typing)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        document = buffer.document
        at_end = not document.text_after_cursor.strip()
        tell("")
        if document.line_count > 1 and not at_end:
            buffer.newline(copy_margin=True)
        elif is_complete(document.text):
            buffer.validate_and_handle()
        elif is_dumb_terminal():  # which shows no more than the last letter of what is inserted
            buffer.insert_text("\n")
            continuation()
        else:
            indentation.insert(buffer)
            reason = open_for(document.text)
            tell(f"{reason}: {HOW_TO_END}" if reason else "")

    @bindings.add("escape", "enter", filter=typing)
    def _(event: KeyPressEvent) -> None:
        tell("")
        event.current_buffer.validate_and_handle()

    @bindings.add("tab", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        # prompt_toolkit's own Tab works in the background: an Enter that is typed ahead would come first.
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_next()
            return
        asked = CompleteEvent(completion_requested=True)
        found = list(buffer.completer.get_completions(buffer.document, asked))
        if common := get_common_complete_suffix(buffer.document, found):
            buffer.insert_text(common)
        if len(found) > 1:
            buffer.start_completion()

    @bindings.add("}", filter=typing)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        line = buffer.document.current_line_before_cursor
        if line and not line.strip():
            buffer.delete_before_cursor(min(2, len(line)))
        buffer.insert_text("}")

    @bindings.add(":", filter=typing)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        line = buffer.document.current_line_before_cursor
        if line[:1] == " " and ends_label(buffer.document.text_before_cursor):
            buffer.delete_before_cursor(len(line))
            buffer.insert_text(line.lstrip())
        buffer.insert_text(":")

    @bindings.add(" ", filter=typing)
    def _(event: KeyPressEvent) -> None:
        indentation.give_way(event.current_buffer)
        event.current_buffer.insert_text(" ")

    @bindings.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        if text.lstrip() != text or "\n" in text.strip():
            indentation.give_way(event.current_buffer)
        event.current_buffer.insert_text(without_prompts(text))

    return bindings
