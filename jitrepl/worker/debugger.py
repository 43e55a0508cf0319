"""What a debugger needs of the worker: leave to attach, and the text of IR that was typed in a file.

Debug info and symbols of JITed code reach debuggers by themselves: ORC registers each object in the list that they
read (GDB manual, "JIT Interface"; `LLVMOrcLLJITEnableDebugSupport` of llvm-c/LLJITUtils.h).
"""

from __future__ import annotations

import ctypes
import os

_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)  # prctl(2)
_YAMA = "/proc/sys/kernel/yama/ptrace_scope"
_ROOT_ONLY, _NOBODY = 2, 3


def let_attach() -> str:
    """Let any process of the user attach to this one, where the kernel leaves that to us (Yama, ptrace(2)).

    Returns:
        What stands in the way all the same, as a sentence; "" if nothing does.
    """
    try:
        with open(_YAMA, encoding="ascii") as file:
            scope = int(file.read())
    except (OSError, ValueError):
        return ""  # no such restriction here
    if scope == _NOBODY:
        return "this system lets no debugger attach to anything (kernel.yama.ptrace_scope is 3)"
    if scope == _ROOT_ONLY:
        return "this system lets only root attach (kernel.yama.ptrace_scope is 2): put `sudo` in front"
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
    return ""


class SourceFiles:
    """Files with what was typed, under the names by which debug info calls it: `<input 3>`.

    Args:
        folder: where they are; it is made when the first is written. The shell removes it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.wanted = False
        """Whether somebody debugs; nothing is written before."""

    def folder_of(self, name: str) -> str:
        """In which folder a debugger looks for an input of this name; the name of a file is relative to ours."""
        if name.startswith("<"):
            return self._folder
        try:
            return os.getcwd()
        except FileNotFoundError:
            return ""

    def write(self, name: str, text: bytes) -> None:
        """Write an input, if it is wanted and was typed. That it cannot be is no reason to fail: lines are missing."""
        if not self.wanted or not self._folder or not name.startswith("<"):
            return
        try:
            if not self._is_ours():
                return
            # Nobody else can have put a link here: the folder is ours alone.
            with open(os.path.join(self._folder, name), "wb") as file:
                file.write(text)
        except OSError:
            pass

    def _is_ours(self) -> bool:
        try:
            os.mkdir(self._folder, 0o700)
        except FileExistsError:
            status = os.lstat(self._folder)
            return status.st_uid == os.getuid() and status.st_mode & 0o170777 == 0o040700
        return True
