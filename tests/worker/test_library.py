from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from jitrepl.errors import JITError
from jitrepl.worker import library
from jitrepl.worker.library import LLVM_MAJOR, VARIABLE, open_libllvm, version_of


def test_the_library_is_opened_once_and_has_the_right_version() -> None:
    assert open_libllvm() is open_libllvm()
    assert version_of(open_libllvm())[0] == LLVM_MAJOR


def test_llvmlite_speaks_the_same_llvm() -> None:
    code = "import llvmlite.binding as b; print(b.llvm_version_info[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == LLVM_MAJOR


def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/some/libLLVM.so")
    assert library._candidates() == ["/some/libLLVM.so"]


def test_the_environment_of_this_python_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert library._candidates()[0].startswith(sys.prefix)


def test_without_one_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "_candidates", list)
    with pytest.raises(JITError, match="no libLLVM 22 found") as caught:
        library._open()
    assert "pip install 'karellen-llvm-core==22.*'" in caught.value.hint


def test_a_file_that_is_no_library_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "libLLVM.so"
    path.write_text("no library")
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(JITError, match="libLLVM cannot be opened") as caught:
        library._open()
    assert VARIABLE in caught.value.hint


def test_a_library_without_a_version_is_too_old() -> None:
    assert version_of(ctypes.CDLL("libm.so.6")) == (0, 0, 0)
