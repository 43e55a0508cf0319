"""The programs that jitrepl is compared with, and the inputs that all of them get."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = Path(sys.executable)

SUM_LL = """\
define i32 @sum(i32 %a, i32 %b) {
  %r = add i32 %a, %b
  ret i32 %r
}
"""
PRINTING_MAIN = """\
@format = private constant [8 x i8] c"i32 %d\\0A\\00"
declare i32 @printf(ptr, ...)
define i32 @main() {
  %r = call i32 (CALL)
  %p = call i32 (ptr, ...) @printf(ptr @format, i32 %r)
  ret i32 0
}
"""
SUM_REPL = """\
extern "C" int printf(const char *, ...);
int sum(int a, int b) { return a + b; }
"""
CALL_REPL = 'printf("i32 %d\\n", sum(1, 2));\n'
CALL = ":call sum 1 2\n"
SUM_PRINTED = b"i32 3\n"


class Peers:
    """The programs that were found; None for one that is missing.

    Args:
        folder: where the inputs go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        scripts = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", "")])
        self.jitrepl = _found("jitrepl", scripts) or Path("jitrepl")
        self.clang_repl = _found("clang-repl", scripts)
        self.clang = _found("clang-22", scripts)
        self.lli = _found("lli-19", scripts)
        self.lli_22 = _found("lli-22", scripts)
        self.llvm_as = _found("llvm-as-19", scripts)
        libraries = sorted((Path(sys.prefix) / "lib").glob("libLLVM.so*"))
        self.library = libraries[0] if libraries else None

    def notes(self) -> list[str]:
        """What a reader of the table has to know: what is missing, and what falsifies."""
        ways = {
            "clang_repl": "clang-repl: pip install '.[clang]'",
            "clang": "clang-22: pip install '.[clang]'",
            "lli": "lli-19: apt-get install llvm-19",
            "lli_22": "lli-22: apt-get install llvm-22",
            "llvm_as": "llvm-as-19: apt-get install llvm-19",
            "library": "libLLVM in this Python's environment: the bare ctypes script cannot run",
        }
        notes = [f"MISSING {way}" for name, way in ways.items() if getattr(self, name) is None]
        if "import re\n" in self.jitrepl.read_text(errors="replace"):
            notes.append(
                "NOTE an old pip wrote this `jitrepl` command, which imports `re` first: 4 to 8 ms. "
                "pip install -U pip, then install jitrepl again."
            )
        return notes

    def write(self, name: str, text: str) -> Path:
        """An input file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def bitcode(self, source: Path, compiler: Path) -> Path:
        """A module as bitcode, of the LLVM version of `compiler`: clang or llvm-as."""
        target = source.with_suffix(f".{compiler.name}.bc")
        options = ["-c", "-emit-llvm", "-Wno-override-module"] if "clang" in compiler.name else []
        subprocess.run([compiler, *options, source, "-o", target], check=True)
        return target


def _found(name: str, path: str) -> Path | None:
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def printing_main(call: str) -> str:
    """IR of a `main` that prints the i32 that a call yields: `@sum(i32 1, i32 2)`."""
    return PRINTING_MAIN.replace("(CALL)", call)


def many_functions(count: int) -> str:
    """IR of functions `@f0`, `@f1` … of an i32, each with a loop and a dozen instructions."""
    return "\n".join(
        f"""\
define i32 @f{number}(i32 %x) {{
entry:
  %start = xor i32 %x, {number * 2654435761 % 2**31}
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ %start, %entry ], [ %mixed, %loop ]
  %shifted = shl i32 %sum, {number % 7 + 1}
  %added = add i32 %shifted, %i
  %mixed = xor i32 %added, %sum
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, {number % 13 + 3}
  br i1 %more, label %loop, label %done
done:
  %result = and i32 %mixed, 255
  ret i32 %result
}}"""
        for number in range(count)
    )


def libm_names() -> list[str]:
    """Names of functions that the C library of this machine has."""
    stems = """
        acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim
        floor fma fmax fmin fmod hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround
        nearbyint nextafter pow remainder rint round scalbn sin sinh sqrt tan tanh tgamma trunc
    """
    process = ctypes.CDLL(None)
    return [name for stem in stems.split() for name in (stem, f"{stem}f", f"{stem}l") if hasattr(process, name)]


def using(names: list[str]) -> str:
    """IR of `@use`, which needs the address of every name."""
    lines = [f"declare void @{name}()" for name in names]
    lines += ["define i32 @use() {", "  %s = alloca ptr"]
    lines += [f"  store volatile ptr @{name}, ptr %s" for name in names]
    return "\n".join([*lines, "  ret i32 7", "}", ""])
