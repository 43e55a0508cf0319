"""What jitrepl changes in a module's IR before ORC gets it: who defines a name, and under which symbol.

Every function here takes an `LLVMModuleRef`, and values by their names. Sources: LangRef, "Global Variables",
"Functions", "Aliases", "Prefix Data"; llvm-c/Core.h.
"""

from __future__ import annotations

from ctypes import c_int, string_at

from jitrepl.worker import llvm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HIDDEN = 1  # llvm-c/Core.h, LLVMVisibility
_ANY = 0  # llvm-c/Comdat.h, LLVMComdatSelectionKind

comdat = llvm.prototype("LLVMGetComdat", llvm.Ptr, llvm.Ptr)
_selection = llvm.prototype("LLVMGetComdatSelectionKind", c_int, llvm.Ptr)


def value_named(module: int, name: str) -> int | None:
    """The global value of a module that has a name, as an `LLVMValueRef`."""
    data = llvm.encoded(name)
    found: int | None = (
        llvm.named_function(module, data)
        or llvm.named_global(module, data)
        or llvm.named_alias(module, data, len(data))
        or llvm.named_ifunc(module, data, len(data))
    )
    return found


def any_will_do(value: int) -> bool:
    """Whether a global value is in a group of which a linker takes any one (LangRef, "Comdats")."""
    group = comdat(value)
    return bool(group) and _selection(group) == _ANY


def values_of(module: int, first: Callable[[int], int], following: Callable[[int], int]) -> Iterator[int]:
    """The values of one of a module's lists, which may change meanwhile."""
    found = []
    value = first(module)
    while value:
        found.append(value)
        value = following(value)
    yield from found


def rename(value: int, symbol: str) -> None:
    """Give a global value another name; whoever uses it follows."""
    data = llvm.encoded(symbol)
    llvm.set_name(value, data, len(data))


def name_unnamed(module: int) -> None:
    """Give what has no name its number for one, as LLVM prints it. No other module can refer to it."""
    number = 0
    for first, following in _LISTS:
        for value in values_of(module, first, following):
            if llvm.name_of(value):
                continue
            if not llvm.is_declaration(value):
                rename(value, str(number))
                if llvm.linkage(value) != llvm.PRIVATE:
                    llvm.set_linkage(value, llvm.INTERNAL)
            number += 1


_LISTS = (
    (llvm.first_global, llvm.next_global),
    (llvm.first_alias, llvm.next_alias),
    (llvm.first_ifunc, llvm.next_ifunc),
    (llvm.first_function, llvm.next_function),
)
"""In the order in which LLVM numbers what is in them (`SlotTracker` of llvm/lib/IR/AsmWriter.cpp)."""


def undefine(module: int, name: str, symbol: str) -> None:
    """Make a definition a declaration: somebody else defines it, under this symbol.

    Aliases of it, and addresses of its blocks, keep what they mean.
    """
    value = value_named(module, name)
    if not value:
        return
    if llvm.named_function(module, llvm.encoded(name)) == value and not _is_meant_otherwise(module, value):
        llvm.set_comdat(value, None)
        llvm.set_linkage(value, llvm.AVAILABLE_EXTERNALLY)  # a body that nobody emits
        if symbol != name:
            rename(value, symbol)
    elif llvm.named_global(module, llvm.encoded(name)) == value and not aliases_of(module, value):
        llvm.set_comdat(value, None)
        llvm.set_initializer(value, None)
        llvm.set_linkage(value, llvm.EXTERNAL)
        if symbol != name:
            rename(value, symbol)
    else:
        _replace(module, value, name, symbol)


def erase(module: int, name: str) -> None:
    """Make a definition a declaration, for people to read; unlike `undefine`, this leaves no trace of the body."""
    value = llvm.named_function(module, llvm.encoded(name))
    if not value or _is_meant_otherwise(module, value):
        undefine(module, name, name)
        return
    rename(value, f"{name}#was")
    llvm.replace_uses(value, _declared_like(module, value, name))
    llvm.delete_function(value)


def _replace(module: int, value: int, name: str, symbol: str) -> None:
    """Use a declaration in the place of a definition; its aliases and the addresses of its blocks keep it."""
    aliases = aliases_of(module, value)
    rename(value, f"{name}#was")
    stand_in = _declared_like(module, value, symbol)
    llvm.replace_uses(value, stand_in)
    for alias in aliases:
        llvm.set_aliasee(alias, value)
    if llvm.named_alias(module, llvm.encoded(f"{name}#was"), len(llvm.encoded(f"{name}#was"))):
        # llvm-c cannot delete an alias; this one is to mean nothing.
        number = llvm.int32_type(llvm.module_context(module))
        target = llvm.add_global(module, number, llvm.encoded(f"{name}#nothing"))
        llvm.set_initializer(target, llvm.const_int(number, 0, 0))
        llvm.set_linkage(target, llvm.PRIVATE)
        llvm.set_aliasee(value, target)
    else:
        llvm.set_comdat(value, None)
    llvm.set_linkage(value, llvm.PRIVATE)


