"""Tell what ORC does, a line an event, as LLVM's `-debug-only=orc` does in builds that have it.

The lines go to standard error at once, not by way of the shell: so they stand between what LLVM and the program print
themselves, and the last of them are there when LLVM crashes. A line is indented by what it happens in.

Nothing here decides anything: `jitrepl.worker.jit` and the generator report, if somebody listens.
"""

from __future__ import annotations

import io
import os
from ctypes import string_at
from time import perf_counter

from jitrepl import messages
from jitrepl.errors import JITError
from jitrepl.filetypes import ELF_MAGIC
from jitrepl.worker import llvm, process
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import identifier_of
from jitrepl.worker.shared_libraries import library_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from elftools.elf.elffile import ELFFile

_SHOWN = 6
"""How many names a line has at most."""
_NOT_SEEN = (llvm.APPENDING, llvm.INTERNAL, llvm.PRIVATE)
"""Linkages of what other modules cannot see."""
_OWN = {
    f"{PREFIX}call.": "jitrepl's thunk for calls of one type",
    f"{PREFIX}host.": "jitrepl's code for a host function",
    f"{PREFIX}crash": "jitrepl's crash handler",
    f"{PREFIX}constructors.": "the table of static initialisers",
    f"{PREFIX}destructors.": "the table of static destructors",
    f"{PREFIX}ifuncs.": "which calls the resolvers of ifuncs",
    f"{PREFIX}runtime.": "what programs are linked with",
}
"""What names of jitrepl stand for, by how they begin."""


class _Object:
    """What was compiled and is being linked.

    Args:
        module: the id of its module.
        defines: the symbols that others can see.
        needs: the symbols that it refers to and does not define.
    """

    def __init__(self, module: str, defines: tuple[str, ...], needs: tuple[str, ...]) -> None:
        self.module = module
        self.defines = defines
        self.needs = needs


class Trace:
    """A listener on a JIT.

    Args:
        prefix: what the platform puts before each symbol's name.
        address_of: gives the address of a symbol that is linked; raises `JITError` if there is none.
        write: prints a line.
    """

    def __init__(
        self, prefix: str, address_of: Callable[[str], int], write: Callable[[str], object] | None = None
    ) -> None:
        self._prefix = prefix
        self._address_of = address_of
        self._write = write or _to_standard_error
        self._reason = ""
        self._started: list[float] = []  # of the look-ups that are under way
        self._compiling: list[tuple[str, float]] = []
        self._linking: list[_Object] = []
        self._names: dict[int, str] = {}
        _symbols(b"")  # imports now what would be taken for a part of the first link

    def request(self, request: messages.Request) -> None:
        """From here on, look-ups are for this request."""
        self._reason = _described(request)

    def added(self, module: int, tracker: int) -> None:
        """A module is about to be added under a tracker."""
        name = identifier_of(module)
        self._names[tracker] = name
        self._line(f"add {name} to the JITDylib: {_size_of(module)}; it defines {_listed(self._definitions(module))}")

    def added_object(self, name: str, start: int, size: int, tracker: int) -> None:
        """An object is about to be added under a tracker: the id of its module, where it is, its size in bytes."""
        self._names[tracker] = name
        defines, _ = _symbols(string_at(start, size))
        self._line(f"add {name} to the JITDylib: an object of {size} bytes; it defines {_listed(defines)}")

    def removed(self, tracker: int) -> None:
        """A tracker is about to be removed."""
        self._line(f"remove {self._names.pop(tracker, 'a module')} from the JITDylib")

    def looking(self, name: str) -> None:
        """A look-up begins."""
        own = next((text for start, text in _OWN.items() if name.removeprefix(self._prefix).startswith(start)), "")
        why = f", {own}" if own else ""
        self._line(f"look up {name}{why}{self._reason and f', for {self._reason}'}")
        self._started.append(perf_counter())

    def found(self, name: str, address: int) -> None:
        """A look-up has succeeded, and with it the links of all that it materialized."""
        self._linked()
        self._ended(f"found {name} @ 0x{address:016x}")

    def failed(self, name: str, reasons: Iterable[str]) -> None:
        """A look-up has failed. What it materialized is lost."""
        for reason in reasons:
            self._line(f"error: {reason.splitlines()[0] if reason else ''}")
        self._linking.clear()
        self._compiling.clear()
        self._ended(f"{name} was not found")

    def running(self, what: str) -> None:
        """Code is about to run that nobody called by name."""
        self._line(f"run {what}")

    def compiling(self, module: int) -> None:
        """ORC hands a module to the compiler."""
        name = identifier_of(module)
        defined = set(self._definitions(module))
        users = [f"{_listed([n for n in o.needs if n in defined])}, which {o.module} needs" for o in self._linking]
        because = next((f", for {text}" for text in users if not text.startswith("nothing")), "")
        self._line(f"materialize {name}: {_size_of(module)}{because}")
        self._compiling.append((name, perf_counter()))

    def linking(self, name: str | None, start: int, size: int) -> None:
        """ORC hands an object to the linker.

        Args:
            name: the id of its module; None for the one that was compiled last.
            start: where the object is.
            size: its size in bytes.
        """
        now = perf_counter()
        what = f"materialize {name}"
        if name is None:
            name, begun = self._compiling.pop() if self._compiling else ("an object", now)
            what = f"compiled {name} in {(now - begun) * 1000:.1f} ms"
        defines, needs = _symbols(string_at(start, size))
        self._linking.append(_Object(name, defines, needs))
        needed = f", needs {_listed(needs)}" if needs else ""
        self._line(f"{what}: an object of {size} bytes, defines {_listed(defines)}{needed}")

    def asked(self, names: dict[str, int | None]) -> None:
        """ORC has asked the generator for symbols; each with the address of its host function, or None."""
        for name, address in names.items():
            users = [item.module for item in self._linking if name in item.needs]
            by = f", which {_listed(users)} needs," if users else ""
            self._line(f"generator: {name}{by} {self._origin(name, address)}")

    def _origin(self, name: str, address: int | None) -> str:
        if address is not None:
            return f"is a host function @ 0x{address:016x}"
        found = process.symbol_address(name.removeprefix(self._prefix))
        if found is None:
            return "is neither a host function nor in the process"
        return f"is no host function; the process has it @ 0x{found:016x}, in {library_at(found)}"

    def _linked(self) -> None:
        # The last that was handed to the linker is the first whose needs are met.
        for item in reversed(self._linking):
            places = []
            for name in item.defines[:_SHOWN]:
                try:
                    places.append(f"{name} @ 0x{self._address_of(name):016x}")
                except JITError:
                    continue  # the linker has found nobody who could want it
            more = f" and {len(item.defines) - _SHOWN} more" if len(item.defines) > _SHOWN else ""
            self._line(f"linked {item.module}: {', '.join(places) or 'no symbols'}{more}")
        self._linking.clear()

    def _definitions(self, module: int) -> list[str]:
        """The symbols that a module defines, as the linker spells them."""
        chains = (
            (llvm.first_function, llvm.next_function),
            (llvm.first_global, llvm.next_global),
            (llvm.first_alias, llvm.next_alias),
        )
        return [
            self._prefix + llvm.name_of(value)
            for first, following in chains
            for value in _chain(first(module), following)
            if not llvm.is_declaration(value) and llvm.linkage(value) not in _NOT_SEEN
        ]

    def _ended(self, text: str) -> None:
        begun = self._started.pop() if self._started else perf_counter()
        self._line(f"{text} in {(perf_counter() - begun) * 1000:.1f} ms")

    def _line(self, text: str) -> None:
        self._write(f"orc: {'  ' * len(self._started)}{text}\n")


