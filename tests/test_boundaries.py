"""What imports what, and what is public: the parts of the program stay apart (docs, "A folder is a process")."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from transcripts import ROOT, environment

import jitrepl

PACKAGE = ROOT / "jitrepl"
MODULES = sorted(m.name for m in pkgutil.walk_packages(jitrepl.__path__, "jitrepl."))
IMPORTABLE = [name for name in MODULES if not name.endswith("__main__")]
SLOW = {"re", "typing", "dataclasses", "argparse", "enum", "inspect", "subprocess", "socket", "logging", "pathlib"}
TERMINAL = {"prompt_toolkit", "pygments"}
NATIVE = {"ctypes", "llvmlite", "jitrepl.worker"}


def modules_after(code: str, *arguments: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys\nsys.stderr.write(' '.join(sys.modules))", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment(), check=True)
    return set(done.stderr.split())


def imports_of(path: Path) -> set[str]:
    """The names of the modules of this project that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_import_jitrepl_loads_nothing_else() -> None:
    before = modules_after("")
    assert modules_after("import jitrepl") - before <= {"jitrepl", "__future__"}


def test_the_way_to_a_result_in_a_pipe_loads_nothing_slow() -> None:
    loaded = modules_after("import jitrepl.shell.cli, jitrepl.__main__, jitrepl.shell.client")
    loaded -= modules_after("")
    assert loaded & (SLOW | TERMINAL | NATIVE) == set()


def test_a_run_in_a_pipe_loads_no_terminal_library() -> None:
    code = """
import sys
from jitrepl.shell.cli import run
from jitrepl.shell.client import Worker
assert run(sys.argv[1:], Worker.spawn()) == 0
"""
    loaded = modules_after(code, "tests/data/sum.ll", "-e", ":call sum 1 2", "-e", ":symbols", "-e", ":dump")
    assert loaded & (TERMINAL | NATIVE) == set()


def test_the_worker_needs_no_llvmlite_for_a_call() -> None:
    code = """
from jitrepl import messages
from jitrepl.worker.engine import Engine
engine = Engine(messages.Start())
engine.answer(messages.Load("a.ll", b"define i32 @f() { ret i32 5 }"))
assert engine.answer(messages.Call("f")).value.data == 5
"""
    loaded = modules_after(code)
    assert loaded & (TERMINAL | {"llvmlite", "jitrepl.shell", "dataclasses", "typing", "inspect"}) == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "worker").rglob("*.py")), ids=lambda path: path.stem)
def test_the_worker_never_imports_the_shell(path: Path) -> None:
    assert [name for name in imports_of(path) if name.startswith(("jitrepl.shell", *TERMINAL))] == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "shell").rglob("*.py")), ids=lambda path: path.stem)
def test_the_shell_never_imports_native_code(path: Path) -> None:
    natives = {name for name in imports_of(path) if name.startswith(tuple(NATIVE))}
    # A forked worker goes over to its own part; nothing else does.
    assert natives - {"jitrepl.worker.start", "jitrepl.worker.start.main"} == set()
    assert natives == set() or path.stem == "fork"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_what_both_processes_share_imports_neither(path: Path) -> None:
    allowed = {"jitrepl.shell.session", "jitrepl.shell.fork", "jitrepl.shell.client", "jitrepl.shell.cli"}
    names = {name for name in imports_of(path) if name.startswith(("jitrepl.shell", "jitrepl.worker", "ctypes"))}
    if path.stem in ("__init__", "__main__"):
        names = {name for name in names if not any(name.startswith(a) for a in allowed)}
    assert names == set()


def test_every_module_can_be_imported_alone() -> None:
    code = """
import os, sys
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        __import__(name)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, name
"""
    modules_after(code, *IMPORTABLE)


# What is public


def test_all_is_what_it_says() -> None:
    assert sorted(jitrepl.__all__) == ["JitreplError", "Session", "__version__", "errors", "formatter", "host"]
    kinds = "[type(getattr(jitrepl, name)).__name__ for name in jitrepl.__all__]"
    modules_after(f"import jitrepl\nassert {kinds} == ['type', 'type', 'str', 'module', 'function', 'function']")


def test_host_stays_a_function_when_its_module_is_loaded() -> None:
    modules_after("import jitrepl.worker.hosts\nfrom jitrepl import host\nassert callable(host)")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        _ = jitrepl.Sesion  # type: ignore[attr-defined]


STAND_INS = ("overload", "dataclass_transform")
"""What takes the place of names of `typing` at run time."""


def public(module: str) -> list[tuple[str, object]]:
    """The public classes, functions and methods that a module defines."""
    loaded = importlib.import_module(module)
    found: list[tuple[str, object]] = []
    for name, value in vars(loaded).items():
        if name.startswith("_") or name in STAND_INS or getattr(value, "__module__", "") != module:
            continue
        if inspect.isclass(value):
            found.append((name, value))
            members = [(f"{name}.{key}", member) for key, member in vars(value).items() if key[0] != "_"]
            found += [(key, m) for key, m in members if inspect.isfunction(m) or isinstance(m, property)]
        elif inspect.isfunction(value):
            found.append((name, value))
    return found


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_owns(name: str) -> None:
    path = PACKAGE.parent / Path(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("name", IMPORTABLE)
def test_everything_public_is_documented(name: str) -> None:
    assert [key for key, value in public(name) if not inspect.getdoc(value)] == []


def test_no_module_is_longer_than_one_sitting() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
