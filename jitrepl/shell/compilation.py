"""Compile a source to bitcode, unless that was done before."""

from __future__ import annotations

import os

from jitrepl.errors import CompileError, Interrupted, TimedOut
from jitrepl.shell.compilers import RUSTC, Compiler, Language, find_compiler
from jitrepl.shell.sources import full_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jitrepl.shell.compile_cache import Compiled, ReadFile

_CLANG_OPTIONS = ("-c", "-emit-llvm", "-g", "-fdiagnostics-color=always")
# One unit, and in it every function that has code: those that nobody calls, and private ones too (docs/decisions/0012).
_RUSTC_OPTIONS = ("-C", "codegen-units=1", "-C", "link-dead-code=yes", "-A", "dead_code", "--color=always")

_VARIABLES = (
    "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "CCC_OVERRIDE_OPTIONS", "SOURCE_DATE_EPOCH",
    "RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP",
)  # fmt: skip
"""Environment variables that decide what compilers make."""

_TIME_MACROS = (b"__DATE__", b"__TIME__", b"__TIMESTAMP__")
_ENVIRONMENT = "# env-dep:"
"""How rustc's list of files says that the source has read an environment variable."""
_INVISIBLE = ("-L", "--extern", "--sysroot")
"""Options of rustc for folders with crates; it does not say which of the files in them it has read."""

_STANDARD_HEADERS = ("stdio.h", "stdlib.h", "string.h", "math.h", "errno.h", "unistd.h", "bits/libc-header-start.h")
_HEADERS = "the headers of the C library are not on this machine; Debian has them in libc6-dev"


class Compilation:
    """The compilers of a session, and the flags for them.

    Args:
        llvm: gives the version of the libLLVM that is to read the bitcode.
        tell: called with a remark about a compiler that is used for the first time.
    """

    def __init__(self, llvm: Callable[[], str], tell: Callable[[str], object]) -> None:
        self.cflags: tuple[str, ...] = ()
        self.cxxflags: tuple[str, ...] = ()
        self.rustflags: tuple[str, ...] = ()
        self.used: dict[str, Compiler] = {}
        """The compilers that were used, by their names."""
        self._llvm = llvm
        self._tell = tell

    def compile(self, language: Language, path: str, data: bytes, flags: Sequence[str], timeout: float) -> Compiled:
        """Compile a source.

        Args:
            language: what it is written in.
            path: where it is.
            data: its content.
            flags: more flags for the compiler.
            timeout: how long that may take, in seconds; 0 for ever.

        Raises:
            CompileError: if there is no compiler, or it refuses the source.
            Interrupted, TimedOut: if it was not done.
        """
        try:
            return self._compile(language, path, data, flags, timeout)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted while compiling {path}") from None

    def _compile(self, language: Language, path: str, data: bytes, flags: Sequence[str], timeout: float) -> Compiled:
        from jitrepl.shell import compile_cache

        compiler = self._compiler(language, path)
        settings = [flag for option in language.options for flag in getattr(self, option)]
        source = os.path.expanduser(path)
        if source.startswith(("-", "@")):
            source = os.path.join(".", source)
        make = _rustc_arguments if language.family is RUSTC else _clang_arguments
        arguments = make(source, data, [*settings, *flags])
        environment = [f"{name}={os.environ.get(name)}" for name in _VARIABLES]
        key = compile_cache.key_of([compiler.identity, full_path("."), *environment, *arguments, data])
        known = compile_cache.look_up(key)
        if known is not None:
            return known
        compiled, files = _run(compiler, language, path, data, arguments, timeout)
        if files is not None:
            compile_cache.keep(key, files, compiled)
        return compiled

    def _compiler(self, language: Language, path: str) -> Compiler:
        family = language.family
        compiler = self.used.get(family.name)
        if compiler is None:
            try:
                compiler = find_compiler(family, self._llvm())
            except CompileError as problem:
                raise CompileError(f"{path} cannot be compiled: {problem.message}", problem.hint) from None
            self.used[family.name] = compiler
            self._tell(f"{language.name} is compiled by {compiler.title}")
        return compiler


def _clang_arguments(source: str, _data: bytes, flags: list[str]) -> list[str]:
    return [*_CLANG_OPTIONS, *flags, source]


def _rustc_arguments(source: str, data: bytes, flags: list[str]) -> list[str]:
    """What rustc is told, which takes an option once: only what the flags leave open."""
    import re

    given = " ".join(flags)
    text = re.sub(rb"//[^\n]*|/\*.*?\*/", b"", data, flags=re.DOTALL)
    options = [*_RUSTC_OPTIONS]
    if "--edition" not in given:
        options.append("--edition=2021")
    if "-g" not in flags and "debuginfo" not in given:
        options.append("-g")
    if "--crate-name" not in given and b"crate_name" not in text:
        stem = os.path.splitext(os.path.basename(source))[0]
        name = re.sub(r"\W", "_", stem, flags=re.ASCII) or "_"
        options.append(f"--crate-name={name if not name[0].isdigit() else '_' + name}")
    if "--crate-type" not in given and b"crate_type" not in text:
        program = re.search(rb"^\s*(?:pub\s+)?(?:async\s+)?fn\s+main\s*\(", text, re.MULTILINE)
        options.append(f"--crate-type={'bin' if program and b'no_main' not in text else 'lib'}")
    return [*options, *flags, source]


