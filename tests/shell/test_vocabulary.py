from __future__ import annotations

import itertools
import string
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from jitrepl.errors import InternalError
from jitrepl.shell import vocabulary
from jitrepl.shell.inputs import OPCODES

KEYWORDS = tuple(word for word in vocabulary.load().all_words if not word.startswith("!"))


def llvm_knows(word: str) -> bool:
    """Whether LLVM's lexer takes `word` whole: only then does it reach the `i0` that it refuses.

    The head of grammars/llvm-ir.toml explains this probe.
    """
    before = "ret void\n" if word == "uselistorder" else ""
    with pytest.raises(RuntimeError) as caught:
        llvm.parse_assembly(f"define void @f() {{\n{before}{word} i0\n}}")
    return "bitwidth for integer type out of range" in str(caught.value).splitlines()[1]


def test_it_describes_the_llvm_that_is_installed() -> None:
    assert vocabulary.load().llvm == ".".join(map(str, llvm.llvm_version_info[:2]))


def test_the_quick_list_of_opcodes_is_that_of_the_grammar() -> None:
    assert set(vocabulary.load().body_starters) == OPCODES


def test_it_is_read_once() -> None:
    assert vocabulary.load() is vocabulary.load()


def test_llvm_knows_every_word() -> None:
    assert [word for word in KEYWORDS if not llvm_knows(word)] == []


def test_no_short_keyword_of_llvm_is_missing() -> None:
    letters = string.ascii_lowercase
    pairs_and_triples = itertools.chain(itertools.product(letters, repeat=2), itertools.product(letters, repeat=3))
    words = map("".join, pairs_and_triples)
    missing = [word for word in words if llvm_knows(word) and vocabulary.load().kind(word) is None]
    assert missing == []


@pytest.mark.parametrize("word", ["i1", "i128", "cc10", "DW_OP_plus", "DW_LANG_C11", "DIFlagPublic", "CSK_MD5"])
def test_open_families_are_known_to_llvm_and_to_us(word: str) -> None:
    assert vocabulary.load().kind(word) in ("types", "calling_conventions", "debug_constants")
    assert word.startswith("cc") or llvm_knows(word)


@pytest.mark.parametrize("word", ["f0x10", "elementwise", "fmaximumnum", "foo", "i32x", "DW_FOO_x", ""])
def test_what_llvm_22_does_not_know_has_no_class(word: str) -> None:
    assert vocabulary.load().kind(word) is None


def test_a_shared_word_has_one_colour_and_all_its_classes() -> None:
    words = vocabulary.load()
    assert words.kind("weak") == "linkage"
    assert words.kinds("weak") == ("linkage", "instruction_flags")
    assert words.kinds("i32") == ("types",)


def test_metadata_nodes_are_those_of_llvm() -> None:
    for node in vocabulary.load().words["metadata_nodes"] - {"!DIArgList"}:  # legal only inside a call
        try:
            llvm.parse_assembly(f"!0 = {node}()")
        except RuntimeError as error:
            assert "expected metadata type" not in str(error), node


def test_module_starters_are_those_of_llvm() -> None:
    def starts(word: str) -> bool:
        with pytest.raises(RuntimeError) as caught:
            llvm.parse_assembly(f"{word} ,")
        return "expected top-level entity" not in str(caught.value)

    assert {word for word in KEYWORDS if starts(word)} == vocabulary.load().module_starters


def test_body_starters_are_those_of_llvm() -> None:
    def starts(word: str) -> bool:
        with pytest.raises(RuntimeError) as caught:
            llvm.parse_assembly(f"define void @f() {{\n{word} ,\n}}")
        return "expected instruction opcode" not in str(caught.value)

    assert {word for word in KEYWORDS if starts(word)} - {"uselistorder"} == vocabulary.load().body_starters


def test_block_enders_are_terminators() -> None:
    assert vocabulary.load().block_enders < vocabulary.load().words["terminators"]


def test_completions_come_sorted_and_once() -> None:
    assert list(vocabulary.load().all_words) == sorted(set(vocabulary.load().all_words))


def test_a_missing_data_file_is_reported_with_the_places() -> None:
    with pytest.raises(InternalError, match=r"nowhere\.toml") as caught:
        vocabulary.grammar_path("nowhere.toml")
    assert "install" in caught.value.hint


def test_an_installed_package_wins_over_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "jitrepl"
    for folder in (package / "grammars", tmp_path / "grammars"):
        folder.mkdir(parents=True)
        (folder / "x.toml").touch()
    monkeypatch.setattr(vocabulary, "_PACKAGE", package)
    assert vocabulary.grammar_path("x.toml") == str(package / "grammars" / "x.toml")


@pytest.mark.parametrize("text", ["llvm = ", "llvm = '22.1'", "words = 3", "\xff"])
def test_a_damaged_data_file_is_reported(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grammars").mkdir()
    (tmp_path / "grammars" / "llvm-ir.toml").write_text(text, encoding="latin-1")
    monkeypatch.setattr(vocabulary, "_PACKAGE", tmp_path)
    with pytest.raises(InternalError, match="damaged"):
        vocabulary.load.__wrapped__()


def test_importing_it_loads_no_llvm_and_no_terminal() -> None:
    code = "import sys, jitrepl.shell.vocabulary as v; v.load(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"ctypes", "llvmlite", "prompt_toolkit", "pygments"} & set(loaded)
