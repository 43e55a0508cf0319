"""The command line as a table, and how it is read.

`argparse` reads it as well and takes 9 ms of a start that should take 30 (docs/decisions/0005).
"""

from __future__ import annotations

from jitrepl.errors import UsageError
from jitrepl.shell.settings import read_duration, read_size


class Option:
    """An option of the program.

    Args:
        names: its spellings, the long one first.
        metavar: what its value is called; "" for an option without one.
        help: what it does.
        many: whether it may be given several times; its value is then a list.
        choices: the values that it takes; any if empty.
    """

    __slots__ = ("choices", "help", "many", "metavar", "names")

    def __init__(
        self, *names: str, metavar: str = "", help: str, many: bool = False, choices: tuple[str, ...] = ()
    ) -> None:
        self.names = names
        self.metavar = metavar
        self.help = help
        self.many = many
        self.choices = choices

    @property
    def key(self) -> str:
        """The name of its field in `Options`."""
        return self.names[0].lstrip("-").replace("-", "_")


OPTIONS = (
    Option("--execute", "-e", metavar="INPUT", many=True, help="run an input after the files; may be repeated"),
    Option("--run", help="run main as a program; what follows -- are its arguments"),
    Option("--interactive", "-i", help="go on at the prompt"),
    Option("--host", metavar="FILE.py", many=True, help="register host functions"),
    Option("--lib", "-l", metavar="NAME", many=True, help="open a library, by name (-l m) or path"),
    Option("--library-path", "-L", metavar="DIR", many=True, help="look for libraries in DIR first"),
    Option("--cflags", metavar="FLAGS", many=True, help="flags for clang: --cflags='-O2 -DX=1'"),
    Option("--cxxflags", metavar="FLAGS", many=True, help="more flags, for C++ only"),
    Option("--rustflags", metavar="FLAGS", many=True, help="flags for rustc"),
    Option("--llvm", metavar="OPTION", many=True, help="an option for libLLVM: --llvm=-print-after-all"),
    Option("--keep-going", "-k", help="go on after an input that failed"),
    Option("--no-snapshots", help="keep no copies to return to after a crash; `:undo` is off"),
    Option("--timeout", metavar="TIME", help="how long an input may run: 500ms, 5s, 2min"),
    Option("--memory-limit", metavar="SIZE", help="how much memory the code may take: 512M, 2G, off"),
    Option("--debugger", metavar="NAME", choices=("gdb", "lldb", "none"), help="run jitrepl in gdb or lldb"),
    Option("--trace", help="print what ORC does to standard error"),
    Option("--echo", help="print each input before it runs"),
    Option("--quiet", "-q", help="print results and errors only"),
    Option("--color", metavar="WHEN", choices=("auto", "always", "never"), help="auto, always or never"),
    Option("--version", "-V", help="print the versions of jitrepl and LLVM"),
    Option("--help", "-h", help="print this"),
)

_BY_NAME = {name: option for option in OPTIONS for name in option.names}

_HEAD = """\
usage: jitrepl [OPTION…] [FILE…]

A REPL for LLVM IR that survives crashing code.

FILE is textual IR, bitcode, a source of C, C++ or Rust, an object, an archive, or a
script of inputs; - is standard input.
"""
_TAIL = """\
examples:
  jitrepl                                    the prompt; `:help` there
  jitrepl sum.ll -e ':call sum 1 2'          load, call, print i32 3
  jitrepl --run prog.bc -- -v in.txt         run main, as lli does
  cat sum.ll | jitrepl - -e ':call sum 1 2'  the same with a pipe
  jitrepl - < session.txt                    IR and `:` commands, one after the other

exit status: 0; 1 an input failed; 2 usage; 130 interrupted; with --run, the program's own
"""


class Options:
    """What the user asked for: a field for each option, and the files.

    Args:
        values: by the options' keys; missing ones were not given.
        files: what is no option, in its order.
        arguments: what stands behind `--`, for the program that is run.
    """

    def __init__(self, values: dict[str, list[str]], files: tuple[str, ...], arguments: tuple[str, ...] = ()) -> None:
        self.files = files
        self.arguments = arguments
        self.run = "run" in values
        self.execute = values.get("execute", [])
        self.host = values.get("host", [])
        self.lib = values.get("lib", [])
        self.library_path = values.get("library_path", [])
        self.cflags = values.get("cflags", [])
        self.cxxflags = values.get("cxxflags", [])
        self.rustflags = values.get("rustflags", [])
        self.llvm = tuple(values.get("llvm", []))
        self.color = values.get("color", ["auto"])[-1]
        self.interactive = "interactive" in values
        self.keep_going = "keep_going" in values
        self.no_snapshots = "no_snapshots" in values
        self.timeout = read_duration(values["timeout"][-1]) if "timeout" in values else 0
        self.memory = read_size(values["memory_limit"][-1]) if "memory_limit" in values else None
        self.debugger = values.get("debugger", ["none"])[0]
        self.trace = "trace" in values
        self.echo = "echo" in values
        self.quiet = "quiet" in values
        self.version = "version" in values
        self.help = "help" in values


def read_options(arguments: list[str]) -> Options:
    """Read a command line; options and files may stand in any order, `--` ends the options.

    Args:
        arguments: without the program's name.

    Raises:
        UsageError: for an unknown option, a missing or unwanted value.
    """
    values: dict[str, list[str]] = {}
    files: list[str] = []
    behind: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            behind += rest
        elif not word.startswith("-") or word == "-":
            files.append(word)
        else:
            for name, value in _split(word):
                option = _BY_NAME.get(name)
                if option is None:
                    raise UsageError(f"no option {name}", _similar(name))
                values.setdefault(option.key, []).append(_value(option, name, value, rest))
    if "run" in values:
        return Options(values, tuple(files), tuple(behind))
    return Options(values, (*files, *behind))


def _split(word: str) -> list[tuple[str, str | None]]:
    """`--name=value`, `-eVALUE` and `-qk` as pairs of a name and its value."""
    if word.startswith("--"):
        name, sign, value = word.partition("=")
        return [(name, value if sign else None)]
    pairs: list[tuple[str, str | None]] = []
    for index, letter in enumerate(word[1:], 2):
        option = _BY_NAME.get(f"-{letter}")
        if option and option.metavar and word[index:]:
            return [*pairs, (f"-{letter}", word[index:])]
        pairs.append((f"-{letter}", None))
    return pairs


def _value(option: Option, name: str, value: str | None, rest: object) -> str:
    if not option.metavar:
        if value is not None:
            raise UsageError(f"{name} takes no value", "`jitrepl --help` lists the options")
        return ""
    if value is None:
        value = next(rest, None)  # type: ignore[call-overload]
    if value is None:
        raise UsageError(f"{name} wants a value: {name} {option.metavar}", "`jitrepl --help` lists the options")
    if option.choices and value not in option.choices:
        raise UsageError(f"{name} is one of {', '.join(option.choices)}, not {value}")
    return value


def _similar(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, _BY_NAME, n=1)
    return f"did you mean {close[0]}?" if close else "`jitrepl --help` lists the options"


def help_text() -> str:
    """What `--help` prints."""
    rows = [(", ".join(reversed(o.names)) + (f" {o.metavar}" if o.metavar else ""), o.help) for o in OPTIONS]
    width = max(len(usage) for usage, _ in rows)
    table = "\n".join(f"  {usage.ljust(width)}  {help}" for usage, help in rows)
    return f"{_HEAD}\noptions:\n{table}\n\n{_TAIL}"
