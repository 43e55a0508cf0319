from __future__ import annotations

import inspect

import pytest
from transcripts import ROOT

from jitrepl import Session, messages
from jitrepl.errors import UsageError
from jitrepl.shell.arguments import READERS
from jitrepl.shell.commands import ALIASES, COMMANDS, run_command
from jitrepl.shell.commands.registry import Command, Help, Leave, Overview, Several

SUM = str(ROOT / "tests" / "data" / "sum.ll")
EVERY = pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)


@EVERY
def test_its_docstring_is_its_help(command: Command) -> None:
    reply = run_command(Session(), f":help {command.name}")
    assert isinstance(reply, Help)
    assert reply.entries == ((command.usage, command.summary),)
    assert command.summary
    assert command.summary[0].isupper()


@EVERY
def test_its_signature_is_its_grammar(command: Command) -> None:
    names = list(inspect.signature(command.function).parameters)[1:]
    assert [name for name, _ in command.params] == names
    assert all(kind in READERS for _, kind in command.params)


def test_aliases_mean_commands_and_hide_none() -> None:
    assert set(ALIASES.values()) <= set(COMMANDS)
    assert not set(ALIASES) & set(COMMANDS)
    assert len(ALIASES) == sum(len(command.aliases) for command in COMMANDS.values())


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("call", ':call ["TYPE"] NAME [ARGS…]'),
        ("load", ":load PATH… [-- FLAGS…]"),
        ("dump", ":dump [NAME]"),
        ("quit", ":quit"),
    ],
)
def test_the_usage_comes_from_the_signature(name: str, usage: str) -> None:
    assert COMMANDS[name].usage == usage


def test_the_help_lists_every_command_in_a_group() -> None:
    reply = run_command(Session(), ":help")
    assert isinstance(reply, Overview)
    listed = [usage.split()[0] for _, entries in reply.groups for usage, _ in entries]
    assert sorted([*listed, ":next"]) == sorted(f":{name}" for name in COMMANDS)
    assert all(entries for _, entries in reply.groups)


def test_the_help_names_the_keys_as_the_documentation_does() -> None:
    reply = run_command(Session(), ":help keys")
    assert isinstance(reply, Help)
    table = (ROOT / "docs" / "commands.md").read_text().partition("| key |")[2].partition("\n\n")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]
    assert list(reply.entries) == [row for row in rows if row[0] != "paste"]


@pytest.mark.parametrize("line", [":quit", ":q", ":exit", "  :q  "])
def test_these_lines_leave(line: str) -> None:
    assert run_command(Session(), line) == Leave()


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (":calll f", "no command :calll", "did you mean :call?"),
        (":xyzzy", "no command :xyzzy", "`:help` lists the commands"),
        (":", "a command is missing after `:`", "`:help` lists the commands"),
        (":help xyzzy", "no command :xyzzy", "`:help` lists the commands"),
    ],
)
def test_misspelt_commands_are_told(line: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        run_command(Session(), line)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_command_returns_what_is_to_be_shown(shared: Session) -> None:
    assert isinstance(run_command(shared, f":load {SUM}"), messages.Loaded)
    reply = run_command(shared, ":call sum 1 2")
    assert isinstance(reply, messages.Called)
    assert reply.value.text == "3"
    assert run_command(shared, ":again") == reply
    assert isinstance(run_command(shared, ":dump"), messages.Text)


def test_any_blank_ends_the_name_of_a_command(shared: Session) -> None:
    shared.load("define i32 @after(i32 %x) {\n  %r = add i32 %x, 1\n  ret i32 %r\n}")
    for line in (":call\tafter 1", ":time\tcall\tafter 1", ":time after\t1"):
        reply = run_command(shared, line)
        called = reply.results[0] if isinstance(reply, Several) else reply
        assert isinstance(called, messages.Called) and called.value.text == "2"


def test_symbols_takes_a_pattern(session: Session) -> None:
    session.load("@aa = global i32 0\n@ab = global i32 0\n@b = global i32 0")
    reply = run_command(session, ":symbols @a*")
    assert isinstance(reply, messages.SymbolTable)
    assert [symbol.name for symbol in reply.symbols] == ["aa", "ab"]


def test_several_files_are_several_results(session: Session) -> None:
    folder = ROOT / "tests" / "data"
    reply = run_command(session, f":load {SUM} '{folder}/two words.ll'")
    assert isinstance(reply, Several)
    assert [type(result) for result in reply.results] == [messages.Loaded, messages.Loaded]
