"""What a worker does about crashes: which handler there is, and who makes the report (docs/decisions/0014).

What it takes to handle one is imported when it is needed: a script pays for none of it.
"""

from __future__ import annotations

import os

from jitrepl.errors import JitreplError
from jitrepl.worker import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.crash_report import CrashReport, LastWords
    from jitrepl.messages import Call
    from jitrepl.worker.calls import Caller
    from jitrepl.worker.crashes.crash import CrashHandler
    from jitrepl.worker.crashes.crash_sources import SessionSources
    from jitrepl.worker.crashes.note import CrashNote
    from jitrepl.worker.crashes.threads import ThreadStarter
    from jitrepl.worker.hosts import Hosts
    from jitrepl.worker.jit import Jit
    from jitrepl.worker.linking.dylib import SessionDylib

STARTERS = {
    "libstdc++.so": ("_ZNSt", "_ZSt"),
    "libc++.so": ("_ZNSt",),
    "libstd-": ("_ZN3std", "_RN"),
    "libgomp.so": ("GOMP_",),
    "libomp.so": ("__kmpc_",),
}
"""The libraries that start threads for programs in C++, Rust and OpenMP, and what their symbols begin with."""
THREAD_STARTER = "pthread_create"


class CrashWatch:
    """Handles the crashes of this process.

    Args:
        jit, dylib, hosts: what a report is about.
        caller: knows whether JITed code runs.
    """

    def __init__(self, jit: Jit, dylib: SessionDylib, hosts: Hosts, caller: Caller) -> None:
        self._jit = jit
        self._dylib = dylib
        self._hosts = hosts
        self._caller = caller
        self._handler: CrashHandler | None = None
        self._callback: object = None
        self._threads: ThreadStarter | None = None
        self._note: CrashNote | None = None
        self._compiling = False  # whether the process that died was in LLVM, if it was its first thread that crashed

    def begin(self, copies: bool, tell: Callable[[LastWords], object]) -> None:
        """Make a crash leave a note for the copy that goes on; where there is none, make it report itself.

        Args:
            copies: whether there will be copies of this process.
            tell: sends a record to the shell.
        """
        if copies:
            from jitrepl.worker.crashes import crash

            if crash.possible():
                self._handler = crash.CrashHandler(self._jit)
        elif process.MACHINE == "x86_64":
            own = os.getpid()
            self._callback = process.crash_callback(lambda *crash: self._speak(tell, own, *crash))

    def watch(self, interruptible: bool = True) -> None:
        """Have crashes noted while a request runs.

        Args:
            interruptible: whether Ctrl-C ends it, too; it is noted then where that was.
        """
        if self._handler:
            self._handler.claim()
        if interruptible:
            if self._handler:
                self._handler.install(process.SIGINT)
            elif self._callback:
                process.install(self._callback, process.SIGINT)

    def compiled(self) -> None:
        """Note that LLVM has nothing to do until the next request, or while something runs."""
        if self._handler:
            self._handler.compiled()

    def wake(self) -> None:
        """Take the note of the process that this one takes the place of, before there is another."""
        if self._handler:
            self._compiling = self._handler.compiling
            self._note = self._handler.take()

    def prepare(self, names: list[str]) -> None:
        """Give signal stacks to the threads that code with these undefined symbols may start."""
        beginnings = tuple(beginning for some in STARTERS.values() for beginning in some)
        starts = THREAD_STARTER in names or any(name.startswith(beginnings) for name in names)
        if starts and (self._handler or self._callback):
            from jitrepl.worker.crashes.threads import ThreadStarter

            self._threads = self._threads or ThreadStarter(self._jit)
            self._threads.prepare()

    def address(self, symbol: str) -> int | None:
        """What JITed code gets for a symbol that this watch has to serve; None for any other."""
        return self._threads.address if self._threads and symbol == THREAD_STARTER else None

    def explain(self, calls: tuple[Call, ...], link: Callable[[Call], None]) -> CrashReport:
        """What is known of the crash of the process that this one is a copy of; it is there only once.

        Args:
            calls: what that one was asked to call, and this one was not.
            link: compiles what a call compiles.
        """
        note, self._note = self._note, None
        if note and calls and not (self._compiling and note.thread.id == note.process):
            self._compile(calls, link)
        if note is None and self._handler:
            note = self._handler.take()  # of a program that had a process of its own
        if note is None:
            from jitrepl.crash_report import CrashReport

            return CrashReport(0)
        from jitrepl.worker.crashes.report import report

        return report(note, self._jit.triple, self._sources())

    def _compile(self, calls: tuple[Call, ...], link: Callable[[Call], None]) -> None:
        """Compile what the process that died had compiled, at the same addresses: that it is there makes it known."""
        trace, self._jit.trace = self._jit.trace, None
        for call in calls:
            try:
                link(call)
            except JitreplError:
                pass  # the report has fewer names
        self._jit.trace = trace

    def _speak(self, tell: Callable[[LastWords], object], own: int, signal: int, info: int, context: int) -> None:
        if self._caller.running and os.getpid() == own:
            self._caller.limit.end()  # what a report takes is not the code's
            from jitrepl.worker.crashes.lastwords import speak

            speak(signal, info, context, self._jit.triple, self._sources(), tell)

    def _sources(self) -> SessionSources:
        from jitrepl.worker.crashes.crash_sources import SessionSources

        return SessionSources(self._dylib, self._jit, self._hosts)
