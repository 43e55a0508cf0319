from __future__ import annotations

import ctypes.util
import subprocess
from pathlib import Path

import pytest

from jitrepl import Session
from jitrepl.errors import InputError
from jitrepl.shell.libraries import find_library


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIBRARY_PATH", raising=False)
    return tmp_path


def library(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF\x02\x01\x01\0\0")
    return path


def test_a_name_is_what_linkers_mean_by_it() -> None:
    found = find_library("m", ())
    assert any(Path(path).name == ctypes.util.find_library("m") for path in found)
    assert all(Path(path).is_absolute() for path in found)


def test_a_soname_is_left_to_the_dynamic_loader() -> None:
    assert find_library("libz.so.1", ()) == ["libz.so.1"]
    assert find_library("no/such.so", ()) == ["no/such.so"]


def test_a_path_is_a_path(folder: Path) -> None:
    assert find_library(str(library(folder / "mine.so")), ()) == [str(folder / "mine.so")]
    assert find_library("mine.so", ()) == [str(folder / "mine.so")]


def test_the_first_folder_counts_and_shared_comes_before_static(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "libx.a").write_bytes(b"!<arch>\n")
    assert find_library("x", ("a",)) == [str(folder / "a" / "libx.a")]
    second = library(folder / "b" / "libx.so")
    assert find_library("x", ("b", "a")) == [str(second)]
    assert find_library("x", ("a", "b")) == [str(folder / "a" / "libx.a")]
    library(folder / "a" / "libx.so")
    assert find_library("x", ("a", "b")) == [str(folder / "a" / "libx.so")]


def test_the_environment_names_folders_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBRARY_PATH", f"/nowhere:{folder / 'a'}")
    found = library(folder / "a" / "libx.so")
    assert find_library("x", ()) == [str(found)]


def test_without_what_linkers_take_the_newest_version_is_it(folder: Path) -> None:
    for name in ("libx.so.2", "libx.so.10", "libx.so.9.5"):
        library(folder / name)
    assert find_library("x", (".",)) == [str(folder / "libx.so.10")]


def test_a_linker_script_stands_for_what_it_names(folder: Path) -> None:
    for name in ("liba.so.1", "sub/libb.so.2", "libc2.so", "libd.a", "libx_nonshared.a"):
        library(folder / name)
    script = f"""/* GNU ld script: GROUP ( not this ) */
        OUTPUT_FORMAT(elf64-x86-64)
        GROUP ( liba.so.1 {folder}/sub/libb.so.2 libx_nonshared.a AS_NEEDED ( -lc2, libgone.so ) )
        INPUT(libd.a)"""
    (folder / "libx.so").write_text(script)
    names = [Path(path).name for path in find_library("x", (str(folder),))]
    assert names == ["liba.so.1", "libb.so.2", "libc2.so", "libd.a"]


def test_scripts_that_name_each_other_end(folder: Path) -> None:
    (folder / "libx.so").write_text("INPUT(-ly)")
    (folder / "liby.so").write_text("INPUT(-lx)")
    assert find_library("x", (str(folder),)) == []


def test_a_missing_library_is_told_with_where_it_was_looked_for(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_library("nope", ("lib",))
    assert caught.value.message == (
        "no library nope: there is no libnope.so or libnope.a in lib or the folders of the system"
    )


def test_what_is_no_library_is_told(folder: Path) -> None:
    (folder / "libx.so").write_text("hello")
    with pytest.raises(InputError, match=r"libx\.so is no library"):
        find_library("x", (str(folder),))


def test_an_archive_is_found_by_its_name(objects: Path, session: Session) -> None:
    session.library_folders = (str(objects),)
    assert session.library("scaled") == (str(objects / "libscaled.a"),)
    assert session.call("scaled", 2, signature="i32 (i32)") == 6


def test_the_command_line_takes_what_compilers_take(objects: Path) -> None:
    from transcripts import JITREPL, TIMEOUT, environment

    call = ["-e", ':call "i32 (i32)" scaled 2', "-e", ':call "double (double)" floor 2.5']
    command = [JITREPL, "-q", f"-L{objects}", "-lscaled", "-l", "m", *call]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=TIMEOUT, check=False)
    assert (done.stdout, done.stderr) == ("i32 6\ndouble 2.0\n", "")
