"""Going on from a PostgreSQL that was put back: nothing is given out twice, and nobody holds."""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from penholder_daemon.core import history, verify
from penholder_daemon.core.handed_out import UNKNOWN_STEP
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.lock import AlreadyRunning
from penholder_daemon.shell.store.postgres import opening
from penholder_daemon.shell.store.postgres.history import identity_of
from penholder_daemon.transferring import restored
from penholder_protocol import errors
from tests.helpers import postgresql, postgresql_programs
from tests.helpers.moving_stores import Stores, lived_in
from tests.helpers.programs import PENHOLDER, TIMEOUT_S, Ran


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    """Give a database of PostgreSQL that was lived in, and somebody who owns a controller."""
    made = lived_in(tmp_path)
    made.to_postgresql()
    with closing(opening.open_writer(made.url)) as store:
        bench = made.over(store)
        return made._replace(held=bench.call("controller.acquire", controller_id="ctl_held"))


def _restored(directory: Path, *words: str, **more: str) -> Ran:
    done = subprocess.run(
        [PENHOLDER, "store", "restored", *words],
        env={"HOME": str(directory), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **more},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def _program(name: str, *words: str) -> None:
    subprocess.run([postgresql_programs.require() / name, *words], check=True, timeout=TIMEOUT_S)


def test_a_dump_goes_on_above_what_was_given_out_since(stores: Stores, tmp_path: Path) -> None:
    dump = tmp_path / "penholder.dump"
    _program("pg_dump", "--format=custom", "--schema=penholder", f"--file={dump}", stores.url)
    with closing(opening.open_writer(stores.url)) as store:
        bench = stores.over(store)
        since = bench.call("controller.acquire", controller_id="ctl_held", takeover=True)
        last = bench.call("journal.read", streams=["*"], limit=1000)["items"][-1]["pos"]

    url = postgresql.server().make(f"restored_{os.getpid()}")
    _program("pg_restore", "--exit-on-error", f"--dbname={url}", str(dump))
    done = restored.go_on(url)
    assert done.pos < last < done.goes_on_after
    assert done.goes_on_after > UNKNOWN_STEP
    assert done.ended.owners == 1

    with closing(opening.open_writer(url)) as store:
        bench = stores.over(store)
        for held in (stores.held, since):
            fence = {"epoch": held["epoch"], "token": held["token"]}
            with pytest.raises(errors.Fenced):
                bench.worker("w_new", "ctl_held", fence=fence)
        again = bench.call("controller.acquire", controller_id="ctl_held")
        assert again["epoch"] > since["epoch"] + UNKNOWN_STEP
        assert store.row("SELECT 1 FROM hosts WHERE state = 'active'") is None
        # A daemon that comes next finds it settled, and cursors of what is lost are gone.
        assert not history.is_owed(store, identity_of(store.connection), None)
        with pytest.raises(errors.CursorGone, match=f"go on after {done.pos},"):
            bench.call("journal.read", streams=["*"], after=last)
        entry = bench.call("journal.read", streams=["daemon"], limit=1000)["items"][-1]
        assert (entry["type"], entry["data"]["known"]) == ("daemon.restored", False)
        assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []


def test_it_is_said_as_it_is_typed(stores: Stores, tmp_path: Path) -> None:
    config = tmp_path / "penholderd.toml"
    config.write_text(f"[store]\nurl = '{stores.url}'\n")
    told = _restored(tmp_path, "--no-json", PENHOLDER_CONFIG=str(config))
    assert (told.code, told.err) == (0, "")
    assert "ended: 1 owners" in told.out
    assert "start the daemons with `penholder up`" in told.out
    again = _restored(tmp_path, PENHOLDER_CONFIG=str(config))
    assert again.json["ended"]["owners"] == 0
    without = _restored(tmp_path, PENHOLDER_CONFIG=os.devnull)
    assert (without.code, "`penholder restore FILE`" in without.err) == (1, True)


def test_nobody_else_may_be_at_work_and_then_nothing_is_changed(stores: Stores) -> None:
    with psycopg.connect(stores.url, application_name="penholder host_1"):  # noqa: SIM117 - in turn
        with pytest.raises(AlreadyRunning, match="the daemon of host host_1"):
            restored.go_on(stores.url)
    with closing(opening.open_writer(stores.url)) as store:
        assert store.row("SELECT 1 FROM journal WHERE type = 'daemon.restored'") is None


def test_who_is_at_work_is_called_as_people_do(stores: Stores) -> None:
    with psycopg.connect(stores.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO penholder.hosts (host_id, number, host_name, epoch, version, started_at,"
            " state) VALUES ('host_1', 99, 'attic', 1, '1', 't', 'active')"
        )
    for name in ("penholder host_1 0a1b2c3d", "penholder host_1 0a1b2c3d reads"):
        with (
            psycopg.connect(stores.url, application_name=name),
            pytest.raises(AlreadyRunning) as refused,
        ):
            restored.go_on(stores.url)
        assert "(the daemon of host attic (host_1), " in str(refused.value)
        assert "0a1b2c3d" not in str(refused.value)


def test_a_database_that_holds_no_store_is_left_alone() -> None:
    url = postgresql.server().make(f"nothing_{os.getpid()}")
    with pytest.raises(Refused, match="holds no store"):
        restored.go_on(url)
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'penholder'")
        assert found.fetchone() is None
