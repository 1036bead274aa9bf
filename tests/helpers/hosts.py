"""Another host on the database of a daemon, for as long as that does not run."""

from collections.abc import Iterator
from contextlib import contextmanager

from penholder_daemon.rooms.hosts.records import Registration
from tests.helpers.command_line import Cli
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.fleet import Fleet
from tests.helpers.harness import Bench

ATTIC = "host_feedfeedfeedfeed"
LONG_MS, SHORT_MS = 600_000, 1_000
"""Leases: one that outlives a test, and one that it waits for."""


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


def with_attic(
    daemon: DaemonProcess,
    cli: Cli,
    lease_ms: int = LONG_MS,
    *others: str,
    started: dict[str, object] | None = None,
    left: str | None = None,
    launcher: str = "shell",
) -> Fleet:
    """Have another host beside the daemon, and a worker of it.

    `started` is what was run there, and `left` the state in which it has ended.
    """
    assert daemon.stop() == 0
    for host_id in others:
        with attic(daemon, lease_ms, host_id):
            pass
    with attic(daemon, lease_ms) as bench:
        bench.worker("w_far", "far", label="far", launcher=launcher)
        peer = bench.peer("w_far")
        bench.call("runtime.attach", peer)
        if started is not None:
            socket = "/nowhere/runners/w_far.sock"
            bench.call("worker.set_endpoint", peer, runtime_pid=None, runtime_socket=socket)
            bench.call("event.append", peer, type="process.started", data=started)
        if left is not None:
            bench.call("runtime.detach", peer, state=left)
    daemon.start()
    return Fleet(daemon, cli)
