"""The host-symbol generator: an ORC custom definition generator on the session's JITDylib.

ORC asks it for every symbol that the session does not define, before it asks the process. It defines those that
are host functions and stays silent about the rest.
"""

from __future__ import annotations

from ctypes import Structure, c_int, c_void_p

from jitrepl.worker import llvm
from jitrepl.worker.jit import Jit, define_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LLJIT_OWN = ("__lljit", "__orc_", "$.")


class _LookupElement(Structure):
    """`LLVMOrcCLookupSetElement`: a symbol that was not found, and how much it is wanted (llvm-c/Orc.h)."""

    _fields_ = (("name", c_void_p), ("flags", c_int))


class HostSymbolGenerator:
    """Answers ORC's look-ups from a function of ours.

    Args:
        jit: the LLJIT whose main JITDylib is extended.
        resolve: gives the address of a host function, or None.
    """

    def __init__(self, jit: Jit, resolve: Callable[[str], int | None]) -> None:
        self._jit = jit
        self._resolve = resolve
        self._callback = llvm.Generate(self._generate)  # ORC keeps calling it: it must live as long
        jit.add_generator(self._callback)

    def _generate(
        self,
        _generator: int,
        _context: int,
        _state: int,
        _kind: int,
        dylib: int,
        _flags: int,
        elements: int,
        count: int,
    ) -> int | None:
        # An exception that left this callback would make ctypes return garbage for the LLVMErrorRef.
        try:
            found: dict[int, int] = {}
            asked: dict[str, int | None] = {}
            wanted = (_LookupElement * count).from_address(elements)
            # ORC asks in the order of a hash table; what is noted about the symbols should not depend on it.
            for text, entry in sorted((llvm.symbol_text(element.name), element.name) for element in wanted):
                name = text.decode("utf-8", "surrogateescape")
                if name.startswith(LLJIT_OWN):
                    continue
                address = asked[name] = self._resolve(name.removeprefix(self._jit.prefix))
                if address is not None:
                    found[entry] = address
            if self._jit.trace:
                self._jit.trace.asked(asked)
            return define_functions(dylib, found) if found else None
        except Exception as problem:
            error: int = llvm.create_error(f"the host-symbol generator failed: {problem!r}".encode())
            return error
