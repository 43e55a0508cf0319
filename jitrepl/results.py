"""What replies are made of: symbols, modules, values."""

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
