"""The socket to a worker, over which it also hands its copies' sockets."""

from __future__ import annotations

import _socket  # the module `socket` wraps this in enums, for 6 ms
from struct import iter_unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket


class Channel:
    """A stream socket whose messages may bring open descriptors along (unix(7), `SCM_RIGHTS`)."""

    def __init__(self, stream: socket) -> None:
        self.stream = stream
        self.descriptors: list[int] = []

    def sendall(self, data: bytes, /) -> None:
        """Write all of `data`."""
        self.stream.sendall(data)

    def recv(self, size: int, /) -> bytes:
        """Read up to `size` bytes; what descriptors come with them is in `descriptors`."""
        data, ancillary, _, _ = self.stream.recvmsg(size, _RIGHTS_SPACE, _CLOSED_ON_EXEC)
        for _, kind, content in ancillary:
            if kind == _socket.SCM_RIGHTS:
                whole = content[: len(content) // 4 * 4]
                self.descriptors += [number for (number,) in iter_unpack("i", whole)]
        return data


_RIGHTS_SPACE = _socket.CMSG_SPACE(4)
_CLOSED_ON_EXEC = 0x40000000  # MSG_CMSG_CLOEXEC, <linux/socket.h>: no program that is started gets the descriptors
