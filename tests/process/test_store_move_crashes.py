"""A move that is killed before a system call of its leaves a target that is empty, or whole."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms import all_rooms
from penholder_daemon.shell.store.opening import open_writer
from penholder_daemon.shell.store.postgres import opening as postgres_opening
from tests.helpers import postgresql, soak
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import DAEMON
from tests.helpers.moving_stores import Stores, lived_in

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed; it kills at a system call"
)
MOMENTS = soak.many(1, 40)
"""For each call of the system; the last ones, about the commit, are always among them."""


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    """Give a state directory that was lived in, and an empty database of PostgreSQL."""
    return lived_in(tmp_path)


def _run(stores: Stores, to: str, *strace: str) -> int:
    # Each begins where nobody has moved yet: what is moved is not moved once more.
    (stores.state_dir / "store_place").unlink(missing_ok=True)
    return subprocess.run(
        ["strace", "-f", "-qq", *strace, sys.executable, "-m", "penholder_daemon.transferring",
         f"--to={to}", f"--state-dir={stores.state_dir}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False,
        env={**os.environ, "PENHOLDER_STORE_URL": stores.url},
    ).returncode  # fmt: skip


def _moments(stores: Stores, to: str, calls: list[str], log: Path) -> Iterator[tuple[str, int]]:
    """List some calls of a whole run, each with its number among those of its name."""
    assert _run(stores, to, "-o", str(log), "-e", f"trace={','.join(calls)}") == 0
    made = Counter(line.split()[1].partition("(")[0] for line in log.read_text().splitlines())
    for call in calls:
        assert made[call], call
        spread = {1 + made[call] * (2 * part + 1) // (2 * MOMENTS) for part in range(MOMENTS)}
        for number in sorted(spread | {made[call]}):
            yield call, number


def _killed(stores: Stores, to: str, moment: tuple[str, int]) -> bool:
    """Tell whether it was: a run may make some calls fewer than the one that was counted."""
    call, number = moment
    inject = f"inject={call}:signal=KILL:when={number}"
    ended = _run(stores, to, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
    assert ended in (0, -signal.SIGKILL, 128 + signal.SIGKILL)
    return ended != 0


def _is_whole(store: Store, entries: int, moves: int) -> bool:
    """Tell whether all is there, and sound; what is not there must be not there at all."""
    if store.row("SELECT 1 FROM journal") is None:
        assert store.row("SELECT 1 FROM streams") is None
        assert store.row("SELECT 1 FROM fences") is None
        return False
    assert store.row("SELECT COUNT(*) FROM journal WHERE type = 'daemon.moved'") == (moves,)
    row = store.row("SELECT COUNT(*) FROM journal")
    assert row is not None
    assert int(str(row[0])) > entries
    assert list(verify.findings(Rx(store, FakeWorld(), DAEMON), all_rooms(), deep=True)) == []
    return True


def _check(found: list[tuple[bool, bool]]) -> None:
    """Each that ended by itself is whole; some were killed, and not all of those came through."""
    assert all(is_whole for killed, is_whole in found if not killed)
    of_killed = [is_whole for killed, is_whole in found if killed]
    assert len(of_killed) >= MOMENTS
    assert not all(of_killed)


def _entries(stores: Stores) -> int:
    with closing(open_writer(stores.database)) as store:
        row = store.row("SELECT COUNT(*) FROM journal")
        return int(str(row and row[0]))


def test_of_postgresql(stores: Stores, tmp_path: Path) -> None:
    entries = _entries(stores)
    server = postgresql.server()
    whole = server.make("killed_whole")
    found = []
    # libpq sends with this call alone.
    for moment in _moments(stores, whole, ["sendto"], tmp_path / "log"):
        url = server.make(f"killed_{moment[1]}")
        killed = _killed(stores, url, moment)
        with closing(postgres_opening.open_writer(url)) as store:
            found.append((killed, _is_whole(store, entries, 1)))
    _check(found)


def test_of_sqlite(stores: Stores, tmp_path: Path) -> None:
    entries = _entries(stores)
    stores.to_postgresql()
    found = []
    calls = ["pwrite64", *(["fdatasync"] if soak.IS_ASKED_FOR else [])]
    for number, moment in enumerate(
        _moments(stores, f"sqlite:{tmp_path / 'whole.db'}", calls, tmp_path / "log")
    ):
        path = tmp_path / f"{number}.db"
        killed = _killed(stores, f"sqlite:{path}", moment)
        with closing(open_writer(path)) as store:
            found.append((killed, _is_whole(store, entries, 2)))
    _check(found)
