"""Ctrl-C, while something must be done whole."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps these in enums, for 5 ms: too late then


class Undisturbed:
    """A context in which Ctrl-C is ignored: who pressed it once may press it again, and a recovery must be done whole.

    (`contextlib` would take 3 ms of every start.)
    """

    def __enter__(self) -> None:
        self._before: object = None
        while True:
            try:
                self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            except KeyboardInterrupt:
                continue  # it was pressed again before this was set
            except ValueError:
                pass  # this is not the main thread, which is the one that Ctrl-C interrupts
            return

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
