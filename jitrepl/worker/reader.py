"""Read an input: textual IR or bitcode in, a verified module and what it defines out.

LLVM's own parser decides everything. Where it misses a name that an earlier input defined, the declaration is
added and the text is read again; nothing here guesses at the meaning of IR.
"""

from __future__ import annotations

from ctypes import byref, c_size_t

from jitrepl.errors import BitcodeError, InputError, IRError
from jitrepl.filetypes import is_bitcode
from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.linking import rewrite
from jitrepl.worker.linking.lowering import entries, has_ifuncs
from jitrepl.worker.linking.sections import complete
from jitrepl.worker.owned import Module, parse, verify
from jitrepl.worker.signatures import ContextReader, Signature, TypeReader
from jitrepl.worker.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Input(Protocol):
        """What was read, IR (`Reading`) or an object (`jitrepl.worker.linking.objects.ObjectReading`)."""

        data: bytes
        globals: list[Global]
        notes: list[str]

        @property
        def constructs(self) -> int:
            """How many functions it wants to be called before everything else; of an object, whether any."""

        @property
        def destructs(self) -> int:
            """How many functions it wants to be called after everything else; of an object, whether any."""

        @property
        def ifuncs(self) -> bool:
            """Whether it has ifuncs, which are resolved before any other code runs."""

        @property
        def unnamed(self) -> bool:
            """Whether some global values have numbers for names."""

    class Known(Protocol):
        """What earlier inputs can lend to a new one."""

        def declaration(self, name: str) -> str | None:
            """A line that declares a global value of the session; None if there is none."""

        def type_definitions(self, names: set[str]) -> str:
            """Definitions, on one line, of those of these named types that the session has."""

        def hint(self, name: str) -> str:
            """The next step for a user whose input uses an unknown global value."""


_TEXT = frozenset(b"\t\n\r" + bytes(range(32, 127)))

_WEAK = (2, 3, 4, 5, 6, llvm.EXTERN_WEAK, llvm.COMMON)  # linkonce and weak, each also with odr (LLVMLinkage)


class Global:
    """A global value of a module.

    Args:
        name: without `@`.
        kind: `function`, `variable`, `alias` or `ifunc`.
        type: its value type; a `Function` for functions.
        signature: what a caller must know, for what can be called.
        defined: whether this module defines it for others.
        local: whether only this module sees it (`internal`, `private`).
        private: whether it is not even in the symbol table.
        common: whether it is a common symbol, of which the largest of several is taken.
        comdat: whether it is in a group of which a linker takes any one.
        weak: whether another definition may take its place, or it may stay undefined.
        used: whether something in the module refers to it.
        thread_local: whether each thread has its own.
        constant: whether it is a variable that nobody may write.
        described: whether debug info says what it is in its source.
        noreturn: whether it is a declared function that never returns.
    """

    __slots__ = (
        "comdat",
        "common",
        "constant",
        "defined",
        "described",
        "kind",
        "local",
        "name",
        "noreturn",
        "private",
        "signature",
        "thread_local",
        "type",
        "used",
        "weak",
    )

    def __init__(self, value: int, kind: str, reader: ContextReader) -> None:
        self.name = llvm.name_of(value)
        self.kind = kind
        linkage = llvm.linkage(value)
        self.local = linkage in (llvm.INTERNAL, llvm.PRIVATE)
        self.private = linkage == llvm.PRIVATE
        self.weak = linkage in _WEAK
        self.common = linkage == llvm.COMMON
        self.comdat = linkage == llvm.EXTERNAL and rewrite.any_will_do(value)
        self.used = bool(llvm.first_use(value))
        self.defined = linkage != llvm.AVAILABLE_EXTERNALLY and not llvm.is_declaration(value)
        self.signature: Signature | None = None
        self.described = False
        self.type: Type
        self.thread_local = self.constant = self.noreturn = False
        if kind == "function":
            self.signature = reader.signature(value)
            self.type = self.signature.type
            self.described = bool(llvm.subprogram(value))
            self.noreturn = not self.defined and reader.never_returns(value)
        else:
            type = llvm.value_type(value)
            if llvm.type_kind(type) == _FUNCTION_KIND:
                self.type = function = reader.function_type(type)
                self.signature = Signature(function)
            else:
                self.type = reader.type(type)
            if kind == "variable":
                self.thread_local = bool(llvm.is_thread_local(value))
                self.constant = bool(llvm.is_constant(value))
                self.described = has_debug_info(value)

    @property
    def mergeable(self) -> bool:
        """Whether it is a constant that is not even in the symbol table: nothing can tell two copies of it apart."""
        return self.private and self.constant

    @property
    def callable(self) -> bool:
        """Whether it is code."""
        return self.signature is not None

    def declaration(self) -> str:
        """A line that declares it in another module."""
        if self.signature:
            return self.signature.declaration(quoted(self.name))
        storage = "thread_local " if self.thread_local else ""
        word = "constant" if self.constant else "global"
        return f"{quoted(self.name)} = external {storage}{word} {self.type.text}"


