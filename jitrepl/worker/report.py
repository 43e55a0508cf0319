"""From a crash note to a report: what was accessed, and the frames with their names and lines."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.worker.crash import CrashNote
from jitrepl.worker.symbolize import Symbolizer
from jitrepl.worker.thunks import PREFIX

_ADDRESSED = (7, 11)  # SIGBUS, SIGSEGV
_WRITE, _FETCH = 2, 16  # x86 page-fault error code
_PAGE_FAULT = 14


def report(note: CrashNote) -> messages.CrashReport:
    """What a note says, for people.

    Frames of jitrepl itself are left out: the handler's above, and all from the call thunk down.
    """
    symbolizer = Symbolizer()
    frames: list[messages.Frame] = []
    for index, address in enumerate(note.addresses):
        # A return address is behind the call, which may be the last instruction of its line or function.
        place = symbolizer.place(address - 1 if index else address)
        if place is None:
            frames.append(messages.Frame(address, "", 0))
            continue
        if place.function.startswith(f"{PREFIX}call"):
            break
        if place.function.startswith(PREFIX):
            frames = frames[:1] if frames and not frames[0].function else []
            continue
        frames.append(messages.Frame(address, place.function, place.offset, place.module, place.file, place.line))
    registers = tuple(note.registers.items())
    fault = note.registers.get("trapno") == _PAGE_FAULT
    if note.signal not in _ADDRESSED or not fault:
        return messages.CrashReport(note.signal, None, "", tuple(frames), registers)
    error = note.registers["err"]
    access = "jump" if error & _FETCH else "write" if error & _WRITE else "read"
    return messages.CrashReport(note.signal, note.address, access, tuple(frames), registers)
