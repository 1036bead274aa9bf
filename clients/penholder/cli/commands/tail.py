"""`penholder tail`: entries of the journal as they come, over restarts of the daemon."""

import sys
from collections.abc import Sequence
from typing import Literal

import msgspec

from penholder.blocking import Client
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
from penholder_protocol.errors import CursorGone
from penholder_protocol.nouns import Entry

_ALWAYS = ("*", "daemon")
"""Streams that are there whether anybody has written or not."""
_LISTED_BY = {
    "worker:": "penholder worker list",
    "controller:": "penholder controller list",
    "run:": "penholder run list",
    "board:": "penholder board list",
}
"""Where the ids in the names of streams may be looked up."""

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
        if not options.json:
            _name_empty(client, streams)
        for entry in entries:
            if as_json:
                output.print_json(msgspec.json.encode(entry))
            else:
                print(line(entry), flush=True)
    # As if a write had failed, which may have been hours in coming.
    if reader.is_gone:
        raise BrokenPipeError


def _name_empty(client: Client, streams: list[str]) -> None:
    """Say which streams nobody has written to: it may come, or the name may be wrong."""
    for name in streams:
        if name not in _ALWAYS and not name.endswith("*") and not _has_entries(client, name):
            text = f"nobody has written to {printable(name)} yet, which is waited for{_hint(name)}"
            print(f"penholder tail: {text}", file=sys.stderr, flush=True)


def _has_entries(client: Client, name: str) -> bool:
    try:
        return bool(client.journal.read(streams=[name], limit=1).items)
    except CursorGone:
        return True  # there were some, which retention has taken


def _hint(name: str) -> str:
    kind = name[: name.find(":") + 1]
    return f" ({_LISTED_BY[kind]} tells the ids)" if kind in _LISTED_BY else ""


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
