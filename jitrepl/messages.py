"""What the shell and the worker say to each other: typed, frozen records of plain data (`jitrepl.records`)."""

from __future__ import annotations

from jitrepl.records import Record

# Requests: what the shell asks.


class Request(Record):
    """A thing the worker is asked to do; it answers with exactly one `Reply`."""


class Start(Request):
    """Create the JIT. The first request of every worker.

    Args:
        llvm_options: options for libLLVM's own command-line parser, such as `-print-after-all`.
        warm_up: whether to compile something after the reply, so that the first call does not wait for it.
        snapshots: whether to leave a copy of the process after each request that changed something.
        memory: how much address space the worker may take, in bytes; 0 for no limit.
        dies_with_shell: whether to be killed when the thread that started the worker ends, be it in a call.
    """

    llvm_options: tuple[str, ...] = ()
    warm_up: bool = False
    snapshots: bool = False
    dies_with_shell: bool = False
    memory: int = 0


class Load(Request):
    """Read textual IR or bitcode and add it to the session's JITDylib; answered by `Loaded`.

    Args:
        name: what messages call it: a file's path, or `<input 3>`.
        data: its content; bitcode and text are told apart by the content.
        replace: whether what it defines takes the place of earlier definitions; else it is refused if there are any,
            as linkers do.
    """

    name: str
    data: bytes
    replace: bool = True


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


class Dump(Request):
    """Print IR; answered by `Text`.

    Args:
        what: a function, global, named type (`%T`), module name; "" for the whole session.
        data: bitcode to print instead.
    """

    what: str = ""
    data: bytes = b""


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
        kind: `ll` for textual IR, `bc` for bitcode, `o` for an object.
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


class Resume(Request):
    """Wake a snapshot, which is the worker from then on; answered by `Done`."""


class Explain(Request):
    """Say what is known of the crash of the worker that this one is a copy of; answered by `CrashReport`."""


class Proceed(Request):
    """The remarks are printed; the request that is under way goes on. Not answered by itself."""


class Limit(Request):
    """Limit what the worker may take from here on; answered by `Done`.

    Args:
        memory: address space in bytes (setrlimit(2), `RLIMIT_AS`); 0 for no limit.
    """

    memory: int


class Quit(Request):
    """Run what JITed code registered with `atexit`, flush, and end; answered by `Done`."""


# Replies: what the worker answers.


class Reply(Record):
    """The answer to one request. `notes` are remarks for the user about something that happened on the way."""


class Failed(Reply):
    """The request was refused and left nothing behind.

    Args:
        error: the name of a class in `jitrepl.errors`.
    """

    error: str
    message: str
    hint: str = ""
    notes: tuple[str, ...] = ()


class Done(Reply):
    """It is done, and there is nothing to show."""

    notes: tuple[str, ...] = ()


class Snapshot(Record):
    """The worker has left a copy of itself; sent after a reply, with the copy's socket.

    Args:
        pid: the copy's process; 0 if none could be made, and then there is no socket.
        replaces: whether it takes the place of the copy before: something was compiled, but nothing has run.
    """

    pid: int
    replaces: bool = False


class Told(Record):
    """Remarks that are to be printed before the request goes on; the worker waits for `Proceed`."""

    notes: tuple[str, ...]


class Started(Reply):
    """The JIT is there.

    Args:
        llvm: libLLVM's version, `22.1.8`.
        triple: the target triple that code is generated for.
    """

    llvm: str
    triple: str
    notes: tuple[str, ...] = ()


class Symbol(Record):
    """A symbol of the session.

    Args:
        kind: `function`, `variable`, `alias`, `ifunc` or `host`.
        type: its value type as IR writes it.
        module: the name of the module that defines it; "" for one that is only declared.
        state: `declared`, `lazy` (not materialized), `ready`.
    """

    name: str
    kind: str
    type: str
    module: str
    state: str


class Loaded(Reply):
    """A module was added.

    Args:
        name: as in the request.
        defines: what it defines, in the order of the source.
        declares: names of external symbols it uses and does not define.
        replaced: those of what it defines that were defined before.
        again: whether an earlier version of the module was replaced as a whole.
        changed: what that one defined otherwise.
        gone: what that one defined, and nobody does now.
    """

    name: str
    defines: tuple[Symbol, ...]
    declares: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    again: bool = False
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Unloaded(Reply):
    """Something was taken out of the session.

    Args:
        name: the module.
        names: the symbols that it defined, and that are gone now.
        whole: whether the module is gone with them.
    """

    name: str
    names: tuple[str, ...]
    whole: bool = True
    notes: tuple[str, ...] = ()


class ModuleRow(Record):
    """A module of the session.

    Args:
        functions, variables: how many of them it defines now; aliases are counted as what they stand for.
        state: `lazy`, `ready`, or `replaced` if it defines nothing any more but may be in use.
        size: the bytes that its code and data take; 0 while it is lazy.
    """

    name: str
    functions: int
    variables: int
    state: str
    size: int


class ModuleTable(Reply):
    """The session's modules, in the order in which they came."""

    modules: tuple[ModuleRow, ...]
    notes: tuple[str, ...] = ()


class Value(Record):
    """A value of a first-class IR type.

    Args:
        type: its type as IR writes it.
        text: the value as IR writes it, without the type.
        data: as Python sees it: int, float, bool, bytes, tuple, None; `Decimal` for floats wider than a double.
        remark: other readings that help a person (`unsigned 4294967295, 0xffffffff`), or "".
    """

    type: str
    text: str
    data: object
    remark: str = ""


class Called(Reply):
    """A function returned.

    Args:
        name: the function's name.
        value: what it returned; its type is `void` when that was nothing.
    """

    name: str
    value: Value
    notes: tuple[str, ...] = ()


class Text(Reply):
    """IR to show."""

    text: str
    notes: tuple[str, ...] = ()


class SymbolTable(Reply):
    """The session's symbols, in the order in which they came."""

    symbols: tuple[Symbol, ...]
    notes: tuple[str, ...] = ()


class Frame(Record):
    """A frame of a stack, or where it came from.

    Args:
        address: the instruction, or the return address.
        function: the symbol that it lies in; "" if that is not known.
        offset: the distance from the symbol in bytes.
        module: the library that it lies in; "" for JITed code.
        file: the source file, if there is debug info, else "".
        line: the line in it, from 1.
    """

    address: int
    function: str
    offset: int
    module: str = ""
    file: str = ""
    line: int = 0


class CrashReport(Reply):
    """What a worker that died has noted.

    Args:
        signal: the signal that ended it, or 0 if it noted nothing.
        address: the address that could not be accessed; None if the signal is not about one.
        access: `read`, `write` or `jump`; "" if that is not known.
        frames: the stack, the innermost frame first.
        registers: names and values.
    """

    signal: int
    address: int | None = None
    access: str = ""
    frames: tuple[Frame, ...] = ()
    registers: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


class HostsAdded(Reply):
    """Host functions were registered: names and patterns, in order."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


_CHANGING = (Start, Load, Unload, Call, AddHost, AddLibrary)


def changes(request: Request, reply: Reply) -> bool:
    """Whether a request changed the session, so that a snapshot is due; worker and shell both go by this.

    A call that was refused has run no code, unless a host function ended it.
    """
    if isinstance(reply, Failed):
        return isinstance(request, Call) and reply.error == "HostError"
    return isinstance(request, _CHANGING)
