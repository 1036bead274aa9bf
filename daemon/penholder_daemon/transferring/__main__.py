"""`python -m penholder_daemon.transferring`: what `penholder store move` and `restored` run.

Exit status: as `programs` says, and 2 for wrong usage. The PostgreSQL that is moved from, or was
restored, is named by PENHOLDER_STORE_URL, since a URL among the words would show its password.
"""

import argparse
import importlib.util
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from penholder_daemon import programs
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.settings import POSTGRESQL

if TYPE_CHECKING:
    from penholder_daemon.rooms.daemon.records.restoring import Ended
    from penholder_daemon.transferring.transfer import Transferred

_SOURCE_VARIABLE = "PENHOLDER_STORE_URL"


def main() -> int:
    """Move one store, or go on from a restored one; returns the exit status."""
    say = partial(print, file=sys.stderr)
    arguments = _parse()
    if arguments.restored:
        return programs.main(arguments, _go_on, say, undone="nothing was changed")
    return programs.main(arguments, _carry_out, say, undone="nothing was moved")


def _go_on(arguments: argparse.Namespace) -> str:
    _require_driver()
    from penholder_daemon.transferring import restored, urls  # noqa: PLC0415 - they need that extra

    url = os.environ.get(_SOURCE_VARIABLE)
    if not url:
        raise Refused(f"no PostgreSQL is named: set {_SOURCE_VARIABLE}")
    urls.refuse_password(url)
    done = restored.go_on(url, password_file=arguments.password_file)
    if programs.wants_json(arguments.json):
        return f"{msgspec.json.encode(done).decode()}\n"
    return "\n".join(
        [
            f"{done.store} goes on from position {done.pos:,}",
            f"  ended: {_told(done.ended)}",
            f"  new entries come after position {done.goes_on_after:,}",
            "  start the daemons with `penholder up`, or under systemd with"
            " `systemctl --user start penholder.socket`",
            "",
        ]
    )


def _require_driver() -> None:
    if importlib.util.find_spec("psycopg") is None:
        raise Refused("PostgreSQL needs an extra: pip install 'penholder[postgres]'")


def _carry_out(arguments: argparse.Namespace) -> str:
    _require_driver()
    from penholder_daemon.transferring import urls  # noqa: PLC0415 - it needs that extra
    from penholder_daemon.transferring.transfer import transfer  # noqa: PLC0415

    to: str = arguments.to
    source = os.environ.get(_SOURCE_VARIABLE) or None
    if to.startswith(POSTGRESQL):
        urls.refuse_password(to)
    if source is not None:
        urls.refuse_password(source)
    done = transfer(
        programs.state_dir(arguments),
        to,
        source,
        dry_run=arguments.dry_run,
        password_file=arguments.password_file,
    )
    if programs.wants_json(arguments.json):
        return f"{msgspec.json.encode(done).decode()}\n"
    return _summary(done, arguments.to)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="penholder store move", description="Move the store.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to")
    what.add_argument("--restored", action="store_true")
    parser.add_argument("--password-file")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--json", action=argparse.BooleanOptionalAction)
    return parser.parse_args()


def _summary(done: "Transferred", to: str) -> str:
    rows = sum(table.rows for table in done.tables.values())
    lines = [
        f"{'would move' if done.dry_run else 'moved'} {rows:,} rows of {len(done.tables)} tables"
        f" and {done.blobs:,} blobs from {done.source} to {done.target}",
        "  every table was read back and is the same; no invariant is broken",
        f"  {'would end' if done.dry_run else 'ended'}: {_told(done.ended)}",
    ]
    if not done.dry_run:
        lines += [
            f"  new entries come after position {done.goes_on_after:,}",
            f"  {done.source} is as it was: start no daemon on it again",
            f"  {_then(to, done.target)}, then start the daemon with `penholder up`",
        ]
    return "\n".join([*lines, ""])


def _told(ended: "Ended") -> str:
    held = msgspec.structs.asdict(ended)
    return ", ".join(f"{n} {name}".replace("_", " ") for name, n in held.items())


def _then(to: str, target: str) -> str:
    if not to.startswith("sqlite:"):
        return f"set `[store] url = {to!r}` in the daemon's configuration"
    taken_out = "take `[store] url` out of the daemon's configuration"
    if Path(target).name == "penholder.db":
        return taken_out
    return f"{taken_out}, and put the file in place with `penholder restore {target}`"


if __name__ == "__main__":
    raise SystemExit(main())
