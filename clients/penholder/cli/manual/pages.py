"""The pages, made of the parsers and of the contract."""

import argparse
from collections.abc import Iterator

from penholder.cli import catalog
from penholder.cli.completion import parsers
from penholder.cli.contract import contract
from penholder.cli.manual import roff
from penholder.cli.terminal.failures import EXIT_CODES_HELP
from penholder.cli.terminal.options import Parser
from penholder.cli.verbs import helptext
from penholder_protocol import __version__


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name of each page, and its text."""
    yield "penholder", _overview()
    rooms = contract().rooms()
    for name, command in catalog.COMMANDS.items():
        if command.group in catalog.GROUPS and name not in rooms:
            yield f"penholder-{name}", _of_command(name, command)
    for room in rooms:
        yield f"penholder-{room}", _of_room(room)


def _overview() -> str:
    lines = roff.header("penholder", __version__, "hold the pen of a fleet of workers")
    lines += roff.section(
        "synopsis",
        ["penholder WORD \\&...", ".br", "penholder ROOM VERB [\\-\\-flag value \\&...]"],
    )
    lines += roff.section("examples", roff.prose(helptext.EXAMPLES))
    for group, title in catalog.GROUPS.items():
        lines += roff.section(title, _commands(group))
    rooms = (roff.item(f"penholder {room}", text) for room, text in helptext.rooms(contract()))
    lines += roff.section("rooms", [line for found in rooms for line in found])
    return _ended(lines)


def _commands(group: str) -> list[str]:
    return [
        line
        for name, command in catalog.COMMANDS.items()
        if command.group == group
        for line in roff.item(f"penholder {name}", command.summary)
    ]


def _of_command(name: str, command: catalog.Command) -> str:
    lines = roff.header(f"penholder-{name}", __version__, command.summary)
    for verb in command.verbs or ("",):
        parser = parsers.of_command(name, [verb] if verb else [])
        if parser is not None:
            lines += _of_parser(parser)
    return _ended(lines)


def _of_room(room: str) -> str:
    known = contract()
    summary = dict(helptext.rooms(known))[room]
    lines = roff.header(f"penholder-{room}", __version__, summary)
    # A word is called run, too: what is said of it belongs on the one page of that name.
    if room in catalog.COMMANDS:
        parser = parsers.of_command(room)
        lines += [] if parser is None else _of_parser(parser)
    for method in known.verbs(room):
        parser = parsers.of_verb(room, method.verb)
        if parser is not None:
            lines += _of_parser(parser)
    return _ended(lines)


def _of_parser(parser: Parser) -> list[str]:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    lines = roff.section(parser.prog, [roff.escaped(usage)])
    lines += roff.prose((parser.description or "").replace("%%", "%"))
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if each.help != argparse.SUPPRESS]
        for action in actions:
            lines += roff.item(_name(action), (action.help or "").replace("%%", "%"))
    return lines


def _name(action: argparse.Action) -> str:
    kind = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None:
        kind = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return kind
    takes = f" {kind}" if action.nargs is None and kind else ""
    return ", ".join(action.option_strings) + takes


def _ended(lines: list[str]) -> str:
    lines += roff.section("exit status", roff.prose(EXIT_CODES_HELP.partition("\n")[2]))
    see = "penholder(1), penholderd \\-\\-help"
    return "\n".join([*lines, *roff.section("see also", [see]), ""])
