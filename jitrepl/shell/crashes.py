"""What the user reads about a crash: a sentence, the frames, and all of it for `:bt`."""

from __future__ import annotations

import os

from jitrepl.crash_report import CrashReport, Frame
from jitrepl.errors import Finished, Interrupted, JitreplError, TimedOut, UsageError, WorkerDied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl import messages

_MEANING = {
    "SIGSEGV": "an access to memory that is not there",
    "SIGBUS": "an access to memory that cannot be used",
    "SIGILL": "an instruction that this machine does not have",
    "SIGFPE": "an integer division by zero or an overflow in one",
    "SIGABRT": "`abort` was called",
    "SIGTRAP": "a trap instruction",
    "SIGKILL": "from outside, or out of memory",
}
_STOPPING = ("SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU")
_FORBIDDEN = {"write": ", which is read-only", "jump": ", which is not executable"}
_TRAP = "ud2"  # what LLVM makes of `unreachable` and `llvm.trap` on x86
_GENERAL_PROTECTION = 13  # Intel SDM volume 3, "Exception and Interrupt Reference"
_NEAR_NULL = 1 << 16
_GIVING_UP = ("llvm::report_fatal_error", "llvm::llvm_unreachable", "llvm::sys::")
_FRAMES_SHOWN = 8
_NAME_SHOWN = 80
"""So many letters of a function's name; those of C++ templates can have thousands."""


def signal_name(number: int) -> str:
    """`SIGSEGV` for 11."""
    from signal import Signals  # not at the top: it costs 5 ms, and most sessions see no crash

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def cause(signal: int, report: CrashReport) -> str:
    """The signal and what it was about: `SIGSEGV: read of address 0x8 (null + 8)`."""
    name = signal_name(signal)
    if report.signal != signal:
        text = ""
    elif report.sent and name != "SIGABRT":
        text = " (sent by `raise` or `kill`)"
    elif name == "SIGILL" and _instruction(report).startswith(_TRAP):
        text = ": reached `unreachable`, or a trap"
    elif report.overflow:
        text = ": stack overflow"
    elif report.access and report.address is not None:
        text = f": {report.access} {'to' if report.access == 'jump' else 'of'} address {_address(report.address)}"
        text += _FORBIDDEN.get(report.access, "") if report.protected else ""
    elif dict(report.registers).get("trapno") == _GENERAL_PROTECTION:
        text = " (a wild address, unaligned vector or privileged instruction)"
    else:
        text = ""
    if not text and name in _MEANING:
        text = f" ({_MEANING[name]})"
    elsewhere = "" if report.main or report.signal != signal else ", in another thread"
    return f"{name}{text}{elsewhere}"


def ended_by(signal: int, report: CrashReport) -> str:
    """How a signal has ended a process: `killed by SIGSEGV: read of address 0x8 (null + 8)`."""
    return f"{'stopped' if signal_name(signal) in _STOPPING else 'killed'} by {cause(signal, report)}"


def _instruction(report: CrashReport) -> str:
    """The instruction that crashed; "" if it is not known."""
    here = dict(report.registers).get("rip")
    return next((instruction.text for instruction in report.code if instruction.address == here), "")


def _address(address: int) -> str:
    if address == 0:
        return "0x0 (null)"
    return f"0x{address:x} (null + {address})" if address < _NEAR_NULL else f"0x{address:x}"


def short_frames(report: CrashReport, typed: Callable[[str, int], str], goes_on: bool = True) -> tuple[str, ...]:
    """The innermost frames, with the source line of the first that has one.

    Args:
        report: what is known of the crash.
        typed: gives a line of an input of the session, or "" if it is a line of a file.
        goes_on: whether there is a session that can be asked for the rest.
    """
    lines: list[str] = []
    frames = [frame for frame in report.frames if frame.function or frame.module]
    if was_compiling(report):
        useful = next(frame for frame in frames if _says_what_llvm_did(frame))
        return f"  {_where(useful, _NAME_SHOWN)}", "  … `:bt` shows the rest"
    groups = _grouped(frames)
    quoted = False
    for frame, count in groups[:_FRAMES_SHOWN]:
        lines.append(f"  {_where(frame, _NAME_SHOWN)}{_times(count)}")
        if frame.line and not quoted:
            text = typed(frame.file, frame.line) or _source_line(frame.file, frame.line)
            if text:
                lines.append(f"    {frame.line} | {text}")
            quoted = True
    if len(groups) > _FRAMES_SHOWN:
        left = sum(count for _, count in groups[_FRAMES_SHOWN:])
        lines.append("  … `:bt` shows the rest" if goes_on else f"  … and {left} more")
    return tuple(lines)


def _says_what_llvm_did(frame: Frame) -> bool:
    """Whether a frame is LLVM's own, and not the one in which it gives up."""
    return _of_llvm(frame) and not frame.function.startswith(_GIVING_UP)


def _of_llvm(frame: Frame) -> bool:
    return bool(frame.function) and os.path.basename(frame.module).startswith("libLLVM")


def was_compiling(report: CrashReport) -> bool:
    """Whether LLVM crashed while it compiled, and no code of the session's was on the stack."""
    named = [frame for frame in report.frames if frame.function]
    return all(frame.module for frame in named) and any(map(_says_what_llvm_did, named))


