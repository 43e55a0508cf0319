"""From a crash note to a report: what was accessed, and the frames of all threads with their names and lines."""

from __future__ import annotations

from jitrepl.crash_report import CrashReport, Frame, Instruction, Thread
from jitrepl.worker.crashes import disassembly
from jitrepl.worker.crashes.handler import FETCH
from jitrepl.worker.crashes.note import CrashNote
from jitrepl.worker.crashes.overflow import overflowed
from jitrepl.worker.crashes.symbolize import Place, Symbolizer
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.memory_limit import ENOMEM

_ADDRESSED = (7, 11)  # SIGBUS, SIGSEGV
_PRESENT, _WRITE = 1, 2  # x86 page-fault error code


class Sources:
    """What a session knows of its code besides what the objects say. This one knows nothing."""

    def line_of(self, place: Place) -> tuple[str, int]:
        """File and line of a place in JITed code that has no debug info; ("", 0) if they are not known."""
        return "", 0

    def host_at(self, address: int) -> tuple[str, str, int] | None:
        """Symbol, file and line of the host function whose thunk begins at an address."""
        return None


def report(note: CrashNote, triple: str, sources: Sources) -> CrashReport:
    """What a note says, for people.

    Args:
        note: the note.
        triple: of the machine, for the disassembler.
        sources: what the session knows of its code.
    """
    symbolizer = Symbolizer()
    frames = _frames(symbolizer, note.thread.addresses, sources)
    threads = []
    for thread in note.others:
        stack = _frames(symbolizer, thread.addresses, sources)
        threads.append(Thread(thread.id, thread.name, stack))
    code = _code(symbolizer, triple, note.registers["rip"])
    id, main = note.thread.id, note.thread.id == note.process
    address, access, protected, overflow = None, "", False, False
    if note.signal in _ADDRESSED and note.fault is not None:
        address = note.address
        access = "jump" if note.fault & FETCH else "write" if note.fault & _WRITE else "read"
        protected = bool(note.fault & _PRESENT)
        overflow = overflowed(note.maps, address, note.registers["rsp"], 0 if main else note.handle)
    registers = tuple(note.registers.items())
    return CrashReport(
        note.signal,
        address,
        access,
        frames,
        registers,
        protected,
        overflow,
        id,
        main,
        tuple(threads),
        code,
        starved=note.errno == ENOMEM,
        sent=note.code <= 0,
    )


def _code(symbolizer: Symbolizer, triple: str, address: int) -> tuple[Instruction, ...]:
    """The instructions around an address."""

    def name_of(target: int) -> str:
        found = symbolizer.places(target)
        return found[-1].function if found and not found[-1].offset else ""

    places = symbolizer.places(address)
    start = address - places[-1].offset if places else address
    size = places[-1].size if places else 0
    return disassembly.around(triple, address, start, name_of, start + size if size else 0)


def _frames(symbolizer: Symbolizer, addresses: tuple[int, ...], sources: Sources) -> tuple[Frame, ...]:
    """The frames of a stack.

    Those of jitrepl and Python are left out: all from the call thunk down, and what a host function is made of.
    """
    frames: list[Frame] = []
    for index, address in enumerate(addresses):
        # A return address is behind the call, which may be the last instruction of its line or function.
        places = symbolizer.places(address - 1 if index else address)
        if not places:
            frames.append(Frame(address, "", 0))
            continue
        function = places[-1].function
        if function.startswith(f"{PREFIX}call"):
            break
        if function.startswith(f"{PREFIX}host"):
            host = sources.host_at(address - (1 if index else 0) - places[-1].offset)
            frames = [*_until_python(frames), Frame(address, host[0], 0, "", *host[1:])] if host else frames
        if function.startswith(PREFIX):
            continue
        for place in places:
            file, line = place.file, place.line
            if not file and not place.module:
                file, line = sources.line_of(place)
            offset = place.offset + (1 if index else 0)
            frames.append(Frame(address, place.function, offset, place.module, file, line, place.inlined))
    else:
        frames = _above_python(frames)
    return tuple(frames)


def _until_python(frames: list[Frame]) -> list[Frame]:
    """The frames up to the first that is Python's: what a host function has called by itself."""
    pythons = (index for index, frame in enumerate(frames) if _is_bridge(frame) or _is_python(frame))
    return frames[: next(pythons, len(frames))]


def _is_python(frame: Frame) -> bool:
    return frame.module.rpartition("/")[2].startswith(("libpython", "python"))


def _above_python(frames: list[Frame]) -> list[Frame]:
    """The frames above Python's, where the thunk is not known: it was compiled after this copy was made."""
    bridges = [index for index, frame in enumerate(frames) if _is_bridge(frame)]
    if not bridges:
        return frames
    end = bridges[-1]
    while end and (_is_bridge(frames[end - 1]) or not (frames[end - 1].function or frames[end - 1].module)):
        end -= 1
    return frames[:end]


def _is_bridge(frame: Frame) -> bool:
    """Whether a frame is one between Python and what it calls by ctypes."""
    return frame.module.rpartition("/")[2].startswith(("libffi", "_ctypes"))
