"""Which requests can be repeated instead of copying the process (docs/decisions/0018).

A call that depends on nothing but memory and changes nothing but memory, and prints, does exactly the same when the
copy from before makes it once more. LLVM knows which functions are like that: to it, input and output, time, and what
other processes do is inaccessible memory (LangRef, "Function Attributes", `memory`).
"""

from __future__ import annotations

from time import process_time

from jitrepl import messages
from jitrepl.errors import JITError
from jitrepl.filetypes import SOURCE_SUFFIXES, is_bitcode
from jitrepl.worker import llvm
from jitrepl.worker.linking.passes import run_passes
from jitrepl.worker.linking.rewrite import values_of
from jitrepl.worker.owned import Module, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.modules import SessionModule

_SECONDS, _COUNT = 0.05, 200
"""What repeating may take of the processor, all in all."""
_LARGE = 1 << 16
"""Modules that are longer, in bytes, are not looked at: a copy is made sooner."""

_PRINTS = frozenset({"printf", "putchar", "puts", "vprintf"})
"""What only writes to standard output, besides memory: that goes nowhere when it is repeated."""
# fmt: off
_MEMORY_ONLY = frozenset((
    "rand", "srand", "rand_r", "random", "srandom", "drand48", "erand48", "lrand48", "nrand48", "mrand48",
    "srand48", "strtol", "strtoul", "strtoll", "strtoull", "strtof", "strtod", "__isoc23_strtol",
    "__isoc23_strtoul", "__isoc23_strtoll", "__isoc23_strtoull", "snprintf", "sprintf", "vsnprintf", "vsprintf",
    "strtok", "strtok_r", "toupper", "tolower", "isalnum", "isalpha", "isblank", "iscntrl", "isdigit", "isgraph",
    "islower", "isprint", "ispunct", "isspace", "isupper", "isxdigit", "__ctype_b_loc", "__ctype_tolower_loc",
    "__ctype_toupper_loc", "__errno_location",
))
# fmt: on
"""What keeps its state in the process (C17, 7.4, 7.5, 7.21, 7.22 and 7.24, POSIX, and what glibc makes of them in its
headers), of which LLVM assumes the worst."""

_INACCESSIBLE = 0x3 << 2  # llvm/Support/ModRef.h: two bits a location, `IRMemLocation::InaccessibleMem` is the second
_COMPUTES = 0xF3  # reads and writes all that is not inaccessible


