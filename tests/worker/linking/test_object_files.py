from __future__ import annotations

import pytest

from jitrepl.worker.engine import Engine
from jitrepl.worker.linking.object_files import exported, size_in_memory
from jitrepl.worker.owned import parse

TEXT = """
module asm ".globl by_assembly"
module asm "by_assembly: ret"
@data = global [100 x i8] zeroinitializer
@hidden = internal global i32 1
@elsewhere = external global i32
define ptr @f() {
  ret ptr @elsewhere
}
define internal ptr @g() {
  ret ptr @hidden
}
"""


@pytest.fixture
def object_file(engine: Engine) -> bytes:
    module, message = parse(TEXT.encode(), "test")
    assert module, message
    return engine.jit.object_of(module)


def test_what_an_object_defines_for_others(object_file: bytes) -> None:
    assert exported(object_file) == {"by_assembly", "data", "f"}
    assert exported(b"MZ") == frozenset()


def test_zeros_take_memory_and_symbol_tables_do_not(object_file: bytes) -> None:
    assert 100 < size_in_memory(object_file) < 300 < len(object_file)
    assert size_in_memory(b"MZ") == 2
