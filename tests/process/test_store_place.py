"""After a move nobody goes on with the store that was moved from, unless it is asked for."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from penholder_daemon import programs
from penholder_daemon.moving import target
from penholder_daemon.refusals import Refused
from penholder_daemon.restoring.restore import restore
from penholder_daemon.shell.store import place
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.moving_stores import Stores, lived_in
from tests.helpers.programs import TIMEOUT_S, penholder

_REFUSED = 78


@pytest.fixture
def stores() -> Iterator[Stores]:
    """Give a state directory that was lived in, and an empty database of PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        yield lived_in(Path(directory))


@contextmanager
def _started(stores: Stores, *flags: str) -> Iterator[DaemonProcess]:
    daemon = DaemonProcess(stores.state_dir.parent, *flags)
    with ExitStack() as ended:
        ended.callback(daemon.end)
        daemon.start()
        yield daemon
        assert daemon.stop() == 0


def _refused(stores: Stores, *flags: str) -> str:
    """Start one that must not begin; returns why, which `--about` says as well."""
    daemon = DaemonProcess(stores.state_dir.parent, *flags)
    told = subprocess.run(
        daemon.command, capture_output=True, timeout=TIMEOUT_S, check=False, text=True
    )
    assert told.returncode == _REFUSED, told.stderr
    about = subprocess.run(
        [*daemon.command, "--about"], capture_output=True, timeout=TIMEOUT_S, check=False
    )
    assert about.returncode == _REFUSED
    assert b"another history" in about.stdout
    return told.stderr


def test_moved_there_it_is_not_gone_on_with_here(stores: Stores) -> None:
    with _started(stores):
        assert place.remembered(stores.state_dir) == place.OWN
    stores.to_postgresql(dry_run=True)
    assert place.remembered(stores.state_dir) == place.OWN
    assert f"store move --to {stores.url}`" in _refused(stores, "--store-url", stores.url)

    stores.to_postgresql()
    before = stores.database.read_bytes()
    said = _refused(stores)
    assert all(word in said for word in (stores.url, "[store] url", "PENHOLDER_STORE_URL"))
    implicit = DaemonProcess(stores.state_dir.parent)
    told = penholder(implicit, "run", "true")
    assert (told.code, stores.url in told.err) == (1, True)
    assert penholder(implicit, "up").code == 1
    assert stores.database.read_bytes() == before
    with _started(stores, "--store-url", stores.url):
        pass


def test_moved_back_it_is_not_gone_on_with_there(stores: Stores) -> None:
    stores.to_postgresql()
    stores.database.unlink()
    stores.to_sqlite(stores.database)
    assert "`[store] url`" in _refused(stores, "--store-url", stores.url)
    with _started(stores):
        pass


def test_moved_to_a_file_it_waits_until_that_is_in_place(stores: Stores) -> None:
    stores.to_postgresql()
    file = stores.state_dir.parent / "back.db"
    stores.to_sqlite(file)
    for flags in ((), ("--store-url", stores.url)):
        assert f"`penholder restore {file}`" in _refused(stores, *flags)
    restore(file, stores.state_dir)
    with _started(stores):
        pass


def test_it_begins_elsewhere_where_that_is_said(stores: Stores) -> None:
    stores.to_postgresql()
    daemon = DaemonProcess(stores.state_dir.parent)
    assert penholder(daemon, "up", "--change-store").code == 0
    again = penholder(daemon, "up", "--change-store")
    assert (again.code, "runs already" in again.err) == (1, True)
    assert penholder(daemon, "down").code == 0
    # Once: from then on the state is where it was begun.
    with _started(stores):
        pass


def test_a_directory_of_before_goes_on_and_keeps_where_its_state_is(stores: Stores) -> None:
    stores.to_postgresql()
    (stores.state_dir / "store_place").unlink()
    with _started(stores, "--store-url", stores.url):
        assert place.remembered(stores.state_dir) == stores.url


def test_what_is_elsewhere_is_neither_moved_out_nor_in_nor_once_more(stores: Stores) -> None:
    stores.to_postgresql()
    with pytest.raises(Refused, match="is in postgresql://"):
        stores.to_postgresql()
    with pytest.raises(Refused, match="penholder up --change-store"):  # noqa: SIM117 - of the inner
        with target.opened(stores.state_dir, dry_run=True):
            pass
    programs.require_own_store(stores.state_dir.parent)
