from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from jitrepl.messages import Symbol
from jitrepl.shell.completion import SessionCompleter

SYMBOLS = [
    Symbol("add", "function", "i32 (i32)", "a.ll", "lazy"),
    Symbol("_Z5twicei", "function", "i32 (i32)", "b.bc", "lazy", "twice(int)"),
    Symbol("_ZN4shop3addEii", "function", "i32 (i32, i32)", "b.bc", "lazy", "shop::add(int, int)"),
]


def offered(line: str) -> list[str]:
    session: Any = SimpleNamespace(symbols_by_name={symbol.name: symbol for symbol in SYMBOLS})
    completer = SessionCompleter(session)
    document = Document(line)
    return [
        line[: len(line) + found.start_position] + found.text
        for found in completer.get_completions(document, CompleteEvent())
    ]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (":call tw", [':call "twice(int)"']),
        (':call "tw', [':call "twice(int)"']),
        (":call shop::a", [':call "shop::add(int, int)"']),
        (":call add", [":call add"]),
        (":call _Z5", [":call _Z5twicei"]),
        (":call @_Z5", [":call @_Z5twicei"]),
        (":call ", [":call add", ':call "twice(int)"', ':call "shop::add(int, int)"']),
        (":call @tw", []),
    ],
)
def test_names_are_offered_as_the_source_spells_them(line: str, lines: list[str]) -> None:
    assert offered(line) == lines
