"""`penholder restore` with real daemons before and after it: who is fenced, what is there."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from penholder_daemon import migrations
from tests.frozen.make import HERE
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker
from tests.helpers.moving_programs import moving
from tests.helpers.programs import Ran, penholder

PROJECT = {"tenant_id": "t", "project_id": "p"}
LONG = 86_400_000
UNKNOWN_STEP = 1_000_000_000
ENDED_BY_IT = {"fences", "leases", "seats", "instances", "workers", "approvals", "counters",
               "streams", "journal", "journal_position", "queues", "queue_tasks", "queue_counts",
               "clock"}  # fmt: skip


@pytest.fixture
def second(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give another daemon, in directories where there is nothing."""
    daemon = DaemonProcess(short_dir / "second")
    yield daemon
    daemon.end()


def restore(daemon: DaemonProcess, file: str | Path) -> Json:
    """Restore with no daemon running."""
    ran = penholder(daemon, "restore", str(file))
    assert (ran.code, ran.err) == (0, "")
    return dict(ran.json)


def backup(daemon: DaemonProcess) -> str:
    """Make a backup of a running daemon."""
    return str(penholder(daemon, "backup").json["path"])


def _lease(found: Json) -> Json:
    return {"epoch": found["lease"]["epoch"], "token": found["lease"]["token"]}


class Holders:
    """Somebody who holds one thing of every kind."""

    def __init__(self, daemon: DaemonProcess, control: RawConnection, name: str) -> None:
        """Take them, from whoever has them."""
        handle = control.call("controller.acquire", controller_id="c", takeover=True)
        self.fence = {"epoch": handle["epoch"], "token": handle["token"]}
        with daemon.connect("w") as runtime:
            self.seat: int = runtime.call("runtime.attach", takeover=True)["runtime_epoch"]
        self.run = _lease(control.call("run.claim", run_id="r", runner_id="r", lease_ms=LONG))
        claimed = control.call("queue.claim", queue="q", runner_id=name, lease_ms=LONG)
        (task,) = claimed["items"]
        self.task, self.task_id = _lease(task), task["task"]["queue_task_id"]

    def refusals(self, daemon: DaemonProcess, control: RawConnection) -> list[str]:
        """Try to write with each of them."""
        calls: list[tuple[str, dict[str, Any]]] = [
            ("worker.stop", {"worker_id": "w", "fence": self.fence}),
            ("run.append_event", {"run_id": "r", "type": "usage", "lease": self.run}),
            ("queue.complete", {"queue_task_id": self.task_id, "lease": self.task}),
        ]
        with daemon.connect("w") as runtime:
            seat = runtime.refusal("event.append", type="t")
        return [seat, *(control.refusal(method, **params) for method, params in calls)]

    def epochs(self) -> list[int]:
        """Return the epochs that were given to them."""
        return [self.fence["epoch"], self.seat, self.run["epoch"], self.task["epoch"]]


def _begin(control: RawConnection) -> None:
    make_worker(control, worker_id="w")
    control.call("run.create", run_id="r", backend_profile="b", **PROJECT)
    for number in (1, 2):
        control.call("queue.submit", queue="q", queue_task_id=f"t{number}", **PROJECT)


