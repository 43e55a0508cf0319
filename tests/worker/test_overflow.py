from __future__ import annotations

import pytest

from jitrepl.worker.overflow import overflowed

MAIN = """\
555500000000-555500001000 r-xp 00000000 00:00 0   /bin/program
7f0000000000-7f0000001000 ---p 00000000 00:00 0
7f0000001000-7f0000801000 rw-p 00000000 00:00 0
7f0000900000-7f0000a00000 r--p 00000000 00:00 0   /lib/library.so
7ffc00000000-7ffc00800000 rw-p 00000000 00:00 0   [stack]
"""
GUARD, THREAD, STACK = 0x7F00_0000_0000, 0x7F00_0000_1000, 0x7FFC_0000_0000


@pytest.mark.parametrize(
    ("address", "stack"),
    [
        (STACK - 8, STACK),  # a call pushes
        (STACK - 4096, STACK + 16),  # a new frame is filled
        (STACK - 100, STACK - (1 << 20)),  # in a frame that is larger than what was left
        (STACK - (100 << 20), STACK - (200 << 20)),
        (THREAD - 8, THREAD),
        (THREAD - 8, THREAD - 64),
        (0x7F00_0090_0010, 0x7F00_0090_0000),  # a large frame came to lie in a library
    ],
)
def test_an_access_behind_the_end_of_a_stack(address: int, stack: int) -> None:
    assert overflowed(MAIN, address, stack)


@pytest.mark.parametrize(
    ("address", "stack"),
    [
        (0, STACK + 4096),
        (8, THREAD + 4096),
        (0x1234_5678_9000, STACK + 4096),
        (STACK - (1 << 30), STACK + 4096),
        (GUARD - 8, THREAD + (4 << 20)),
        (STACK + 16, STACK),
        (0xFFFF_FFFF_FFFF_F000, STACK),
        (0x5555_0000_0000, STACK + 4096),
    ],
)
def test_other_accesses(address: int, stack: int) -> None:
    assert not overflowed(MAIN, address, stack)


@pytest.mark.parametrize("maps", ["", "garbage\n", "1-2\n"])
def test_without_mappings_nothing_is_said(maps: str) -> None:
    assert not overflowed(maps, STACK - 8, STACK)
