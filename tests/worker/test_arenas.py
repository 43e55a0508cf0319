"""Python's objects in a worker with copies lie in one place, which is used again."""

from __future__ import annotations

from pathlib import Path

from jitrepl import Session

HOST = """
from jitrepl import host


@host("i64 (i64)")
def hoard(count):
    return len([object() for _ in range(count)])


def deeper(count):
    return 1 + deeper(count - 1) if count else 0


@host("i64 (i64)")
def nest(count):
    return deeper(count)
"""
OBJECTS = 1_000_000
SIZE = 1 << 28


def reserved(process: int) -> int:
    """The largest range of addresses that a process has reserved and does not use, in bytes."""
    sizes = [0]
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        words = line.split()
        start, end = (int(word, 16) for word in words[0].split("-"))
        if words[1] == "---p" and len(words) == 5:
            sizes.append(end - start)
    return max(sizes)


def taken(process: int) -> int:
    """How many bytes of the place are in use: it ends with what nobody has asked for yet."""
    left = reserved(process)
    assert SIZE // 2 < left <= SIZE
    return SIZE - left


def test_arenas_come_from_one_place_and_go_back_there(tmp_path: Path) -> None:
    file = tmp_path / "hoard.py"
    file.write_text(HOST)
    with Session() as session:
        session.host(str(file))
        before = taken(session.pid)
        assert session.call("hoard", OBJECTS) == OBJECTS
        after = taken(session.pid)
        assert after - before > 10 * OBJECTS
        for _ in range(3):
            assert session.call("hoard", OBJECTS) == OBJECTS
        assert taken(session.pid) - after < (after - before) // 2


def test_what_frames_of_python_took_is_no_arena_later(tmp_path: Path) -> None:
    file = tmp_path / "hoard.py"
    file.write_text(HOST)
    with Session() as session:
        session.host(str(file))
        for _ in range(3):
            assert session.call("nest", 800) == 800
            assert session.call("hoard", OBJECTS) == OBJECTS


def test_without_copies_there_is_no_such_place() -> None:
    with Session(snapshots=False) as session:
        session.load("@g = global i32 0")
        assert reserved(session.pid) < SIZE // 2
