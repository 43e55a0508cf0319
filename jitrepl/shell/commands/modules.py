"""Commands that are about modules: list, take out, load again, save."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import File, Loaded, Thing
from jitrepl.shell.commands.registry import Plain, Several, command
from jitrepl.shell.session import Session


@command("m", group="looking")
def modules(session: Session) -> Record:
    """List the modules: what they define, whether they are compiled yet, the size of their code and data.

    A module is `lazy` until one of its symbols is looked up. A `replaced` one defines nothing any more, but its code or
    data may still be in use.
    """
    return messages.ModuleTable(session.modules())


@command()
def unload(session: Session, name: Thing) -> Record:
    """Take a module, or one symbol, out of the session: `:unload sum.ll`, `:unload f`.

    What others use is kept, unless a `!` follows the name: `:unload f!`. Calls of its users then fail until it is
    defined again. A module's memory is freed with the last of its symbols.
    """
    what = name.rstrip("!").strip()
    if not what:
        raise UsageError("the name is missing", ":unload NAME")
    return session.unload(what, force=name.endswith("!"))


@command()
def reload(session: Session, path: Loaded = "") -> Record:
    """Load changed files again, or PATH, and list the functions that differ.

    Their functions are replaced for every caller. Variables keep their values if type and initialiser are unchanged.
    """
    done = session.reload(path.strip('"'))
    return Several(done) if done else Plain("no file has changed")


@command()
def watch(session: Session, what: Loaded = "") -> Record:
    """Load files again whenever they change: all that are loaded, or one: `:watch sum.ll`; `:watch off` ends it.

    At the prompt this happens while you edit elsewhere; in a script, before each input.
    """
    if what == "off":
        session.watch.clear()
        return Plain("no file is watched", result=False)
    results: list[Record] = []
    if what:
        path = what.strip('"')
        if path not in session.files():
            results.append(session.load_file(path))
        session.watch.add([path])
    else:
        session.watch.add(session.files())
    paths = session.watch.paths
    if not paths:
        raise UsageError("there is no file to watch", "`:watch FILE` loads one and watches it")
    results.append(Plain(f"watching {', '.join(paths)}", result=False))
    return Several(tuple(results))


@command(group="steering")
def save(session: Session, path: File) -> Record:
    """Write the session to a file: `:save work.jitrepl`, or as one module, `:save all.ll`.

    The suffix decides what is written. With .jitrepl it is the inputs, calls included, as a script; `:load FILE` or
    `jitrepl FILE` restores the session. All modules, linked into one, are written as textual IR (.ll), bitcode (.bc),
    assembly (.s) or an object (.o).

    A file that existed before this session is overwritten only if a `!` follows its name: `:save all.ll!`
    """
    name = path.removesuffix("!")
    if not name:
        raise UsageError("the path is missing", ":save PATH")
    session.save(name, over=path.endswith("!"))
    return Plain(f"saved {name}", result=False)


@command()
def reset(session: Session) -> Record:
    """Start over: nothing is loaded, memory is fresh; settings stay."""
    session.reset()
    return Plain("the session is empty", result=False)
