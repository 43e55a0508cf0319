from __future__ import annotations

import pytest

from jitrepl.errors import ArgumentError, JitreplError, UsageError
from jitrepl.shell.arguments import read_arguments
from jitrepl.shell.commands import COMMANDS


def read(line: str) -> list[object]:
    word, _, rest = line.partition(" ")
    return read_arguments(COMMANDS[word], rest.strip())


@pytest.mark.parametrize(
    ("line", "signature", "name", "literals"),
    [
        ("call sum 1 2", "", "sum", ("1", "2")),
        ("call @sum 1, 2", "", "sum", ("1", "2")),
        ("call sum(1, 2)", "", "sum", ("1", "2")),
        ("call sum ()", "", "sum", ("()",)),
        ("call f", "", "f", ()),
        ('call @"a name" 1', "", "a name", ("1",)),
        (r'call @"a\20name" 1', "", "a name", ("1",)),
        ('call "double (double)" cos 1.0', "double (double)", "cos", ("1.0",)),
        ('call "i32(i32)" abs -1', "i32(i32)", "abs", ("-1",)),
        ('call "{ i32, ptr } (ptr)" f null', "{ i32, ptr } (ptr)", "f", ("null",)),
        ('call "%T (i8)" @f 1', "%T (i8)", "f", ("1",)),
        ('call "add(int, int)" 1 2', "", "add(int, int)", ("1", "2")),
        ('call "ns::f(char const*)" "x"', "", "ns::f(char const*)", ('"x"',)),
        ('call "f() const"', "", "f() const", ()),
        ('call "int larger<int>(int)" true', "", "int larger<int>(int)", ("true",)),
        ('call "a name" 1', "", "a name", ("1",)),
        ('call "dubble (double)" cos 1.0', "dubble (double)", "cos", ("1.0",)),
        ('call printf "%d\\n" 5', "", "printf", ('"%d\\n"', "5")),
        ("call f (1, 2.5) [3]", "", "f", ("(1, 2.5)", "[3]")),
        ("call f <1, 2>", "", "f", ("<1, 2>",)),
    ],
)
def test_a_call_is_read_by_its_parts(line: str, signature: str, name: str, literals: tuple[str, ...]) -> None:
    assert read(line) == [signature, name, literals]


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("load a.ll", ("a.ll",)),
        ("load a.ll b.bc", ("a.ll", "b.bc")),
        ("load \"my file.ll\" 'other file.ll' third\\ one", ("my file.ll", "other file.ll", "third one")),
    ],
)
def test_paths_are_quoted_as_in_a_shell(line: str, paths: tuple[str, ...]) -> None:
    assert read(line) == [paths]


def test_flags_stand_behind_the_paths() -> None:
    assert read("load a.c b.c -- -O2 '-DX=a b'") == [("a.c", "b.c"), ("-O2", "-DX=a b")]
    assert read("load a.c --") == [("a.c",)]
    with pytest.raises(UsageError, match=":lib takes no `-- -O2`"):
        read("lib m -- -O2")


@pytest.mark.parametrize(
    ("line", "values"),
    [("trace \t on", ["on"]), ("undo\t 2", [2]), ("set \ttimeout\t5s", ["timeout", "5s"])],
)
def test_any_blanks_are_between_words(line: str, values: list[object]) -> None:
    command, rest = line.split(None, 1)
    assert read_arguments(COMMANDS[command], rest) == values


def test_text_is_the_rest_of_the_line() -> None:
    assert read("dump input 2") == ["input 2"]
    assert read("dump") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("call", ":call wants NAME: :call"),
        ("load", ":load wants PATH: :load PATH…"),
        ("quit now", ":quit takes no `now`"),
        ('load "a.ll', "no closing quotation"),
        ('call "double (double) cos', "closing quote is missing"),
        ('call @"a name 1', "closing quote is missing"),
        ("call f [1", "never closed"),
        ("undo 0", "a number from 1 is wanted, not 0"),
        ("undo " + "x" * 5000, "a number from 1 is wanted"),
        ("print", ":print wants WHAT: :print WHAT"),
        ("shell", ":shell wants LINE: :shell LINE"),
    ],
)
def test_what_does_not_fit_is_told(line: str, message: str) -> None:
    with pytest.raises(JitreplError, match=message) as caught:
        read(line)
    assert caught.type in (UsageError, ArgumentError)
