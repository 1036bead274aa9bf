"""`penholder backup`: where it goes, how many stay, and that it is whole while writers write."""

import re
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw

from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import penholder

WRITERS = 3
NAME = re.compile(r"penholder-\d{8}T\d{6}\.\d{3}Z\.db")


def _backups(daemon: DaemonProcess) -> list[str]:
    return sorted(path.name for path in (daemon.state_dir / "backups").iterdir())


def test_it_goes_to_a_private_directory_of_its_own(daemon: DaemonProcess) -> None:
    ran = penholder(daemon, "backup")
    assert (ran.code, ran.err) == (0, "")
    kept = Path(ran.json["path"])
    assert kept.parent == daemon.state_dir / "backups"
    assert NAME.fullmatch(kept.name)
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert ran.json["bytes"] == kept.stat().st_size
    assert ran.json["removed"] == []
    assert "everything up to position" in penholder(daemon, "backup", "--no-json").out


def test_a_file_may_be_named_and_is_never_replaced(daemon: DaemonProcess, short_dir: Path) -> None:
    file = short_dir / "mine.db"
    assert penholder(daemon, "backup", str(file)).json["path"] == str(file)
    again = penholder(daemon, "backup", str(file))
    assert again.code == 2
    assert "is there already" in again.err
    assert not (daemon.state_dir / "backups").exists()


def test_keep_removes_the_oldest_of_its_own_and_nothing_else(daemon: DaemonProcess) -> None:
    directory = daemon.state_dir / "backups"
    directory.mkdir(mode=0o700)
    own = [f"penholder-2020010{day}T000000.000Z.db" for day in (1, 2, 3)]
    others = [
        "before-schema-4-20200101T000000.000Z.db", "replaced-20200101T000000.000Z.db",
        "penholder-20200101T000000.000Z.db.gz", "penholder-old.db", "xpenholder-1.db",
    ]  # fmt: skip
    for name in [*own, *others]:
        directory.joinpath(name).write_text("old")
    directory.joinpath("penholder-20190101T000000.000Z.db").symlink_to("penholder-old.db")

    ran = penholder(daemon, "backup", "--keep", "2")

    assert ran.json["removed"] == [str(directory / name) for name in own[:2]]
    left = set(_backups(daemon))
    assert left == {
        *others,
        own[2],
        Path(ran.json["path"]).name,
        "penholder-20190101T000000.000Z.db",
    }
    assert (
        f"removed {directory / own[2]}"
        in penholder(daemon, "backup", "--keep", "1", "--no-json").out
    )


def test_the_new_one_stays_though_the_clock_was_set_back(daemon: DaemonProcess) -> None:
    """Those from before have later names, which say nothing of which was made last."""
    directory = daemon.state_dir / "backups"
    directory.mkdir(mode=0o700)
    own = [f"penholder-{year}0101T000000.000Z.db" for year in (2020, 9998, 9999)]
    for name in own:
        directory.joinpath(name).write_text("old")

    first = penholder(daemon, "backup", "--keep", "3").json
    assert first["removed"] == [str(directory / own[1])]
    second = penholder(daemon, "backup", "--keep", "1").json
    # One that was acknowledged is never removed for one that was there before it.
    assert second["removed"] == [
        str(directory / own[2]), str(directory / own[0]), first["path"]
    ]  # fmt: skip
    assert _backups(daemon) == [Path(second["path"]).name]


def test_nothing_is_removed_for_a_backup_that_failed(daemon: DaemonProcess) -> None:
    directory = daemon.state_dir / "backups"
    directory.mkdir(mode=0o700)
    old = directory / "penholder-20200101T000000.000Z.db"
    old.write_text("old")
    daemon.stop()
    damaged = apsw.Connection(str(daemon.state_dir / "penholder.db"))
    damaged.execute(
        "INSERT INTO leases (subject, lease_ms, deadline_ms) VALUES ('run:nobody', 1, 1)"
    )
    damaged.close()
    daemon.start()

    ran = penholder(daemon, "backup", "--keep", "1")

    assert ran.code == 11
    assert "the copy is damaged" in ran.err
    assert "nothing was kept" in ran.err
    assert _backups(daemon) == [old.name]


def test_wrong_use(daemon: DaemonProcess) -> None:
    none = penholder(daemon, "backup", "--keep", "0")
    assert (none.code, none.err) == (2, "penholder: --keep: 0 is less than 1\n")
    assert penholder(daemon, "backup", "--keep", "many").code == 2
    both = penholder(daemon, "backup", "x.db", "--keep", "3")
    assert (both.code, "leave FILE out" in both.err) == (2, True)
    with daemon.connect() as control:
        refused = control.error("daemon.backup", path="/tmp/x.db", keep_last=1)
    assert (refused["code"], refused["data"]["details"]["param"]) == (-32602, "keep_last")


def test_without_a_daemon_it_says_so(short_dir: Path) -> None:
    ran = penholder(DaemonProcess(short_dir), "backup")
    assert ran.code == 12


def test_a_directory_that_is_a_symlink_is_not_followed(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    (short_dir / "elsewhere").mkdir()
    (daemon.state_dir / "backups").symlink_to(short_dir / "elsewhere")
    ran = penholder(daemon, "backup")
    assert (ran.code, "symlink" in ran.err) == (11, True)
    assert list((short_dir / "elsewhere").iterdir()) == []


def test_a_backup_under_load_is_consistent_and_can_be_started_from(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    """Each call appends to two streams at once; no copy may hold one half of a call."""
    with daemon.connect() as control:
        workers = [make_worker(control), make_worker(control)]
    stop, begun = threading.Event(), threading.Barrier(WRITERS + 1)

    def write() -> None:
        calls = [
            {"method": "event.append", "params": {"worker_id": worker_id, "type": "t"}}
            for worker_id in workers
        ]
        with Client(daemon.control_socket) as client:
            client.call("tx.apply", {"calls": calls})
            begun.wait(timeout=30)
            while not stop.is_set():
                client.call("tx.apply", {"calls": calls})

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write) for _ in range(WRITERS)]
        begun.wait(timeout=30)
        copies = [penholder(daemon, "backup").json for _ in range(3)]
        stop.set()
        for each in writing:
            each.result()
    assert copies[0]["pos"] < copies[1]["pos"] < copies[2]["pos"]

    for number, copy in enumerate(copies):
        other = DaemonProcess(short_dir / str(number))
        other.state_dir.mkdir(parents=True, mode=0o700)
        shutil.copy(copy["path"], other.state_dir / "penholder.db")
        other.start()
        with other.connect() as control:
            assert control.call("daemon.verify", deep=True)["findings"] == []
            latest = [control.call("event.latest", worker_id=each)["event_seq"] for each in workers]
        other.end()
        assert latest[0] == latest[1] > 0
