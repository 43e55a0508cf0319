from __future__ import annotations

import pytest

from jitrepl.shell.mistakes import hint_for


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("exit", "to leave: `:quit`, or Ctrl-D"),
        ("quit()", "to leave: `:quit`, or Ctrl-D"),
        ("help", "`:help` lists the commands"),
        ("?", "`:help` lists the commands"),
        ("}", "there is nothing to close: the input before it was complete"),
        ("// c", "a comment begins with `;`"),
        ("//c", "a comment begins with `;`"),
        ("# c", "a comment begins with `;`"),
        ("f(1)", "to call a function: `:call f(1)`"),
        ("my_f(1, 2)", "to call a function: `:call my_f(1, 2)`"),
        ("1+2", "IR has instructions in place of expressions: `add i32 1, 2`"),
        ("x = 1", "IR has instructions in place of expressions: `add i32 1, 2`"),
        ("ls -l", "to run it in a shell: `!ls -l`"),
        ("import x", "this looks like Python: a file of host functions is loaded by `:host FILE.py`"),
        ("print(1)", "this looks like Python: a file of host functions is loaded by `:host FILE.py`"),
        ("define i32 @f()", ""),
        ("%x = foo", ""),
        ("5", "IR has instructions in place of expressions: `add i32 1, 2`"),
        ("", ""),
        ("int main() {\n}", ""),
    ],
)
def test_what_is_typed_at_other_prompts_gets_the_next_step(text: str, hint: str) -> None:
    assert hint_for(text) == hint
