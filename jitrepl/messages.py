"""What the shell asks of the worker: frozen records of plain data. What it answers is in `jitrepl.replies`."""

from __future__ import annotations

from jitrepl.records import Record
from jitrepl.replies import Called as Called
from jitrepl.replies import Done as Done
from jitrepl.replies import Evaluated as Evaluated
from jitrepl.replies import Failed as Failed
from jitrepl.replies import HostsAdded as HostsAdded
from jitrepl.replies import Loaded as Loaded
from jitrepl.replies import ModuleRow as ModuleRow
from jitrepl.replies import ModuleTable as ModuleTable
from jitrepl.replies import Optimised as Optimised
from jitrepl.replies import Reply as Reply
from jitrepl.replies import Running as Running
from jitrepl.replies import Snapshot as Snapshot
from jitrepl.replies import Started as Started
from jitrepl.replies import Symbol as Symbol
from jitrepl.replies import SymbolTable as SymbolTable
from jitrepl.replies import Text as Text
from jitrepl.replies import Told as Told
from jitrepl.replies import Unloaded as Unloaded
from jitrepl.replies import Value as Value


class Request(Record):
    """A thing the worker is asked to do; it answers with exactly one `Reply`."""


class Start(Request):
    """Create the JIT. The first request of every worker.

    Args:
        llvm_options: options for libLLVM's own command-line parser, such as `-print-after-all`.
        warm_up: whether to compile something after the reply, so that the first call does not wait for it.
        snapshots: whether to leave copies of the process, to which a crash or `:undo` returns.
        memory: how much memory JITed code may take, in bytes; 0 for no limit.
        dies_with_shell: whether to be killed when the thread that started the worker ends, be it in a call.
        sources: the folder for files with what was typed, if a debugger is to show it; it need not exist.
        program: whether this process will become a program, by `Run`; static initialisers wait for that.
    """

    llvm_options: tuple[str, ...] = ()
    warm_up: bool = False
    snapshots: bool = False
    dies_with_shell: bool = False
    memory: int = 0
    sources: str = ""
    program: bool = False


class Load(Request):
    """Read textual IR, bitcode, an object or an archive into the session's JITDylib; answered by `Loaded`.

    Args:
        name: what messages call it: a file's path, or `<input 3>`.
        data: its content, which says what it is.
        replace: whether what it defines takes the place of earlier definitions; else it is refused if there are any,
            as linkers do.
        libraries: shared libraries to open before, by path or soname: what its compiler takes for granted.
        flags: what the user told its compiler, to compile it again.
        command: the command that makes this request, if it is not `:load`.
    """

    name: str
    data: bytes
    replace: bool = True
    libraries: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    command: str = ""


class Call(Request):
    """Call a function; answered by `Called`.

    Args:
        name: the function's name, without `@`.
        arguments: one literal a parameter, as text.
        signature: the function's type, such as `double (double)`, for a symbol that the session does not
            declare; "" to use what is known.
    """

    name: str
    arguments: tuple[str, ...] = ()
    signature: str = ""


class Evaluate(Request):
    """Execute one instruction; answered by `Evaluated`.

    Args:
        name: what messages call it: `<input 3>`.
        text: the instruction, with or without a name for its result.
    """

    name: str
    text: str


class Show(Request):
    """Show what a name stands for; answered by `Evaluated`.

    Args:
        what: `%x`, a value that an instruction yielded; `@v`, a global variable or a function.
    """

    what: str


class Run(Request):
    """Run `main` with this `argv`: in a copy of the worker, or in it if it is for a program; answered by `Running`."""

    arguments: tuple[str, ...]


class Dump(Request):
    """Print IR; answered by `Text`.

    Args:
        what: a function, global, named type (`%T`), module name; "" for the whole session.
        only_type: whether to print its type instead, or a type of the source, in the spelling of the source.
        data: bitcode to print instead.
        debug: whether with debug info, which is ten times the length of what it describes.
    """

    what: str = ""
    only_type: bool = False
    data: bytes = b""
    debug: bool = False


class Optimise(Request):
    """Show what LLVM makes of something; answered by `Optimised`. The session stays as it is.

    Args:
        what: a function, a variable or a module; "" for all modules as one.
        passes: a level (`-O2`) or a pipeline, as `opt -passes` takes it; "" for none.
        assembly: whether to show assembly rather than IR.
        debug: whether the IR of a module keeps its debug info.
    """

    what: str = ""
    passes: str = ""
    assembly: bool = False
    debug: bool = False


class Unload(Request):
    """Take a module or a symbol out of the session; answered by `Unloaded`.

    Args:
        what: a module, as in `Dump`, or the name of a function or variable.
        force: whether to do it although something uses it.
    """

    what: str
    force: bool = False


class Save(Request):
    """Write the session's modules, linked into one, to a file; answered by `Done`.

    Args:
        path: an absolute path.
        kind: `ll` for textual IR, `bc` for bitcode, `s` for assembly, `o` for an object.
    """

    path: str
    kind: str


class ListModules(Request):
    """List the session's modules; answered by `ModuleTable`."""


class ListSymbols(Request):
    """List the session's symbols; answered by `SymbolTable`."""


class AddHost(Request):
    """Run a Python file that registers host functions; answered by `HostsAdded`.

    Args:
        path: an absolute path.
    """

    path: str


class AddLibrary(Request):
    """Open a shared library for the session; answered by `Done`.

    Args:
        path: a path or a soname that the dynamic loader finds.
    """

    path: str


class Repeat(Request):
    """Do once more what the copy of the worker that is asked has not done yet; the reply is that of the request.

    Args:
        request: what it has missed; what that prints was printed.
    """

    request: Request


class Resume(Request):
    """Wake a snapshot, which is the worker from then on; answered by `Done`."""


class Explain(Request):
    """Say what is known of the crash of the worker that this one is a copy of; answered by `CrashReport`.

    Args:
        calls: what the worker that died was asked to call, and this one was not; the code is compiled, and not run.
    """

    calls: tuple[Call, ...] = ()


class Proceed(Request):
    """The remarks are printed; the request that is under way goes on. Not answered by itself."""


class Limit(Request):
    """Limit what the worker may take from here on, and whether it traces; answered by `Done`.

    Args:
        memory: how much memory JITed code may take, in bytes; 0 for no limit.
        trace: whether to tell on standard error what ORC does.
    """

    memory: int
    trace: bool = False


class Debug(Request):
    """Let a debugger attach, and have files for it to show; answered by a `Text` of what stands in the way, or ""."""


class Quit(Request):
    """Run what JITed code registered with `atexit`, flush, and end; answered by `Done`."""


_CHANGING = (Start, Load, Unload, Call, Evaluate, AddHost, AddLibrary)


def changes(request: Request, reply: Reply) -> bool:
    """Whether a request changed the session, so that a snapshot is due; worker and shell both go by this.

    A call that was refused has run no code, unless a host function or an exception ended it.
    """
    if isinstance(reply, Failed):
        return isinstance(request, Call | Evaluate) and reply.error in ("HostError", "ThrownError")
    return isinstance(request, _CHANGING)