_FUNCTION_KIND = 9


def has_debug_info(variable: int) -> bool:
    """Whether a global variable has any metadata: that is nearly always its debug info."""
    count = c_size_t()
    llvm.dispose_metadata_entries(llvm.copy_metadata(variable, byref(count)))
    return bool(count.value)


class Reading:
    """A module that was read, is valid, and fits this machine.

    Args:
        module: the module, to be given to the JIT.
        data: what to parse to get it again: the input plus the declarations that were added.
        globals: its global values in the order of LLVM's lists: functions, variables, aliases, ifuncs.
        notes: remarks for the user.
        unnamed: whether some of them have numbers for names, which `rewrite.name_unnamed` gave them.

    `constructs` and `destructs` are how many functions it wants to be called before and after everything else.
    """

    __slots__ = ("constructs", "data", "destructs", "globals", "ifuncs", "module", "notes", "unnamed")

    def __init__(
        self, module: Module, data: bytes, globals: list[Global], notes: list[str], unnamed: bool = False
    ) -> None:
        self.module = module
        self.unnamed = unnamed
        self.constructs, self.destructs = entries(module)
        self.ifuncs = has_ifuncs(module)
        self.data = data
        self.globals = globals
        self.notes = notes


class Reader:
    """Reads inputs for one target.

    Args:
        triple: the target triple of the JIT.
        layout: its data layout.
        known: what earlier inputs can lend.
    """

    def __init__(self, triple: str, layout: str, known: Known) -> None:
        self._triple = triple
        self._layout = layout
        self._known = known
        self.types = TypeReader(layout)

    def read(self, data: bytes, name: str, head: str = "", tail: str = "") -> Reading:
        """Read one input.

        Args:
            data: textual IR or bitcode.
            name: what messages call it.
            head: text to read before it, without a newline at its end; messages do not show it.
            tail: text to read behind it.

        Raises:
            IRError: for what LLVM's parser or verifier refuses, pointing at the line.
            BitcodeError: for broken, newer or foreign bitcode.
            InputError: for what is neither.
        """
        lent: set[str] = set()
        if is_bitcode(data):
            module, message = parse(data, name)
            if module is None:
                from jitrepl.worker.diagnosis import refuse_bytes

                raise BitcodeError(*refuse_bytes(name, data, message))
        else:
            module, data, lent = self._read_text(data, name, head, tail)
        try:
            notes = self._check_target(module, name)
            complete(module.ptr)
            problem = verify(module)
            if problem:
                from jitrepl.worker.diagnosis import explain_verify

                raise IRError(explain_verify(name, data, problem))
            globals = list(self._globals(module))
            if lent:
                from jitrepl.worker.linking import mismatch

                with self.types.context() as types:
                    notes += mismatch.wrong_calls(module, [item for item in globals if item.name in lent], types)
            unnamed = any(not item.name and item.defined and not item.mergeable for item in globals)
            if unnamed:
                rewrite.name_unnamed(module.ptr)
                globals = list(self._globals(module))
            return Reading(module, data, globals, notes, unnamed)
        except BaseException:
            module.close()
            raise

    def _read_text(self, data: bytes, name: str, head: str, tail: str) -> tuple[Module, bytes, set[str]]:
        if b"\0" in data or (not data and name.endswith(".bc")):
            from jitrepl.worker.diagnosis import refuse_bytes

            raise BitcodeError(*refuse_bytes(name, data, ""))
        try:
            text = data.decode()
        except UnicodeDecodeError:
            if sum(byte in _TEXT for byte in data[:4096]) < 3 * len(data[:4096]) // 4:
                from jitrepl.worker.diagnosis import refuse_bytes

                raise BitcodeError(*refuse_bytes(name, data, "")) from None
            text = data.decode("utf-8", "surrogateescape")
        before, after = "", ""
        framed = head + text + tail
        declared: set[str] = set()
        while True:
            source = llvm.encoded(before + framed + after)
            module, message = parse(source, name)
            if module is not None:
                return module, source, declared
            from jitrepl.worker.diagnosis import Location, constant_hint, explain_parse

            location = Location.parse(message, name, len(before + head))
            missing = location.undefined
            if missing and missing not in declared:
                declared.add(missing)
                line = self._known.declaration(missing)
                if line:
                    after += f"\n{line}"
                    continue
            elif not before:
                # A type that is used by value has to be defined before its use, so it goes in front,
                # on the first line: the numbers of the user's lines stay.
                before = self._known.type_definitions(names_of_types(framed))
                if before:
                    continue
            explained = explain_parse(location, text)
            raise IRError(explained, self._known.hint(missing) if missing else constant_hint(location, text))

    def _check_target(self, module: Module, name: str) -> list[str]:
        """Give a module this machine's triple and layout, if it was made for nothing else."""
        triple = llvm.get_triple(module.ptr).decode("utf-8", "backslashreplace")  # corrupt bitcode may have any bytes
        layout = llvm.get_layout(module.ptr).decode("utf-8", "backslashreplace")
        machine = triple.partition("-")[0]
        if machine not in ("", "unknown", self._triple.partition("-")[0]):
            raise InputError(
                f"{name} is for {triple}, this session runs {self._triple}",
                f'compile it for this target, or set `target triple = "{self._triple}"` if its code allows',
            )
        notes = []
        if layout and layout != self._layout:
            other = TypeReader(layout)
            if (other.pointer_size, other.big_endian) != (self.types.pointer_size, self.types.big_endian):
                raise InputError(
                    f"{name} has a different pointer size or byte order ({layout}) than this session ({self._layout})",
                    "compile it for this target",
                )
            notes.append(f"{name}: its data layout {layout} is replaced by this target's")
        llvm.set_triple(module.ptr, self._triple.encode())
        llvm.set_layout(module.ptr, self._layout.encode())
        return notes

    def _globals(self, module: Module) -> Iterator[Global]:
        with self.types.context() as reader:
            for kind, first, following in _LISTS:
                value = first(module.ptr)
                while value:
                    found = Global(value, kind, reader)
                    if not found.name.startswith("llvm."):
                        yield found
                    value = following(value)


_LISTS = (
    ("function", llvm.first_function, llvm.next_function),
    ("variable", llvm.first_global, llvm.next_global),
    ("alias", llvm.first_alias, llvm.next_alias),
    ("ifunc", llvm.first_ifunc, llvm.next_ifunc),
)


def names_of_types(text: str) -> set[str]:
    """The names after `%` in a text: types, and locals that are mistaken for one harmlessly."""
    import re

    pairs = re.findall(r'%(?:([-a-zA-Z$._][-a-zA-Z$._0-9]*)|"([^"]*)")', text)
    defined = re.findall(r'^\s*%(?:([-a-zA-Z$._][-a-zA-Z$._0-9]*)|"([^"]*)")\s*=\s*type\b', text, re.MULTILINE)
    return {plain or quote for plain, quote in pairs} - {plain or quote for plain, quote in defined}