def _run(
    compiler: Compiler, language: Language, path: str, data: bytes, arguments: list[str], timeout: float
) -> tuple[Compiled, tuple[ReadFile, ...] | None]:
    """What the compiler makes, and the files that it read; None for those if they do not tell all."""
    from tempfile import TemporaryDirectory
    from time import time_ns

    from jitrepl.shell.compile_cache import Compiled

    started = time_ns()
    with TemporaryDirectory(prefix="jitrepl-") as folder:
        made, listed = os.path.join(folder, "made.bc"), os.path.join(folder, "made.d")
        if language.family is RUSTC:
            output = [f"--emit=llvm-bc={made},dep-info={listed}"]
        else:
            output = ["-MD", "-MF", listed, "-o", made]
        status, diagnostics = _started([compiler.path, *arguments, *output], path, timeout)
        if status:
            ended = f", and ended with signal {-status}" if status < 0 else ""
            hint = _HEADERS if any(f"'{name}' file not found" in diagnostics for name in _STANDARD_HEADERS) else ""
            raise CompileError(f"{path} was not compiled{ended}", hint, diagnostics)
        try:
            with open(made, "rb") as file:
                bitcode = file.read()
            with open(listed, encoding="utf-8", errors="surrogateescape") as file_list:
                rules = file_list.read()
        except OSError:
            raise CompileError(
                f"{compiler.family.name} accepted {path} but wrote no bitcode",
                "leave out flags that make it write something else",
                diagnostics,
            ) from None
    names = _listed(rules)
    compiled = Compiled(bitcode, diagnostics, _libraries(compiler, language, names, data))
    asks = _ENVIRONMENT in rules  # `env!`
    return compiled, None if asks else _files_read(names, arguments, started)


def _started(command: list[str], path: str, timeout: float) -> tuple[int, str]:
    """Run a compiler; how it ended, and what it printed."""
    import subprocess

    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout or None)
        except subprocess.TimeoutExpired:
            process.kill()
            raise TimedOut(f"compiling {path} took longer than {timeout:g} s") from None
        except KeyboardInterrupt:
            process.kill()
            raise
    return process.returncode, output.decode("utf-8", "replace")


def _listed(rules: str) -> list[str]:
    """The files in a compiler's list of them, which is a rule for `make`: `made.bc: sum.c sum.h \\`."""
    import re

    words = rules.replace("\\\n", " ").split("\n", 1)[0].partition(": ")[2]
    return [re.sub(r"\\([ #\\])", r"\1", word).replace("$$", "$") for word in re.findall(r"(?:\\[ #\\]|\S)+", words)]


def _files_read(names: list[str], arguments: list[str], started: int) -> tuple[ReadFile, ...] | None:
    """The files that decided what the compiler made, as they are; None if what it made may be another thing next time.

    Args:
        names: the files that the compiler lists.
        arguments: what it was told; files that are named there count, too.
        started: when, in nanoseconds.
    """
    from jitrepl.shell.compile_cache import describe

    if any(argument.startswith(_INVISIBLE) for argument in arguments):
        return None
    mentioned = [part for argument in arguments for part in (argument, argument.rpartition("=")[2], argument[1:])]
    files = []
    try:
        for name in dict.fromkeys([*names, *filter(os.path.isfile, mentioned)]):
            with open(name, "rb") as file:
                modified, data = os.fstat(file.fileno()).st_mtime_ns, file.read()
            if modified >= started or any(macro in data for macro in _TIME_MACROS):
                return None  # it was changed while the compiler ran, or asks for the time
            files.append(describe(name, data, modified))
    except OSError:
        return None
    return tuple(files)


def _libraries(compiler: Compiler, language: Language, names: list[str], data: bytes) -> tuple[str, ...]:
    """The shared libraries that the code was compiled for: its language's standard library."""
    if language.family is RUSTC:
        from jitrepl.shell.rust_library import standard_library

        found = None if b"#![no_std]" in data else standard_library(compiler)
        return (found,) if found else ()
    if language.name != "C++":
        return ()
    if any("/c++/v1/" in name for name in names):
        return (os.path.normpath(_ask(compiler, "-print-file-name=libc++.so.1")),)
    return ("libstdc++.so.6",)


def _ask(compiler: Compiler, option: str) -> str:
    import subprocess

    answer = subprocess.run([compiler.path, option], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return answer.stdout.strip()
