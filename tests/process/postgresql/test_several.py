"""Several daemons at work on one database at the same time."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest

from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.serving import alone
from tests.helpers.daemon_process import DaemonProcess, Json, MakeDaemon, RawConnection, make_worker
from tests.helpers.puppet import puppet
from tests.helpers.waiting import until


@pytest.fixture
def daemons(make_daemon: MakeDaemon) -> list[DaemonProcess]:
    """Give three that run; each knows of the others."""
    made = [make_daemon() for _ in range(3)]
    for daemon in made:
        daemon.start()
    for daemon in made:
        _await_all(daemon)
    return made


def _await_all(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        until(lambda: len(_hosts(control)) == 3)


@pytest.fixture
def controls(daemons: list[DaemonProcess]) -> Iterator[list[RawConnection]]:
    """Give a connection to each."""
    with ExitStack() as opened:
        yield [opened.enter_context(daemon.connect()) for daemon in daemons]


def _hosts(control: RawConnection) -> dict[str, str]:
    return {each["host_id"]: each["state"] for each in control.call("host.list")["items"]}


def _own_id(control: RawConnection) -> str:
    return str(control.call("daemon.status")["host_id"])


def _told(reader: RawConnection, count: int) -> list[Json]:
    found: list[Json] = []
    while len(found) < count:
        found += reader.notification()["params"]["entries"]
    return found


def test_each_daemon_serves_its_own_workers_and_all_see_all(
    daemons: list[DaemonProcess], controls: list[RawConnection]
) -> None:
    made = [make_worker(control) for control in controls]
    for at, control in enumerate(controls):
        listed = {each["worker_id"]: each for each in control.call("worker.list")["items"]}
        assert listed.keys() == set(made)
        for worker_id in made:
            is_own = worker_id == made[at]
            assert (listed[worker_id]["socket_path"] is not None) == is_own
            socket = daemons[at].runtime_dir / "workers" / f"{worker_id}.sock"
            assert socket.exists() == is_own
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}


def test_all_hosts_tell_the_same_at_once(
    daemons: list[DaemonProcess], controls: list[RawConnection]
) -> None:
    worker_id = make_worker(controls[0])
    per_host = 100
    with ExitStack() as opened:
        readers = [opened.enter_context(daemon.connect()) for daemon in daemons]
        for reader in readers:
            reader.call("journal.subscribe", streams=[f"worker:{worker_id}"], types=["n"])

        def append(control: RawConnection) -> None:
            for number in range(per_host):
                control.call("event.append", worker_id=worker_id, type="n", data={"n": number})

        with ThreadPoolExecutor() as pool:
            list(pool.map(append, controls))
        told = [_told(reader, 3 * per_host) for reader in readers]
    assert told[0] == told[1] == told[2]
    read = controls[1].call(
        "journal.read", streams=[f"worker:{worker_id}"], types=["n"], limit=1000
    )["items"]
    assert told[0] == read
    seqs = [each["seq"] for each in read]
    assert seqs == list(range(seqs[0], seqs[0] + 3 * per_host))


def test_a_worker_is_made_steered_and_ended_from_another_host(
    daemons: list[DaemonProcess], controls: list[RawConnection]
) -> None:
    here, there, third = controls
    here.call("controller.register", controller_id="c1", label="c", workspace_key="/c")
    made = here.call(
        "worker.create", worker_id="w_there", controller_id="c1", label="w", launcher="l",
        profile="p", cwd="/", host_id=_own_id(there),
    )  # fmt: skip
    assert made["socket_path"] is None
    socket = daemons[1].runtime_dir / "workers" / "w_there.sock"
    until(socket.exists)
    with puppet(str(socket)) as worker:
        assert "result" in worker.call("runtime.attach")
        assert here.call("worker.get", worker_id="w_there")["state"] == "idle"
        third.call("worker.stop", worker_id="w_there", force=True)
        assert worker.process.wait(timeout=30) == -signal.SIGTERM
    until(lambda: here.call("worker.get", worker_id="w_there")["state"] == "stopped")
    until(lambda: not socket.exists())
    assert third.call("worker.remove", worker_id="w_there") == {"removed": True}


def test_whoever_waits_is_woken_by_another_host(
    daemons: list[DaemonProcess], controls: list[RawConnection]
) -> None:
    here, there, third = controls
    worker_id = make_worker(here)
    waits = there.request("event.wait", worker_id=worker_id, types=["said"], timeout_ms=30_000)
    takes = third.request(
        "queue.wait", queue="q", runner_id="r1", lease_ms=60_000, timeout_ms=30_000
    )
    here.call("event.append", worker_id=worker_id, type="said")
    there.call(
        "queue.submit", queue="q", queue_task_id="t1", tenant_id="t", project_id="p",
        max_attempts=2,
    )  # fmt: skip
    assert [each["type"] for each in there.answer(waits)["result"]["items"]] == ["said"]
    [claimed] = third.answer(takes)["result"]["items"]
    assert claimed["task"]["queue_task_id"] == "t1"
    # Once its time has come again nothing is told of it, and whoever waits is woken all the same.
    again = here.request(
        "queue.wait", queue="q", runner_id="r2", lease_ms=60_000, timeout_ms=30_000
    )
    lease = {"epoch": claimed["lease"]["epoch"], "token": claimed["lease"]["token"]}
    third.call("queue.fail", queue_task_id="t1", lease=lease, error="again")
    assert len(here.answer(again)["result"]["items"]) == 1


def test_a_takeover_over_another_host_fences_whoever_was_there(
    controls: list[RawConnection],
) -> None:
    here, there, _ = controls
    here.call("controller.register", controller_id="c1", label="c", workspace_key="/c")
    first = here.call("controller.acquire", controller_id="c1")
    fence = {"epoch": first["epoch"], "token": first["token"]}
    second = there.call("controller.acquire", controller_id="c1", takeover=True)
    assert second["epoch"] > first["epoch"]
    params = {"controller_id": "c1", "label": "w", "launcher": "l", "profile": "p", "cwd": "/"}
    assert here.refusal("worker.create", **params, fence=fence) == "FENCED"


def test_a_host_that_froze_goes_on_where_the_others_are(
    daemons: list[DaemonProcess], controls: list[RawConnection]
) -> None:
    frozen, other, _ = controls
    mine, theirs = make_worker(frozen), make_worker(other)
    with daemons[0].connect() as reader:
        reader.call("journal.subscribe", streams=[f"worker:{theirs}"], types=["n"])
        daemons[0].send_signal(signal.SIGSTOP)
        try:
            for number in range(20):
                other.call("event.append", worker_id=theirs, type="n", data={"n": number})
        finally:
            daemons[0].send_signal(signal.SIGCONT)
        told = _told(reader, 20)
    assert [each["data"]["n"] for each in told] == list(range(20))
    frozen.call("event.append", worker_id=mine, type="n")
    assert frozen.call("daemon.verify") == {"ok": True, "findings": []}


def test_a_daemon_that_was_killed_is_missed_and_comes_back(
    daemons: list[DaemonProcess], controls: list[RawConnection], url: str
) -> None:
    gone, other, _ = controls
    worker_id, gone_id = make_worker(gone), _own_id(gone)
    daemons[0].kill()
    other.call("event.append", worker_id=worker_id, type="n")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE penholder.leases SET deadline_ms = 0 WHERE subject = %s", (f"host:{gone_id}",)
        )
    until(lambda: _hosts(other)[gone_id] == "expired")
    assert other.call("worker.get", worker_id=worker_id)["recovery_state"] == "unreachable"
    daemons[0].start()
    until(lambda: _hosts(other)[gone_id] == "active")
    with daemons[0].connect() as control:
        assert control.call("worker.get", worker_id=worker_id)["socket_path"] is not None
        control.call("event.append", worker_id=worker_id, type="n")
    assert [each["type"] for each in other.call("journal.read", streams=["daemon"])["items"]][
        -2:
    ] == ["host.expired", "host.registered"]


def test_no_daemon_begins_while_the_store_is_moved(make_daemon: MakeDaemon, url: str) -> None:
    daemon = make_daemon()
    with closing(alone(connecting.connector(url, name="penholder moves"))()):
        daemon.spawn()
        assert daemon.wait() == 1
        assert "penholder moves has this database" in daemon.log()
    daemon.start()
    moving = subprocess.run(
        [sys.executable, "-m", "penholder_daemon.transferring", "--to=sqlite:/tmp/nowhere.db",
         f"--state-dir={daemon.state_dir}2", "--dry-run"],
        env={"PENHOLDER_STORE_URL": url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert moving.returncode != 0
    assert "another daemon uses PostgreSQL database" in moving.stderr


def _set(daemon: DaemonProcess, settings: str) -> None:
    (daemon.state_dir.parent / "penholderd.toml").write_text(settings)


def test_hosts_at_work_judge_by_the_same_settings(make_daemon: MakeDaemon, url: str) -> None:
    first, second = make_daemon(), make_daemon()
    for daemon in (first, second):
        _set(daemon, "task_warn_ms = 1000")
        daemon.add_flags("--config", str(daemon.state_dir.parent / "penholderd.toml"))
    first.start()
    _set(second, "task_warn_ms = 2000")
    second.spawn()
    assert second.wait() == 78
    with first.connect() as control:
        told = f"({control.call('daemon.config')['host_name']}, {_own_id(control)})"
    for part in (told, "task_warn_ms is 2000 here and 1000 there", "stop the others first"):
        assert part in second.log()

    _set(second, "task_warn_ms = 1000")
    second.start()
    _set(second, "task_warn_ms = 3000\nmax_connections = 7")
    second.signal_reload()
    with second.connect() as control:
        until(lambda: "task_warn_ms is 3000 here and 1000 there" in second.log())
        config = control.call("daemon.config")
        assert (config["task_warn_ms"], config["max_connections"]) == (1000, 4096)

    # Where no other is at work, its own replace them: without a word of farewell as well.
    first.kill()
    second.signal_reload()
    with second.connect() as control:
        until(lambda: control.call("daemon.config")["task_warn_ms"] == 3000)
    first.spawn()
    assert first.wait() == 78
    assert "task_warn_ms is 1000 here and 3000 there" in first.log()
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT value FROM penholder.shared_settings WHERE name = 'task_warn_ms'"
        ).fetchone()
    assert row == ("3000",)


def test_a_host_that_was_cut_off_while_the_settings_changed_ends_and_is_told_why(
    make_daemon: MakeDaemon, url: str
) -> None:
    cut, other = make_daemon(), make_daemon()
    cut.start()
    other.start()
    with cut.connect() as control, psycopg.connect(url, autocommit=True) as connection:
        worker_id = make_worker(control)
        connection.execute(
            "UPDATE penholder.shared_settings SET value = '7' WHERE name = 'task_warn_ms'"
        )
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
            (f"penholder {_own_id(control)} %",),
        )
        assert control.refusal("event.append", worker_id=worker_id, type="n") == "STORE_FAILED"
    assert cut.wait() == 1
    assert "task_warn_ms is 60000 here and 7 there" in cut.log()
    with other.connect() as control:
        assert control.call("event.list", worker_id=worker_id)["items"] == []


def test_of_two_that_begin_at_once_with_other_settings_one_is_refused(
    make_daemon: MakeDaemon,
) -> None:
    made = [make_daemon() for _ in range(2)]
    for at, daemon in enumerate(made):
        _set(daemon, f"task_warn_ms = {at + 1}")
        daemon.add_flags("--config", str(daemon.state_dir.parent / "penholderd.toml"))

    def begins(daemon: DaemonProcess) -> bool:
        try:
            return daemon.start().startswith("READY")
        except AssertionError:
            return False

    with ThreadPoolExecutor() as pool:
        begun = list(pool.map(begins, made))
    assert sorted(begun) == [False, True]
    refused = made[begun.index(False)]
    assert refused.wait() == 78
    assert "stop the others first" in refused.log()
