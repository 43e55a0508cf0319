"""Rust's standard library as a shared library, for code that the same rustc compiled: no other one fits."""

from __future__ import annotations

import os
import subprocess

from jitrepl.folders import cache_folder
from jitrepl.shell.compile_cache import key_of
from jitrepl.shell.compilers import Compiler


def standard_library(compiler: Compiler) -> str | None:
    """The path of the standard library of a rustc; None if it has none and none can be made."""
    folder = _ask(compiler, "--print=target-libdir")
    try:
        names = [name for name in os.listdir(folder) if name.startswith("libstd-") and name.endswith(".so")]
    except OSError:
        names = []
    return os.path.join(folder, names[0]) if names else build_library(compiler)


def build_library(compiler: Compiler) -> str | None:
    """Link the standard library's static parts into a shared one, once a toolchain: Debian has only those.

    A crate of the type `dylib` exports what it is linked from (The Rust Reference, "Linkage").
    """
    from tempfile import TemporaryDirectory

    folder = os.path.join(cache_folder(), "rust")
    path = os.path.join(folder, f"libstd-{key_of([compiler.identity])}.so")
    if os.path.exists(path):
        return path
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with TemporaryDirectory(dir=folder) as work:
            source, made = os.path.join(work, "empty.rs"), os.path.join(work, "made.so")
            with open(source, "wb"):
                pass
            command = [compiler.path, "--crate-type=dylib", "--crate-name=jitrepl_std", source, "-o", made]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode:
                return None
            os.replace(made, path)
    except OSError:
        return None
    return path


def _ask(compiler: Compiler, option: str) -> str:
    command = [compiler.path, option]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.strip()
