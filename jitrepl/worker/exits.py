"""What JITed code wants done when it goes: the functions that it gave to `atexit` and `__cxa_atexit`.

C keeps them for a program as a whole, and for each library that can be closed (Itanium C++ ABI, "DSO Object
Destruction API"). Here each module is such a library: unloading it runs its functions while they are still there.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("atexit", "__cxa_atexit")
"""The functions that take them; a module calls them under symbols of its own."""

_MARK = "__jitrepl."

_AtExit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_CxaAtExit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


def symbol_for(name: str, module: int) -> str:
    """The symbol under which a module, told by its number, is to call one of `NAMES`."""
    return f"{_MARK}{name}#{module}"


class ExitFunction:
    """A function to be called at the end.

    Args:
        address: where it is.
        argument: what it takes; None if it takes nothing.
    """

    __slots__ = ("address", "argument")

    def __init__(self, address: int, argument: int | None) -> None:
        self.address = address
        self.argument = argument


class Exits:
    """The functions that were registered, by the module that did it."""

    def __init__(self) -> None:
        self._registered: list[tuple[int, ExitFunction]] = []
        self._callbacks: dict[str, object] = {}

    def address(self, symbol: str) -> int | None:
        """The address of the function behind a symbol of `symbol_for`; None if it is another symbol."""
        if not symbol.startswith(_MARK):
            return None
        if symbol not in self._callbacks:
            name, _, number = symbol.removeprefix(_MARK).partition("#")
            module = int(number)

            def register(function: int, argument: int | None = None, _library: int = 0) -> int:
                takes = name == "__cxa_atexit"
                self._registered.append((module, ExitFunction(function, (argument or 0) if takes else None)))
                return 0

            self._callbacks[symbol] = _CxaAtExit(register) if name == "__cxa_atexit" else _AtExit(register)
        return ctypes.cast(self._callbacks[symbol], ctypes.c_void_p).value  # type: ignore[arg-type]

    def take(self, module: int | None = None) -> Iterator[ExitFunction]:
        """What is to be called now, the last first: for one module, or for all. It may register more."""
        while True:
            mine = [entry for entry in self._registered if module in (None, entry[0])]
            if not mine:
                return
            self._registered.remove(mine[-1])
            yield mine[-1][1]