class Repeats:
    """Knows which requests can be repeated.

    What it keeps track of is the time since the last copy. All that was done in it may be `exact`: repeatable, with
    code at the same addresses. Or a copy may be due: something was compiled that no repeated request compiles.

    Args:
        dylib: the session's modules.
        is_host: whether a host function has a name.
        kept: how many buffers the session's memory has: they would have other addresses.
    """

    def __init__(self, dylib: SessionDylib, is_host: Callable[[str], bool], kept: Callable[[], int]) -> None:
        self._dylib = dylib
        self._is_host = is_host
        self._kept = kept
        self._known: dict[str, dict[str, bool]] = {}
        self.compiled = False
        """Whether something was compiled, in this request or after the last one, and there is no copy since."""
        self._exact = False  # after the last request
        self._exact_before = False  # when this one began
        self._copy_due = True
        self._inputs_left, self._seconds_left = 0, 0.0  # what may be repeated before there has to be a copy
        self._began = 0.0  # when this request did, in seconds of the processor
        self._had = 0  # buffers, then

    def begin(self, request: messages.Request) -> None:
        """Take note of a request that is about to be answered."""
        if isinstance(request, messages.ListModules):
            return  # `:stats` asks for it
        # Code that is compiled again has the same address only if all else is done again that was done since.
        self._copy_due = self._copy_due or self.compiled
        self._exact_before, self._exact = self._exact, False
        self.compiled = False
        self._began = process_time()
        self._had = self._kept()
        if not isinstance(request, messages.Call):
            self._known.clear()

    def wants_copy_before_run(self, helps: bool) -> bool:
        """Whether to leave a copy between compiling and running: it could not be compiled again for the report.

        Args:
            helps: whether the caller has done what could not be done once more to know the code.
        """
        other = helps or self._copy_due or not self._exact_before  # it would have another address
        return self.compiled and (other or process_time() - self._began > _SECONDS)

    def copied(self) -> None:
        """Take note of a copy."""
        self.compiled = self._copy_due = False
        self._exact_before = True
        self._inputs_left, self._seconds_left = _COUNT, _SECONDS
        self._began = process_time()  # what came before, as compiling does, is not repeated

    def can_repeat(self, request: messages.Request, reply: messages.Reply) -> bool:
        """Whether repeating a request that was just answered does what it has done; no copy is needed then."""
        self._inputs_left -= 1
        self._seconds_left -= process_time() - self._began
        if self._copy_due or self._inputs_left < 0 or self._seconds_left < 0 or self._kept() != self._had:
            return False
        if isinstance(reply, messages.Called) and isinstance(request, messages.Call):
            exact = self._exact_before or not self.compiled
            return exact and not request.signature and self._computes(request.name)
        if self.compiled or not isinstance(reply, messages.Loaded) or not isinstance(request, messages.Load):
            return False
        return self._waits(request, reply)

    def noted(self, repeats: bool, copied: bool) -> None:
        """Take note of how the state that a request has led to can be reached again.

        Args:
            repeats: whether by repeating it.
            copied: whether by a copy.
        """
        if copied:
            self.copied()
        if repeats:
            self.compiled = False  # repeating does it, too
        self._copy_due = self._copy_due or not (repeats or copied)
        self._exact = self._exact_before and (repeats or copied)

    def _waits(self, request: messages.Load, reply: messages.Loaded) -> bool:
        """Whether a module was read and nothing else was done."""
        found = self._dylib.named(reply.name)
        plain = not (reply.replaced or reply.gone or reply.opened or request.libraries)
        if not plain or found is None or found.object or not _can_be_read_again(found):
            return False
        return not (found.ready or found.constructs or found.destructs or found.assembly or found.ifuncs)

    def _computes(self, name: str) -> bool:
        """Whether calling a function depends on nothing but memory and changes nothing but memory and what is shown."""
        found = self._dylib.defined.get(name)
        if found is None or self._is_host(name):
            return False
        module = found[0]
        known = self._known.get(module.id)
        if known is None:
            self._known[module.id] = {}  # should it call functions that call it, they are not known to be harmless
            known = self._known[module.id] = self._effects(module)
        return known.get(name, False)

    def _effects(self, module: SessionModule) -> dict[str, bool]:
        """Whether each function of a module only computes."""
        if module.object or module.assembly or module.absent or module.ifuncs or not _can_be_read_again(module):
            return {}
        if any(item.thread_local for item in module.globals):
            return {}  # the first use allocates them
        copy, _ = parse(module.data, "effects")
        if copy is None:
            return {}
        with copy:
            try:
                return self._read_effects(copy)
            except JITError:  # what the passes do not like is not known to be harmless
                return {}

    def _read_effects(self, module: Module) -> dict[str, bool]:
        assert module.context is not None
        memory, optnone = (llvm.attribute_kind_named(name, len(name)) for name in (b"memory", b"optnone"))
        listed = values_of(module.ptr, llvm.first_function, llvm.next_function)
        functions = [(function, llvm.name_of(function)) for function in listed]
        for function, name in functions:
            if llvm.linkage(function) == llvm.AVAILABLE_EXTERNALLY:
                return {}
            llvm.remove_attribute(function, llvm.FUNCTION_INDEX, optnone)
            if not name.startswith("llvm."):
                llvm.remove_attribute(function, llvm.FUNCTION_INDEX, memory)  # somebody may have written it by hand
            if not llvm.is_declaration(function):
                # Nothing takes its place: what is not current is not asked for.
                llvm.set_linkage(function, llvm.EXTERNAL)
                llvm.set_comdat(function, None)
        run_passes(module.ptr, b"inferattrs")  # what the C library's functions do
        harmless = llvm.create_enum_attribute(module.context.ptr, memory, _COMPUTES)
        for function, name in functions:
            if not llvm.is_declaration(function) or name.startswith("llvm."):
                continue
            ours = self._is_host(name) or name in self._dylib.defined
            if ours:
                llvm.remove_attribute(function, llvm.FUNCTION_INDEX, memory)
            if self._computes(name) if ours else name in _PRINTS or name in _MEMORY_ONLY:
                llvm.add_attribute(function, llvm.FUNCTION_INDEX, harmless)
        run_passes(module.ptr, b"cgscc(function-attrs)")
        return {
            name: not llvm.attribute_value(effects) & _INACCESSIBLE if effects else False
            for function, name in functions
            for effects in (llvm.enum_attribute(function, llvm.FUNCTION_INDEX, memory),)
        }


def _can_be_read_again(module: SessionModule) -> bool:
    """Whether a module is small, and no bitcode but what a compiler has just made.

    LLVM may survive reading broken bitcode once, and not twice.
    """
    sound = not is_bitcode(module.data) or module.name.endswith(SOURCE_SUFFIXES)
    return sound and len(module.data) <= _LARGE
