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
    """List the modules: what they define, whether their code is there yet, the size of code and data.

    A module is `lazy` until one of its symbols is looked up. One that is `replaced` defines nothing any more, but its
    code or data may still be in use.
    """
    return messages.ModuleTable(session.modules())


@command()
def unload(session: Session, name: Thing) -> Record:
    """Take a module, or one symbol, out of the session: `:unload sum.ll`, `:unload f`.

    What others use is kept, unless a `!` follows the name: `:unload f!`. Calls of its users then fail until it is
    defined again. The memory is given back with the last of a module's symbols.
    """
    what = name.rstrip("!").strip()
    if not what:
        raise UsageError("the name is missing", ":unload NAME")
    return session.unload(what, force=name.endswith("!"))


@command()
def reload(session: Session, path: Loaded = "") -> Record:
    """Load the files again that have changed, or PATH, and say which functions are other ones now.

    Their functions are replaced for every caller. Variables keep their values if type and initialiser are the same
    as before.
    """
    done = session.reload(path.strip('"'))
    return Several(done) if done else Plain("no file has changed")


@command()
def watch(session: Session, what: Loaded = "") -> Record:
    """Load files again whenever they change: all that are loaded, or one: `:watch sum.ll`; `:watch off` ends it.

    At the prompt that happens while you edit elsewhere, in a script before each input.
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

    The suffix says what is written: .jitrepl the inputs as a script, with the calls; `:load FILE` or `jitrepl FILE`
    brings the session back. Of all modules, linked into one: .ll textual IR, .bc bitcode, .s assembly, .o an object.

    A file that was there before this session is written over if a `!` follows its name: `:save all.ll!`
    """
    name = path.removesuffix("!")
    if not name:
        raise UsageError("the path is missing", ":save PATH")
    session.save(name, over=path.endswith("!"))
    return Plain(f"saved {name}", result=False)


@command()
def reset(session: Session) -> Record:
    """Begin anew: nothing is loaded, memory is fresh; settings stay."""
    session.reset()
    return Plain("the session is empty", result=False)
