from __future__ import annotations

import ctypes
import os

import pytest

from jitrepl.worker.crashes.disassembly import around

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="machine code of x86-64")

TRIPLE = "x86_64-unknown-linux-gnu"
# xorl %eax, %eax; movl 8(%rdi), %eax; jmp to the beginning; ret; and what is no instruction
CODE = bytes.fromhex("31c0 8b4708 ebf9 c3 06 06")
buffer = ctypes.create_string_buffer(CODE)
START = ctypes.addressof(buffer)


def nameless(address: int) -> str:
    return ""


def test_the_instructions_before_and_behind() -> None:
    found = around(TRIPLE, START + 2, START, nameless)
    assert [(i.address - START, i.text) for i in found] == [
        (0, "xorl %eax, %eax"),
        (2, "movl 0x8(%rdi), %eax"),
        (5, f"jmp {START:#x}"),
        (7, "retq"),
    ]


def test_targets_have_their_names() -> None:
    found = around(TRIPLE, START + 5, START, lambda address: "loop" if address == START else "")
    assert [i.text for i in found][2] == "jmp loop"


def test_the_end_of_the_function_ends_it() -> None:
    found = around(TRIPLE, START + 2, START, nameless, START + 5)
    assert [i.address - START for i in found] == [0, 2]


def test_what_is_no_instruction_ends_it() -> None:
    assert around(TRIPLE, START + 8, START, nameless) == ()


def test_an_address_in_the_middle_of_an_instruction_is_one_all_the_same() -> None:
    found = around(TRIPLE, START + 1, START, nameless)
    assert found[0].address == START + 1


@pytest.mark.parametrize("address", [0, 8, 2**64 - 1])
def test_where_no_memory_is_there_are_none(address: int) -> None:
    assert around(TRIPLE, address, address, nameless) == ()


def test_an_unknown_machine_has_none() -> None:
    assert around("nonsense", START, START, nameless) == ()
