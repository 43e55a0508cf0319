"""Wait for a program the way a shell does: what is meant for it goes to it, and it stops and ends as it would alone."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms
import os

from jitrepl.errors import TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PASSED_ON = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGTERM,
    signal.SIGCONT,
    signal.SIGTSTP,
    signal.SIGURG,
    signal.SIGWINCH,
)
"""What others may send to a program (signal(7)); SIGTTIN and SIGTTOU are about our own use of the terminal."""
_AWAITED = (*_PASSED_ON, signal.SIGCHLD)
_PATIENCE = 0.7
"""How long, in seconds, a program may take to end after it was asked to, before it is killed."""
_GLANCE = 0.02


class Companion:
    """A context in which this process keeps a program company: no signal ends it before the program.

    Args:
        patience: how many times Ctrl-C may be pressed; at the last the program is killed. 0 for any number of times.
    """

    def __init__(self, patience: int = 0) -> None:
        self._patience = patience
        self._caught = 0
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        # Another thread of ours, such as one of the prompt's, may get Ctrl-C all the same.
        try:
            self._handlers = {signal.SIGINT: signal.signal(signal.SIGINT, self._catch)}
            # A process that ignores it is not told how its children end.
            self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        except ValueError:
            pass  # this is not the main thread, which is the one that minds
        return self

    def _catch(self, *_: object) -> None:
        self._caught += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while signal.sigtimedwait(_AWAITED, 0):
            pass  # what was sent to the program is not for us
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def wait(self, pid: int, timeout: float = 0) -> int:
        """Wait until a child ends.

        Args:
            pid: its process id.
            timeout: how long it may run, in seconds; 0 for ever.

        Returns:
            Its exit status; the number of a signal that ended it, negated.

        Raises:
            TimedOut: if it ran longer; then it was ended.
        """
        from time import monotonic

        end = monotonic() + timeout if timeout else None
        interrupts = 0
        asked = False
        while True:
            done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if done and os.WIFSTOPPED(status):
                os.kill(os.getpid(), signal.SIGSTOP)
                os.kill(pid, signal.SIGCONT)
                continue
            if done:
                if asked:
                    raise TimedOut(f"@main ran longer than {timeout:g} s")
                return os.waitstatus_to_exitcode(status)
            # The end of a child is announced to any thread that does not mind; only if there is no other is it to us.
            rest = _GLANCE if _threads() > 1 else 3600.0
            if end is not None:
                rest = min(rest, max(end - monotonic(), 0))
            event = signal.sigtimedwait(_AWAITED, rest)
            caught, self._caught = self._caught, 0
            interrupts += caught + (event is not None and event.si_signo == signal.SIGINT)
            if self._patience and interrupts >= self._patience:
                os.kill(pid, signal.SIGKILL)
            if event is None:
                if end is not None and monotonic() >= end:
                    os.kill(pid, signal.SIGKILL if asked else signal.SIGTERM)
                    asked, end = True, monotonic() + _PATIENCE
                continue
            if event.si_code <= 0 and event.si_signo in _PASSED_ON:
                # It comes from another process: the terminal's signals (SI_KERNEL) the program has got itself.
                os.kill(pid, event.si_signo)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))
