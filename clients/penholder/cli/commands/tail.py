"""`penholder tail`: entries of the journal as they come, over restarts of the daemon."""

import sys
from collections.abc import Sequence
from typing import Literal

import msgspec

from penholder.cli.terminal import output, targets
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    normalized,
    parse_known,
    read_options,
)
from penholder.cli.terminal.reader import Reader
from penholder.cli.terminal.text import plain, printable
from penholder_protocol.nouns import Entry

_DESCRIPTION = """\
Follow streams of the journal: worker:ID, controller:ID, controller:ID/workers, daemon, or * for
all. Goes on over restarts of the daemon without gap or double; Ctrl-C ends it."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder tail words…`; ends with an exception only."""
    parser = Parser(
        prog="penholder tail",
        description=_DESCRIPTION,
    )
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default *")
    parser.add_argument(
        "--after", default="now", metavar="POS|start|now", help="begin after this; default now"
    )
    parser.add_argument(
        "--types", action="append", metavar="TYPE", help="only these types; may be repeated"
    )
    add_common(parser)
    found = parse_known(parser, normalized(words))
    options = read_options(found)
    types: list[str] | None = found.types
    streams: list[str] = found.streams or ["*"]
    _follow(options, streams, after(found.after), types, output.wants_json(options.json))
    return 0


def _follow(
    options: Options,
    streams: list[str],
    begin: int | Literal["now", "start"],
    types: list[str] | None,
    as_json: bool,
) -> None:
    target = targets.choose(options)
    with (
        targets.connect(target, options.operation, waits=True, says=not options.json) as client,
        client.subscribe(streams, begin, types) as entries,
        Reader(sys.stdout.fileno(), entries.close) as reader,
    ):
        for entry in entries:
            if as_json:
                output.print_json(msgspec.json.encode(entry))
            else:
                print(line(entry), flush=True)
    # As if a write had failed, which may have been hours in coming.
    if reader.is_gone:
        raise BrokenPipeError


def after(text: str) -> int | Literal["now", "start"]:
    """Read where to begin."""
    if text == "now":
        return "now"
    if text == "start":
        return "start"
    if not (text.isascii() and text.isdigit()):
        raise Usage(f"--after: {text!r} is neither a position nor start nor now")
    return int(text)


def line(entry: Entry) -> str:
    """Write an entry for people."""
    data = printable(bytes(entry.data).decode())
    turn = f" {plain(entry.turn_id)}" if entry.turn_id else ""
    stream = printable(entry.stream)
    return f"{entry.ts} {entry.pos} {stream}#{entry.seq} {printable(entry.type)}{turn} {data}"
