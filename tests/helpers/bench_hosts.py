"""Several hosts in one store of a bench."""

from typing import Any

from penholder_daemon.rooms.hosts.records import Registration
from tests.helpers.harness import Bench, Json

OTHER = "host_feedfeedfeedfeed"
LEASE_MS = 10_000


def register(bench: Bench, host_id: str = OTHER, **more: Any) -> None:
    """Have another machine's daemon come."""
    about = {
        "host_name": "attic", "version": "9", "started_at": bench.world.now(), "lease_ms": LEASE_MS
    }  # fmt: skip
    bench.own("host.register", host=Registration(host_id=host_id, **{**about, **more}))


def on(bench: Bench, host_id: str) -> None:
    """Look as the daemon of that host from now on."""
    bench.world.host_id = host_id


def hosts(bench: Bench) -> dict[str, Json]:
    """List the hosts by id."""
    return {each["host_id"]: each for each in bench.call("host.list")["items"]}


def told(bench: Bench) -> list[tuple[str, Json]]:
    """Return what the daemon's stream tells."""
    found = bench.call("journal.read", streams=["daemon"])["items"]
    return [(each["type"], each["data"]) for each in found]


def pass_time(bench: Bench, milliseconds: int) -> None:
    """Let time pass while the daemon goes on, so that it is no stall."""
    while milliseconds > 0:
        step_ms = min(milliseconds, 1000)
        bench.world.pass_ms(step_ms)
        bench.committer.heartbeat()
        milliseconds -= step_ms
