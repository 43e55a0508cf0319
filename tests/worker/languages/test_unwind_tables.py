from __future__ import annotations

import ctypes
from struct import pack, unpack_from

import pytest

from jitrepl.worker.engine import Engine
from jitrepl.worker.languages.unwind_tables import close_gaps
from jitrepl.worker.owned import parse

SOURCE = "define void @f() uwtable { ret void }\ndefine void @g() uwtable { ret void }"


def alignments(data: bytes) -> dict[bytes, int]:
    """The alignment of each section of an object."""
    (table,) = unpack_from("<Q", data, 0x28)
    size, count, names = unpack_from("<HHH", data, 0x3A)
    (strings,) = unpack_from("<Q", data, table + names * size + 24)
    found = {}
    for at in range(table, table + count * size, size):
        start = strings + unpack_from("<I", data, at)[0]
        found[data[start : data.index(b"\0", start)]] = unpack_from("<Q", data, at + 48)[0]
    return found


@pytest.fixture
def object_file(engine: Engine) -> bytes:
    module, _ = parse(SOURCE.encode(), "f")
    assert module is not None
    return engine.jit.object_of(module)


def test_the_records_of_an_object_may_lie_side_by_side(object_file: bytes) -> None:
    data = ctypes.create_string_buffer(object_file, len(object_file))
    before = alignments(data.raw)
    assert before[b".eh_frame"] == 8
    close_gaps(ctypes.addressof(data), len(object_file))
    assert alignments(data.raw) == {**before, b".eh_frame": 4}


@pytest.mark.parametrize("length", [0, 10, 64, 200, -64, -1])
def test_what_is_no_whole_object_is_left_alone(object_file: bytes, length: int) -> None:
    part = object_file[:length]
    data = ctypes.create_string_buffer(part, len(part) + 1)
    close_gaps(ctypes.addressof(data), len(part))
    assert data.raw[:-1] == part


@pytest.mark.parametrize("field", [(0x28, "<Q", 1 << 40), (0x3A, "<H", 40), (0x3E, "<H", 0xFFFF)])
def test_headers_that_lie_are_not_followed(object_file: bytes, field: tuple[int, str, int]) -> None:
    at, form, value = field
    broken = bytearray(object_file)
    broken[at : at + len(pack(form, value))] = pack(form, value)
    data = ctypes.create_string_buffer(bytes(broken), len(broken))
    close_gaps(ctypes.addressof(data), len(broken))
    assert data.raw == bytes(broken)
