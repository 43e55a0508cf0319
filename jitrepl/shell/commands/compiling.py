"""Commands that show what LLVM makes of code."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import IRError, UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import Thing
from jitrepl.shell.commands.registry import Several, command
from jitrepl.shell.session import Session
from jitrepl.shell.sources import full_path, quoted_path

_LEVEL = "-O2"
_PASSES = "-passes="
"""In front of a pipeline, as for `opt`; needed only where no name is given."""
_OBJECTS = (".o", ".o)")
"""How the names of modules end that have no IR, members of archives among them."""


@command()
def opt(session: Session, what: Thing = "") -> Record:
    """Show the IR after passes: `:opt sum -O3`, `:opt sum instcombine,gvn`.

    The first word is a function, a variable or a module; without it, it is the whole session, linked into one module.
    Passes are a level or a pipeline as in `opt -passes`, with `-passes=` in front if there is no name; the default is
    -O2. The session still runs what was typed; `:optimise` makes it run the result.
    """
    name, passes = _subject(what)
    return session.ask(messages.Optimise(name, passes or _LEVEL))


@command("optimize")
def optimise(session: Session, what: Thing = "") -> Record:
    """Redefine something by its IR after passes: `:optimise sum -O2`.

    Without a name, it is each module by itself. Callers get the new code, variables keep their values, and `:undo`
    takes it back. If an inlined function is defined again, its inlined copies stay as they were.
    """
    name, passes = _subject(what)
    if name:
        return _optimised(session, name, passes)
    there = [row.name for row in session.modules() if row.state != "replaced" and row.functions]
    return Several(tuple(_optimised(session, module, passes) for module in there if not module.endswith(_OBJECTS)))


def _optimised(session: Session, name: str, passes: str) -> Record:
    reply = session.ask(messages.Optimise(name, passes or _LEVEL, debug=True))
    assert isinstance(reply, messages.Optimised)
    data = reply.text.encode("utf-8", "surrogateescape")
    if reply.module:
        path = quoted_path(full_path(reply.module))
        return session.load_again(reply.module, data, f":optimise {path} {quoted_path(passes or _LEVEL)}")
    try:
        return session.add(data)
    except IRError as problem:
        problem.hint = "it is internal to its module: optimise the whole module; `:modules` lists them"
        raise


@command()
def asm(session: Session, what: Thing = "") -> Record:
    """Show the assembly of something: `:asm sum`, `:asm sum -O2`, `:asm a.c`.

    Passes run first if there are any, as for `:opt`. Otherwise it is what a call runs, except for the few bytes at the
    entry of each function that redirect it when it is redefined. `--llvm=-x86-asm-syntax=intel` changes the syntax.
    """
    name, passes = _subject(what)
    return session.ask(messages.Optimise(name, passes, assembly=True))


def _subject(text: str) -> tuple[str, str]:
    """What is meant, and the passes behind it."""
    import shlex

    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise UsageError(f"the name cannot be read: {problem}".lower()) from None
    if words[:1] == ["input"] and len(words) > 1:  # as `:dump` takes it
        words[:2] = [" ".join(words[:2])]
    if words and words[-1].startswith(_PASSES):
        words[-1] = words[-1].removeprefix(_PASSES)
        words = words if len(words) > 1 else ["", *words]
    if len(words) > 2:
        raise UsageError(
            f"a name and passes are wanted, not {len(words)} words", "quote a name with spaces, or passes: 'a, b'"
        )
    if len(words) == 2:
        return words[0], words[1].replace(" ", "")
    return ("", words[0]) if words and words[0].startswith("-O") else (words[0] if words else "", "")
