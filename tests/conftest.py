"""Fixtures for all tests: bitcode made by clang, sessions, and the program itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from transcripts import HIDDEN, JITREPL, ROOT, SCRIPTS, TIMEOUT, environment

from jitrepl import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from steps import Steps

    from jitrepl.worker.engine import Engine

DATA = ROOT / "tests" / "data"
LANGUAGES = DATA / "languages"
SOURCES = DATA / "sources"
NO_CLANG = "no clang-22 beside this Python: pip install 'jitrepl[clang]'"

NO_RUSTC = "no rustc: https://rustup.rs has one, and Debian in rustc-web"
NO_AR = "no ar: it is in binutils"
NO_GDB = "no gdb: apt install gdb"
NO_LLDB = "no lldb: pip install 'jitrepl[lldb]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-transcripts", action="store_true", help="rewrite the expected output of transcripts")
    parser.addoption("--update-what-works", action="store_true", help="rewrite the tables of docs/what-works.md")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means: one more than there are processors, as tests often wait for other processes."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache folder of the tests, which all of them share; the user's stays as it is."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for name in HIDDEN:
            patch.delenv(name, raising=False)
        yield folder


def skip_without(tools: Iterable[str]) -> None:
    """Skip a test if one of these tools is missing: `clang`, `rustc`, `ar`, `gdb`, `lldb`."""
    for tool in tools:
        present, reason = {
            "clang": (_clang(), NO_CLANG),
            "rustc": (shutil.which("rustc"), NO_RUSTC),
            "ar": (shutil.which("ar"), NO_AR),
            "gdb": (shutil.which("gdb"), NO_GDB),
            "lldb": (shutil.which("lldb") or shutil.which("lldb", path=str(SCRIPTS)), NO_LLDB),
            "objects": ("made by the fixture of that name", ""),
            "languages": ("made by the fixture of that name", ""),
        }[tool]
        if not present:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the objects of `tests/data/sources/*.c`, and some of them in archives."""
    skip_without(["clang", "ar"])
    folder = tmp_path_factory.mktemp("objects")
    for source in sorted(SOURCES.glob("*.c")):
        if source.stem != "broken":
            command = [str(_clang()), "-g", "-c", source, "-o", folder / f"{source.stem}.o"]
            subprocess.run(command, check=True, cwd=ROOT, timeout=TIMEOUT, capture_output=True)
    for target, *members in (
        ("libscaled.a", "scaled.o", "factor.o", "unneeded.o"),
        ("libown.a", "own_to_each_thread.o", "factor.o"),
    ):
        subprocess.run(["ar", "rcs", target, *members], check=True, cwd=folder, timeout=TIMEOUT, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bitcode of `tests/data/languages`; that of `NAME_O.bc` is optimised.

    It is made once for all processes of a run: that takes most of the time of the tests that use it.
    """
    skip_without(["clang", "rustc"])
    from fcntl import LOCK_EX, flock

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "languages"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        flock(lock, LOCK_EX)
        if not (folder / "done").exists():
            _compile_languages(folder)
            (folder / "done").touch()
    return folder


def _compile_languages(folder: Path) -> None:
    clang = [str(_clang()), "-emit-llvm", "-c"]
    rustc = ["rustc", "--edition=2021", "--crate-type=lib", "--emit=llvm-bc", "-Ccodegen-units=1", "-Coverflow-checks"]
    commands = [
        [*clang, "-stdlib=libstdc++", "-g", "throws.cpp", "-o", folder / "throws.bc"],
        [*clang, "-stdlib=libstdc++", "-O2", "throws.cpp", "-o", folder / "throws_O.bc"],
        [*clang, "-stdlib=libc++", "-O1", "throws.cpp", "-o", folder / "throws_libcxx.bc"],
    ]
    for name in ("constructs", "destructs"):
        commands.append([*clang, "-stdlib=libstdc++", f"{name}.cpp", "-o", folder / f"{name}.bc"])
    for name in ("panics", "library"):
        commands.append([*rustc, "-g", f"{name}.rs", "-o", folder / f"{name}.bc"])
        commands.append([*rustc, "-Copt-level=2", f"{name}.rs", "-o", folder / f"{name}_O.bc"])
    running = [subprocess.Popen(command, cwd=LANGUAGES, stderr=subprocess.PIPE) for command in commands]
    for process in running:
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, errors.decode()


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
    compile("source/values.c", "values.bc", "-O0", "-g", "-w", "-emit-llvm")
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
            encoding="utf-8",
            errors="surrogateescape",  # arguments may be any bytes, and are in messages
            cwd=tmp_path,
            env={**environment(), **(env or {})},
            timeout=TIMEOUT,
            check=False,
        )
        assert "Traceback" not in process.stderr, process.stderr
        return Done(process)

    return run


@pytest.fixture
def steps(engine: Engine) -> Steps:
    """A session of the test's own, in this process."""
    from steps import Steps

    return Steps(engine)
