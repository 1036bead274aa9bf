"""Where the state of a state directory is, remembered in it, so that no start begins another.

Which store a daemon serves is said by its settings, and those may be missing: a shell without the
variable, a start without `--config`, a setting that was to follow a move. What is served then is a
store all the same, only another one: empty, or as it was before the move. It would go on with a
history of its own, and give out what the other has given out.

So a directory keeps a line that says where its state is, in the words of `penholder store move`:
`sqlite:` is its own database, `sqlite:PATH` a file that waits to be put in place, and a URL a
PostgreSQL. Whoever serves or moves the state writes it, and a start on another store is refused
unless it was asked for. A directory without that line is of a time before it, or new.

A URL holds no password (`settings`), so the line holds none. Two are of one place if they name the
same server and database, whoever connects and how.
"""

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import structlog

from penholder_daemon.shell.disk import kept_lines
from penholder_daemon.shell.disk.paths import UnusablePath
from penholder_daemon.shell.settings import POSTGRESQL, UnusableSettings

log = structlog.get_logger()

OWN = "sqlite:"
"""The database of the state directory itself."""
CHANGE = "--change-store"
_FILE = "store_place"
_USUAL_PORT = "5432"
_PLACES = ("service", "host", "hostaddr", "port", "dbname")


class OtherStore(UnusableSettings):
    """The settings name another store than the one in which the state is."""


def remembered(state_dir: Path) -> str | None:
    """Return where the state is; None where nobody has said so. Raises UnusablePath."""
    path = state_dir / _FILE
    try:
        found = kept_lines.read(path)
    except FileNotFoundError:
        return None
    if not found.startswith((OWN, *POSTGRESQL)):
        raise UnusablePath(
            f"{path} does not say where the state is ({OWN}, or a URL of PostgreSQL): put back what"
            f" was there, or remove it and start with the settings of the store that is served"
        )
    return found


def remember(state_dir: Path, place: str) -> None:
    """Keep where the state is from now on; raises OSError."""
    with suppress(UnusablePath):
        if remembered(state_dir) == place:
            return
    kept_lines.write(state_dir / _FILE, place)


def note_served(state_dir: Path, url: str | None) -> None:
    """Keep which store a daemon serves, as far as the disk takes it."""
    try:
        remember(state_dir, url or OWN)
    except OSError as error:
        # A disk that takes nothing keeps nobody from reading; the next start tries again.
        log.warning("where the state is could not be kept", reason=str(error))


def refuse_other(state_dir: Path, url: str | None) -> None:
    """Refuse settings by which another store would be served; raises OtherStore."""
    known = remembered(state_dir)
    database = state_dir / "penholder.db"
    if known is None or is_same(known, url or OWN):
        return
    # Who has put it away begins anew, and knows it.
    if known == OWN and not database.exists():
        return
    wanted = f"SQLite's ({database})" if url is None else url
    raise OtherStore(
        f"the state of {state_dir} is in {named(known, state_dir)}, and by its settings the daemon"
        f" would begin another history in {wanted}: {_way_on(known, url)}; to begin there all the"
        f" same, start once with {CHANGE} (`penholder up {CHANGE}`)"
    )


def named(place: str, state_dir: Path) -> str:
    """Say where a place is, for people."""
    if place == OWN:
        return str(state_dir / "penholder.db")
    return place.removeprefix(OWN)


def is_same(one: str, other: str) -> bool:
    """Tell whether two are of one place."""
    if one.startswith(OWN) or other.startswith(OWN):
        return one == other
    return _database(one) == _database(other)


def _way_on(known: str, url: str | None) -> str:
    if known == OWN:
        return (
            "take `[store] url` and PENHOLDER_STORE_URL away, or bring the state there with"
            f" `penholder store move --to {url}`"
        )
    if known.startswith(OWN):
        return f"put it in place with `penholder restore {known.removeprefix(OWN)}`"
    back = ", or bring it back with `penholder store move --to sqlite:`" if url is None else ""
    return f"set `[store] url` or PENHOLDER_STORE_URL to where the state is{back}"


def _database(url: str) -> dict[str, str]:
    """Return which server and database a URL names, as libpq reads it."""
    place, _, query = url.partition("://")[2].partition("?")
    authority, _, name = place.partition("/")
    who, _, hosts = authority.rpartition("@")
    split = [_host_and_port(each) for each in hosts.split(",")]
    found = {
        "host": ",".join(host for host, _ in split),
        "port": ",".join(port for _, port in split),
        # Without a name the database is called as its user is.
        "dbname": unquote(name) or unquote(who),
        **dict(parse_qsl(query)),
    }
    if set(found["port"].split(",")) <= {"", _USUAL_PORT}:
        found["port"] = ""
    return {key: found[key] for key in _PLACES if found.get(key)}


def _host_and_port(text: str) -> tuple[str, str]:
    # An address of IPv6 stands in brackets, and has colons of its own.
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, ""
    return unquote(host.strip("[]")).lower(), port
