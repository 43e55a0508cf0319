from __future__ import annotations

from pathlib import Path

from jitrepl import Session
from jitrepl.worker.mappings import runs

MAPS = """\
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7f0000001000-7f0000002000 r--p 00000000 00:00 0
7f0000002000-7f0000003000 r-xp 00000000 00:00 0
7f0000003000-7f0000004000 r--p 00000000 00:00 0
7f0000004000-7f0000005000 rw-p 00000000 00:00 0
7f0000005000-7f0000006000 r--p 00000000 00:00 0
7f0000007000-7f0000008000 r-xp 00000000 00:00 0
7f0000008000-7f0000009000 r--p 00000000 08:01 99 /usr/lib/x.so
7f0000009000-7f000000a000 r-xp 00000000 00:00 0 [vdso]
7f000000b000-7f000000c000 r-xp 00000000 00:00 0
7f000000c000-7f000000d000 r--p 00000000 00:00 0
"""


def test_ranges_are_of_neighbours_that_belong_to_no_file_and_nobody_writes_to() -> None:
    found = [(start & 0xFFFFF, end & 0xFFFFF) for start, end in runs(MAPS.splitlines())]
    assert found == [(0x1000, 0x4000), (0xB000, 0xD000)]


def test_many_modules_are_few_mappings(session: Session) -> None:
    session.start()

    def mappings() -> int:
        return len(Path(f"/proc/{session.pid}/maps").read_text().splitlines())

    session.load("define i32 @f() { ret i32 0 }")
    session.call("f")
    before = mappings()
    for number in range(1, 121):
        session.load(f"define i32 @f{number}() {{ ret i32 {number} }}")
        assert session.call(f"f{number}") == number
    assert mappings() < before + 120
    assert session.call("f") == 0
