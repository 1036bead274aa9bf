"""The parser of a command, without carrying the command out.

A word makes its parser where it reads its words. So it is called with nothing that it could act on,
and stopped where it would read them: what it has made by then is what its help and its manual tell,
too.
"""

from collections.abc import Iterator, Sequence
from typing import NoReturn

from penholder.cli import catalog
from penholder.cli.terminal import options
from penholder.cli.terminal.options import Parser


class _Made(Exception):
    """A parser is complete; `parser` is it."""

    def __init__(self, parser: Parser) -> None:
        super().__init__()
        self.parser = parser


def of_command(name: str, words: Sequence[str] = ()) -> Parser | None:
    """Return the parser of a command; None for one that has no flags of its own."""
    found = catalog.COMMANDS[name]

    def stop(parser: Parser) -> NoReturn:
        raise _Made(parser)

    before, options.on_parse = options.on_parse, stop
    try:
        found.load()(words)
    except _Made as made:
        return made.parser
    finally:
        options.on_parse = before
    return None


def of_verb(room: str, verb: str) -> Parser | None:
    """Return the parser of a room's verb; None where it has no such one."""
    # Long to import and to read, and most words are no room's.
    from penholder.cli.contract import contract  # noqa: PLC0415
    from penholder.cli.verbs import call  # noqa: PLC0415

    known = contract()
    for method in known.verbs(room):
        if method.verb == verb.replace("_", "-"):
            return call.parser_of(known, method)
    return None


def all_of_commands() -> Iterator[tuple[str, Parser]]:
    """Yield each command that has flags, with its parser."""
    for name in catalog.COMMANDS:
        parser = of_command(name)
        if parser is not None:
            yield name, parser
