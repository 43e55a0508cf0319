from __future__ import annotations

import pytest

from jitrepl.worker.crashes.overflow import overflowed

MAIN = """\
555500000000-555500001000 r-xp 00000000 00:00 0   /bin/program
7f0000000000-7f0000001000 ---p 00000000 00:00 0
7f0000001000-7f0000801000 rw-p 00000000 00:00 0
7f0000900000-7f0000a00000 r--p 00000000 00:00 0   /lib/library.so
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0   [stack]
"""
GUARD, THREAD, STACK = 0x7F00_0000_0000, 0x7F00_0000_1000, 0x7FFC_0000_0000
HANDLE = 0x7F00_0080_06C0  # of the thread with this stack


@pytest.mark.parametrize(
    ("address", "stack", "thread"),
    [
        (STACK - 8, STACK, 0),  # a call pushes
        (STACK - 4096, STACK + 16, 0),  # a new frame is filled
        (STACK - 100, STACK - (1 << 20), 0),  # in a frame that is larger than what was left
        (STACK - (100 << 20), STACK - (200 << 20), 0),
        (THREAD - 8, THREAD, HANDLE),
        (THREAD - 8, THREAD - 64, HANDLE),
        (GUARD - (1 << 20), GUARD - (2 << 20), HANDLE),  # wherever the large frame came to lie
    ],
)
def test_an_access_behind_the_end_of_a_stack(address: int, stack: int, thread: int) -> None:
    assert overflowed(MAIN, address, stack, thread)


@pytest.mark.parametrize(
    ("address", "stack", "thread"),
    [
        (0, STACK + 4096, 0),
        (8, THREAD + 4096, HANDLE),
        (0x1234_5678_9000, STACK + 4096, 0),
        (STACK - (1 << 30), STACK + 4096, 0),
        (GUARD - 8, THREAD + (4 << 20), HANDLE),
        (STACK + 16, STACK, 0),
        (0xFFFF_FFFF_FFFF_F000, STACK, 0),
        (0x5555_0000_0000, STACK + 4096, 0),
        (0, GUARD - (1 << 30), HANDLE),  # on a stack of the program's own
    ],
)
def test_other_accesses(address: int, stack: int, thread: int) -> None:
    assert not overflowed(MAIN, address, stack, thread)


@pytest.mark.parametrize("maps", ["", "garbage\n", "1-2\n"])
def test_without_mappings_nothing_is_said(maps: str) -> None:
    assert not overflowed(maps, STACK - 8, STACK, 0)
