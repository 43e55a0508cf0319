"""The worker's main loop: receive a request, answer it, until the shell is gone."""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 5 ms
import gc
import os
import sys

from jitrepl import messages, wire
from jitrepl.errors import InternalError, JITError, JitreplError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.crash_report import LastWords
    from jitrepl.worker.engine import Engine


class Woken(BaseException):
    """This process is a copy that was woken in the middle of a request; the request is off.

    Args:
        stream: the socket to serve on.
    """

    def __init__(self, stream: _socket.socket) -> None:
        self.stream = stream


def serve(stream: _socket.socket) -> None:
    """Answer the requests that arrive on a stream socket; returns when `Quit` is done or the shell is gone."""
    import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms

    # The terminal sends Ctrl-C to this process too. It only means something while a request runs: then the
    # default action ends the process, however deep in native code it is.
    inherited = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Python ignores this one; a program whose reader is gone is to end, as it would anywhere else.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    from jitrepl.worker.engine import Engine
    from jitrepl.worker.process import silence

    gc.freeze()
    gc.enable()
    engine: Engine | None = None

    def tell(notes: tuple[str, ...]) -> None:
        """Have remarks printed now, and wait until they are."""
        wire.send(stream, messages.Told(notes))
        wire.receive(stream)

    fresh = False  # whether a copy was made since the last rehearsal

    def checkpoint() -> None:
        """Leave a copy in which everything is compiled, before any of it runs."""
        nonlocal fresh
        assert engine is not None
        fresh = True
        served = engine.copier().leave(stream, replaces=True)
        if served is not stream:
            raise Woken(served)

    def copy() -> int:
        """Make a copy of this process, which is on its own from here on."""
        from jitrepl.worker.snapshots import fork_sibling, hindrance

        reason = hindrance()
        if reason:
            raise JITError(f":run needs a copy of the process, which cannot be made: {reason}", "`--run` needs none")
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # from here on Ctrl-C is for the program
        pid = fork_sibling()
        if not pid:
            assert engine is not None
            stream.close()
            native_signals()
            engine.leave_alone()
        return pid

    def native_signals() -> None:
        """Have Ctrl-C do what it does to any program."""
        signal.signal(signal.SIGINT, signal.SIG_IGN if inherited is signal.SIG_IGN else signal.SIG_DFL)

    identity = os.fstat(stream.fileno()).st_ino

    def say(words: LastWords) -> None:
        """Send something in the middle of a call, if JITed code has left the socket alone."""
        if os.fstat(stream.fileno()).st_ino == identity:
            wire.send(stream, words)

    while True:
        try:
            _look_out(stream)
            request = wire.receive(stream)
        except (OSError, wire.WireError):
            return
        if request is None:
            return
        if isinstance(request, messages.Repeat):
            request = request.request
            silence()
        if not isinstance(request, messages.Explain):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if engine is not None:
                engine.crashes.note_interrupts()
        reply: messages.Reply
        own = os.getpid()
        try:
            if engine is None:
                engine = Engine(request)  # type: ignore[arg-type]
                engine.checkpoint = checkpoint
                engine.tell = tell
                engine.copy = copy
                reply = engine.started()
            else:
                reply = engine.answer(request)  # type: ignore[arg-type]
        except JitreplError as problem:
            reply = _failed(problem, engine)
        except Woken as woken:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stream = woken.stream
            assert engine is not None
            engine.crashes.wake()
            continue
        except Exception as problem:
            reply = _failed(_own_failure(problem), engine)
        sys.stdout.flush()
        if os.getpid() != own:
            os._exit(0)  # a child that JITed code has forked came back from the call: it has no business here
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if engine is not None:
                engine.files.restore()
            wire.send(stream, reply)
        except wire.WireError as problem:
            wire.send(stream, messages.Failed("JITError", f"the answer cannot be given: {problem}"))
        except OSError:
            return
        if engine is not None and engine.becomes:
            native_signals()
            engine.becomes()
        if isinstance(request, messages.Quit):
            return
        if isinstance(request, messages.Start) and request.warm_up and engine is not None and _idle(stream, _IMPORTING):
            from jitrepl.worker.rehearsal import warm_up

            warm_up(engine)
        if isinstance(request, messages.Start) and engine is not None:
            engine.crashes.begin(engine.snapshots, say)
        if engine is not None and engine.wants_snapshot(request, reply):  # type: ignore[arg-type]
            copier = engine.copier()  # what it compiles comes before the copy
            repeats = engine.can_repeat(request, reply)  # type: ignore[arg-type]
            served = copier.leave(stream, repeats=repeats)
            if engine.repeats:
                engine.repeats.left(repeats and copier.left, copier.left and not repeats)
            if served is not stream:
                stream = served
                engine.crashes.wake()
            fresh = fresh or not repeats
            if fresh and copier.left and engine.jit.trace is None and _idle(stream, _SOON):
                fresh = False
                from jitrepl.worker.rehearsal import rehearse

                rehearse(engine)


_IMPORTING = 0.15
"""Seconds that it takes to import the prompt, which had better have the machine."""
_SOON = 0.002
"""Seconds within which a script asks the next thing, and a person does not."""


def _idle(stream: _socket.socket, seconds: float) -> bool:
    """Whether nothing is asked for so long."""
    stream.settimeout(seconds)
    try:
        stream.recv(1, _socket.MSG_PEEK)
        return False
    except TimeoutError:
        return True
    finally:
        stream.settimeout(None)


def _look_out(stream: _socket.socket) -> None:
    """Wait 0.1 ms for a request without going to sleep, as the shell does: to be woken takes a virtual machine 40 µs.

    The next line of a script comes sooner than that. Whoever else wants this processor gets it.
    """
    for _ in range(_GLANCES):
        try:
            stream.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
            return
        except BlockingIOError:
            os.sched_yield()


_GLANCES = 100


def _failed(problem: JitreplError, engine: Engine | None) -> messages.Failed:
    notes = engine.take_notes() if engine else ()
    kind = type(problem).__name__
    return messages.Failed(kind, problem.message, problem.hint, notes, problem.details)


def _own_failure(problem: Exception) -> JitreplError:
    """What the user reads of an exception that jitrepl did not expect."""
    from jitrepl.worker.memory_limit import out_of_memory

    if out_of_memory(problem):
        return JITError("there is no memory left for this", "`:set memory-limit` shows what JITed code may take")
    return InternalError(_trace(problem), "please report this")


def _trace(problem: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(problem)).rstrip()
