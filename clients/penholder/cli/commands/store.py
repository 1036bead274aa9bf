"""`penholder store`: all that the daemon keeps, into another kind of store, or from a restored one.

It works on the stores itself, so no daemon may run meanwhile.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from penholder.cli.commands import handing_over
from penholder.cli.terminal import helping, store
from penholder.cli.terminal.failures import USAGE, Failure, Usage
from penholder.cli.terminal.options import (
    Parser,
    add_common,
    nearest,
    normalized,
    parse_known,
    read_options,
)

_VERBS = {
    "move": "move all there is from SQLite to PostgreSQL, or back",
    "restored": "go on from a PostgreSQL that its own tools have restored",
}
_RESTORED = """\
Say that the PostgreSQL of `[store] url` or PENHOLDER_STORE_URL was restored, from a dump or to a
point in time, before any daemon is started on it. What was given out since is not in it. So whoever
held anything (controllers, seats, claims) is fenced; epochs and positions go on far above all that
it knows. The daemon must be down, on every machine that shares the store."""
_DESCRIPTION = """\
Move all there is from the SQLite of the state directory to PostgreSQL, or from there to SQLite. The
daemon must be down, on every machine that shares the store, and the target must hold nothing. All
of it or nothing: rows keep their numbers, every table is read back and compared. Whoever held
anything (controllers, seats, claims) is fenced. The store that is moved from stays as it is."""
_TO = """\
postgresql://[user@]host/database, without a password; or sqlite:, the database of the state
directory, or sqlite:PATH, a new file, both from the PostgreSQL of `[store] url` or
PENHOLDER_STORE_URL"""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder store words…`; does not return where it moves anything."""
    if not words or words[0] in ("--help", "-h"):
        usage = "usage: penholder store VERB …"
        print("\n".join([*helping.wrapped(usage), "", "verbs:", *helping.listed(_VERBS)]))
        return 0 if words else USAGE
    if words[0] not in _VERBS:
        raise Usage(f"penholder store has no verb {words[0]!r}{nearest(words[0], _VERBS)}")
    return _move(words[1:]) if words[0] == "move" else _restored(words[1:])


def _move(words: Sequence[str]) -> int:
    parser = Parser(prog="penholder store move", description=_DESCRIPTION)
    parser.add_argument("--to", required=True, metavar="URL", help=" ".join(_TO.split()))
    parser.add_argument(
        "--dry-run", action="store_true", help="do all of it and take it back: say what would be"
    )
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    flags = [f"--to={found.to}", *(["--dry-run"] if found.dry_run else [])]
    at = store.configured()
    # Where nothing says yet where the state will be, the password for it may be there already.
    _become(flags, None if at is None else at.url, store.password_file(), found)


def _restored(words: Sequence[str]) -> int:
    parser = Parser(prog="penholder store restored", description=_RESTORED)
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    at = store.configured()
    if at is None:
        raise Failure(
            "the daemon keeps its state in SQLite's file, of which `penholder restore FILE` puts a"
            " backup in place and sees to this itself; a PostgreSQL is named by `[store] url` or"
            f" {store.VARIABLE}"
        )
    _become(["--restored"], at.url, at.password_file, found)


def _become(
    flags: list[str], url: str | None, password_file: Path | None, found: argparse.Namespace
) -> NoReturn:
    if password_file is not None:
        flags.append(f"--password-file={password_file}")
    # Not among the words: it may hold a password, and everybody can read those.
    more = {} if url is None else {store.VARIABLE: url}
    handing_over.become("transferring", flags, read_options(found), [], more)