def test_holders_from_before_are_fenced_and_epochs_only_grow(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        _begin(control)
        within = Holders(daemon, control, "within")
        file = backup(daemon)
        after = Holders(daemon, control, "after")
        control.call("event.append", worker_id="w", type="lost", fence=after.fence)
        last_pos = control.call("journal.position")["pos"]
    daemon.stop()

    done = restore(daemon, file)

    assert done["ended"] == {"owners": 1, "seats": 1, "runs": 1, "queue_tasks": 1}
    assert done["goes_on_after"] > last_pos > done["pos"]
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.verify", deep=True)["findings"] == []
        for holders in (within, after):
            assert holders.refusals(daemon, control) == ["FENCED"] * 4
        assert control.call("worker.get", worker_id="w")["state"] == "error"
        new = Holders(daemon, control, "new")
        assert all(high > low for high, low in zip(new.epochs(), after.epochs(), strict=True))
        written = {"worker_id": "w", "type": "on", "fence": new.fence}
        assert control.call("event.append", **written)["event_seq"] > 1
        entries = control.call("journal.read", streams=["*"], after=last_pos)["items"]
        assert "daemon.restored" in {entry["type"] for entry in entries}
        assert control.call("daemon.verify", deep=True)["findings"] == []


def test_keys_within_the_backup_still_answer_and_later_ones_are_new(daemon: DaemonProcess) -> None:
    def append(control: RawConnection, key: str) -> int:
        call = {"worker_id": "w", "type": "t", "idempotency_key": key}
        return int(control.call("event.append", **call)["event_seq"])

    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        assert append(control, "within") == 1
        file = backup(daemon)
        assert append(control, "after") == 2
    daemon.stop()
    restore(daemon, file)
    daemon.start()
    with daemon.connect() as control:
        assert append(control, "within") == 1
        assert append(control, "after") == 2
        assert len(control.call("event.list", worker_id="w")["items"]) == 2


def _tables(state_dir: Path) -> dict[str, list[Json]]:
    header, *lines = moving(state_dir, "export").out.splitlines()
    tables: dict[str, list[Json]] = {name: [] for name in json.loads(header)["tables"]}
    for line in map(json.loads, lines):
        tables[line["table"]].append(line["row"])
    return tables


def test_what_is_restored_is_what_the_backup_held(short_dir: Path, second: DaemonProcess) -> None:
    file = short_dir / "kept.db"
    shutil.copy(HERE / "schema_4.db", file)
    before = second.state_dir.parent / "before"
    before.mkdir(parents=True, mode=0o700)
    shutil.copy(file, before / "penholder.db")

    done = restore(second, file)

    held, found = _tables(before), _tables(second.state_dir)
    assert done["entries"] == len(held["journal"])
    assert (done["file"], done["kept"]) == (str(file), None)
    for table in held.keys() - ENDED_BY_IT:
        assert found[table] == held[table], table
    assert found["journal"][: done["entries"]] == held["journal"]
    assert stat.S_IMODE((second.state_dir / "penholder.db").stat().st_mode) == 0o600
    second.start()
    with second.connect() as control:
        assert control.call("daemon.verify", deep=True)["findings"] == []


def test_the_one_before_is_kept_whole_and_can_be_gone_back_to(daemon: DaemonProcess) -> None:
    """What a crash has left in the log beside it is in it too."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        file = backup(daemon)
        control.call("event.append", worker_id="w", type="after")
        epoch = control.call("controller.acquire", controller_id="c")["epoch"]
    daemon.kill()
    assert (daemon.state_dir / "penholder.db-wal").stat().st_size
    kept = Path(restore(daemon, file)["kept"])
    assert kept.parent == daemon.state_dir / "backups"
    assert kept.name.startswith("replaced-")
    assert sorted(path.name for path in daemon.state_dir.iterdir() if "db" in path.name) == [
        "penholder.db"
    ]
    daemon.start()
    with daemon.connect() as control:
        assert control.call("event.list", worker_id="w")["items"] == []
        highest = control.call("controller.acquire", controller_id="c")["epoch"]
        assert highest > epoch
    daemon.stop()

    back = restore(daemon, kept)

    assert Path(back["kept"]) != kept
    daemon.start()
    with daemon.connect() as control:
        (event,) = control.call("event.list", worker_id="w")["items"]
        assert event["type"] == "after"
        assert control.call("controller.acquire", controller_id="c")["epoch"] > highest


def test_an_older_backup_is_upgraded_and_stays_as_it_is(
    second: DaemonProcess, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from penholder_daemon import migrations
    from penholder_daemon.shell.store.opening import open_writer

    steps = migrations.steps()
    monkeypatch.setattr(migrations, "steps", lambda: steps[:3])
    open_writer(short_dir / "old.db").close()
    before = (short_dir / "old.db").read_bytes()

    done = restore(second, short_dir / "old.db")

    assert (done["from_schema"], done["schema_version"]) == (3, len(steps))
    assert (short_dir / "old.db").read_bytes() == before
    assert not (second.state_dir / "backups").exists()
    second.start()


def _acquired(daemon: DaemonProcess) -> int:
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.verify", deep=True)["findings"] == []
        assert control.call("journal.position")["pos"] > UNKNOWN_STEP
        return int(control.call("controller.acquire", controller_id="c")["epoch"])


def test_a_database_that_cannot_be_read_is_moved_aside_with_its_log(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        file = backup(daemon)
        control.call("controller.acquire", controller_id="c")
    daemon.kill()
    database, log = daemon.state_dir / "penholder.db", daemon.state_dir / "penholder.db-wal"
    database.write_bytes(b"garbage" * 1000)
    lost = log.read_bytes()

    kept = Path(restore(daemon, file)["kept"])

    assert kept.read_bytes() == b"garbage" * 1000
    assert kept.with_name(kept.name + "-wal").read_bytes() == lost
    assert not log.exists()
    assert _acquired(daemon) > UNKNOWN_STEP


def test_the_log_of_a_database_that_is_gone_is_not_played_into_the_one_restored(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        file = backup(daemon)
        handle = control.call("controller.acquire", controller_id="c")
        fence = {"epoch": handle["epoch"], "token": handle["token"]}
        control.call("event.append", worker_id=worker_id, type="later", fence=fence)
    daemon.kill()
    (daemon.state_dir / "penholder.db").unlink()
    lost = (daemon.state_dir / "penholder.db-wal").read_bytes()

    assert restore(daemon, file)["kept"] is None

    [log] = daemon.state_dir.glob("backups/replaced-*.db-wal")
    assert log.read_bytes() == lost
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
        assert control.call("event.list", worker_id=worker_id)["items"] == []
        params = {"worker_id": worker_id, "type": "late", "fence": fence}
        assert control.refusal("event.append", **params) == "FENCED"


def test_a_database_that_is_damaged_tells_what_it_can(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        file = backup(daemon)
        for _ in range(3):
            control.call("controller.acquire", controller_id="c", takeover=True)
    daemon.stop()
    damaged = apsw.Connection(str(daemon.state_dir / "penholder.db"))
    damaged.execute("PRAGMA writable_schema = ON")
    damaged.execute("DELETE FROM sqlite_schema WHERE name = 'journal_landmarks'")
    damaged.close()
    assert _restored_epoch(daemon, file) > UNKNOWN_STEP


def _restored_epoch(daemon: DaemonProcess, file: str) -> int:
    restore(daemon, file)
    return _acquired(daemon)


def test_of_a_database_that_is_gone_nothing_is_given_out_again(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        file = backup(daemon)
    daemon.stop()
    (daemon.state_dir / "penholder.db").unlink()
    first = _restored_epoch(daemon, file)
    daemon.stop()
    (daemon.state_dir / "penholder.db").unlink()
    assert _restored_epoch(daemon, file) > first > UNKNOWN_STEP


def test_for_people_it_says_what_it_did(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        file = backup(daemon)
    daemon.stop()
    said: Ran = penholder(daemon, "restore", "--no-json", file)
    assert (said.code, said.err) == (0, "")
    assert f"restored {file}: " in said.out
    assert f"schema {len(migrations.steps())}" in said.out
    assert "replaced-" in said.out
    assert "systemctl --user start penholder.socket" in said.out
