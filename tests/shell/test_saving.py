from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jitrepl import Session
from jitrepl.errors import HostError, IRError, JITError, UsageError
from jitrepl.literal_tree import quoted

MAIN = '#include <stdio.h>\nint f(void), get(void);\nint main(void) { printf("%d %d\\n", f(), get()); }\n'
WORK = [
    "define i32 @f() {\n  ret i32 1\n}",
    "define i32 @f() {\n  ret i32 2\n}",
    "@v = internal global i32 3\ndefine i32 @get() {\n  %r = load i32, ptr @v\n  ret i32 %r\n}",
]


@pytest.fixture
def worked(session: Session) -> Session:
    for text in WORK:
        session.load(text)
    return session


def script(session: Session, path: Path) -> list[str]:
    """The lines of the session as a script, without those at the top."""
    session.save(str(path))
    return path.read_text().splitlines()[2:]


def test_a_script_gives_the_same_results(tmp_path: Path, jitrepl: Callable[..., object]) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "m.ll").write_text("define i32 @m() { ret i32 4 }")
    (folder / "hosts.py").write_text('from jitrepl import host\n@host("i32 (i32)")\ndef twice(n):\n    return 2 * n\n')
    typed = """
define i32 @f() { ret i32 1 }
:call nothing
:next
define i32 @f() { ret i32 2 }
define i32 @broken() { ret i64 1 }
:call f
define i32 @g() { ret i32 5 }
:next
define i32 @g() { ret i32 6 }
:load "a folder/m.ll"
:unload input 4
:call m
:host "a folder/hosts.py"
declare i32 @twice(i32)
define i32 @four(i32 %a) {
  %b = call i32 @twice(i32 %a)
  %c = call i32 @twice(i32 %b)
  ret i32 %c
}
:call four 10
:call "double (double)" cos 0.0
:unload a folder/m.ll
:load "a folder/m.ll"
:call m
:save "a folder/saved.jitrepl"
"""
    first = jitrepl("-k", "-", input=typed)
    assert "i32 40" in first.out  # type: ignore[attr-defined]
    (tmp_path / "elsewhere").mkdir()
    second = jitrepl("a folder/saved.jitrepl", "-e", f":save {tmp_path}/again.jitrepl")
    assert second.out == first.out  # type: ignore[attr-defined]
    assert second.status == 0  # type: ignore[attr-defined]
    assert (tmp_path / "again.jitrepl").read_text() == (folder / "saved.jitrepl").read_text()


def test_odd_names_are_called_again(session: Session, tmp_path: Path, jitrepl: Callable[..., object]) -> None:
    for name in ("a name", 'q"\\', "é", "f(int)"):
        text = quoted(name)
        session.load(f"define i32 {text}() {{ ret i32 {len(name)} }}")
        session.call(name)
    session.save(tmp_path / "saved.jitrepl")
    assert jitrepl("saved.jitrepl").out == "i32 6\ni32 3\ni32 1\ni32 6\n"  # type: ignore[attr-defined]


def test_inputs_keep_the_numbers_that_commands_use(worked: Session, tmp_path: Path) -> None:
    with pytest.raises(IRError):
        worked.load("define i32 @broken() { ret i64 1 }")
    worked.load("define i32 @last() { ret i32 5 }")
    worked.unload("input 5")
    assert script(worked, tmp_path / "saved.jitrepl")[-2:] == ["define i32 @last() { ret i32 5 }", ":unload <input 4>"]


@pytest.mark.parametrize("name", ["plain.ll", "two words.ll", "it's.ll", 'a"b.ll', "a\\b c.ll"])
def test_a_file_of_any_name_is_loaded_again(
    session: Session, tmp_path: Path, jitrepl: Callable[..., Any], name: str
) -> None:
    (tmp_path / name).write_text("define i32 @f() { ret i32 5 }")
    session.load(tmp_path / name)
    session.save(str(tmp_path / "saved.jitrepl"))
    assert jitrepl(str(tmp_path / "saved.jitrepl"), "-e", ":call f").out == "i32 5\n"


def test_instructions_have_numbers_too(session: Session, tmp_path: Path) -> None:
    session.evaluate("%x = add i32 1, 2")
    session.load("define i32 @f() { ret i32 1 }")
    session.load("define i32 @g() { ret i32 1 }")
    session.unload("input 2")
    assert script(session, tmp_path / "saved.jitrepl")[-1] == ":unload <input 2>"


