from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import skip_without

from jitrepl.errors import CompileError
from jitrepl.shell.compilers import CLANG, RUSTC, examine, find_compiler, language_of

OURS = "22.1.8"


def program(path: Path, says: str) -> Path:
    """A program that says this of its version: no compiler of another LLVM is at hand."""
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH, on a machine without the clang extra."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.c", "C"), ("a.C", "C++"), ("x/a.cpp", "C++"), ("a.cc", "C++"), ("a.cxx", "C++"), ("a.b.rs", "Rust")],
)
def test_the_end_of_a_name_says_the_language(path: str, name: str) -> None:
    language = language_of(path)
    assert language and language.name == name


@pytest.mark.parametrize("path", ["a.ll", "a.bc", "a.h", "c", ".c", "a.c.txt", "a.o"])
def test_other_files_are_no_sources(path: str) -> None:
    assert language_of(path) is None


def test_clang_is_found_beside_python(monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without(["clang"])
    monkeypatch.setenv("PATH", "/nowhere")
    found = find_compiler(CLANG, OURS)
    assert Path(found.path).parent == Path(sys.executable).parent
    assert found.version == found.llvm


def test_rustc_says_which_llvm_is_in_it() -> None:
    skip_without(["rustc"])
    found = find_compiler(RUSTC, "99.0")
    assert found.version.startswith("1.") and int(found.llvm.partition(".")[0]) > 12
    assert found.title == f"rustc {found.version} (LLVM {found.llvm}), {found.path}"


def test_without_a_compiler_the_error_says_what_to_install(machine: Path) -> None:
    with pytest.raises(CompileError) as caught:
        find_compiler(CLANG, OURS)
    assert caught.value.message == "there is no clang"
    assert "pip install 'jitrepl[clang]'" in caught.value.hint
    with pytest.raises(CompileError, match="there is no rustc") as caught:
        find_compiler(RUSTC, OURS)
    assert "https://rustup.rs" in caught.value.hint


def test_the_newest_that_fits_is_taken(machine: Path) -> None:
    program(machine / "clang", "Debian clang version 23.1.0")
    program(machine / "clang-19", "Debian clang version 19.1.7 (3)")
    program(machine / "clang-20", "Debian clang version 20.1.2")
    assert find_compiler(CLANG, OURS).title == f"clang 20.1.2, {machine}/clang-20"


def test_the_newest_is_that_of_the_sessions_llvm(machine: Path) -> None:
    program(machine / "clang-23", "clang version 23.1.0")
    program(machine / "clang-21", "clang version 21.1.0")
    assert find_compiler(CLANG, "23.2.0").version == "23.1.0"
    assert find_compiler(CLANG, OURS).version == "21.1.0"


def test_a_newer_llvm_is_named_and_refused(machine: Path) -> None:
    program(machine / "clang", "clang version 23.1.0")
    with pytest.raises(CompileError) as caught:
        find_compiler(CLANG, OURS)
    assert caught.value.message == (
        f"clang 23.1.0, {machine}/clang writes bitcode of LLVM 23, which this session's LLVM 22.1.8 is too old to read"
    )
    assert "JITREPL_CLANG" in caught.value.hint
    program(machine / "rustc", "rustc 1.199.0 (abc 2030-01-01)\nLLVM version: 31.0.1")
    with pytest.raises(CompileError, match=r"rustc 1.199.0 \(LLVM 31.0.1\), .* writes bitcode of LLVM 31"):
        find_compiler(RUSTC, OURS)


def test_the_environment_names_the_compiler(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "clang", "clang version 21.0.0")
    monkeypatch.setenv("JITREPL_CLANG", str(program(machine / "mine", "clang version 18.1.0")))
    assert find_compiler(CLANG, OURS).version == "18.1.0"
    monkeypatch.setenv("JITREPL_CLANG", "clang")
    assert find_compiler(CLANG, OURS).path == str(machine / "clang")
    monkeypatch.setenv("JITREPL_CLANG", "/nowhere/clang")
    with pytest.raises(CompileError, match="JITREPL_CLANG is /nowhere/clang, which is not a clang that runs"):
        find_compiler(CLANG, OURS)


def test_what_is_no_compiler_is_passed_over(machine: Path) -> None:
    program(machine / "clang-22", "I am a teapot")
    (machine / "clang-21").write_text("not even a program")
    (machine / "clang-21").chmod(0o755)
    program(machine / "clang", "clang version 20.1.0")
    assert find_compiler(CLANG, OURS).version == "20.1.0"


def test_an_update_makes_it_another_compiler(machine: Path) -> None:
    path = program(machine / "clang", "clang version 20.1.0")
    before = examine(CLANG, str(path))
    program(path, "clang version 20.1.0  (patched)")
    after = examine(CLANG, str(path))
    assert before and after and before.identity != after.identity
