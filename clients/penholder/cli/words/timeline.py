"""`penholder timeline`: what workers did, as one picture in a file of its own."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import ages, output
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import Parser
from penholder.cli.terminal.text import printable
from penholder.cli.timeline import files, page
from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.gathering import Wanted, gather
from penholder.cli.timeline.model import build
from penholder.cli.timeline.picture import Picture
from penholder.cli.words import frame
from penholder.cli.workers import names
from penholder_protocol.errors import ControllerNotFound, PenholderError
from penholder_protocol.nouns import Controller

_DEFAULT_SINCE = "24h"
_ALL = "all"
_LONGEST_S = 100 * 366 * 86_400
_MS = 1_000


class _Told(msgspec.Struct):
    path: str
    workers: int
    controllers: int
    begin: str
    end: str
    left_out: list[str]


def run(words: Sequence[str]) -> int:
    """Carry out `penholder timeline words…`; returns the exit code."""
    found, options = frame.read(_parser(), words)
    # `format` is how other words print records, which is not meant here.
    format_ = files.format_of(found.out, found.picture_format)
    if found.out != files.STDOUT:
        files.require_writable(found.out, force=found.force)
    since_ms = _since_ms(found.since)
    with frame.connected(options) as client:
        wanted = _wanted(client, found.target, since_ms, is_said=found.since is not None)
        picture = build(gather(client, wanted))
    _refuse_empty(picture, found.since)
    text = page.svg(picture) if format_ == "svg" else page.html(picture)
    if found.out == files.STDOUT:
        _print(text)
    else:
        _tell(picture, str(files.write(found.out, text)), as_json=options.json is True)
    return 0


def _parser() -> Parser:
    parser = frame.parser(
        "timeline",
        "[NAME|CONTROLLER] [-o FILE] [--since TIME]",
        "Draw what workers did: states, turns, questions and who answered them, takeovers,"
        " restarts, and how much was written.",
        ["penholder timeline", "penholder timeline make-2", "penholder timeline . --since 2h",
         "penholder timeline main -o main.svg", "penholder timeline -o - > page.html"],
        "All workers of the last 24 hours, a controller's (. is that of the directory), or one"
        " worker's whole life. A page zooms, and tells more where the pointer rests; an image"
        " tells without zoom. Both need nothing but a browser, and fetch nothing.",
    )  # fmt: skip
    parser.add_argument(
        "target", nargs="?", metavar="NAME|CONTROLLER", help="default all; . is this directory's"
    )
    parser.add_argument(
        "-o",
        "--out",
        default=files.DEFAULT,
        metavar="FILE",
        help=f"where to write: FILE.svg is an image, any other a page, - is stdout; default"
        f" {files.DEFAULT}. Replaces older timelines only",
    )
    parser.add_argument(
        "--since",
        metavar="TIME",
        help=f"begin so long ago (90s, 10m, 2h, 3d), or with `{_ALL}` at the oldest entry;"
        f" default {_DEFAULT_SINCE}, for one worker all of its life",
    )
    parser.add_argument(
        "--format",
        dest="picture_format",
        choices=("html", "svg"),
        help="a page or an image, whatever FILE is called",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is no timeline")
    return parser


def _since_ms(text: str | None) -> int | None:
    if text == _ALL:
        return None
    try:
        since_s = ages.parsed_duration(text or _DEFAULT_SINCE)
    except argparse.ArgumentTypeError as error:
        raise Usage(f"--since: {error}, or {_ALL}") from None
    if not 0 < since_s <= _LONGEST_S:
        raise Usage(f"--since: {text!r} must be above 0 and at most 100 years; {_ALL} is more")
    return round(since_s * _MS)


def _wanted(client: Client, target: str | None, since_ms: int | None, *, is_said: bool) -> Wanted:
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None  # astimezone gives one
    if target is None:
        return Wanted(zone, since_ms=since_ms)
    controller_id = _controller_id(client, target)
    if controller_id is not None:
        return Wanted(zone, controller_id=controller_id, since_ms=since_ms)
    worker = names.resolve(client, target)
    return Wanted(
        zone,
        controller_id=worker.controller_id,
        worker_id=worker.worker_id,
        since_ms=since_ms if is_said else None,
    )


def _controller_id(client: Client, target: str) -> str | None:
    """Return the controller that is meant; None where it must be a worker."""
    meant = frame.controller_of(client, target)
    try:
        params = {"controller_id": meant}
        return client.call("controller.get", params, Controller).controller_id
    except ControllerNotFound:
        if target == frame.HERE:
            raise Failure(
                "no worker was ever made in this directory; leave . out for all"
            ) from None
        return None
    except PenholderError as error:
        if error.number != -32602:
            raise
        return None  # a label may have characters that no id has


def _refuse_empty(picture: Picture, since: str | None) -> None:
    if picture.rows:
        return
    if since == _ALL:
        raise Failure("there is nothing to draw: there are no workers; penholder run makes one")
    raise Failure(
        f"nothing happened within {since or _DEFAULT_SINCE}; --since 30d looks further back, and"
        f" --since {_ALL} at everything"
    )


def _print(text: str) -> None:
    sys.stdout.flush()
    # Past the text layer: a page is UTF-8 also where the terminal is not.
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()


def _tell(picture: Picture, path: str, *, as_json: bool) -> None:
    clock = Clock(picture.begin_ms, picture.end_ms, picture.zone)
    if as_json:
        begin, end = (
            clock.at(each).isoformat(timespec="milliseconds")
            for each in (picture.begin_ms, picture.end_ms)
        )
        told = _Told(path, picture.rows, len(picture.groups), begin, end, list(picture.notes))
        output.print_json(msgspec.json.encode(told))
        return
    print(f"wrote {printable(path)}")
    stretch = clock.stretch(picture.begin_ms, picture.end_ms)
    workers = "1 worker" if picture.rows == 1 else f"{picture.rows} workers"
    print(f"  {workers}, {stretch}")
    for note in picture.notes:
        print(f"  {printable(note)}")
