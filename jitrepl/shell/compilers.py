"""Compilers that make bitcode of sources: which languages there are, who compiles them, and which version is right.

A compiler fits if libLLVM reads what it writes: an LLVM reads the bitcode of earlier ones, never of later ones
(LLVM Developer Policy, "IR Backwards Compatibility"). See docs/decisions/0012.
"""

from __future__ import annotations

import os
import sys

from jitrepl.errors import CompileError
from jitrepl.filetypes import C_SUFFIXES, CXX_SUFFIXES, RUST_SUFFIXES
from jitrepl.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CLANG_VARIABLE, RUSTC_VARIABLE = "JITREPL_CLANG", "JITREPL_RUSTC"
"""Environment variables that name the compiler to use."""

_OLDEST_CLANG = 13


class Family(Record):
    """A compiler that comes in many versions.

    Args:
        name: what it is called, and the name of its program.
        variable: the environment variable that names one.
        ask: the option that makes it print its version.
        version: the regular expression that finds its version there.
        llvm: the regular expression that finds the version of its LLVM there.
        install: what to do if there is none.
        older: what to do if there are only ones that are too new.
    """

    name: str
    variable: str
    ask: str
    version: str
    llvm: str
    install: str
    older: str


CLANG = Family(
    "clang",
    CLANG_VARIABLE,
    "--version",
    r"clang version (\d+(?:\.\d+)+)",
    r"clang version (\d+(?:\.\d+)+)",
    "`pip install 'jitrepl[clang]'` brings one, or set JITREPL_CLANG to the path of one",
    "`pip install 'jitrepl[clang]'` brings one that fits, or set JITREPL_CLANG to the path of an older one",
)
RUSTC = Family(
    "rustc",
    RUSTC_VARIABLE,
    "-vV",
    r"rustc (\d+(?:\.\d+)+)",
    r"LLVM version: (\d+(?:\.\d+)+)",
    "install Rust (https://rustup.rs), or set JITREPL_RUSTC to the path of a rustc",
    "install an older toolchain with `rustup toolchain install`, and set JITREPL_RUSTC to the path of its rustc",
)


class Language(Record):
    """A language that there is a compiler for.

    Args:
        name: its name.
        suffixes: how its files end.
        family: what compiles it.
        options: the names of the settings whose flags it gets, in order.
    """

    name: str
    suffixes: tuple[str, ...]
    family: Family
    options: tuple[str, ...]


LANGUAGES = (
    Language("C", C_SUFFIXES, CLANG, ("cflags",)),
    Language("C++", CXX_SUFFIXES, CLANG, ("cflags", "cxxflags")),
    Language("Rust", RUST_SUFFIXES, RUSTC, ("rustflags",)),
)


def language_of(path: str) -> Language | None:
    """The language of a source, by the end of its name; None if it is none."""
    suffix = os.path.splitext(path)[1]
    return next((language for language in LANGUAGES if suffix in language.suffixes), None)


class Compiler(Record):
    """A compiler on this machine.

    Args:
        family: what it is.
        path: its program.
        version: its version, `22.1.8`.
        llvm: the version of the LLVM in it.
        identity: what tells it from any other, also from itself before an update.
    """

    family: Family
    path: str
    version: str
    llvm: str
    identity: str

    @property
    def title(self) -> str:
        """What the user reads: `rustc 1.95.0 (LLVM 22.1.2), /usr/bin/rustc`."""
        llvm = "" if self.llvm == self.version else f" (LLVM {self.llvm})"
        return f"{self.family.name} {self.version}{llvm}, {self.path}"


def find_compiler(family: Family, llvm: str) -> Compiler:
    """The compiler to use: the one that the environment names, that of this Python's environment, that of the PATH.

    Args:
        family: what it is to be.
        llvm: the version of the libLLVM that is to read its bitcode.

    Raises:
        CompileError: if there is none, or none that is old enough.
    """
    chosen = os.environ.get(family.variable)
    if chosen:
        from shutil import which

        path = os.path.expanduser(chosen)
        found = examine(family, which(path) or path)
        if found is None:
            raise CompileError(
                f"{family.variable} is {chosen}, which is not a {family.name} that runs", "set it to the path of one"
            )
        candidates = iter([found])
    else:
        candidates = _installed(family, _major(llvm))
    newer = []
    for compiler in candidates:
        if _major(compiler.llvm) <= _major(llvm):
            return compiler
        newer.append(compiler)
    if newer:
        raise CompileError(
            f"{newer[0].title} writes bitcode of LLVM {_major(newer[0].llvm)}, "
            f"which this session's LLVM {llvm} is too old to read",
            family.older,
        )
    raise CompileError(f"there is no {family.name}", family.install)


def examine(family: Family, path: str) -> Compiler | None:
    """What a program says of itself; None if it does not run, or is something else."""
    import re
    import subprocess

    try:
        answer = subprocess.run(
            [path, family.ask], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=30
        )
        status = os.stat(path)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    version, llvm = re.search(family.version, answer.stdout), re.search(family.llvm, answer.stdout)
    if answer.returncode or not version or not llvm:
        return None
    identity = f"{path}\n{status.st_size} {status.st_mtime_ns}\n{answer.stdout}"
    return Compiler(family, path, version[1], llvm[1], identity)


def _installed(family: Family, newest: int) -> Iterator[Compiler]:
    """The compilers of this machine, the best first; `newest` is the version of LLVM that fits best."""
    from shutil import which

    names = [family.name]
    if family is CLANG:
        # Whoever has several has them under their versions; the newest that fits is the best.
        names = [*(f"clang-{number}" for number in range(newest, _OLDEST_CLANG - 1, -1)), "clang"]
    # pip puts clang beside python, and the user may not have activated the environment.
    folders = (os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath))
    seen = set()
    for folder in folders:
        for name in names:
            path = which(name, path=folder)
            if path and path not in seen:
                seen.add(path)
                compiler = examine(family, path)
                if compiler:
                    yield compiler


def _major(version: str) -> int:
    return int(version.partition(".")[0])
