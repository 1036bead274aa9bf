"""What stores are called: `postgresql://…`, and `sqlite:` with a path or without.

Words of a command line are read by every user of the machine, so a password among them is refused.
"""

from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.paths import absolute
from penholder_daemon.shell.settings import POSTGRESQL, problem_of_url

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
    """Refuse a URL that says a password, or is none of PostgreSQL's; raises Refused."""
    if (problem := problem_of_url(url)) is not None:
        raise Refused(problem)
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise Refused(f"what is given is no URL of PostgreSQL: {error}".strip()) from error
