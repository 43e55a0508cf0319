"""The terminal as it was before JITed code ran: its modes, and who is in the foreground."""

from __future__ import annotations

import os
import signal
import termios


class Terminal:
    """The settings of the terminal on standard input, to have them back.

    Raises:
        termios.error: if standard input is no terminal.
    """

    def __init__(self) -> None:
        self._modes = termios.tcgetattr(0)

    def restore(self) -> None:
        """Put back the modes that a call has changed (`stty raw`), and be the foreground job again."""
        ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else setting either would stop us
        try:
            if os.tcgetpgrp(0) != os.getpgrp():
                os.tcsetpgrp(0, os.getpgrp())
            termios.tcsetattr(0, termios.TCSADRAIN, self._modes)
        except (OSError, termios.error):
            return  # the terminal is gone; the next read says so
        finally:
            signal.signal(signal.SIGTTOU, ignored)
