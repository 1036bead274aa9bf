"""A connected socket that does not block, for either side."""

import socket

from penholder._shared.address import connectable


def connect_at_once(path: str) -> socket.socket:
    """Connect to a socket, at once or not at all; raises OSError.

    Where the daemon's queue is full it fails, and is tried again. It never waits, so no loop has to
    be told of it: asyncio takes a Unix socket whose queue is full for a connected one.
    """
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        with connectable(path) as short:
            connected.connect(short)
    except BaseException:
        connected.close()
        raise
    return connected