def _declared_like(module: int, value: int, symbol: str) -> int:
    type = llvm.value_type(value)
    if llvm.type_kind(type) == _FUNCTION_KIND:
        return llvm.add_function(module, llvm.encoded(symbol), type)  # type: ignore[no-any-return]
    made: int = llvm.add_global(module, type, llvm.encoded(symbol))
    if llvm.is_thread_local(value):
        llvm.set_thread_local(made, 1)
    return made


_FUNCTION_KIND = 9


def aliases_of(module: int, value: int) -> list[int]:
    """The aliases of a definition in its module."""
    aliases = values_of(module, llvm.first_alias, llvm.next_alias)
    return [alias for alias in aliases if llvm.aliasee(alias) == value]


def _is_meant_otherwise(module: int, function: int) -> bool:
    """Whether a function's body is referred to by more than its name: by an alias, or the address of a block."""
    if aliases_of(module, function):
        return True
    block = llvm.first_block(function)
    while block:
        if any(llvm.as_block_address(user) for user in _users(llvm.block_value(block))):
            return True
        block = llvm.next_block(block)
    return False


def point_elsewhere(module: int, value: int, symbol: str) -> None:
    """Make a module use another definition than its own one, except where it calls its own directly.

    A function has one address for the whole session, whichever version is current. Calls within a module stay direct.

    Args:
        module: the module.
        value: what it defines, under a symbol of its own.
        symbol: what it is to use.
    """
    uses = list(_users(value))
    if not uses or aliases_of(module, value):
        return
    other = value_named(module, symbol) or _declared_like(module, value, symbol)
    llvm.replace_uses(value, other)
    for user in uses:
        if (llvm.as_call(user) or llvm.as_invoke(user)) and llvm.called_value(user) == other:
            llvm.set_operand(user, llvm.operand_count(user) - 1, value)


def _users(value: int) -> Iterator[int]:
    use = llvm.first_use(value)
    while use:
        yield llvm.user_of(use)
        use = llvm.next_use(use)


def publish(module: int, name: str, symbol: str) -> None:
    """Give a local definition a symbol by which the session reaches it; the module keeps its own name for it."""
    value = value_named(module, name)
    if not value:
        return
    if llvm.is_thread_local(value):
        llvm.set_linkage(value, llvm.EXTERNAL)  # an alias of one would be another variable under emulated TLS
        llvm.set_visibility(value, _HIDDEN)
        rename(value, symbol)
        return
    alias = llvm.add_alias(module, llvm.value_type(value), 0, value, llvm.encoded(symbol))
    llvm.set_visibility(alias, _HIDDEN)


def store_as(value: int, thread_local: bool) -> None:
    """Declare a variable as its definition has it: one for all threads, or one for each."""
    llvm.set_thread_local(value, thread_local)
    if thread_local:
        return
    for user in list(_users(value)):
        if llvm.as_call(user) and llvm.name_of(llvm.called_value(user)).startswith(_ADDRESS_IN_THREAD):
            llvm.replace_uses(user, value)  # it takes thread-local variables only
            llvm.erase_instruction(user)


_ADDRESS_IN_THREAD = "llvm.threadlocal.address"


def export_label(module: int, name: str, symbol: str) -> None:
    """Make what a module's assembly may define known under another symbol, too, even if it is the module's own."""
    text = f'.ifdef "{name}"\n.globl "{symbol}"\n.set "{symbol}", "{name}"\n.endif\n'
    data = llvm.encoded(text)
    llvm.append_module_asm(module, data, len(data))


def forget_initialisers(module: int) -> None:
    """Take static constructors and destructors, and assembly, out of a module: they have had their effect."""
    for name in (b"llvm.global_ctors", b"llvm.global_dtors"):
        found = llvm.named_global(module, name)
        if found:
            llvm.delete_global(found)
    llvm.set_module_asm(module, b"", 0)


def initial_value(module: int, name: str) -> str:
    """How a variable's initialiser is written; "" if it has none."""
    value = llvm.named_global(module, llvm.encoded(name))
    initializer = llvm.initializer(value) if value else None
    return llvm.text_of(llvm.print_value(initializer)) if initializer else ""


def bitcode(module: int) -> bytes:
    """A module as bitcode (llvm-c/BitWriter.h)."""
    buffer = llvm.bitcode_buffer(module)
    data = string_at(llvm.buffer_start(buffer), llvm.buffer_size(buffer))
    llvm.dispose_buffer(buffer)
    return data


def make_redirectable(module: int, prefix: bytes, prologue: bytes) -> None:
    """Put room for a jump in front of every function that has none, and a no-op at its entry.

    Args:
        module: the module.
        prefix: bytes in front of the entry.
        prologue: bytes at the entry, which are executed.
    """
    context = llvm.module_context(module)
    before = llvm.const_string(context, prefix, len(prefix), 1)
    at = llvm.const_string(context, prologue, len(prologue), 1)
    naked = llvm.attribute_kind_named(b"naked", 5)
    for function in values_of(module, llvm.first_function, llvm.next_function):
        if llvm.is_declaration(function) or llvm.has_prefix(function) or llvm.has_prologue(function):
            continue
        if llvm.linkage(function) != llvm.AVAILABLE_EXTERNALLY and not llvm.enum_attribute(
            function, llvm.FUNCTION_INDEX, naked
        ):
            llvm.set_prefix(function, before)
            llvm.set_prologue(function, at)