def full_text(report: CrashReport) -> str:
    """Every frame with its address, the registers, the code, and the other threads."""
    lines = [cause(report.signal, report), *_numbered(report.frames)]
    if report.code:
        lines += ["", *_code(report)]
    values = dict(report.registers)
    shown = [(name, values[name]) for name in _SHOWN_REGISTERS if name in values]
    if shown:
        lines.append("")
    for start in range(0, len(shown), 4):
        lines.append("  ".join(f"{name:>6} {value:016x}" for name, value in shown[start : start + 4]))
    for thread in report.threads:
        name = f" ({thread.name})" if thread.name else ""
        lines += ["", f"thread {thread.id}{name}", *_numbered(thread.frames)]
        if not thread.frames:
            lines.append("  its stack is not known: it did not answer")
    return "\n".join(lines)


def _numbered(frames: tuple[Frame, ...]) -> list[str]:
    """Frames as debuggers list them; those without code of their own have no address."""
    lines = []
    number = 0
    for frame, count in _grouped(list(frames)):
        address = " " * 18 if frame.inlined else f"0x{frame.address:016x}"
        lines.append(f"#{number:<3} {address} {_where(frame)}{_times(count)}")
        number += count
    return lines


def _code(report: CrashReport) -> list[str]:
    """The instructions around the one that crashed, which is marked."""
    here = dict(report.registers).get("rip")
    marks = {here: "=>"}
    return [f"{marks.get(i.address, '  ')} 0x{i.address:016x}  {i.text}" for i in report.code]


def _grouped(frames: list[Frame]) -> list[tuple[Frame, int]]:
    """Frames with how often each follows itself, as in a recursion; what was inlined there is part of its frame."""
    groups: list[tuple[Frame, int]] = []
    index = 0
    while index < len(frames):
        step = 1
        while frames[index + step - 1].inlined and index + step < len(frames):
            step += 1
        one = frames[index : index + step]
        count = 1
        while frames[index + step * count : index + step * (count + 1)] == one:
            count += 1
        groups += [(frame, count) for frame in one]
        index += step * count
    return groups


def _times(count: int) -> str:
    return f"  ({count} times or more)" if count >= _MANY else f"  ({count} times)" if count > 1 else ""


_MANY = 200
"""So many frames at one place, and the note may have had no room for the others."""
_GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{number}" for number in range(8, 16)))
_SHOWN_REGISTERS = (*_GENERAL, "rip", "eflags")


def _where(frame: Frame, room: int = 10_000) -> str:
    name = frame.function or "?"
    if len(name) > room:
        name = f"{name[: room - 1]}…"
    if not frame.module and all(letter.isalnum() or letter in "_.$-" for letter in frame.function) and frame.function:
        name = f"@{name}"
    inlined = ", inlined" if frame.inlined else ""
    if frame.file:
        return f"at {name} ({frame.file}:{frame.line}){inlined}"
    place = f" in {os.path.basename(frame.module)}" if frame.module else ""
    return f"at {name}+0x{frame.offset:x}{place}{inlined}"


def _source_line(path: str, number: int) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line, text in enumerate(file, 1):
                if line == number:
                    return text.strip()
    except OSError:
        pass
    return ""


def signal_of(number: int, report: CrashReport) -> int:
    """The signal of a crash, for the one that ended the process: a handler that got stuck is ended by its alarm."""
    return report.signal if number == _SIGALRM and report.signal else number


_SIGALRM = 14


def fatal(
    problem: WorkerDied | Interrupted | TimedOut,
    doing: str,
    report: CrashReport,
    frames: tuple[str, ...],
    hint: str,
    timeout: float,
) -> JitreplError:
    """The error for an input that ended its worker.

    Args:
        problem: how the worker ended.
        doing: what the input was, for a sentence.
        report: what is known of it.
        frames: where that was, in short.
        hint: what becomes of the session.
        timeout: how long an input may run, in seconds.
    """
    if isinstance(problem, TimedOut):
        return TimedOut("\n".join([f"{doing} ran longer than {timeout:g} s", *frames]), hint)
    if isinstance(problem, Interrupted):
        return Interrupted("\n".join([f"interrupted in {doing}", *frames]), hint)
    signal = signal_of(problem.signal, report) or (report.signal if problem.status is None else 0)
    if signal:
        how = f"was {ended_by(signal, report)}"
    elif problem.status is None:
        how = "ended the process; how is not known, as somebody else has waited for it"
    else:
        how = f"ended the process with exit status {problem.status}"
    return WorkerDied(f"{doing} {how}", hint, signal, problem.status, frames)


def refused_start(start: messages.Start, problem: WorkerDied) -> JitreplError:
    """The error for a worker that ended before it could answer its first request."""
    if start.llvm_options and not problem.signal and not problem.status:
        return Finished(f"libLLVM did what {' '.join(start.llvm_options)} asks for")
    if start.llvm_options and not problem.signal:
        return UsageError(f"libLLVM did not go on with {' '.join(start.llvm_options)}", "its own message is above")
    return WorkerDied(f"the worker could not start: {problem.message}", "", problem.signal, problem.status)
