"""Find libLLVM and open it, with the unwinder that it needs bound first.

Only the LLVM-C API of one major version is spoken, the one that the installed llvmlite also is.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import sys

from jitrepl.errors import JITError
from jitrepl.worker.languages.one_unwinder import LIBGCC, unify, walkers

LLVM_MAJOR = 22
VARIABLE = "JITREPL_LIBLLVM"
"""The environment variable that names a libLLVM to use instead of the one that pip installed."""

_INSTALL = f"install it with `pip install 'karellen-llvm-core=={LLVM_MAJOR}.*'`, or set {VARIABLE} to its path"


_opened: list[ctypes.CDLL] = []
_opening: list[_thread.LockType] = []


def open_libllvm() -> ctypes.CDLL:
    """libLLVM, opened at the first call.

    Raises:
        JITError: if there is none, or it is of another major version.
    """
    if _opening:
        _opening.pop().acquire()
    if not _opened:
        _opened.append(_open())
    return _opened[0]


def open_ahead() -> None:
    """Begin to open libLLVM in a thread, while this one imports what will use it.

    Most of the time goes into relocating the library, for which Python's lock is not needed: `ctypes.CDLL` holds
    on to it, a call of C's own `dlopen` does not. What fails here fails again, and is told, in `open_libllvm`.
    """
    paths = _candidates()[:1]
    if not paths:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes = (ctypes.c_char_p, ctypes.c_int)
    dlopen.restype = ctypes.c_void_p
    unwinder = _unwinder_beside(paths[0])
    if unwinder:
        _open_first_unwinder(unwinder)
    begun, done = _thread.allocate_lock(), _thread.allocate_lock()
    begun.acquire()
    done.acquire()

    def load() -> None:
        try:
            begun.release()
            dlopen(paths[0].encode(), os.RTLD_NOW)
        finally:
            done.release()

    _thread.start_new_thread(load, ())
    begun.acquire()  # a new thread may otherwise wait for Python's lock until this one is switched out, after 5 ms
    _opening.append(done)


def _open() -> ctypes.CDLL:
    """Open libLLVM, after the unwinder.

    There has to be one unwinder for all code of the process, hence `RTLD_GLOBAL` and the order; and the wheel's
    libLLVM, which was built for LLVM's own, has to register its unwind tables with that one (`one_unwinder.py`).
    """
    for path in _candidates():
        unwinder = _unwinder_beside(path)
        first = unwinder and _open_first_unwinder(unwinder)
        try:
            library = ctypes.CDLL(path)
        except OSError as problem:
            raise JITError(f"libLLVM cannot be opened: {problem}", _INSTALL) from None
        version = version_of(library)
        if version[0] != LLVM_MAJOR:
            found = ".".join(map(str, version)) if version[0] else "older than 16"
            raise JITError(f"{path} is LLVM {found}, jitrepl speaks LLVM {LLVM_MAJOR}", _INSTALL)
        if unwinder:
            walkers.append(ctypes.CDLL(unwinder))
            if first == LIBGCC:
                unify(library, walkers[0])
        return library
    raise JITError(f"no libLLVM {LLVM_MAJOR} found", _INSTALL)


def _open_first_unwinder(unwinder: str) -> str:
    """Open the unwinder that everything opened later uses: libgcc's, or the one beside libLLVM; which one it was."""
    try:
        ctypes.CDLL(LIBGCC, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        ctypes.CDLL(unwinder, mode=ctypes.RTLD_GLOBAL)
        return unwinder
    return LIBGCC


def version_of(library: ctypes.CDLL) -> tuple[int, int, int]:
    """Major, minor and patch version of an open libLLVM (llvm-c/Core.h, `LLVMGetVersion`); zeros before LLVM 16."""
    parts = (ctypes.c_uint * 3)()
    try:
        library.LLVMGetVersion(*(ctypes.byref(parts, 4 * i) for i in range(3)))
    except AttributeError:
        return (0, 0, 0)
    return (parts[0], parts[1], parts[2])


def _candidates() -> list[str]:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return [chosen]
    names = ("libLLVM.so.22.1", "libLLVM.so", "libLLVM.dylib", "LLVM-C.dll")
    folders = [os.path.join(prefix, "lib") for prefix in (sys.prefix, os.path.expanduser("~/.local"))]
    found = _existing(folders, names)
    return found or _existing(_system_folders(), (f"libLLVM-{LLVM_MAJOR}.so", *names))


def _existing(folders: list[str], names: tuple[str, ...]) -> list[str]:
    paths = (os.path.join(folder, name) for folder in folders for name in names)
    return [path for path in paths if os.path.exists(path)]


def _system_folders() -> list[str]:
    """Where packages put libLLVM: what `llvm-config` says, Debian's and Homebrew's folders."""
    import subprocess

    folders = []
    for tool in (f"llvm-config-{LLVM_MAJOR}", "llvm-config"):
        try:
            answer = subprocess.run([tool, "--libdir"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        folders.append(answer.stdout.strip())
    return [
        *folders,
        f"/usr/lib/llvm-{LLVM_MAJOR}/lib",
        f"/opt/homebrew/opt/llvm@{LLVM_MAJOR}/lib",
        f"/usr/local/opt/llvm@{LLVM_MAJOR}/lib",
    ]


def _unwinder_beside(path: str) -> str | None:
    """The wheel's libunwind, which lies in a folder named after the triple, beside libLLVM."""
    folder = os.path.dirname(path)
    for machine in ("x86_64", "aarch64"):
        unwinder = os.path.join(folder, f"{machine}-unknown-linux-gnu", "libunwind.so.1")
        if os.path.exists(unwinder):
            return unwinder
    return None
