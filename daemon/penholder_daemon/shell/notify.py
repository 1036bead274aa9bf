"""sd_notify: telling systemd what the daemon is at. A few lines, so no library.

The protocol is a datagram to the socket that $NOTIFY_SOCKET names (man 3 sd_notify).
"""

import os
import socket


def notify(state: str) -> bool:
    """Send a state such as READY=1; False where nobody asked for it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(address)
        sock.sendall(state.encode())
    return True
