from __future__ import annotations

import ctypes

import pytest
from steps import Steps, caller, constant

from jitrepl.worker.linking import redirect
from jitrepl.worker.process import symbol_address

NAKED = 'define i32 @f() naked {\n  call void asm sideeffect "mov $$1, %eax\\0Aret", ""()\n  unreachable\n}\n'


def value(address: int) -> int:
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


@pytest.fixture
def address(steps: Steps) -> dict[str, int]:
    steps.load("".join(constant(name, number) for number, name in enumerate("abc")))
    return {name: steps.engine.dylib.lookup(name) for name in "abc"}


def test_calls_of_a_redirected_function_reach_the_other_one(address: dict[str, int]) -> None:
    assert redirect.can_redirect(address["a"])
    redirect.redirect(address["a"], address["b"])
    assert value(address["a"]) == value(address["b"]) == 1
    redirect.redirect(address["a"], address["c"])
    assert redirect.can_redirect(address["a"])
    assert value(address["a"]) == 2


def test_each_redirection_can_be_taken_back(address: dict[str, int]) -> None:
    first = redirect.redirect(address["a"], address["b"])
    second = redirect.redirect(address["a"], address["c"])
    redirect.restore(address["a"], second)
    assert value(address["a"]) == 1
    redirect.restore(address["a"], first)
    assert value(address["a"]) == 0


def test_code_stays_executable_and_is_not_writable(address: dict[str, int]) -> None:
    redirect.redirect(address["a"], address["b"])
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            if start <= address["a"] < end:
                assert line.split()[1] == "r-xp"
                return
    pytest.fail("the code is in no mapping")


@pytest.mark.parametrize(
    "text", [NAKED, "define i32 @f() prefix i32 1 { ret i32 1 }\n", "define i32 @f() prologue i8 144 { ret i32 1 }\n"]
)
def test_a_function_without_room_for_a_jump_is_replaced_by_compiling_its_callers_again(steps: Steps, text: str) -> None:
    steps.load(text + caller("use", "f"))
    assert steps.call("use") == 1
    assert not redirect.can_redirect(steps.engine.dylib.lookup("f"))
    for number in (2, 3):
        steps.load(constant("f", number))
        assert steps.calls("use", "f") == [number, number]
    steps.load(text)
    assert steps.calls("use", "f") == [1, 1]


def test_code_of_others_has_no_room() -> None:
    labs = symbol_address("labs")
    assert labs
    assert not redirect.can_redirect(labs)


def test_a_jump_within_16_bytes_reaches_the_room_in_front() -> None:
    distance = int.from_bytes(redirect._JUMP[1:], "little", signed=True)
    assert len(redirect._JUMP) <= len(redirect.PROLOGUE)
    assert len(redirect._JUMP) + distance == -len(redirect.PREFIX)
