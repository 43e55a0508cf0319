"""Rust's standard library: where it is, and what jitrepl adds to it.

A toolchain has it as `lib/rustlib/TRIPLE/lib/libstd-HASH.so`, with `core` and `alloc` in it. Every symbol has a hash of
the compiler in its name, so code only works with the library of the rustc that compiled it.
"""

from __future__ import annotations

import os

from jitrepl.folders import cache_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = ("JITREPL_RUSTC", "RUSTC")
"""The environment variables that name the rustc to ask; cargo goes by the second, too."""

_HOOK = os.path.join(os.path.dirname(__file__), "panic_hook.rs")


class Toolchain:
    """A Rust compiler with its standard library.

    Args:
        rustc: the compiler's path.
        library: that of libstd.
    """

    def __init__(self, rustc: str, library: str) -> None:
        self.rustc = rustc
        self.library = library

    @property
    def version(self) -> str:
        """What the compiler calls itself: `rustc 1.95.0 (59807616e 2026-04-14)`."""
        return _output([self.rustc, "--version"]).strip()

    def defines(self, symbol: str) -> bool:
        """Whether the library has a symbol of that name."""
        import mmap

        with open(self.library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(b"\0" + symbol.encode("utf-8", "surrogateescape") + b"\0") >= 0

    def symbol(self, pattern: bytes) -> str:
        """The first of the library's symbols that matches a regular expression; "" if none does."""
        import mmap
        import re

        with open(self.library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = re.search(rb"\0(" + pattern + rb")\0", data)
            return found[1].decode() if found else ""

    def hook(self) -> bytes:
        """The object of `panic_hook.rs`, compiled once a toolchain and kept in the user's cache; b"" if that fails."""
        kept = os.path.join(cache_folder(), f"panic-hook-{self._key()}.o")
        try:
            with open(kept, "rb") as file:
                return file.read()
        except OSError:
            pass
        return self._compile_hook(kept)

    def _compile_hook(self, kept: str) -> bytes:
        import subprocess
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            made = os.path.join(folder, "hook.o")
            command = [self.rustc, "--edition=2021", "--crate-type=lib", "--crate-name=jitrepl_panic_hook"]
            command += ["--emit=obj", "-Copt-level=1", "-Ccodegen-units=1", "-Cpanic=unwind", _HOOK, "-o", made]
            if subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode:
                return b""
            with open(made, "rb") as file:
                data = file.read()
            try:
                os.makedirs(os.path.dirname(kept), exist_ok=True)
                fresh = f"{kept}.{os.getpid()}"
                with open(fresh, "wb") as new:
                    new.write(data)
                os.replace(fresh, kept)  # whoever reads it at this time has all of one or of the other
            except OSError:
                pass  # it is compiled again next time
        return data

    def _key(self) -> str:
        from hashlib import sha256

        with open(_HOOK, "rb") as file:
            source = file.read()
        status = os.stat(self.library)
        return sha256(source + f"{self.library} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]


def toolchains() -> Iterator[Toolchain]:
    """The Rust toolchains of this machine, the user's choice first, then the others that rustup has installed."""
    chosen = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    sysroot = ""
    for rustc in [chosen] if chosen else ["rustc", os.path.expanduser("~/.cargo/bin/rustc")]:
        sysroot = _output([rustc, "--print", "sysroot"]).strip()
        if sysroot:
            yield from _in(sysroot, rustc)
            break
    folder = os.path.dirname(sysroot) if sysroot else os.path.expanduser("~/.rustup/toolchains")
    if os.path.basename(folder) == "toolchains":
        for name in _entries(folder):
            other = os.path.join(folder, name)
            if other != sysroot:
                yield from _in(other, os.path.join(other, "bin", "rustc"))


def toolchain_of(library: str) -> Toolchain | None:
    """The toolchain that a libstd is of; None if it is not in the place where a toolchain has it."""
    sysroot, mark, _ = library.partition(os.path.join("", "lib", "rustlib", ""))
    rustc = os.path.join(sysroot, "bin", "rustc")
    return Toolchain(rustc, library) if mark and os.path.exists(rustc) else None


def _in(sysroot: str, rustc: str) -> Iterator[Toolchain]:
    machine = f"{os.uname().machine}-"
    targets = os.path.join(sysroot, "lib", "rustlib")
    for target in _entries(targets):
        folder = os.path.join(targets, target, "lib")
        for name in _entries(folder) if target.startswith(machine) else ():
            if name.startswith("libstd-") and name.endswith(".so"):
                yield Toolchain(rustc, os.path.join(folder, name))


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _output(command: list[str]) -> str:
    import subprocess

    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def producer(data: bytes) -> str:
    """Which rustc made some bitcode or IR, as its `llvm.ident` says; "" if that is not there."""
    import re

    found = re.search(rb"rustc version ([ -~]*?\))", data)
    return f"rustc {found[1].decode()}" if found else ""
