from __future__ import annotations

import pytest

from jitrepl.shell.pasting import without_prompts

BODY = "define i32 @f() {\n  ret i32 1\n\n}"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("> define i32 @f() {\n.   ret i32 1\n.\n. }", BODY),
        ("  > define i32 @f() {\n.   ret i32 1\n. \n. }\n", BODY),
        ("jitrepl> define i32 @f() {\n     ...   ret i32 1\n     ... \n     ... }\n", BODY),
        ("jitrepl> :call f\njitrepl> ", ":call f"),
        ("> :call f\r\ni32 1\r\n> :again\r\n", ":call f\n:again"),
    ],
)
def test_prompts_and_what_was_printed_go(text: str, plain: str) -> None:
    assert without_prompts(text) == plain


def test_inputs_stay_apart() -> None:
    text = "> @a = global i8 0\ndefined @a\n> @a = global i8 1\n> :call f\n> @b = global i8 0\n"
    assert without_prompts(text) == "@a = global i8 0\n:next\n@a = global i8 1\n:call f\n@b = global i8 0"


@pytest.mark.parametrize("text", ["", BODY, ":call f\n", "i32 > 1\n. x", "; > x\n> y", "<{ i8 }>"])
def test_a_text_without_prompts_stays_as_it_is(text: str) -> None:
    assert without_prompts(text) == text
