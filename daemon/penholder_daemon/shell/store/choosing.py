"""Which of the two keeps the state: the one place that knows both."""

from importlib.util import find_spec

from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.settings import StoreSettings
from penholder_daemon.shell.store.backing import Backing
from penholder_daemon.shell.store.opening import UnusableDatabase
from penholder_daemon.shell.store.sqlite_backing import SqliteBacking


def choose(store: StoreSettings, paths: Paths, host_id: str) -> Backing:
    """Return what keeps the state; raises UnusableDatabase where that cannot be had."""
    check(store)
    if store.url is None:
        return SqliteBacking(paths)
    # Only here: who has no use for it need not have it installed, nor wait for its import.
    from penholder_daemon.shell.store.postgres.backing import PostgresBacking  # noqa: PLC0415

    return PostgresBacking(store.url, store.password_file, paths, host_id)


def check(store: StoreSettings) -> None:
    """Raise UnusableDatabase where what the settings name cannot be had; no server is asked."""
    if store.url is None:
        return
    _require_driver()
    from penholder_daemon.shell.store.postgres import connecting  # noqa: PLC0415 - as above

    try:
        connecting.check(store.url, store.password_file)
    except connecting.Misconfigured as error:
        raise UnusableDatabase(str(error)) from error


def _require_driver() -> None:
    if find_spec("psycopg") is None:
        raise UnusableDatabase(
            "store.url names a PostgreSQL, and the driver for it is not installed:"
            " pip install penholder[postgres]"
        )
