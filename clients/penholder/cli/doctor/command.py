"""`penholder doctor`: everything that may be wrong, and what to do about it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from penholder.cli.doctor.examination import examine
from penholder.cli.doctor.finding import Finding
from penholder.cli.doctor.situation import Situation
from penholder.cli.service import scope
from penholder.cli.terminal import output, taking_long
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    normalized,
    parse_known,
    read_options,
)
from penholder.cli.terminal.text import printable

_DESCRIPTION = """\
Look at the program, the daemon, its files and sockets, the machine, the service and backups, and
say what is wrong and what to do. Changes nothing, and ends also where the daemon hangs. Exits with
1 if there is a problem; warnings alone are none."""
_WIDTH = 17
"""Of the column of checks: they are printed before all of them are known."""
_LONG = "doctor: looking on; to look through a large store takes the daemon up to a minute"


class _Examined(msgspec.Struct):
    ok: bool
    findings: list[Finding]


def run(words: Sequence[str]) -> int:
    """Carry out `penholder doctor words…`; returns the exit code."""
    parser = Parser(prog="penholder doctor", description=_DESCRIPTION)
    parser.add_argument("--system", action="store_true", help="look at the machine's daemon")
    parser.add_argument("--config", metavar="FILE", help="configuration of the daemon")
    add_common(parser, sockets=False)
    found = parse_known(parser, normalized(words))
    at = _situation(read_options(found), found.config, is_system=found.system)
    try:
        is_ok = _tell(examine(at), as_json=output.wants_json(read_options(found).json))
    finally:
        at.close()
    return 0 if is_ok else 1


def _tell(findings: Iterator[Finding], *, as_json: bool) -> bool:
    """Print findings, for people each as it is found; returns whether none is a problem."""
    found = []
    while (finding := _next(findings, as_json=as_json)) is not None:
        found.append(finding)
        if not as_json:
            _print(finding)
    is_ok = all(finding.level != "problem" for finding in found)
    if as_json:
        output.print_json(msgspec.json.encode(_Examined(is_ok, found)))
    return is_ok


def _next(findings: Iterator[Finding], *, as_json: bool) -> Finding | None:
    with taking_long.told(_LONG, says=not as_json):
        return next(findings, None)


def _situation(options: Options, given: str | None, *, is_system: bool) -> Situation:
    config = Path(given).absolute() if given else None
    if not is_system:
        return Situation(options.state_dir, options.runtime_dir, config)
    where = scope.system()
    return Situation(
        options.state_dir or str(where.state_dir),
        options.runtime_dir or str(where.runtime_dir),
        config or where.config,
        "system",
    )


def _print(finding: Finding) -> None:
    print(f"{finding.level:<9}{finding.check:<{_WIDTH}}{printable(finding.detail)}")
    if finding.what_to_do:
        print(f"{'':<{9 + _WIDTH}}what to do: {finding.what_to_do}")
    sys.stdout.flush()
