"""What the user reads about a crash: a sentence, the frames, and all of it for `:bt`."""

from __future__ import annotations

import os

from jitrepl.messages import CrashReport, Frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MEANING = {
    "SIGSEGV": "an access to memory that is not there",
    "SIGBUS": "an access to memory that cannot be used",
    "SIGILL": "an instruction that this machine does not have, or `unreachable`",
    "SIGFPE": "an integer division by zero or an overflow in one",
    "SIGABRT": "`abort` was called",
    "SIGTRAP": "a trap instruction",
    "SIGKILL": "from outside, or out of memory",
}
_NEAR_NULL = 1 << 16
_NEAR_STACK = 1 << 20
_FRAMES_SHOWN = 8


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
    if report.signal == signal and report.access and report.address is not None:
        if _overflowed(report):
            return f"{name}: stack overflow"
        return f"{name}: {report.access} {'to' if report.access == 'jump' else 'of'} address {_address(report.address)}"
    meaning = _MEANING.get(name)
    return f"{name} ({meaning})" if meaning else name


def _overflowed(report: CrashReport) -> bool:
    """Whether the access was at the end of the stack, and the stack is deep."""
    stack = dict(report.registers).get("rsp", 0)
    return abs((report.address or 0) - stack) < _NEAR_STACK and len(report.frames) >= _MANY


def _address(address: int) -> str:
    if address == 0:
        return "0x0 (null)"
    return f"0x{address:x} (null + {address})" if address < _NEAR_NULL else f"0x{address:x}"


def short_frames(report: CrashReport, typed: Callable[[str, int], str]) -> tuple[str, ...]:
    """The innermost frames, with the source line of the first that has one.

    Args:
        report: what is known of the crash.
        typed: gives a line of an input of the session, or "" if it is a line of a file.
    """
    lines: list[str] = []
    frames = [frame for frame in report.frames if frame.function or frame.module]
    groups = _grouped(frames)
    quoted = False
    for frame, count in groups[:_FRAMES_SHOWN]:
        lines.append(f"  {_where(frame)}{_times(count)}")
        if frame.line and not quoted:
            text = typed(frame.file, frame.line) or _source_line(frame.file, frame.line)
            if text:
                lines.append(f"    {frame.line} | {text}")
            quoted = True
    if len(groups) > _FRAMES_SHOWN:
        lines.append("  … `:bt` shows the rest")
    return tuple(lines)


def full_text(report: CrashReport) -> str:
    """Every frame with its address, and the registers."""
    lines = [cause(report.signal, report)]
    number = 0
    for frame, count in _grouped(list(report.frames)):
        lines.append(f"#{number:<3} 0x{frame.address:016x} {_where(frame)}{_times(count)}")
        number += count
    shown = [(name, value) for name, value in report.registers if name in _SHOWN_REGISTERS]
    for start in range(0, len(shown), 4):
        lines.append("  ".join(f"{name:>6} {value:016x}" for name, value in shown[start : start + 4]))
    return "\n".join(lines)


def _grouped(frames: list[Frame]) -> list[tuple[Frame, int]]:
    """Frames with how often each follows itself, as in a recursion."""
    groups: list[tuple[Frame, int]] = []
    for frame in frames:
        if groups and groups[-1][0].address == frame.address:
            groups[-1] = (frame, groups[-1][1] + 1)
        else:
            groups.append((frame, 1))
    return groups


def _times(count: int) -> str:
    return f"  ({count} times or more)" if count >= _MANY else f"  ({count} times)" if count > 1 else ""


_MANY = 200
"""So many frames at one place, and the note may have had no room for the others."""
_SHOWN_REGISTERS = frozenset(
    ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "eflags", *(f"r{n}" for n in range(8, 16)))
)


def _where(frame: Frame) -> str:
    name = f"@{frame.function}" if frame.function and not frame.module else frame.function or "?"
    if frame.file:
        return f"at {name} ({frame.file}:{frame.line})"
    place = f" in {os.path.basename(frame.module)}" if frame.module else ""
    return f"at {name}+0x{frame.offset:x}{place}"


def _source_line(path: str, number: int) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line, text in enumerate(file, 1):
                if line == number:
                    return text.strip()
    except OSError:
        pass
    return ""
