"""What the worker says to the shell about a crash; more of `jitrepl.messages`."""

from __future__ import annotations

from jitrepl.messages import Reply
from jitrepl.records import Record


class Frame(Record):
    """A frame of a stack, or where it came from.

    Args:
        address: the instruction, or the return address.
        function: the symbol that it lies in; "" if that is not known.
        offset: the distance from the symbol in bytes.
        module: the library that it lies in; "" for JITed code.
        file: the source file, if there is debug info, else "".
        line: the line in it, from 1.
        inlined: whether the function was inlined into that of the next frame, which has the same address.
    """

    address: int
    function: str
    offset: int
    module: str = ""
    file: str = ""
    line: int = 0
    inlined: bool = False


class Thread(Record):
    """A thread of a process that died.

    Args:
        id: as gettid(2) says it.
        name: `comm` of proc(5).
        frames: its stack, the innermost frame first; empty if it had blocked the signal that asked for it.
    """

    id: int
    name: str
    frames: tuple[Frame, ...] = ()


class Instruction(Record):
    """A machine instruction: its address, and its text in LLVM's default syntax."""

    address: int
    text: str


class CrashReport(Reply):
    """What a worker that died has noted.

    Args:
        signal: the signal that ended it, or 0 if it noted nothing.
        address: the address that could not be accessed; None if the signal is not about one.
        access: `read`, `write` or `jump`; "" if that is not known.
        frames: the stack of the thread that crashed, the innermost frame first.
        registers: names and values.
        protected: whether there is memory at the address, which may not be used so.
        overflow: whether the access was behind the end of the thread's stack.
        thread: the id of the thread that crashed; 0 if it is not known.
        main: whether that is the thread that calls are made on.
        threads: the other threads.
        code: instructions around the one that crashed.
        notes: remarks about what happened before.
        sent: whether no instruction has raised the signal: a process has sent it, perhaps to itself.
        starved: whether the last thing that failed in C's library before was an allocation.
    """

    signal: int
    address: int | None = None
    access: str = ""
    frames: tuple[Frame, ...] = ()
    registers: tuple[tuple[str, int], ...] = ()
    protected: bool = False
    overflow: bool = False
    thread: int = 0
    main: bool = True
    threads: tuple[Thread, ...] = ()
    code: tuple[Instruction, ...] = ()
    notes: tuple[str, ...] = ()
    starved: bool = False
    sent: bool = False


class LastWords(Record):
    """What a worker says of its crash before it ends; sent in the place of a reply that will not come.

    Args:
        report: what it knows so far; a later one is better.
    """

    report: CrashReport
