"""The crash note: what a dying worker leaves behind for the copy that goes on.

A signal handler, compiled from IR as any JITed code, writes the signal, the registers and the return addresses on the
stacks of all threads to a page that the copies share.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from jitrepl.worker.crashes.handler import COMPILES, PAGE_SIZE, SLOTS, WORKER, handler
from jitrepl.worker.crashes.note import CrashNote, read_note
from jitrepl.worker.jit import Jit
from jitrepl.worker.languages.one_unwinder import walker
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import CRASHES, ONSTACK, SIGINFO, SignalStack, set_action

_WALK, _INSTRUCTION = "_Unwind_Backtrace", "_Unwind_GetIP"
_STACK_SIZE = 1 << 16


class CrashHandler:
    """The handler of this process and of its copies.

    Args:
        jit: compiles it.
    """

    def __init__(self, jit: Jit) -> None:
        self._page = mmap.mmap(-1, PAGE_SIZE)  # shared with every copy
        page = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        name = f"{PREFIX}crash"
        walk, instruction = (walker(symbol) or 0 for symbol in (_WALK, _INSTRUCTION))
        jit.add(own_module(handler(name, page, walk, instruction), name))
        self._handler = jit.lookup(name)
        self._stack = SignalStack(_STACK_SIZE)
        for number in CRASHES:
            self.install(number)
        self.claim()

    def install(self, signal: int) -> None:
        """Handle a signal."""
        set_action(signal, self._handler, SIGINFO | ONSTACK)

    def claim(self) -> None:
        """Be the process whose crash is noted; a copy that goes on has to be."""
        self._page[WORKER : WORKER + 4] = os.getpid().to_bytes(4, "little")
        self._page[COMPILES] = 1

    def compiled(self) -> None:
        """Note that LLVM has nothing to do from here on."""
        self._page[COMPILES] = 0

    @property
    def compiling(self) -> bool:
        """Whether the process that the note is about may have died in LLVM."""
        return bool(self._page[COMPILES])

    def take(self) -> CrashNote | None:
        """The note of the process that died, if it left one; it is there only once."""
        note = read_note(self._page[:])
        self._page[:WORKER] = bytes(WORKER)
        if note:
            self._page[SLOTS:] = bytes(PAGE_SIZE - SLOTS)
        return note


def possible() -> bool:
    """Whether the handler knows this machine's registers, and there is an unwinder."""
    return os.uname().machine == "x86_64" and walker(_WALK) is not None
