"""Another host on the database of a daemon, for as long as that does not run."""

from collections.abc import Iterator
from contextlib import contextmanager

from penholder_daemon.rooms.hosts.records import Registration
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.harness import Bench

ATTIC = "host_feedfeedfeedfeed"


@contextmanager
def attic(daemon: DaemonProcess, lease_ms: int, host_id: str = ATTIC) -> Iterator[Bench]:
    """Be its daemon, with a clock of its own; it has registered."""
    bench = Bench(daemon.state_dir / "penholder.db")
    bench.world.host_id = host_id
    about = Registration(
        host_id=host_id, host_name="attic", version="9", started_at=bench.world.now(),
        lease_ms=lease_ms,
    )  # fmt: skip
    try:
        bench.own("host.register", host=about)
        yield bench
    finally:
        bench.database.close()
