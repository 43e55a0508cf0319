"""The worker's main loop: receive a request, answer it, until the shell is gone."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import _socket  # the module `socket` wraps this in enums, for 5 ms
import gc
import os
import sys

from jitrepl import messages, wire
from jitrepl.errors import InternalError, JITError, JitreplError, name_of
from jitrepl.worker.process import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
    # The terminal sends Ctrl-C to this process too. It only means something while a request runs: then the
    # default action ends the process, however deep in native code it is.
    inherited = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Python ignores this one; a program whose reader is gone is to end, as it would anywhere else.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Here and not above: the shell waits for what the first request needs, and `start` has LLVM opened meanwhile.
    from jitrepl.worker.engine import Engine

    gc.freeze()
    gc.enable()
    server = Server(stream, signal.SIG_IGN if inherited is signal.SIG_IGN else signal.SIG_DFL)
    while server.turn(Engine):
        pass


class Server:
    """One end of the conversation with the shell: a request, its reply, a copy of this process.

    Args:
        stream: the socket to the shell.
        interrupt: what SIGINT does to a program that starts here: `SIG_DFL` or `SIG_IGN`.
    """

    def __init__(self, stream: _socket.socket, interrupt: int) -> None:
        self._stream = stream
        self._interrupt = interrupt
        self._identity = os.fstat(stream.fileno()).st_ino
        self._engine: Engine | None = None
        self._rehearses = False  # whether there was a copy since the last rehearsal

    def turn(self, make: Callable[[messages.Start], Engine]) -> bool:
        """Take a request, answer it, and leave a copy of what it has led to; whether there is to be another turn.

        Args:
            make: sets up the JIT, as the first request says.
        """
        try:
            _look_out(self._stream)
            request = wire.receive(self._stream)
        except (OSError, wire.WireError):
            return False
        if request is None:
            return False
        # Who presses Ctrl-C once may press it again: what brings a session back is not to be interrupted.
        interruptible = not isinstance(request, messages.Explain | messages.Repeat)
        if isinstance(request, messages.Repeat):
            request = request.request
            silence()
        if interruptible:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self._engine is not None and not isinstance(request, messages.Explain):
            self._engine.crashes.watch(interruptible)
        try:
            reply = self._answer(request, make)  # type: ignore[arg-type]
        except Woken as woken:
            self._go_on(woken.stream)
            return True
        engine = self._engine
        if not self._send(reply) or isinstance(request, messages.Quit):
            return False
        if engine is None:
            return True
        if engine.becomes:
            signal.signal(signal.SIGINT, self._interrupt)
            engine.becomes()
        if isinstance(request, messages.Start):
            self._warm_up(request, engine)
        if engine.wants_snapshot(request, reply):  # type: ignore[arg-type]
            self._leave_copy(engine, request, reply)  # type: ignore[arg-type]
        return True

    def _answer(self, request: messages.Request, make: Callable[[messages.Start], Engine]) -> messages.Reply:
        """The reply to a request.

        Raises:
            Woken: in a copy that was left on the way.
        """
        reply: messages.Reply
        own = os.getpid()
        try:
            if self._engine is None:
                assert isinstance(request, messages.Start)
                engine = self._engine = make(request)
                engine.checkpoint, engine.tell, engine.copy = self._checkpoint, self._tell, self._copy
                reply = engine.started()
            else:
                reply = self._engine.answer(request)
        except JitreplError as problem:
            reply = _failed(problem, self._engine)
        except Exception as problem:
            reply = _failed(_own_failure(problem), self._engine)
        sys.stdout.flush()
        if os.getpid() != own:
            os._exit(0)  # a child that JITed code has forked came back from the call: it has no business here
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return reply

    def _send(self, reply: messages.Reply) -> bool:
        """Give the shell a reply; whether it is there."""
        try:
            if self._engine is not None:
                self._engine.files.restore()
            wire.send(self._stream, reply)
        except wire.WireError as problem:
            wire.send(self._stream, messages.Failed("JITError", f"the answer cannot be given: {problem}"))
        except OSError:
            return False
        return True

    def _warm_up(self, request: messages.Start, engine: Engine) -> None:
        """Do what makes the next requests fast, if there is time, and what they need in any case."""
        if request.warm_up and _idle(self._stream, _IMPORTING):
            from jitrepl.worker.rehearsal import warm_up

            warm_up(engine)
        engine.crashes.begin(engine.snapshots, self._say)

    def _leave_copy(self, engine: Engine, request: messages.Request, reply: messages.Reply) -> None:
        """Leave a copy, or a note that repeating the request does as well; both the original and a copy go on here."""
        copier = engine.copier()  # what it compiles comes before the copy
        repeats = engine.can_repeat(request, reply)
        stream = copier.leave(self._stream, repeats=repeats)
        if engine.repeats:
            engine.repeats.noted(repeats and copier.succeeded, copier.succeeded and not repeats)
        if stream is not self._stream:
            self._stream = stream
            engine.crashes.wake()
        self._rehearses = self._rehearses or not repeats
        if self._rehearses and copier.succeeded and engine.jit.trace is None and _idle(self._stream, _SOON):
            self._rehearses = False
            from jitrepl.worker.rehearsal import rehearse

            rehearse(engine)

    def _checkpoint(self) -> None:
        """Leave a copy in which everything is compiled, before any of it runs.

        Raises:
            Woken: in that copy.
        """
        assert self._engine is not None
        self._rehearses = True
        stream = self._engine.copier().leave(self._stream, replaces=True)
        if stream is not self._stream:
            raise Woken(stream)

    def _go_on(self, stream: _socket.socket) -> None:
        """Be the worker, in a copy that was woken in the middle of a request."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._stream = stream
        assert self._engine is not None
        self._engine.crashes.wake()

    def _copy(self) -> int:
        """Make a copy of this process that is on its own from here on; 0 in the copy, else its process id."""
        from jitrepl.worker.snapshots import fork_sibling, hindrance

        reason = hindrance()
        if reason:
            raise JITError(f":run needs a copy of the process, which cannot be made: {reason}", "`--run` needs none")
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # from here on Ctrl-C is for the program
        pid = fork_sibling()
        if not pid:
            assert self._engine is not None
            self._stream.close()
            signal.signal(signal.SIGINT, self._interrupt)
            self._engine.leave_alone()
        return pid

    def _tell(self, notes: tuple[str, ...]) -> None:
        """Have remarks printed now, and wait until they are."""
        wire.send(self._stream, messages.Told(notes))
        wire.receive(self._stream)

    def _say(self, words: LastWords) -> None:
        """Send something in the middle of a call, if JITed code has left the socket alone."""
        if os.fstat(self._stream.fileno()).st_ino == self._identity:
            wire.send(self._stream, words)


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
    kind = name_of(problem)
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
