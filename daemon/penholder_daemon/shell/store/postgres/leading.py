"""Whoever writes leads: all other connections of the daemon are to be to the same server.

A URL may name several servers, and a name may be another machine's tomorrow. Where a server has
given up its place and goes on running, as one that is shut down "smart" and waits for its sessions,
whoever writes may be on the new one while those who read are still on the old. They would answer
what was, for as long as that lasts, and bytes of blobs would be written where nobody looks for
them. So with each new connection of who writes the others are made anew, with their next
transaction.
"""

from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.connection import Connection


class Leading:
    """Counts the connections of who writes."""

    def __init__(self) -> None:
        """Begin before the first."""
        self._led = 0

    def leading(self, connect: Connect) -> Connect:
        """Have those who follow connect anew after each of these connections."""

        def connect_to_lead() -> Connection:
            connection = connect()
            self._led += 1
            return connection

        return connect_to_lead

    def following(self, connect: Connect) -> Connect:
        """Have each connection know whether it was made before the newest of who writes."""

        def connect_to_follow() -> Connection:
            # As it was before: meanwhile another server may have taken the place.
            led = self._led
            connection = connect()
            connection.is_left_behind = lambda: self._led != led
            return connection

        return connect_to_follow
