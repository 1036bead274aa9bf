"""What callers reach of the queue, in two files over one room."""

from penholder_daemon.rooms.queue.methods.reading import room

__all__ = ["room"]
