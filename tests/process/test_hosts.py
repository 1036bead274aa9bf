"""A second host in the database of a real daemon: it expires, its workers wait, it comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection
from tests.helpers.hosts import ATTIC, attic
from tests.helpers.waiting import until

LEASE_MS = 1500


@pytest.fixture
def stopped(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that has run, with a worker of its own, and was stopped."""
    daemon = DaemonProcess(short_dir)
    daemon.start()
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c1", label="c", workspace_key="/c")
        _create(control, "w_here")
    assert daemon.stop() == 0
    yield daemon
    daemon.end()


def _create(control: RawConnection, worker_id: str, **more: object) -> Json:
    made: Json = control.call(
        "worker.create", worker_id=worker_id, controller_id="c1", label=worker_id, launcher="l",
        profile="p", cwd="/", **more,
    )  # fmt: skip
    return made


def _state_of_attic(control: RawConnection) -> str:
    found: dict[str, str] = {
        each["host_id"]: each["state"] for each in control.call("host.list")["items"]
    }
    return found[ATTIC]


def test_whose_id_is_lost_has_its_workers_all_the_same(stopped: DaemonProcess) -> None:
    """A file has one host: who has lost the id that lay beside it is another, and has all of it."""
    id_file = stopped.state_dir / "host_id"
    lost = id_file.read_text().strip()
    id_file.unlink()
    stopped.start()
    with stopped.connect() as control:
        own = control.call("daemon.status")["host_id"]
        assert own != lost
        until(lambda: control.call("host.list")["items"])
        (host,) = control.call("host.list")["items"]
        assert (host["host_id"], host["workers"]) == (own, 1)
        here = control.call("worker.get", worker_id="w_here")
        assert (here["host_id"], here["recovery_state"]) == (own, "restartable")
        assert control.call("daemon.verify", deep=True)["findings"] == []
        with stopped.connect("w_here") as worker:
            worker.call("runtime.attach")
            # While its process lives, the seat is over another loss, too.
            id_file.unlink()
            assert stopped.stop() == 0
            stopped.start()
    with stopped.connect("w_here") as worker:
        worker.call("event.append", type="t")


def test_a_host_goes_and_comes_back(stopped: DaemonProcess) -> None:
    with attic(stopped, LEASE_MS) as bench:
        bench.worker("w_attic", "c1")
        seated = bench.seated("w_attic")
        bench.call("worker.transition", seated, to="running")
        there = bench.call("worker.get", worker_id="w_attic")
    assert there["socket_path"] is not None
    here = {**there, "socket_path": None}

    stopped.start()
    with stopped.connect() as control:
        # Its process cannot be seen from here, and is no process of this machine: nobody says so.
        assert control.call("worker.get", worker_id="w_attic") in (
            here,
            {**here, "recovery_state": "unreachable"},
        )
        assert not (stopped.runtime_dir / "workers" / "w_attic.sock").exists()
        assert (stopped.runtime_dir / "workers" / "w_here.sock").exists()
        until(lambda: _state_of_attic(control) == "expired")
        away = {**here, "recovery_state": "unreachable"}
        assert control.call("worker.get", worker_id="w_attic") == away
        assert control.call("worker.get", worker_id="w_here")["recovery_state"] == "restartable"
        told = control.call("journal.read", streams=["daemon"])["items"]
        assert [(each["type"], each["data"]["host_id"]) for each in told] == [
            ("host.registered", ATTIC),
            ("host.expired", ATTIC),
        ]
    assert stopped.stop() == 0

    with attic(stopped, LEASE_MS) as bench:
        assert bench.call("worker.get", worker_id="w_attic") == there
    stopped.start()
    with stopped.connect() as control:
        until(lambda: _state_of_attic(control) == "expired")
        events = control.call("event.list", worker_id="w_attic")["items"]
        assert events == []  # in particular none that says that its process exited


def test_a_worker_is_made_for_another_host(stopped: DaemonProcess) -> None:
    with attic(stopped, LEASE_MS):
        pass
    stopped.start()
    with stopped.connect() as control:
        made = _create(control, "w_there", host_id=ATTIC)
        assert (made["host_id"], made["socket_path"]) == (ATTIC, None)
        own_id = control.call("daemon.status")["host_id"]
        assert _create(control, "w_too", host_id=own_id)["socket_path"] is not None
        sockets = {path.name for path in (stopped.runtime_dir / "workers").iterdir()}
        assert sockets == {"w_here.sock", "w_too.sock"}
        counted = {each["host_id"]: each["workers"] for each in control.call("host.list")["items"]}
        assert counted == {ATTIC: 1, own_id: 2}
