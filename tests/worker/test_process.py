from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from jitrepl.worker.process import open_library, symbol_address


def test_symbols_of_libc_are_found() -> None:
    address = symbol_address("abs")
    assert address
    assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(address)(-3) == 3


@pytest.mark.parametrize("name", ["no_such_symbol_anywhere", "", "with\0nul", "ünknown", "a\udcff"])
def test_what_is_not_there_is_none(name: str) -> None:
    assert symbol_address(name) is None


def test_a_library_gives_its_symbols_to_the_process() -> None:
    open_library("libz.so.1")
    assert symbol_address("zlibVersion")


def test_what_is_no_library_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_text("nothing")
    with pytest.raises(OSError, match=r"x\.so"):
        open_library(str(path))
