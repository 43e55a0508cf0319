"""Ctrl-C, while something must be done whole."""

from __future__ import annotations


class Undisturbed:
    """A context in which Ctrl-C is ignored: who pressed it once may press it again, and a recovery must be done whole.

    (`contextlib` would take 3 ms of every start.)
    """

    def __enter__(self) -> None:
        import signal

        self._before: object = None
        if current_thread_is_main():
            self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        import signal

        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]


def current_thread_is_main() -> bool:
    """Whether this is the thread that Ctrl-C interrupts."""
    import threading

    return threading.current_thread() is threading.main_thread()
