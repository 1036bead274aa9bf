"""The daemons of a run: each with a proxy before the server, and a wall clock of its own."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers import shifted_clock
from tests.helpers.cutting_proxy import CuttingProxy
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.postgresql import Server


class Host(DaemonProcess):
    """A daemon that reaches the server through a proxy of its own."""

    def __init__(self, directory: Path, url: str, server: Server, ahead_seconds: int) -> None:
        """Serve the proxy; start no daemon yet."""
        (directory / "pg").mkdir()
        self.proxy = CuttingProxy(directory / "pg", server.directory)
        own_url = url.replace(str(server.directory), str(self.proxy.directory))
        assert own_url != url, url
        super().__init__(directory, "--store-url", own_url)
        self._ahead_seconds = ahead_seconds

    @property
    def command(self) -> list[str]:
        """How it is started."""
        plain = super().command
        flags = plain[plain.index("penholder_daemon") + 1 :]
        # Not its own directory: modules there have names of others.
        program = [sys.executable, "-W", "error", "-P", shifted_clock.__file__]
        return [*program, str(self._ahead_seconds), *flags]


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