def test_a_call_that_failed_is_no_more_than_a_comment(
    session: Session, tmp_path: Path, jitrepl: Callable[..., Any]
) -> None:
    (tmp_path / "h.py").write_text('from jitrepl import host\n@host("void ()")\ndef fail():\n    raise ValueError\n')
    session.host(str(tmp_path / "h.py"))
    session.load("declare void @fail()\ndefine void @f() {\n  call void @fail()\n  ret void\n}")
    with pytest.raises(HostError):
        session.call("f")
    session.load("define i32 @g() { ret i32 5 }")
    assert script(session, tmp_path / "saved.jitrepl")[-4:] == [
        ":next",
        "; this failed: :call f",
        ":next",
        "define i32 @g() { ret i32 5 }",
    ]
    assert jitrepl(str(tmp_path / "saved.jitrepl"), "-e", ":call g").out == "i32 5\n"


def test_bitcode_becomes_text_also_when_it_was_replaced(bitcode: Path, tmp_path: Path) -> None:
    with Session() as session:
        session.load((bitcode / "sum_c.bc").read_bytes())
        session.load("define i32 @sum(i32 %a, i32 %b) { ret i32 7 }")
        session.load((bitcode / "sum_c.bc").read_bytes())
        lines = script(session, tmp_path / "saved.jitrepl")
    assert sum(line.startswith("define") and "@sum(" in line for line in lines) == 3
    assert lines.count(":next") == 2


@pytest.mark.parametrize("suffix", [".ll", ".bc", ".s", ".o", ".LL"])
def test_a_linked_file_can_be_linked_with_a_program(worked: Session, tmp_path: Path, suffix: str, clang: str) -> None:
    saved, program = tmp_path / f"saved{suffix}", tmp_path / "program"
    worked.save(str(saved))
    (tmp_path / "main.c").write_text(MAIN)
    if suffix == ".LL":
        saved = saved.rename(tmp_path / "saved.ll")
    if suffix != ".o":
        subprocess.run([clang, "-c", "-o", tmp_path / "saved.o", saved], check=True, capture_output=True)
    command = ["cc", "-o", program, tmp_path / "main.c", tmp_path / "saved.o"]
    subprocess.run(command, check=True, capture_output=True)
    assert subprocess.run([program], check=True, capture_output=True, text=True).stdout == "2 3\n"


def test_what_goes_on_from_an_earlier_version_is_in_the_file(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "m.ll"
    for number in (1, 2):
        path.write_text(WORK[2].replace("%r\n}", f"%r\n}}\ndefine i32 @x() {{ ret i32 {number} }}"))
        session.load(path)
        assert session.call("get") == 3
    session.save(str(tmp_path / "saved.ll"))
    assert "@v = internal global i32 3" in (tmp_path / "saved.ll").read_text()


@pytest.mark.parametrize("name", ["saved.jitrepl", "saved.ll", "saved.o"])
def test_a_file_that_cannot_be_written_is_told(worked: Session, tmp_path: Path, name: str) -> None:
    with pytest.raises(JITError, match=f"{name} cannot be written: no such file or directory"):
        worked.save(str(tmp_path / "nowhere" / name))


def test_nothing_is_saved_as_nothing(session: Session, tmp_path: Path) -> None:
    assert script(session, tmp_path / "saved.jitrepl") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("saved", "saved does not end in what says what to write"),
        ("saved.txt", ".txt does not say what to write"),
        (".ll", ".ll does not end in what says what to write"),
    ],
)
def test_a_suffix_that_says_nothing_is_refused(session: Session, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        session.save(str(tmp_path / name))
    assert caught.value.message.removeprefix(f"{tmp_path}/") == message
    assert ".jitrepl a script of the inputs, .ll textual IR" in caught.value.hint
    assert not (tmp_path / name).exists()


def test_a_file_of_others_is_written_over_only_if_that_is_wanted(jitrepl: Callable[..., Any], tmp_path: Path) -> None:
    text = "define i32 @f() { ret i32 1 }\n"
    (tmp_path / "my f.ll").write_text(text)
    refused = jitrepl("my f.ll", "-e", ':save "my f.ll"', "-e", ':save "my f.ll"!')
    assert refused.err.splitlines()[1:] == [
        "error: my f.ll already exists",
        '`:save "my f.ll"!` overwrites it',
    ]
    assert (tmp_path / "my f.ll").read_text() == text
    done = jitrepl("my f.ll", "-e", ':save "my f.ll"!', "-e", ":save my\\ f.ll", "-e", ":save f.s")
    assert (done.status, (tmp_path / "my f.ll").read_text() == text) == (0, False)
    assert done.err.splitlines()[1:] == ["saved my f.ll", "saved my f.ll", "saved f.s"]


def test_a_path_with_spaces_is_quoted(jitrepl: Callable[..., Any]) -> None:
    assert jitrepl("-e", ":save my f.ll").err.splitlines() == [
        "error: one path is wanted, not 2",
        'a path with spaces is quoted: "my f.ll"',
    ]
