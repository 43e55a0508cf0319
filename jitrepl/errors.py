"""What can go wrong, as one tree.

    JitreplError
    ├── UsageError          the command line or a `:` command is misspelt
    ├── ArgumentError       a literal does not fit the parameter it is for
    ├── InputError          an input cannot be read
    │   ├── IRError         LLVM's parser or verifier refuses textual IR
    │   ├── BitcodeError    the file is empty, truncated, newer, or no bitcode at all
    │   ├── ObjectError     an object or archive that cannot be linked into the session
    │   └── CompileError    a compiler refuses a source, or there is no compiler for it
    ├── SymbolError         a name means nothing here, or not what was asked of it
    │   ├── UndefinedError  declared, but nobody defines it
    │   └── DuplicateError  defined already
    ├── JITError            ORC or the code generator gave up
    ├── ThrownError         a C++ exception or a Rust panic left the function that was called
    ├── HostError           a Python host function raised, or its file cannot be loaded
    ├── UndoError           the session does not remember that far back
    ├── InternalError       a mistake of jitrepl's own
    ├── WorkerDied          the process that runs the code is gone
    ├── Interrupted         Ctrl-C
    ├── TimedOut            an input ran longer than the user allows
    └── Finished            libLLVM did what an option asks for, and ended: no failure

An error carries a `message` for the user and, where there is one, a `hint`: the next step.
Each class knows the exit status that a script ends with.
"""

from __future__ import annotations


class JitreplError(Exception):
    """Any error that jitrepl reports to its user.

    Args:
        message: one sentence, or what LLVM printed, without a trailing newline.
        hint: the next step for the user, or "".
    """

    exit_status = 1
    notes: tuple[str, ...] = ()
    """Remarks about what happened before the error."""
    before: tuple[object, ...] = ()
    """What the same input had done before, as the replies to it."""
    details: tuple[str, ...] = ()
    """What a class of error knows besides its message; it crosses the wire with that."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(JitreplError):
    """The command line or a `:` command is misspelt."""

    exit_status = 2


class ArgumentError(JitreplError):
    """A literal does not fit the parameter it is for."""


class InputError(JitreplError):
    """An input cannot be read."""


class IRError(InputError):
    """LLVM's parser or verifier refuses textual IR."""


class BitcodeError(InputError):
    """The file is empty, truncated, newer, or no bitcode at all."""


class ObjectError(InputError):
    """An object or archive is broken, for another machine, or has what cannot be linked into the session."""


class CompileError(InputError):
    """A compiler refuses a source, or there is no compiler for it.

    Args:
        message: one sentence.
        hint: the next step for the user, or "".
        diagnostics: what the compiler printed, with ANSI colours.
    """

    def __init__(self, message: str, hint: str = "", diagnostics: str = "") -> None:
        super().__init__(message, hint)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return without_colours(self.diagnostics) + super().__str__()


class SymbolError(JitreplError):
    """A name means nothing here, or not what was asked of it."""


class UndefinedError(SymbolError):
    """A symbol is declared, but neither the session, a host function nor the process defines it."""


class DuplicateError(SymbolError):
    """A symbol is defined already."""


class JITError(JitreplError):
    """ORC or the code generator gave up."""


class ThrownError(JitreplError):
    """A C++ exception or a Rust panic left the function that was called. Memory is as the code left it."""

    @property
    def type(self) -> str:
        """The type of what was thrown, `std::runtime_error`; `panic` for a Rust panic."""
        return self.details[0] if self.details else ""

    @property
    def text(self) -> str:
        """What it says: `what()`, a panic's message, a number or text by value; "" if only its type is known."""
        return self.details[1] if len(self.details) > 1 else ""

    @property
    def place(self) -> str:
        """Where a panic came from, `sum.rs:3:5`; "" if that is not known."""
        return self.details[2] if len(self.details) > 2 else ""


class HostError(JitreplError):
    """A Python host function raised, or its file cannot be loaded."""


class UndoError(JitreplError):
    """The session does not remember that far back."""


class InternalError(JitreplError):
    """A mistake of jitrepl's own; the message holds what a bug report needs."""


class WorkerDied(JitreplError):
    """The process that runs the code is gone.

    Args:
        message: what happened, in one sentence.
        hint: the next step for the user, or "".
        signal: the number of the signal that ended it, or 0.
        status: its exit status when no signal ended it; None if that is not known.
        frames: where it was, one line a frame, if that is known.
    """

    def __init__(
        self, message: str, hint: str = "", signal: int = 0, status: int | None = 0, frames: tuple[str, ...] = ()
    ) -> None:
        super().__init__("\n".join([message, *frames]), hint)
        self.signal = signal
        self.status = status
        self.frames = frames


class Interrupted(JitreplError):
    """The user pressed Ctrl-C."""

    exit_status = 130


class TimedOut(JitreplError):
    """An input ran longer than the user allows."""


class Finished(JitreplError):
    """libLLVM did what one of its options asks for (`-help`), and ended: no failure."""

    exit_status = 0


def without_colours(text: str) -> str:
    """A text without its ANSI colours (ECMA-48, SGR and EL)."""
    from re import sub

    return sub("\x1b\\[[0-9;]*[mK]", "", text)


def name_of(problem: JitreplError) -> str:
    """The name under which an error crosses the wire: that of its class, or of the nearest one in this tree."""
    names = (kind.__name__ for kind in type(problem).__mro__ if globals().get(kind.__name__) is kind)
    return str(next(names))


def by_name(name: str) -> type[JitreplError]:
    """The class of this tree called `name`; errors cross the wire by class name."""
    found = globals().get(name)
    if isinstance(found, type) and issubclass(found, JitreplError):
        return found
    return InternalError
