"""Whole sessions: `tests/sessions/*.txt`, README.md and docs/*.md (see `transcripts.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import skip_without
from transcripts import ROOT, SESSIONS, Markdown, Mismatch, Step, Transcript, check, make_folder, matches, read_steps

DOCUMENTS = [path for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))] if Markdown(path).blocks]


@pytest.mark.parametrize("path", sorted(SESSIONS.glob("*.txt")), ids=lambda path: path.stem)
def test_session(path: Path, tmp_path: Path, update: bool, request: pytest.FixtureRequest) -> None:
    transcript = Transcript(path)
    skip_without(transcript.needs)
    folders = {"clang": "bitcode", "objects": "objects", "languages": "languages"}
    folder = folders.get(transcript.needs[0] if transcript.needs else "")
    transcript.run(make_folder(tmp_path, request.getfixturevalue(folder) if folder else None), update)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document(path: Path, tmp_path: Path, update: bool) -> None:
    document = Markdown(path)
    skip_without(document.needs)
    document.run(make_folder(tmp_path), update)


def test_every_transcript_says_what_it_shows() -> None:
    assert [path.name for path in SESSIONS.glob("*.txt") if not path.read_text("utf-8").startswith("# ")] == []


# The harness itself


def test_an_ellipsis_matches_any_text_of_a_line() -> None:
    assert matches("ptr 0x… ; …", "ptr 0x00007f ; x")
    assert not matches("ptr 0x…", "ptr null")
    assert not matches("a.c", "abc")


def test_a_lone_ellipsis_matches_any_lines() -> None:
    steps = [Step(":call f", ["> :call f"], expected=["a", "…", "z"])]
    check(steps, [["a", "z"]], update=False)
    check(steps, [["a", "b", "c", "z"]], update=False)
    with pytest.raises(Mismatch):
        check(steps, [["a", "b", "c"]], update=False)


def test_a_mismatch_shows_a_diff() -> None:
    steps = [Step(":call f", ["> :call f"], expected=["i32 5"])]
    with pytest.raises(Mismatch, match=r"> :call f\n-i32 5\n\+i32 6"):
        check(steps, [["i32 6"]], update=False)


def test_steps_are_inputs_with_their_output() -> None:
    first, second = read_steps(["> define {", ". }", ".", "defined @f", "> :call f", "< 5", "i32 5"])
    assert (first.text, first.expected) == ("define {\n}\n", ["defined @f"])
    assert (second.text, second.stdin, second.expected) == (":call f", ["5"], ["i32 5"])


def test_an_update_keeps_ellipses_that_match_and_hides_addresses() -> None:
    step = Step(":call f", ["> :call f"], expected=["at …", "b"])
    check([step], [["at 17", "x @ 0x00007f0000000000", "c"]], update=True)
    assert step.expected == ["at …", "x @ 0x…", "c"]


def test_markdown_is_run_and_rewritten(tmp_path: Path) -> None:
    text = (
        "```jitrepl\n> define i32 @f() { ret i32 5 }\n> :call f\n```\n\n```console\n$ echo a; exit 3  # exit 3\n```\n"
    )
    path = tmp_path / "page.md"
    path.write_text(text)
    (tmp_path / "root").mkdir()
    folder = make_folder(tmp_path / "root")
    with pytest.raises(Mismatch):
        Markdown(path).run(folder)
    Markdown(path).run(folder, update=True)
    Markdown(path).run(folder)
    assert "defined @f\n> :call f\ni32 5\n```" in path.read_text()
    assert "# exit 3\na\n```" in path.read_text()
