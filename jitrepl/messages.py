"""What the shell and the worker say to each other: typed, frozen records of plain data.

A record's fields are its annotations, in order. `dataclasses` would do the same and costs 12 ms of a 25 ms
start, so `Record` is forty lines here (docs/decisions/0005). `jitrepl.wire` carries any record by class name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda cls: cls


RECORDS: dict[str, type[Record]] = {}


@dataclass_transform(frozen_default=True)
class Record:
    """A frozen value whose fields are the annotations of its class, in order; class attributes are defaults."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - `inspect` is slow
        RECORDS[cls.__name__] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = self._fields
        if len(values) == len(fields) and not named:  # as the wire makes them
            self.__dict__.update(zip(fields, values, strict=True))
            return
        if len(values) > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} values, not {len(values)}")
        state = dict(zip(fields, values, strict=False))
        for name, value in named.items():
            if name in state or name not in fields:
                raise TypeError(f"{type(self).__name__}: unexpected or repeated field {name!r}")
            state[name] = value
        if len(state) < len(fields):
            for name in fields:
                if name not in state:
                    try:
                        state[name] = getattr(type(self), name)
                    except AttributeError:
                        raise TypeError(f"{type(self).__name__} lacks its field {name!r}") from None
        self.__dict__.update(state)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.__dict__[name] for name in self._fields)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({inside})"


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
    """

    name: str
    data: bytes


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
    """

    what: str = ""


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
    """

    name: str
    defines: tuple[Symbol, ...]
    declares: tuple[str, ...] = ()
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


_CHANGING = (Start, Load, Call, AddHost, AddLibrary)


def changes(request: Request, reply: Reply) -> bool:
    """Whether a request changed the session, so that a snapshot is due; worker and shell both go by this.

    A call that was refused has run no code, unless a host function ended it.
    """
    if isinstance(reply, Failed):
        return isinstance(request, Call) and reply.error == "HostError"
    return isinstance(request, _CHANGING)
