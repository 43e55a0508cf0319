"""What some sections of a program are for: functions listed in them are called, and names are made of theirs.

A linker gathers `.init_array` and its kin from all that it links, and the C start-up code calls what is listed there
(System V ABI, "Special Sections"). A section whose name is a C identifier gets the symbols `__start_NAME` and
`__stop_NAME` (GNU ld manual, "Input Section Example"); JITLink makes these, but drops first what nothing refers to.
"""

from __future__ import annotations

from ctypes import c_uint, c_uint64, c_void_p

from jitrepl.worker import llvm
from jitrepl.worker.linking.rewrite import rename, values_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CONSTRUCTORS, DESTRUCTORS = "llvm.global_ctors", "llvm.global_dtors"
_LISTS = (
    (b".preinit_array", CONSTRUCTORS, -1),
    (b".init_array", CONSTRUCTORS, None),
    (b".fini_array", DESTRUCTORS, None),
)
"""What the names of sections begin with, the table that their functions belong into, and their priority; None if that
is a number at the name's end."""
_DEFAULT_PRIORITY = 65535
_BOUNDS = ("__start_", "__stop_")
_HIDDEN = 1  # llvm-c/Core.h, LLVMVisibility
_FORMER_FIELDS = 2
_POINTER, _ARRAY = 12, 11  # LLVMTypeKind

_section = llvm.prototype("LLVMGetSection", llvm.Str, llvm.Ptr)
_struct = llvm.prototype("LLVMConstStructInContext", llvm.Ptr, llvm.Ptr, llvm.Ptr, c_uint, llvm.Bool)
_array = llvm.prototype("LLVMConstArray2", llvm.Ptr, llvm.Ptr, llvm.Ptr, c_uint64)
_is_null = llvm.prototype("LLVMIsNull", llvm.Bool, llvm.Ptr)


def listed(module: int) -> dict[str, list[tuple[int, int]]]:
    """The functions that a module's variables list in sections.

    Args:
        module: an `LLVMModuleRef`.

    Returns:
        For each of `CONSTRUCTORS` and `DESTRUCTORS` of which there are any, the priority of each function, and the
        constant that it is in the list.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for variable in values_of(module, llvm.first_global, llvm.next_global):
        name = _section(variable)
        if not name:
            continue
        for prefix, kind, priority in _LISTS:
            initial = llvm.initializer(variable) if name.startswith(prefix) else None
            if initial:
                number = name[len(prefix) :].strip(b".")
                due = int(number) if number.isdigit() else _DEFAULT_PRIORITY
                pairs = ((due if priority is None else priority, item) for item in _pointers(initial))
                found.setdefault(kind, []).extend(pairs)
    return found


def _pointers(constant: int) -> Iterator[int]:
    kind = llvm.type_kind(llvm.type_of(constant))
    if _is_null(constant):
        return
    if kind == _POINTER:
        yield constant
    elif kind == _ARRAY:
        for at in range(llvm.operand_count(constant)):
            yield from _pointers(llvm.operand(constant, at))


def gather(module: int) -> None:
    """Add the functions that are listed in sections to the module's tables of constructors and destructors.

    Those of one priority are called in the order of the object: what is listed by hand is in front.
    """
    for kind, pairs in listed(module).items():
        number = llvm.int32_type(llvm.module_context(module))
        rows = [(llvm.const_int(number, due & 0xFFFFFFFF, 0), function) for due, function in pairs]
        _write_table(module, kind, [_row(module, row) for row in rows] + _rows(module, kind))


def complete(module: int) -> None:
    """Give tables of constructors and destructors their third field, which IR of before LLVM 3.5 has not."""
    for kind in (CONSTRUCTORS, DESTRUCTORS):
        rows = _rows(module, kind)
        if rows and llvm.operand_count(rows[0]) == _FORMER_FIELDS:
            _write_table(module, kind, [_row(module, (llvm.operand(row, 0), llvm.operand(row, 1))) for row in rows])


def _rows(module: int, kind: str) -> list[int]:
    table = llvm.named_global(module, kind.encode())
    initial = llvm.initializer(table) if table else None
    if not initial or _is_null(initial):
        return []
    return [llvm.operand(initial, at) for at in range(llvm.operand_count(initial))]


def _row(module: int, fields: tuple[int, int]) -> int:
    """An entry of a table: when it is due, the function, and nothing that it initialises."""
    context = llvm.module_context(module)
    none = llvm.const_null(llvm.pointer_type(context, 0))
    return _struct(context, (c_void_p * 3)(*fields, none), 3, 0)  # type: ignore[no-any-return]


def _write_table(module: int, kind: str, rows: list[int]) -> None:
    table = llvm.named_global(module, kind.encode())
    if table:
        llvm.delete_global(table)
    values = _array(llvm.type_of(rows[0]), (c_void_p * len(rows))(*rows), len(rows))
    made = llvm.add_global(module, llvm.type_of(values), kind.encode())
    llvm.set_initializer(made, values)
    llvm.set_linkage(made, llvm.APPENDING)


def keep_bounded(module: int, prefix: str) -> None:
    """Keep what is in a section if the module asks where that begins or ends.

    Args:
        module: an `LLVMModuleRef`.
        prefix: what the symbols begin with that local definitions get.
    """
    names: set[bytes] = set()
    for variable in values_of(module, llvm.first_global, llvm.next_global):
        name = llvm.name_of(variable) if llvm.is_declaration(variable) else ""
        names.update(llvm.encoded(name.removeprefix(start)) for start in _BOUNDS if name.startswith(start))
    if not names:
        return
    for number, variable in enumerate(values_of(module, llvm.first_global, llvm.next_global)):
        if llvm.linkage(variable) in (llvm.INTERNAL, llvm.PRIVATE) and _section(variable) in names:
            llvm.set_linkage(variable, llvm.EXTERNAL)
            llvm.set_visibility(variable, _HIDDEN)
            rename(variable, f"{prefix}{number}")
