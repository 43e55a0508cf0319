from __future__ import annotations

from pathlib import Path
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
    Symbol("answer", "variable", "i32", "a.ll", "lazy"),
    Symbol("_ZN4shop3addEii", "function", "i32 (i32, i32)", "b.bc", "lazy", "shop::add(int, int)"),
]


def offered(line: str) -> list[str]:
    session: Any = SimpleNamespace(
        symbols_by_name={symbol.name: symbol for symbol in SYMBOLS},
        files=lambda: ("lib/a.ll",),
        module_names=lambda: ("lib/a.ll", "input 2"),
    )
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


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (":trace ", [":trace on", ":trace off"]),
        (":set und", [":set undo-depth", ":set undo-memory"]),
        (":help ke", [":help keys"]),
        (":reload lib", [":reload lib/a.ll"]),
        (
            ":unload ",
            [
                ":unload add",
                ':unload "twice(int)"',
                ":unload answer",
                ':unload "shop::add(int, int)"',
                ":unload lib/a.ll",
                ":unload input 2",
            ],
        ),
        (":dump input", [":dump input 2"]),
        (":dump an", [":dump answer"]),
        (":call a", [":call add"]),
        (":call add @a", [":call add @add", ":call add @answer"]),
        (":call add ", []),
        (':call "i32 (i32)" a', [':call "i32 (i32)" add']),
        (':call "twice(int)" 1 @an', [':call "twice(int)" 1 @answer']),
        ("define void @f() {\n  %r = cal", ["define void @f() {\n  %r = call", "define void @f() {\n  %r = callbr"]),
        (
            "define void @f() {\n  %r = tail cal",
            ["define void @f() {\n  %r = tail call", "define void @f() {\n  %r = tail callbr"],
        ),
        ("%r = fnm", []),
    ],
)
def test_what_is_offered_fits_its_place(line: str, lines: list[str]) -> None:
    assert offered(line) == lines


def test_files_are_offered_for_saving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work 1.jitrepl").touch()
    assert offered(":save wo") == [":save work\\ 1.jitrepl"]
