"""The sleeping copies of a worker, as the shell has them."""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket

_SIGKILL = 9


class Copy:
    """A sleeping copy of a worker.

    Args:
        pid: its process, a child of this one.
        descriptor: our end of its socket.
    """

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def take(self) -> socket:
        """Give the socket away, to wake the copy by."""
        return _socket.socket(fileno=self._descriptor)  # type: ignore[return-value]

    def let_go(self) -> None:
        """Close the socket; the copy then ends by itself."""
        os.close(self._descriptor)

    def drop(self) -> None:
        """End the copy, without waiting for it: to unmap it takes the kernel a while."""
        self.let_go()
        try:
            os.kill(self.pid, _SIGKILL)
        except ProcessLookupError:
            return
        _dropped.add(self.pid)


_dropped: set[int] = set()
"""Copies that were ended and are not known to be gone."""


def reap_dropped(wait: bool = False) -> bool:
    """Take note of the ends of copies that were dropped.

    Args:
        wait: whether to wait for those that are not gone yet.

    Returns:
        Whether all are gone.
    """
    for pid in list(_dropped):
        try:
            gone, _ = os.waitpid(pid, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            gone = pid
        if gone:
            _dropped.discard(pid)
    return not _dropped
