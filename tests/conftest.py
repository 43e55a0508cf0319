"""Fixtures for all tests: bitcode made by clang, sessions, and the program itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from transcripts import JITREPL, ROOT, SCRIPTS, TIMEOUT, environment

from jitrepl import Session

DATA = ROOT / "tests" / "data"
NO_CLANG = "no clang-22 beside this Python: pip install 'jitrepl[clang]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-transcripts", action="store_true", help="rewrite the expected output of transcripts"
    )


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are rewritten rather than compared."""
    return bool(request.config.getoption("--update-transcripts"))


def _clang() -> str | None:
    return shutil.which("clang-22", path=str(SCRIPTS)) or shutil.which("clang-22")


@pytest.fixture(scope="session")
def bitcode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `NAME.bc` for every `tests/data/NAME.c`, without debug info."""
    clang = _clang()
    if clang is None:
        pytest.skip(NO_CLANG)
    folder = tmp_path_factory.mktemp("bitcode")
    for source in sorted(DATA.glob("*.c")):
        target = folder / f"{source.stem}.bc"
        subprocess.run([clang, "-O1", "-emit-llvm", "-c", source, "-o", target], check=True, timeout=TIMEOUT)
    return folder


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of the test's own."""
    with Session() as made:
        yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """A session that the tests of a module share; they must not define the same names."""
    with Session() as made:
        yield made


class Done:
    """What a run of jitrepl printed, and how it ended."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr


@pytest.fixture
def jitrepl(tmp_path: Path) -> Callable[..., Done]:
    """Run the real program in an empty folder: `jitrepl("-e", ":call f", input="", env={})`."""

    def run(*arguments: str | Path, input: str | None = "", env: dict[str, str] | None = None) -> Done:
        process = subprocess.run(
            [JITREPL, *arguments],
            input=input,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**environment(), **(env or {})},
            timeout=TIMEOUT,
            check=False,
        )
        assert "Traceback" not in process.stderr, process.stderr
        return Done(process)

    return run
