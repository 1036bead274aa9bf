"""sd_notify: telling systemd what the daemon is at, and giving it descriptors to keep.

The protocol is a datagram to the socket that $NOTIFY_SOCKET names (man 3 sd_notify).
"""

import os
import socket
from collections.abc import Sequence

import structlog

log = structlog.get_logger()

_PATIENCE_SECONDS = 2.0
"""How long a datagram may wait for room: systemd is another process and may be busy."""


def notify(state: str, descriptors: Sequence[int] = ()) -> bool:
    """Send a state such as READY=1; False where nobody asked for it or it did not arrive."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    # An abstract socket, whose first byte is zero; a variable cannot hold that.
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(_PATIENCE_SECONDS)
            sock.connect(address)
            socket.send_fds(sock, [state.encode()], descriptors)
    except OSError as error:
        log.warning("systemd was not told", state=state, reason=str(error))
        return False
    return True
