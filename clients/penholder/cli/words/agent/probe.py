"""`penholder agent probe`: which agents are there, and what they can do."""

from collections.abc import Sequence

from penholder.cli.agent import launchers, probing
from penholder.cli.agent.probing import Probed
from penholder.cli.terminal import configuration, output
from penholder.cli.terminal.grid import Column
from penholder.cli.terminal.text import plain, printable
from penholder.cli.words import frame

_COLUMNS = (
    Column("LAUNCHER", rank=0, least=8),
    Column("COMMAND", rank=3, least=12),
    Column("VERSION", rank=2, least=7),
    Column("CAN", rank=2, least=6),
    Column("MISSING", rank=1, least=12),
)


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent probe words…`; returns the exit code."""
    parser = frame.parser(
        "agent probe",
        "[LAUNCHER]",
        "Say which agents are there, which version, what they can do, and what is missing.",
        ["penholder agent probe", "penholder agent probe gemini"],
        "Each program that is found is started, asked who it is, and ended. With LAUNCHER the exit"
        " status is 1 where something is missing. No daemon is needed.",
    )
    parser.add_argument("launcher", nargs="?", metavar="LAUNCHER", help="only this one")
    found, options = frame.read(parser, words, records=True)
    if found.launcher is not None:
        chosen = [launchers.choose(found.launcher)]
    else:
        chosen = list(launchers.all_launchers(configuration.read()))
    probed = [probing.probe(each) for each in chosen]
    format_ = output.format_of(options, output.TABLE)
    if format_ == output.TABLE:
        _print(probed, headings=options.headers)
    else:
        frame.print_for_programs(probed, format_)
    return 1 if found.launcher is not None and probed[0].missing is not None else 0


def _print(probed: Sequence[Probed], *, headings: bool) -> None:
    from penholder.cli.terminal import tables  # noqa: PLC0415 - for a table alone

    tables.print_grid(_COLUMNS, [_row(each) for each in probed], headings=headings)


def _row(each: Probed) -> tuple[str, ...]:
    return (
        plain(each.launcher),
        printable(" ".join(each.command)),
        plain(each.version),
        printable(", ".join(each.can)) or "-",
        plain(each.missing),
    )
