from __future__ import annotations

import pytest

from jitrepl.errors import UsageError
from jitrepl.shell.options import OPTIONS, Options, help_text, read_options


def read(*words: str) -> Options:
    return read_options(list(words))


def test_nothing_given() -> None:
    options = read()
    assert (options.files, options.execute, options.color, options.interactive) == ((), [], "auto", False)


def test_files_and_options_stand_in_any_order() -> None:
    assert read("a.ll", "-q", "b.bc", "-").files == ("a.ll", "b.bc", "-")


def test_everything_after_two_dashes_is_a_file() -> None:
    assert read("--", "-q", "--echo").files == ("-q", "--echo")


@pytest.mark.parametrize("words", [("-e", "x"), ("-ex",), ("--execute", "x"), ("--execute=x",)])
def test_a_value_may_be_given_in_each_of_these_ways(words: tuple[str, ...]) -> None:
    assert read(*words).execute == ["x"]


def test_values_collect_in_their_order() -> None:
    assert read("-e", ":a", "--host=x.py", "-e", ":b", "--host", "y.py").execute == [":a", ":b"]
    assert read("--llvm=-x", "--llvm", "-y").llvm == ("-x", "-y")


def test_a_value_may_begin_with_a_dash() -> None:
    assert read("-e", "-1").execute == ["-1"]


def test_short_options_may_be_joined() -> None:
    options = read("-qki")
    assert (options.quiet, options.keep_going, options.interactive) == (True, True, True)
    assert read("-qe:a").execute == [":a"]


def test_the_last_colour_wins() -> None:
    assert read("--color=never", "--color", "always").color == "always"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--ecko"], "no option --ecko", "did you mean --echo?"),
        (["-z"], "no option -z", "jitrepl --help"),
        (["-e"], "-e wants a value: -e INPUT", "jitrepl --help"),
        (["--quiet=yes"], "--quiet takes no value", "jitrepl --help"),
        (["--color=blue"], "--color is one of auto, always, never, not blue", ""),
    ],
)
def test_misuse_is_told_with_the_next_step(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_options(words)
    assert caught.value.message == message
    assert hint in caught.value.hint


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_the_help_names_every_option(option: object) -> None:
    assert all(name in help_text() for name in option.names)  # type: ignore[attr-defined]


def test_the_help_fits_a_terminal() -> None:
    assert max(map(len, help_text().splitlines())) <= 100
