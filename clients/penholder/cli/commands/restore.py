"""`penholder restore`: a backup in place of the database, while no daemon runs."""

from collections.abc import Sequence

from penholder.cli.commands import handing_over
from penholder.cli.terminal.options import Parser, add_common, normalized, parse_known, read_options

_DESCRIPTION = """\
Put a backup in place of the database. The daemon must be down. The backup is checked first, and the
database before it is kept in `backups`: restoring that one undoes this. Whoever held anything
(controllers, seats, claims) is fenced; epochs and positions go on above all that were given."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder restore words…`; does not return."""
    parser = Parser(
        prog="penholder restore",
        description=_DESCRIPTION,
    )
    parser.add_argument("file", metavar="FILE", help="what penholder backup made")
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    handing_over.become("restoring", [], read_options(found), [found.file])
