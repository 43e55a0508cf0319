"""Fixtures for all tests: bitcode made by clang, sessions, and the program itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from transcripts import JITREPL, ROOT, SCRIPTS, TIMEOUT, environment

from jitrepl import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.worker.engine import Engine

DATA = ROOT / "tests" / "data"
NO_CLANG = "no clang-22 beside this Python: pip install 'jitrepl[clang]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-transcripts", action="store_true", help="rewrite the expected output of transcripts")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are rewritten rather than compared."""
    return bool(request.config.getoption("--update-transcripts"))


def _clang() -> str | None:
    return shutil.which("clang-22", path=str(SCRIPTS)) or shutil.which("clang-22")


@pytest.fixture(scope="session")
def clang() -> str:
    """The clang that belongs to this Python."""
    found = _clang()
    if found is None:
        pytest.skip(NO_CLANG)
    return found


@pytest.fixture(scope="session")
def bitcode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `NAME_c.bc` for every `tests/data/NAME.c`, and bitcode with which something is wrong."""
    clang = _clang()
    if clang is None:
        pytest.skip(NO_CLANG)
    folder = tmp_path_factory.mktemp("bitcode")

    def compile(source: str, target: str, *options: str) -> bytes:
        arguments = ["-O1", *(options or ["-emit-llvm"]), "-c", DATA / source, "-o", folder / target]
        subprocess.run([clang, *arguments], check=True, timeout=TIMEOUT, capture_output=True)
        return (folder / target).read_bytes()

    for source in sorted(DATA.glob("*.c")):
        compile(source.name, f"{source.stem}_c.bc")
    compile("sum.c", "object.o", "-O1")
    compile("sum.c", "aarch64.bc", "-emit-llvm", "--target=aarch64-linux-gnu")
    compile("sum.c", "wasm32.bc", "-emit-llvm", "--target=wasm32")
    compile("sum.c", "layout.bc", "-emit-llvm", "--target=x86_64-linux-gnux32")
    good = (folder / "sum_c.bc").read_bytes()
    files = {
        "bitcode.ll": (folder / "points_c.bc").read_bytes(),
        "text.bc": (DATA / "textual_ir.txt").read_bytes(),
        "empty.bc": b"",
        "truncated.bc": good[: len(good) // 2 // 4 * 4],
        "garbage.bc": bytes(range(128, 256)),
        "archive.a": b"!<arch>\n" + bytes(60),
        "newer.bc": from_future(good),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def from_future(bitcode: bytes) -> bytes:
    """Bitcode as a later LLVM of another epoch would write it.

    The identification block is first (LangRef's companion BitCodeFormat, "IDENTIFICATION_BLOCK"): the producer
    is an array of 6-bit characters from bit 134 on, 10 of them, the epoch a 6-bit number 33 bits behind it.
    """
    number = int.from_bytes(bitcode, "little")
    for character, digit in ((4, "9"), (5, "9")):
        at = 134 + 6 * character
        number = number & ~(63 << at) | (52 + int(digit)) << at
    return (number | 1 << 227).to_bytes(len(bitcode), "little")


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


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The worker's engine in this process: for what runs no code that could end it."""
    from jitrepl.hosting import registered
    from jitrepl.messages import Start
    from jitrepl.worker.engine import Engine

    before = list(registered)
    yield Engine(Start(snapshots=False))
    registered[:] = before


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
