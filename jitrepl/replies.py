"""What the worker answers, and what answers are made of: values, symbols, modules."""

from __future__ import annotations

from jitrepl.records import Record


class Symbol(Record):
    """A symbol of the session.

    Args:
        kind: `function`, `variable`, `alias`, `ifunc` or `host`; `symbol` if that is not known, as in an archive.
        type: its value type as IR writes it; "" if that is not known, as in an object.
        module: the name of the module, archive or library that defines it; "" for one that is only declared.
        state: `declared`, `archived` (in an archive, and not needed yet), `lazy` (not materialized), `ready`.
        spelling: how C++ or Rust source spells it, `add(int, int)`; "" if that is its name.
    """

    name: str
    kind: str
    type: str
    module: str
    state: str
    spelling: str = ""


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


class Value(Record):
    """A value: of a first-class IR type or, where debug info says so, of a type of the source language.

    Args:
        type: its type as IR, or as the source, writes it.
        text: the value in the same spelling, without the type.
        data: as Python sees it: int, float, bool, bytes, tuple, None; `Decimal` for floats wider than a double; of a
            source type also str, list, dict and `jitrepl.structs.Struct`.
        remark: other readings that help a person (`unsigned 4294967295, 0xffffffff`), or "".
        shown: both, where type and text are not to be written one after the other (`Point { x: 1 }`), or "".
    """

    type: str
    text: str
    data: object
    remark: str = ""
    shown: str = ""


class Reply(Record):
    """The answer to one request. `notes` are remarks for the user about something that happened on the way."""


class Failed(Reply):
    """The request was refused and left nothing behind.

    Args:
        error: the name of a class in `jitrepl.errors`.
        details: what that class knows besides.
    """

    error: str
    message: str
    hint: str = ""
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


class Done(Reply):
    """It is done, and there is nothing to show."""

    notes: tuple[str, ...] = ()


class Snapshot(Record):
    """The worker has left a copy of itself; sent after a reply, with the copy's socket.

    Args:
        pid: the copy's process; 0 if there is none, and then there is no socket.
        replaces: whether it takes the place of the copy before: something was compiled, but nothing has run.
        since: why no copy could be made: something has been the case since the last one.
        repeats: whether there is none because repeating the request does exactly what it has done.
    """

    pid: int
    replaces: bool = False
    since: str = ""
    repeats: bool = False


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


class Loaded(Reply):
    """A module was added, or an archive or a shared library was opened.

    Args:
        name: as in the request.
        defines: what it defines, in the order of the source.
        declares: names of external symbols it uses and does not define.
        replaced: those of what it defines that were defined before.
        again: whether an earlier version of the module was replaced as a whole.
        changed: what that one defined otherwise.
        gone: what that one defined, and nobody does now.
        opened: whether its symbols are there for who needs them, rather than in the session.
        others: what it adds besides, if it has no symbols: `defined %T`.
    """

    name: str
    defines: tuple[Symbol, ...]
    declares: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    again: bool = False
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    opened: bool = False
    others: tuple[str, ...] = ()


class Unloaded(Reply):
    """Something was taken out of the session.

    Args:
        name: the module.
        names: the symbols that it defined, and that are gone now.
        whole: whether the module is gone with them.
        spellings: the symbols as C++ or Rust spells them.
    """

    name: str
    names: tuple[str, ...]
    whole: bool = True
    spellings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ModuleTable(Reply):
    """The session's modules, in the order in which they came."""

    modules: tuple[ModuleRow, ...]
    notes: tuple[str, ...] = ()
    opened: bool = False


class Called(Reply):
    """A function returned.

    Args:
        name: the function's name.
        value: what it returned; its type is `void` when that was nothing.
        address: where its code is.
    """

    name: str
    value: Value
    notes: tuple[str, ...] = ()
    address: int = 0


class Evaluated(Reply):
    """An instruction was executed, or a name looked up.

    Args:
        name: the name that the value has from now on; "" for none.
        value: what it yields.
    """

    name: str
    value: Value
    notes: tuple[str, ...] = ()


class Running(Reply):
    """A program begins, in the process `pid`, a child of the shell; that one's end says how it ended."""

    pid: int
    notes: tuple[str, ...] = ()


class Text(Reply):
    """IR to show."""

    text: str
    notes: tuple[str, ...] = ()


class Optimised(Reply):
    """What LLVM made of something.

    Args:
        text: IR or assembly.
        module: the module that was meant; "" if it was less or more than that.
    """

    text: str
    module: str = ""
    notes: tuple[str, ...] = ()


class SymbolTable(Reply):
    """The session's symbols, in the order in which they came; how many are left out, which are of libraries."""

    symbols: tuple[Symbol, ...]
    left_out: int = 0
    notes: tuple[str, ...] = ()


class HostsAdded(Reply):
    """Host functions were registered: names and patterns, in order; and formatters, by their patterns."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    formatters: tuple[str, ...] = ()
