"""What the crash handler has written to its page, read by the process that goes on."""

from __future__ import annotations

from struct import unpack_from

from jitrepl.worker.crashes.handler import (
    DEPTH,
    FRAMES,
    INFO,
    IP,
    MAPS,
    MAPS_ROOM,
    MAPS_SIZE,
    NAME,
    NAME_SIZE,
    PROCESS,
    REGISTER_NAMES,
    REGISTERS,
    RETURN,
    SELF,
    SIGNAL,
    SLOT_COUNT,
    SLOT_SIZE,
    SLOTS,
    THREADS,
)


class ThreadNote:
    """What is noted of a thread.

    Args:
        id: its thread id, as gettid(2) says it.
        name: its name, `comm` of proc(5); "" if it did not answer.
        addresses: the instruction that it was at, then the return addresses on its stack; empty if it did not answer.
    """

    def __init__(self, id: int, name: str, addresses: tuple[int, ...]) -> None:
        self.id = id
        self.name = name
        self.addresses = addresses


class CrashNote:
    """What the handler wrote.

    Args:
        signal: the signal's number.
        address: the address that the signal is about (`si_addr`).
        registers: by their names.
        thread: the one that crashed.
        process: the process's id, which is that of its first thread.
        handle: what pthread_self(3) says in that thread.
        others: the other threads of the process.
        maps: the process's mappings, as proc(5) has them in `maps`.
        code: why the signal came (sigaction(2), `si_code`): a positive number if the kernel says so, else it was sent.
        errno: what C's `errno` was in the thread that crashed.
    """

    def __init__(
        self,
        signal: int,
        address: int,
        registers: dict[str, int],
        thread: ThreadNote,
        process: int,
        handle: int,
        others: tuple[ThreadNote, ...] = (),
        maps: str = "",
        errno: int = 0,
        code: int = 1,
    ) -> None:
        self.signal = signal
        self.address = address
        self.registers = registers
        self.thread = thread
        self.process = process
        self.handle = handle
        self.others = others
        self.maps = maps
        self.errno = errno
        self.code = code

    @property
    def fault(self) -> int | None:
        """The page-fault error code (Intel SDM volume 3, "Page-Fault Exceptions"); None if it was no page fault."""
        return self.registers["err"] if self.registers.get("trapno") == _PAGE_FAULT else None


_PAGE_FAULT = 14


def read_note(page: bytes) -> CrashNote | None:
    """The note on a page; None if there is none."""
    (signal,) = unpack_from("<i", page, SIGNAL)
    if not signal:
        return None
    (process,) = unpack_from("<i", page, PROCESS)
    handle, errno = unpack_from("<Qi", page, SELF)
    code, address = unpack_from("<i4xQ", page, INFO + 8)
    values = unpack_from(f"<{len(REGISTER_NAMES)}Q", page, REGISTERS)
    count = min(max(unpack_from("<i", page, THREADS)[0], 1), SLOT_COUNT)
    size = min(max(unpack_from("<q", page, MAPS_SIZE)[0], 0), MAPS_ROOM)
    (caller,) = unpack_from("<Q", page, RETURN)
    threads = [_read_thread(page, SLOTS + SLOT_SIZE * index) for index in range(count)]
    if caller and len(threads[0].addresses) == 1:
        threads[0].addresses += (caller,)
    maps = page[MAPS : MAPS + size].decode("utf-8", "replace")
    registers = dict(zip(REGISTER_NAMES, values, strict=True))
    return CrashNote(signal, address, registers, threads[0], process, handle, tuple(threads[1:]), maps, errno, code)


def _read_thread(page: bytes, start: int) -> ThreadNote:
    id, done, count = unpack_from("<3i", page, start)
    name = page[start + NAME : start + NAME + NAME_SIZE].partition(b"\0")[0].decode("utf-8", "replace")
    (ip,) = unpack_from("<Q", page, start + IP)
    frames = unpack_from(f"<{min(max(count, 0), DEPTH)}Q", page, start + FRAMES)
    # The walk begins in the handler; what counts begins at the interrupted instruction. From a jump to nowhere
    # there is no walk.
    behind = frames[frames.index(ip + 1) + 1 :] if ip + 1 in frames else ()
    crashed = start == SLOTS
    return ThreadNote(id, name, (ip, *behind) if done or crashed else ())
