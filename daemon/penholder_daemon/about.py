"""`penholderd --about`: what would start here and whether it could, without starting anything.

Floor 4: `systemctl reload` asks it before the daemon is told, and so does who looks for a fault.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from penholder_daemon import migrations
from penholder_daemon.shell.disk.paths import Paths, UnusablePath
from penholder_daemon.shell.settings import Settings, UnusableSettings
from penholder_daemon.shell.store import choosing, place
from penholder_daemon.shell.store.database import sqlite_version
from penholder_daemon.shell.store.opening import UnusableDatabase, check_sqlite
from penholder_protocol import __version__


class About(msgspec.Struct, frozen=True):
    """The program, what it would work on, and why it would not start."""

    version: str
    sqlite_version: str
    schema_version: int
    config: str | None
    state_dir: str
    runtime_dir: str
    store_url: str | None
    problem: str | None


def about(
    config: Path | None,
    load: Callable[[], Settings],
    choose: Callable[[Settings], Paths],
    *,
    changes_store: bool = False,
) -> About:
    """Look at the configuration and the directories that it chooses; opens no database."""
    settings, problem = Settings(), None
    try:
        settings = load()
        check_sqlite()
        choosing.check(settings.store)
        choose(settings).check()
        if not changes_store:
            place.refuse_other(choose(settings).state_dir, settings.store.url)
    except (UnusableSettings, UnusableDatabase, UnusablePath, OSError) as error:
        problem = str(error)
    # Again, outside of the try: without directories there is nothing to tell, and who asked says
    # so.
    paths = choose(settings)
    return About(
        version=__version__,
        sqlite_version=sqlite_version(),
        schema_version=len(migrations.steps()),
        config=None if config is None else str(config),
        state_dir=str(paths.state_dir),
        runtime_dir=str(paths.runtime_dir),
        store_url=settings.store.url,
        problem=problem,
    )
