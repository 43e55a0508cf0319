from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.styles import Style
from prompt_toolkit.styles.pygments import pygments_token_to_classname
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from jitrepl.shell.completeness import is_complete
from jitrepl.shell.lexer import STYLE, TOKEN_OF_CLASS, IRLexer
from jitrepl.shell.vocabulary import load

SOURCE = r"""
#include <stdexcept>
#include <string>
#include <vector>
struct Base { virtual ~Base(); virtual int get(int) = 0; };
struct Derived : Base { int get(int n) override { return n; } std::vector<std::string> names; };
thread_local int counter; long double wide = 1.5L; _Float16 narrow = 1.5; const char *text = "a\"b\n\x01";
int guarded(Base &b, int n) {
  try { switch (n) { case 1: return b.get(3); case 2: return 4; default: return n / 3; } }
  catch (std::runtime_error &e) { return e.what()[0]; } catch (...) { throw; }
}
int main() { Derived d; d.names.push_back("x"); static int once = guarded(d, 2);
  __asm__ volatile("nop" ::: "memory"); __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
  return once + (int)d.names.size(); }
"""


@pytest.fixture(scope="module")
def clang_ir(tmp_path_factory: pytest.TempPathFactory) -> str:
    clang = shutil.which("clang-22", path=str(Path(sys.executable).parent)) or shutil.which("clang-22")
    if clang is None:
        pytest.skip("no clang-22")
    source = tmp_path_factory.mktemp("ir") / "source.cpp"
    source.write_text(SOURCE)
    command = [clang, "-S", "-emit-llvm", "-g", "-O1", "-o", "-", str(source)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    found = [(token, value) for _, token, value in IRLexer().get_tokens_unprocessed(text)]
    return [(token, value) for token, value in found if token is not Whitespace]


def test_every_class_has_a_token() -> None:
    vocabulary = load()
    assert set(TOKEN_OF_CLASS) == set(vocabulary.words) | set(vocabulary.families)


def test_every_word_is_highlighted_as_its_class() -> None:
    for word in load().all_words:
        kind = load().kind(word)
        assert kind is not None
        assert tokens(f" {word} ") == [(TOKEN_OF_CLASS[kind], word)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i32", [(Keyword.Type, "i32")]),
        ("@f", [(Name.Function, "@f")]),
        ('@"a b{"', [(Name.Function, '@"a b{"')]),
        ("%-a.$1", [(Name.Variable, "%-a.$1")]),
        ("%12", [(Name.Variable, "%12")]),
        ("$c", [(Name.Namespace, "$c")]),
        ("!dbg", [(Name.Attribute, "!dbg")]),
        ("!12", [(Name.Attribute, "!12")]),
        ("!DILocation(", [(Name.Class, "!DILocation"), (Punctuation, "(")]),
        ("!{", [(Punctuation, "!"), (Punctuation, "{")]),
        ("#12", [(Name.Decorator, "#12")]),
        ("#dbg_value", [(Keyword.Pseudo, "#dbg_value")]),
        ("^7", [(Name.Attribute, "^7")]),
        ("  a-1.b:", [(Name.Label, "a-1.b:")]),
        ('"a b":', [(Name.Label, '"a b":')]),
        ("ret: ret", [(Name.Label, "ret:"), (Keyword, "ret")]),
        ("(line: 3", [(Punctuation, "("), (Name.Property, "line:"), (Number.Integer, "3")]),
        ("-5", [(Number.Integer, "-5")]),
        ("u0xFF", [(Number.Integer, "u0xFF")]),
        ("+1.5e+3", [(Number.Float, "+1.5e+3")]),
        ("-1.e-3", [(Number.Float, "-1.e-3")]),
        ("0xK3FFF8000000000000000", [(Number.Float, "0xK3FFF8000000000000000")]),
        ('c"a\\00"', [(String, 'c"a\\00"')]),
        ('"a\nb"', [(String, '"a\nb"')]),
        ("ptr...", [(Keyword.Type, "ptr"), (Punctuation, "...")]),
        ('; { "', [(Comment.Single, '; { "')]),
        ("/* a\n/* b */x", [(Comment.Multiline, "/* a\n/* b */"), (Keyword.Type, "x")]),
        ("noinline", [(Name.Decorator, "noinline")]),
        ("icmp eq", [(Keyword, "icmp"), (Operator.Word, "eq")]),
        ("defin", [(Name, "defin")]),
        ("&", [(Error, "&")]),
        ('"open\nret', [(String, '"open'), (Keyword, "ret")]),
    ],
)
def test_each_kind_of_token(text: str, expected: list[tuple[_TokenType, str]]) -> None:
    assert tokens(text) == expected


