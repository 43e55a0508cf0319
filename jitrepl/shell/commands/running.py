"""Commands that bring code into the session and run it."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.errors import JitreplError, UsageError
from jitrepl.records import Record
from jitrepl.shell.arguments import Flags, Input, Literals, Name, Paths, SignatureText, Words, cut
from jitrepl.shell.commands.registry import ALIASES, COMMANDS, Exited, Leave, Plain, Several, command, run_command
from jitrepl.shell.inputs import CommandLine, Inputs, Path, Statement, is_instruction, split_inputs
from jitrepl.shell.session import Session
from jitrepl.shell.settings import show_time
from jitrepl.shell.sources import full_path, is_path, is_script, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


@command("l", "source")
def load(session: Session, paths: Paths, flags: Flags = ()) -> Record:
    """Load files: textual IR, bitcode, objects, archives, and sources of C, C++ and Rust.

    The content decides what a file is; only a source goes by the end of its name (.c, .cpp, .rs). Sources are
    compiled to bitcode, with -g, by clang or rustc; their flags follow `--`. Quote a path with spaces. A path alone
    does the same at the prompt:

        :load sum.ll "my file.bc"
        :load a.c b.c -- -O2 -DX=1
        ~/ir/sum.ll

    A script of inputs, such as `:save` writes, is run: work.jitrepl, or any text with lines that begin with `:`. It
    ends at the first input that fails, unless jitrepl was started with --keep-going.
    """
    stray = [path for path in paths if path.startswith("-")]
    if stray:
        command = " ".join([":load", *(path for path in paths if path not in stray), "--", *stray, *flags])
        raise UsageError(f"{stray[0]} is no path", f"compiler flags go after `--`: `{command}`")
    contents = {path: data for path in paths if (data := _content(path)) is not None}
    if any(is_script(path, data) for path, data in contents.items()):
        if flags:
            raise UsageError("a script takes no flags", "give them to a `:load` of the sources that need them")
        return Inputs(tuple(Path(path, contents.get(path)) for path in paths))
    return _each(paths, lambda path: session.load_file(path, contents.get(path), flags))


@command("c")
def call(session: Session, signature: SignatureText, name: Name, args: Literals) -> Record:
    """Call a function: `:call sum 1 2`.

    Arguments are read by the types of the parameters: numbers (`-1`, `0xff`, `0b11`, `'a'`, `true`, `2.5`,
    `inf`), `null`, `@global`, text (`"hi"` is a NUL-terminated buffer where a ptr is wanted), `[1, 2, 3]` (a
    buffer), structs, arrays and vectors as IR writes them or in parentheses: `(1, 2.5)`.

    A function with debug info takes and returns values of its source: `{1, 2}`, `{.x = 1}`, `RED`, `Some(5)`.

    A function that the session does not declare can be called with its type in front:

        :call "double (double)" cos 1.0

    C++ and Rust functions go by their names in the source, with parameters to choose among overloads:

        :call ns::add 1 2
        :call "add(int, int)" 1 2
    """
    return session.ask_call(name, args, signature)


@command("a")
def again(session: Session, args: Literals) -> Record:
    """Repeat the last call, with new arguments if given: `:again 3 4`."""
    return session.ask_again(args)


@command("r")
def run(session: Session, args: Words) -> Record:
    """Run `main` as a program: `:run -v "an argument"`.

    It runs in a copy of the session: it finds globals as they are, and what it does to memory is gone afterwards, so
    it can be run again. Its exit status is shown. Static initialisers ran when their module was loaded. It shares
    standard input with the session.
    """
    return Exited(session.run(*args))


@command()
def time(session: Session, input: Input) -> Record:
    """Run an input, and show how long it took: `:time sum 1 2`, `:time again`, `:time a.c`, `:time add i32 1, 2`.

    The time is from request to reply: it includes communication with the process that runs the code and, in a first
    call, compilation.
    """
    from time import perf_counter

    began = perf_counter()
    result = _timed(session, input)
    took = perf_counter() - began
    if isinstance(result, Inputs):
        raise UsageError("an input that runs several others cannot be timed", "`:time` can stand before each of them")
    return result if isinstance(result, Leave) else Several((result, Plain(show_time(took))))


def _timed(session: Session, input: str) -> Record:
    word, rest = cut(input)
    if word.removeprefix(":") == "time":
        raise UsageError("what is timed is not timed again", "`:time` stands once in a line")
    known = word in COMMANDS or word in ALIASES
    if known and not (word == "load" and is_instruction(input) and not is_path(cut(rest)[0])):
        input = f":{input}"
    item = next(split_inputs([input]), None)
    if isinstance(item, Statement):
        return session.ask_evaluate(item.text)
    if isinstance(item, CommandLine):
        return run_command(session, item.text)
    return run_command(session, f":load {input}" if isinstance(item, Path) else f":call {input}")


@command()
def host(session: Session, paths: Paths) -> Record:
    """Run Python files that register host functions: symbols that JITed code can call.

    A file looks like this:

        from jitrepl import host

        @host("i32 (i32, i32)")
        def add(a, b):
            return a + b
    """
    return _each(paths, lambda path: session.ask(messages.AddHost(full_path(path))))


@command()
def lib(session: Session, paths: Paths) -> Record:
    """Open libraries, so that the session can use their symbols: `:lib m`, `:lib libz.so.1`, `:lib ./mine.so`.

    By path, by soname, or by what follows a linker's -l, which is searched for in the folders that -L names on the
    command line and where linkers search. Of an archive (libmine.a), only the members that are needed are loaded.
    """
    return _each(paths, lambda path: _opened(path, session.library(path)))


def _content(path: str) -> bytes | None:
    """What is in a file; None if it cannot be read, which is told when it is its turn."""
    try:
        return read_source(path)
    except JitreplError:
        return None


def _opened(name: str, files: tuple[str, ...]) -> Record:
    """What to say of a library: the name that the user gave it, or the files that are behind that."""
    same = len(files) == 1 and name.rpartition("/")[2] == files[0].rpartition("/")[2]
    return messages.Loaded(name if same else ", ".join(files), (), opened=True)


def _each(paths: Paths, do: Callable[[str], Record]) -> Record:
    """Do something with each path; an error has what was done before it."""
    results: list[Record] = []
    for path in paths:
        try:
            results.append(do(path))
        except JitreplError as problem:
            problem.before = tuple(results)
            raise
    return results[0] if len(results) == 1 else Several(tuple(results))
