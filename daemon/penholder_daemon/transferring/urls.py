"""What stores are called: `postgresql://…`, and `sqlite:` with a path or without.

Words of a command line are read by every user of the machine, so a password among them is refused.
"""

from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.paths import absolute

POSTGRESQL = ("postgresql://", "postgres://")
SQLITE = "sqlite:"


def database_path(url: str, state_dir: Path) -> Path | None:
    """Return where the database of a `sqlite:` lies; None for PostgreSQL. Raises Refused."""
    if url.startswith(SQLITE):
        given = url.removeprefix(SQLITE)
        return absolute(Path(given)) if given else state_dir / "penholder.db"
    if url.startswith(POSTGRESQL):
        return None
    raise Refused(
        f"{url.partition(':')[0]!r} is no kind of store; expected was {POSTGRESQL[0]}[user@]host/"
        f"database, or {SQLITE} with a path or without (then it is in the state directory)"
    )


def refuse_password(url: str) -> None:
    """Refuse a URL that says a password; raises Refused."""
    try:
        has_one = bool(conninfo_to_dict(url).get("password"))
    except psycopg.ProgrammingError as error:
        raise Refused(f"what is given is no URL of PostgreSQL: {error}".strip()) from error
    if has_one:
        raise Refused(
            "a password in the words of a command is seen by everybody on this machine: leave it"
            " out of the URL and have it in ~/.pgpass or the file that PGPASSFILE names, in a"
            " service (PGSERVICE), or in the file of `[store] password_file`"
        )
