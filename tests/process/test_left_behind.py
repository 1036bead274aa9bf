"""What peers leave in the daemon when they are gone: nothing large, not even until a collection.

A frame may be a megabyte, and a traceback leads to all that was on its way. Where it leads to
itself as well, what thousands of such peers sent stays in memory until garbage is collected.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers import soak
from tests.helpers.daemon_process import make_worker
from tests.helpers.hostile_peers import KINDS, attack
from tests.helpers.uncollected_daemon import UncollectedDaemon
from tests.helpers.waiting import until

_PEERS = soak.many(12, 60)


@pytest.fixture
def uncollected(short_dir: Path) -> Iterator[UncollectedDaemon]:
    """Give a daemon with something to ask for."""
    daemon = UncollectedDaemon(short_dir)
    daemon.start()
    with daemon.connect() as control:
        make_worker(control, worker_id="w_victim")
        make_worker(control, worker_id="w_big")
        for _ in range(5):
            control.call("event.append", worker_id="w_big", type="b", data={"t": "x" * 190_000})
    yield daemon
    daemon.end()


@pytest.mark.parametrize("kind", KINDS)
def test_no_circle_keeps_what_is_large(uncollected: UncollectedDaemon, kind: str) -> None:
    paths = [uncollected.control_socket, uncollected.runtime_dir / "workers/w_victim.sock"]
    with ThreadPoolExecutor(_PEERS) as peers:
        for each in [
            peers.submit(attack, str(paths[number % 2]), kind, number) for number in range(_PEERS)
        ]:
            each.result()
    with uncollected.connect() as honest:
        until(lambda: honest.call("daemon.status")["connections"] == 1)
    assert uncollected.large_garbage() == []
