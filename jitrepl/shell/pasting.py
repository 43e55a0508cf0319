"""Take the prompts off a pasted text: a transcript of the documentation, or what stood on the screen."""

from __future__ import annotations

from jitrepl.shell.inputs import IR, Splitter

_PROMPTS = (("> ", ". "), ("jitrepl> ", "     ... "))
"""What stands in front of an input's first line and of its others: in transcripts, and on the screen."""


def without_prompts(text: str) -> str:
    """A text without its prompts and what was printed between, if it begins with one; else as it is.

    Args:
        text: what was pasted; no line of IR begins with a prompt.
    """
    for first, further in _PROMPTS:
        if text.lstrip().startswith(first):
            inputs = _inputs(text, first, further)
            return "\n".join(line for number, lines in enumerate(inputs) for line in _apart(inputs, number, lines))
    return text


def _inputs(text: str, first: str, further: str) -> list[list[str]]:
    """The lines of each input of a transcript."""
    inputs: list[list[str]] = []
    goes_on = False
    for line in text.replace("\r\n", "\n").split("\n"):
        begin = line.lstrip() if not inputs else line
        if begin.startswith(first) or begin == first.rstrip():
            inputs.append([begin[len(first) :]])
            goes_on = True
        elif goes_on and (line.startswith(further) or line == further.rstrip()):
            inputs[-1].append(line[len(further) :])
        else:
            goes_on = False  # what was printed
    return [lines for lines in inputs if any(lines)]


def _apart(inputs: list[list[str]], number: int, lines: list[str]) -> list[str]:
    """The lines of an input, with what keeps it apart from the IR before it."""
    return [":next", *lines] if number and _is_ir(inputs[number - 1]) and _is_ir(lines) else lines


def _is_ir(lines: list[str]) -> bool:
    splitter = Splitter()
    found = [item for line in lines for item in splitter.feed(line)]
    return not found and isinstance(next(splitter.finish(), None), IR)
