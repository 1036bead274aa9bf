"""A restore that is killed before a system call of its leaves the old database or the new one.

Never none, never a mixture, never the new one beside the old one's log; and the next restore comes
to its end.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.store import Row
from penholder_daemon.core.transaction import Rx
from penholder_daemon.restoring.restore import restore
from penholder_daemon.rooms import all_rooms
from penholder_daemon.shell.store.opening import open_writer
from tests.frozen.make import HERE
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import DAEMON

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed; it kills at a system call"
)

BACKUP = HERE / "schema_4.db"
PLACING = ["link", "rename", "fsync"]
WRITING = ["unlink", "fdatasync", "ftruncate", "pwrite64"]
STEP = 1 if os.environ.get("PENHOLDER_SOAK") else 80
"""Most of the writing is done to the copy: of these calls one in so many is enough in passing."""
Moment = tuple[str, int]
GARBAGE = b"garbage" * 1000
Content = dict[str, list[Row]]


class Found(NamedTuple):
    """The database in place: whether it is the new one, and its rows."""

    is_new: bool
    content: Content


def _run(state_dir: Path, *strace: str) -> int:
    return subprocess.run(
        ["strace", "-f", "-qq", *strace, sys.executable, "-m", "penholder_daemon.restoring",
         str(BACKUP), "--state-dir", str(state_dir)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False,
    ).returncode  # fmt: skip


def _moments(base: Path, directory: Path, every: list[str], some: list[str]) -> list[Moment]:
    """List calls of a whole run, each with its number among those of its name."""
    log = directory / "strace.log"
    whole = shutil.copytree(base, directory / "whole")
    assert _run(whole, "-o", str(log), "-e", f"trace={','.join([*every, *some])}") == 0
    made = Counter(line.split()[1].partition("(")[0] for line in log.read_text().splitlines())
    assert set(made) >= {*every, *some}
    return [
        (call, number + 1)
        for calls, step in ((every, 1), (some, STEP))
        for call in calls
        for number in range(0, made[call], step)
    ]


def _killed(
    base: Path, directory: Path, every: list[str], some: list[str]
) -> Iterator[tuple[Moment, Path]]:
    """Yield a state directory for each moment at which a restore in it was killed."""

    def kill(moment: Moment) -> tuple[Moment, Path]:
        call, number = moment
        state_dir = shutil.copytree(base, directory / f"{call}-{number}")
        inject = f"inject={call}:signal=KILL:when={number}"
        ended = _run(state_dir, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
        assert ended in (-signal.SIGKILL, 128 + signal.SIGKILL)
        return moment, state_dir

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(kill, _moments(base, directory, every, some))


def _look(state_dir: Path, scratch: Path) -> Found:
    """Open a copy of what is in place, as the daemon would; it must be sound."""
    scratch.mkdir()
    for path in state_dir.glob("penholder.db*"):
        shutil.copy(path, scratch)
    store = open_writer(scratch / "penholder.db")
    assert list(verify.findings(Rx(store, FakeWorld(), DAEMON), all_rooms(), deep=True)) == []
    tables = store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    names = [str(row[0]) for row in tables]
    content: Content = {name: list(store.rows(f"SELECT * FROM {name}")) for name in names}
    is_new = store.row("SELECT 1 FROM journal WHERE type = 'daemon.restored'") is not None
    store.close()
    shutil.rmtree(scratch)
    return Found(is_new, content)


def _finish(state_dir: Path) -> Path:
    """Restore again, to the end; returns where the old database is kept."""
    before = signal.getsignal(signal.SIGINT)
    try:
        kept = restore(BACKUP, state_dir).kept
    finally:
        signal.signal(signal.SIGINT, before)
    assert kept is not None
    assert not list(state_dir.glob(".restoring*"))
    in_place = state_dir / "penholder.db"
    for path in (state_dir / "backups").iterdir():
        assert not path.samefile(in_place), "a kept file would change with the one in place"
    return Path(kept)


@pytest.fixture
def crashed(short_dir: Path) -> Path:
    """Give the state directory of a daemon that was killed: much of it is only in its log."""
    daemon = DaemonProcess(short_dir)
    daemon.start()
    with daemon.connect() as control:
        worker_id = make_worker(control)
        control.call("event.append", worker_id=worker_id, type="t")
    daemon.kill()
    return daemon.state_dir


def test_the_old_or_the_new_one_is_in_place(crashed: Path, tmp_path: Path) -> None:
    old = _look(crashed, tmp_path / "look").content
    seen: Counter[bool] = Counter()
    for moment, state_dir in _killed(crashed, tmp_path, PLACING, WRITING):
        found = _look(state_dir, tmp_path / "look")
        seen[found.is_new] += 1
        if found.is_new:
            assert _beside(state_dir) == set(), moment
            kept = next((state_dir / "backups").glob("replaced-*.db"))
            assert _opened(kept, tmp_path) == old, moment
        else:
            assert found.content == old, moment
        kept = _finish(state_dir)
        if not found.is_new:
            assert list(state_dir.glob("backups/replaced-*")) == [kept], moment
        assert _look(state_dir, tmp_path / "look").is_new, moment
    assert seen[False] > 8
    assert seen[True] == 1, "only the last sync comes after the rename"


def test_one_that_cannot_be_read_stays_whole_with_its_log(crashed: Path, tmp_path: Path) -> None:
    (crashed / "penholder.db").write_bytes(GARBAGE)
    log = (crashed / "penholder.db-wal").read_bytes()
    seen: Counter[bool] = Counter()
    for moment, state_dir in _killed(crashed, tmp_path, [*PLACING, "unlink"], []):
        in_place = state_dir / "penholder.db"
        is_new = in_place.read_bytes() != GARBAGE
        seen[is_new] += 1
        sets = [in_place, *state_dir.glob("backups/replaced-*.db")]
        assert any(_is_whole(database, log) for database in sets), moment
        if is_new:
            assert _beside(state_dir) == set(), moment
            assert _look(state_dir, tmp_path / "look").is_new
        else:
            assert _is_whole(_finish(state_dir), log), moment
            assert _beside(state_dir) == set()
            assert _look(state_dir, tmp_path / "look").is_new
    assert seen[False] > 5
    assert seen[True] == 1


def _opened(database: Path, tmp_path: Path) -> Content:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(database, alone / "penholder.db")
    found = _look(alone, tmp_path / "look")
    shutil.rmtree(alone)
    return found.content


def _beside(state_dir: Path) -> set[str]:
    return {path.name for path in state_dir.glob("penholder.db-*")}


def _is_whole(database: Path, log: bytes) -> bool:
    wal = database.with_name(database.name + "-wal")
    return database.read_bytes() == GARBAGE and wal.exists() and wal.read_bytes() == log
