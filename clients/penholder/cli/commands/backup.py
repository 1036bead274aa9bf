"""`penholder backup`: a checked copy of the database, made by the daemon while it serves."""

import os
from collections.abc import Sequence

import msgspec

from penholder.cli.terminal import output, taking_long, targets
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options
from penholder.cli.terminal.text import printable
from penholder.cli.verbs.values import whole_number
from penholder_protocol.limits import MAX_KEPT_BACKUPS
from penholder_protocol.nouns import Backup

_LONG = "backup: the daemon copies its database and checks the copy, which takes a while"
_DESCRIPTION = """\
Copy the database of the running daemon to a new file: checked, on disk, mode 0600. Without FILE it
goes to backups/penholder-<UTC time>.db in the daemon's state directory."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder backup words…`; returns the exit code."""
    parser = Parser(prog="penholder backup", description=_DESCRIPTION)
    parser.add_argument("file", nargs="?", metavar="FILE", help="a new file, where the daemon may")
    parser.add_argument(
        "--keep", metavar="N", help="without FILE: remove the oldest such backups beyond N"
    )
    add_common(parser)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    params = _params(found.file, found.keep)
    with (
        targets.connect(targets.choose(options), options.operation) as client,
        taking_long.told(_LONG, says=not options.json),
    ):
        answer = client.call("daemon.backup", params, Backup)
    _tell(answer, as_json=output.wants_json(options.json))
    return 0


def _params(file: str | None, keep: str | None) -> dict[str, object]:
    params: dict[str, object] = {}
    if file is not None:
        params["path"] = os.path.abspath(file)
    if keep is not None:
        if file is not None:
            raise Usage("--keep removes backups from where they go by default; leave FILE out")
        params["keep_last"] = whole_number("--keep", keep, MAX_KEPT_BACKUPS, minimum=1)
    return params


def _tell(backup: Backup, *, as_json: bool) -> None:
    if as_json:
        output.print_json(msgspec.json.encode(backup))
        return
    blobs = f" {backup.blob_bytes:,} bytes of blobs beside it," if backup.blob_bytes else ""
    print(
        f"kept {printable(backup.path)}: {backup.bytes:,} bytes,{blobs}"
        f" everything up to position {backup.pos:,}"
    )
    for path in backup.removed:
        print(f"removed {printable(path)}")