def _to_standard_error(line: str) -> None:
    data = line.encode("utf-8", "backslashreplace")
    try:
        os.write(2, data)
    except OSError:
        pass  # JITed code has closed it; it comes back after the call


def _described(request: messages.Request) -> str:
    if isinstance(request, messages.Call):
        return f":call {request.name}"
    if isinstance(request, messages.Load):
        return f"loading {request.name}"
    return {"Quit": "the end of the session"}.get(type(request).__name__, "")


def _chain(first: int | None, following: Callable[[int], int | None]) -> Iterable[int]:
    while first:
        yield first
        first = following(first)


def _size_of(module: int) -> str:
    """`2 functions, 1 variable, 12 instructions`, of what a module defines."""
    functions = [f for f in _chain(llvm.first_function(module), llvm.next_function) if not llvm.is_declaration(f)]
    variables = [g for g in _chain(llvm.first_global(module), llvm.next_global) if not llvm.is_declaration(g)]
    instructions = sum(
        1
        for function in functions
        for block in _chain(llvm.first_block(function), llvm.next_block)
        for _ in _chain(llvm.first_instruction(block), llvm.next_instruction)
    )
    counts = ((len(functions), "function"), (len(variables), "variable"), (instructions, "instruction"))
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count) or "nothing"


def _listed(names: Collection[str]) -> str:
    shown = list(names)[:_SHOWN]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(shown)}{more}" if shown else "nothing"


def _symbols(data: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The symbols that an ELF object defines for others, and those that it lacks (ELF, "Symbol Table")."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    if not data.startswith(ELF_MAGIC):
        return (), ()
    elf: ELFFile = ELFFile(io.BytesIO(data))
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return (), ()
    outside = [symbol for symbol in table.iter_symbols() if symbol.name and symbol["st_info"]["bind"] != "STB_LOCAL"]
    defines = tuple(symbol.name for symbol in outside if symbol["st_shndx"] != "SHN_UNDEF")
    return defines, tuple(symbol.name for symbol in outside if symbol["st_shndx"] == "SHN_UNDEF")
