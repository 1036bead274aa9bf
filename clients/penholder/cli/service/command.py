"""`penholder service`: the daemon under systemd: install, uninstall, status, logs."""

import argparse
import os
from collections.abc import Iterator, Sequence

import msgspec

from penholder.cli.service import installation, removal, scope
from penholder.cli.service.report import Report, Unit, report
from penholder.cli.service.scope import Scope
from penholder.cli.terminal import helping, output
from penholder.cli.terminal.failures import USAGE, Failure, Usage
from penholder.cli.terminal.options import Parser, nearest, normalized, parse_known
from penholder.cli.terminal.text import plain, printable
from penholder.cli.verbs.values import whole_number

_VERBS = {
    "install": "put the units of this installation in place, enable and start them; again: update",
    "uninstall": "stop the service and remove its units; data stays",
    "status": "say how the service is; exits with 1 if something is wrong",
    "logs": "show what the daemon logged",
}
_MOST_LINES = 1_000_000


class _Done(msgspec.Struct):
    scope: str
    done: list[str]


def run(words: Sequence[str]) -> int:
    """Carry out `penholder service words…`; returns the exit code."""
    if not words or words[0] in ("--help", "-h"):
        print(_help())
        return 0 if words else USAGE
    verb = words[0]
    if verb not in _VERBS:
        raise Usage(f"penholder service has no verb {verb!r}{nearest(verb, _VERBS)}")
    found = parse_known(_parser(verb), normalized(words[1:]))
    where = scope.system() if found.system else scope.user()
    if verb == "install":
        return _tell(installation.install(where), where, found.json)
    if verb == "uninstall":
        return _tell(removal.uninstall(where), where, found.json)
    if verb == "status":
        return _status(where, found.json)
    return _logs(where, found.lines, follow=found.follow)


def _help() -> str:
    usage = "usage: penholder service VERB [--system] [--json]"
    return "\n".join([*helping.wrapped(usage), "", "verbs:", *helping.listed(_VERBS)])


def _parser(verb: str) -> Parser:
    parser = Parser(prog=f"penholder service {verb}", description=f"{_VERBS[verb]}.")
    parser.add_argument(
        "--system", action="store_true", help="of the whole machine, not of this user"
    )
    if verb == "logs":
        parser.add_argument("-f", "--follow", action="store_true", help="go on as more is logged")
        parser.add_argument("-n", "--lines", default="100", metavar="N", help="default 100")
    else:
        parser.add_argument("--json", action=argparse.BooleanOptionalAction, help="print JSON")
    return parser


def _tell(done: Iterator[str], where: Scope, as_json: bool | None) -> int:
    """Carry out, and say each thing when it is done: a failure leaves what was said before."""
    if output.wants_json(as_json):
        output.print_json(msgspec.json.encode(_Done(where.name, list(done))))
        return 0
    for line in done:
        print(line, flush=True)
    return 0


def _status(where: Scope, as_json: bool | None) -> int:
    found = report(where)
    if output.wants_json(as_json):
        output.print_json(msgspec.json.encode(found))
    else:
        _print(found)
    return 1 if found.problems else 0


def _print(found: Report) -> None:
    for name in found.__struct_fields__:
        value = getattr(found, name)
        if name != "problems":
            print(f"{name:<17}{_unit(value) if isinstance(value, Unit) else plain(value)}")
    for problem in found.problems:
        print(f"problem          {printable(problem)}")


def _unit(unit: Unit) -> str:
    return printable(f"{unit.state}, {unit.enabled}, {unit.result}")


def _logs(where: Scope, lines: str, *, follow: bool) -> int:
    count = whole_number("--lines", lines, _MOST_LINES)
    option = "--user-unit" if where.name == "user" else "--unit"
    command = ["journalctl", f"--lines={count}"]
    command += [f"{option}={unit}" for unit in (scope.SOCKET, scope.SERVICE, scope.BACKUP)]
    try:
        os.execvp(command[0], [*command, *(["--follow"] if follow else [])])  # noqa: S606 - without a shell on purpose
    except FileNotFoundError:
        raise Failure("there is no `journalctl` here") from None
