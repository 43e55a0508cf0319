from __future__ import annotations

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from jitrepl.shell.history import SuggestWhatWorked


def suggested(suggest: SuggestWhatWorked, text: str) -> str | None:
    history = InMemoryHistory()
    for earlier in (":call sum 1", ":call sum 1 2", "define i32 @f() {\n  ret i32 1\n}", ":call smu"):
        history.append_string(earlier)
    buffer = Buffer(history=history)
    found = suggest.get_suggestion(buffer, Document(text))
    return found.text if found else None


def test_the_last_line_that_begins_so_is_suggested() -> None:
    suggest = SuggestWhatWorked()
    assert suggested(suggest, ":call s") == "mu"
    assert suggested(suggest, "define i32 @g() {\n  re") == "t i32 1"
    assert suggested(suggest, "x") is None
    assert suggested(suggest, "a\n  ") is None


def test_what_failed_is_suggested_when_it_has_worked() -> None:
    suggest = SuggestWhatWorked()
    suggest.note(":call smu", failed=True)
    assert suggested(suggest, ":call s") == "um 1 2"
    suggest.note(":call smu", failed=False)
    assert suggested(suggest, ":call s") == "mu"
