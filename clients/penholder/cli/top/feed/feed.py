"""The threads of all hosts, and what they hand on."""

import threading
from collections.abc import Callable, Iterator, Sequence

from penholder.blocking import Client
from penholder.cli.top.feed.follower import Follower
from penholder.cli.top.feed.outbox import Outbox
from penholder.cli.top.feed.reader import Reader
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.notices import Notice
from penholder.cli.top.model.records import Key

_JOIN_S = 2.0


class Feed:
    """Reads several hosts at once; all of it ends with `close`."""

    def __init__(
        self,
        hosts: Sequence[Host],
        controller_ids: dict[str, str] | None = None,
        connect: Callable[[str], Client] = lambda path: Client(path, reconnect_s=0),
    ) -> None:
        """Name the hosts, and of each the one controller that is wanted, if only one is."""
        self._outbox = Outbox()
        self._clients: list[Client] = []
        self._readers: dict[str, Reader] = {}
        self._threads: list[threading.Thread] = []
        for host in hosts:
            reading, following = connect(host.socket_path), connect(host.socket_path)
            self._clients += [reading, following]
            self._readers[host.name] = Reader(reading, self._outbox, host.retry_s)
            wanted = (controller_ids or {}).get(host.name)
            follower = Follower(host.name, following, self._outbox, wanted, retry_s=host.retry_s)
            self._threads += map(_thread, (self._readers[host.name].run, follower.run))

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def take(self, *, with_journal: bool = True) -> Iterator[Notice]:
        """Yield what has come since, without waiting."""
        return self._outbox.take(with_journal=with_journal)

    def want(self, tail: Key | None, details: Key | None) -> None:
        """Have a worker's stream read once, and what concerns one again and again."""
        for host, reader in self._readers.items():
            reader.want(
                tail if tail is not None and tail.host == host else None,
                details if details is not None and details.host == host else None,
            )

    def close(self) -> None:
        """End all threads."""
        self._outbox.close()
        for client in self._clients:
            client.close()
        for reader in self._readers.values():
            reader.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_JOIN_S)


def _thread(run: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=run, daemon=True)
