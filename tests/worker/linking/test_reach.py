from __future__ import annotations

import pytest
from steps import Steps, caller, constant

from jitrepl.errors import UndefinedError

TEXT = """
declare i32 @aaa()
declare i32 @zzz()
@table = global [1 x ptr] [ptr @zzz]
define internal i32 @middle() {
  %f = load ptr, ptr @table
  %r = call i32 %f()
  ret i32 %r
}
"""


@pytest.fixture
def lacking(steps: Steps) -> Steps:
    steps.load(TEXT + caller("one", "aaa") + caller("two", "middle") + constant("three", 3))
    return steps


def failure(steps: Steps, name: str) -> UndefinedError:
    with pytest.raises(UndefinedError) as caught:
        steps.call(name)
    return caught.value


def test_what_the_call_leads_to_comes_first(lacking: Steps) -> None:
    assert failure(lacking, "one").message.splitlines() == [
        "Symbols not found: [ aaa, zzz ]",
        "  @aaa is used by @one of <input 1>",
        "  @zzz is used by <input 1>, not on the way from @one",
    ]
    assert failure(lacking, "two").message.startswith("Symbols not found: [ zzz, aaa ]\n  @zzz is used by <input 1>\n")


def test_the_way_goes_through_other_modules(lacking: Steps) -> None:
    lacking.load(caller("outer", "one"))
    assert failure(lacking, "outer").message.startswith("Symbols not found: [ aaa, zzz ]")


def test_what_needs_none_of_them_is_told_why_it_cannot_be_called(lacking: Steps) -> None:
    hint = failure(lacking, "three").hint
    assert hint.startswith("@three refers to none of them, but its module is linked as a whole\n")
    lacking.load(constant("aaa", 1))
    assert failure(lacking, "three").hint.startswith("@three does not refer to it, but its module is linked")
    lacking.load(constant("zzz", 1))
    assert lacking.calls("one", "two", "three") == [1, 1, 3]
