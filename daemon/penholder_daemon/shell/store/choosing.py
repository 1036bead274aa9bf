"""Which of the two keeps the state: the one place that knows both."""

from importlib.util import find_spec

from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.settings import Settings, StoreSettings
from penholder_daemon.shell.store.backing import Backing
from penholder_daemon.shell.store.opening import UnusableDatabase
from penholder_daemon.shell.store.sqlite_backing import SqliteBacking


def choose(store: StoreSettings, paths: Paths, host_id: str) -> Backing:
    """Return what keeps the state; raises UnusableDatabase where its driver is not installed."""
    if store.url is None:
        return SqliteBacking(paths)
    _require_driver()
    # Only here: who has no use for it need not have it installed, nor wait for its import.
    from penholder_daemon.shell.store.postgres.backing import PostgresBacking  # noqa: PLC0415

    return PostgresBacking(store.url, store.password_file, paths, host_id)


def check_driver(settings: Settings) -> None:
    """Raise UnusableDatabase where what the settings name needs what is not installed."""
    if settings.store.url is not None:
        _require_driver()


def _require_driver() -> None:
    if find_spec("psycopg") is None:
        raise UnusableDatabase(
            "store.url names a PostgreSQL, and the driver for it is not installed:"
            " pip install penholder[postgres]"
        )
