"""Which descriptors have become readable, in the order in which they have.

Two pipes do not say which was written first, but the kernel keeps a list of those that have become
readable, each where its first byte put it. So a descriptor is told once, and put on that list anew
(`again`) when it has been read: left on it, it would keep a place for what comes later.
"""

import select

_ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Arrivals:
    """Descriptors to be read, of which those that became readable first are told first."""

    def __init__(self) -> None:
        """Watch none yet."""
        self._epoll = select.epoll()

    def watch(self, descriptor: int) -> None:
        """Tell of a descriptor once; of a command's, before it can write anything."""
        self._epoll.register(descriptor, _ONCE)

    def again(self, descriptor: int) -> None:
        """Tell of a descriptor once more, now that it has been read."""
        self._epoll.modify(descriptor, _ONCE)

    def forget(self, descriptor: int) -> None:
        """Tell of it no more."""
        self._epoll.unregister(descriptor)

    def take(self, timeout_s: float | None) -> list[int]:
        """Return what has become readable, or has ended; nothing at the timeout."""
        return [descriptor for descriptor, _ in self._epoll.poll(timeout_s)]

    def close(self) -> None:
        """Free it."""
        self._epoll.close()
