"""The worker's main loop: receive a request, answer it, until the shell is gone."""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 5 ms
import os
import sys

from jitrepl import messages, wire
from jitrepl.errors import InternalError, JitreplError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from jitrepl.worker.engine import Engine


def serve(stream: _socket.socket) -> None:
    """Answer the requests that arrive on a stream socket; returns when `Quit` is done or the shell is gone."""
    import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms

    # The terminal sends Ctrl-C to this process too. It only means something while a request runs: then the
    # default action ends the process, however deep in native code it is.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = _load_llvm()
    engine: Engine | None = None
    while True:
        try:
            request = wire.receive(stream)
        except (OSError, wire.WireError):
            return
        if request is None:
            return
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        reply: messages.Reply
        own = os.getpid()
        try:
            if engine is None:
                engine = start(request)
                reply = engine.started()
            else:
                reply = engine.answer(request)  # type: ignore[arg-type]
        except JitreplError as problem:
            reply = _failed(problem, engine)
        except Exception as problem:
            reply = _failed(InternalError(_trace(problem), "please report this"), engine)
        sys.stdout.flush()
        if os.getpid() != own:
            os._exit(0)  # a child that JITed code has forked came back from the call: it has no business here
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if engine is not None:
                engine.files.restore()
            wire.send(stream, reply)
        except OSError:
            return
        if isinstance(request, messages.Quit):
            return
        if isinstance(request, messages.Start) and request.warm_up and engine is not None:
            engine.warm_up()
        if engine is not None and engine.wants_snapshot(request, reply):  # type: ignore[arg-type]
            from jitrepl.worker.snapshots import leave_snapshot

            stream = leave_snapshot(stream, engine.dies_with_shell)


def _load_llvm() -> Callable[[Any], Engine]:
    """Load LLVM while the shell reads its arguments; what goes wrong is told in answer to the first request."""
    try:
        from jitrepl.worker.library import open_ahead

        open_ahead()
        from jitrepl.worker import process
        from jitrepl.worker.engine import Engine

        process.prepare_streams()
        return Engine
    except JitreplError as problem:
        failure = problem

        def refuse(_request: object) -> Engine:
            raise failure

        return refuse


def _failed(problem: JitreplError, engine: Engine | None) -> messages.Failed:
    notes = engine.take_notes() if engine else ()
    kind = type(problem).__name__
    return messages.Failed(kind, problem.message, problem.hint, notes)


def _trace(problem: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(problem)).rstrip()


def main(descriptor: int) -> None:
    """Serve on an inherited socket, then end this process without Python's clean-up: JITed code may still run."""
    status = 1
    try:
        serve(_socket.socket(fileno=descriptor))
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)