def test_a_command_line_is_a_name_and_values() -> None:
    assert tokens(':call add i32 5 1.5 "a b" @f /tmp/add.ll\nret') == [
        (Keyword.Namespace, ":call"),
        (Keyword, "add"),
        (Keyword.Type, "i32"),
        (Number.Integer, "5"),
        (Number.Float, "1.5"),
        (String, '"a b"'),
        (Name.Function, "@f"),
        (Punctuation, "/"),
        (Text, "tmp"),
        (Punctuation, "/"),
        (Text, "add.ll"),
        (Keyword, "ret"),
    ]


def test_a_command_line_has_no_errors() -> None:
    assert Error not in {token for token, _ in tokens(":x & ~ ? - ../.. 'a' 1e9 \\ é \"open\n:y *")}


def test_ir_from_clang_has_no_errors_and_no_unknown_words(clang_ir: str) -> None:
    found = tokens(clang_ir)
    assert [value for token, value in found if token in (Error, Name)] == []
    assert {Name.Label, Name.Class, Keyword, Keyword.Type, Name.Property} <= {token for token, _ in found}


@settings(deadline=None)
@given(st.text() | st.text(alphabet='ac01xi.-+$@%!#^"\\;:/*(){}<>[]=,\n\r\t \0é', max_size=60))
def test_any_text_round_trips(text: str) -> None:
    assert "".join(value for _, _, value in IRLexer().get_tokens_unprocessed(text)) == text


def test_a_real_file_is_complete_and_its_bodies_are_not(clang_ir: str) -> None:
    assert is_complete(clang_ir)
    text, inside = "", False
    for line in clang_ir.splitlines(keepends=True)[:150]:
        text += line
        inside = (inside or line.startswith("define")) and line != "}\n"
        assert is_complete(text, blank_lines_submit=False) is not inside, line


def test_pygments_interface_keeps_newlines() -> None:
    assert "".join(value for _, value in IRLexer().get_tokens("\n\nret void")) == "\n\nret void"


@pytest.mark.parametrize(
    "unit", ["a", "$", "1-", "0x", "/*", "/*/", '@"', '"', 'c"', "!\\", " \n", "1.e+", "*", '; "\n', "(", ":"]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = (unit * 40_000)[:40_000]
    start = time.process_time()
    list(IRLexer().get_tokens_unprocessed(text))
    assert time.process_time() - start < 15  # linear takes 0.1 s, quadratic minutes


def test_prompt_toolkit_takes_lexer_and_style() -> None:
    from prompt_toolkit.document import Document

    line = PygmentsLexer(IRLexer).lex_document(Document("ret i32 0"))(0)
    assert [fragment[1] for fragment in line] == ["ret", " ", "i32", " ", "0"]
    assert Style.from_dict(STYLE).get_attrs_for_style_str("class:pygments.keyword.type").color == "ansicyan"


def test_what_is_coloured_is_a_token_of_the_lexer(clang_ir: str) -> None:
    used = {*TOKEN_OF_CLASS.values(), *(token for token, _ in tokens(clang_ir + "\n:x 1 &\n& ; c"))}
    parents = {parent for token in used for parent in token.split()}
    assert set(STYLE) <= {pygments_token_to_classname(token) for token in parents}


def test_the_style_names_only_ansi_colours() -> None:
    words = {word for style in STYLE.values() for word in style.split()}
    assert all(word.startswith("ansi") or word in ("bold", "nobold", "italic", "underline") for word in words)
