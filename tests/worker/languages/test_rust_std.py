from __future__ import annotations

from pathlib import Path

import pytest
from conftest import skip_without

from jitrepl.worker.languages.rust_std import VARIABLES, producer, toolchains


def test_the_maker_of_bitcode_is_read_from_it(languages: Path) -> None:
    made_by = producer((languages / "panics.bc").read_bytes())
    assert made_by.startswith("rustc 1.")
    assert made_by == next(toolchains()).version
    assert producer(b'!0 = !{!"rustc version 1.60.0 (7737e0b5c 2022-04-04)"}') == "rustc 1.60.0 (7737e0b5c 2022-04-04)"
    assert producer(b"clang version 22.1.8") == ""


def test_a_toolchain_knows_its_symbols() -> None:
    skip_without(["rustc"])
    toolchain = next(toolchains())
    symbol = toolchain.symbol(rb"_RNvNtCs\w+_3std7process5abort|_ZN3std7process5abort17h[0-9a-f]+E")
    assert symbol
    assert toolchain.defines(symbol)
    assert not toolchain.defines(symbol[:-1])
    assert toolchain.symbol(rb"_Rno_such_symbol") == ""


def test_the_hook_is_compiled_once_and_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without(["rustc"])
    toolchain = next(toolchains())
    made = toolchain.hook()
    assert made.startswith(b"\x7fELF")
    assert [path.read_bytes() for path in (cache / "jitrepl").glob("panic-hook-*.o")] == [made]
    toolchain.rustc = "/no/such/rustc"
    assert toolchain.hook() == made


def test_a_rustc_that_is_not_there_has_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[0], "/no/such/rustc")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(toolchains()) == []
