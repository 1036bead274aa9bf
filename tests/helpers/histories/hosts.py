"""The daemons of a run: each with a proxy before the server, and a wall clock of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.cutting_proxy import CuttingProxy
from tests.helpers.postgresql import Server
from tests.helpers.shifted_daemon import ShiftedDaemon


class Host(ShiftedDaemon):
    """A daemon that reaches the server through a proxy of its own."""

    def __init__(self, directory: Path, url: str, server: Server, ahead_seconds: int) -> None:
        """Serve the proxy; start no daemon yet."""
        (directory / "pg").mkdir()
        self.proxy = CuttingProxy(directory / "pg", server.directory)
        own_url = url.replace(str(server.directory), str(self.proxy.directory))
        assert own_url != url, url
        super().__init__(directory, ahead_seconds, "--store-url", own_url)


@contextmanager
def running(server: Server, url: str, ahead_seconds: Sequence[int]) -> Iterator[list[Host]]:
    """Give daemons that run; they are ended with the context."""
    with ExitStack() as made:
        hosts = []
        for seconds in ahead_seconds:
            directory = made.enter_context(
                TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True)
            )
            host = Host(Path(directory), url, server, seconds)
            made.callback(host.proxy.close)
            made.callback(host.end)
            host.start()
            hosts.append(host)
        yield hosts
