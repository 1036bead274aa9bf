"""`penholder logs`: what a worker printed, and on it goes.

Nothing but the output is on stdout, so that it can be given to another program; how the worker
ended is said on stderr. Without `-f` lines are whole. With `-f` pieces are printed as they come, as
a question has no newline: where the other stream then comes in between, the line is broken for it.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import ages
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.reader import Reader
from penholder.cli.terminal.text import printable
from penholder.cli.words import afar, frame
from penholder.cli.words.printing import Printer
from penholder.cli.workers import endings, names, stream, transcript, waiting
from penholder.cli.workers.stream import Reading
from penholder.cli.workers.transcript import OUTPUT, Piece
from penholder_protocol.errors import WorkerNotFound
from penholder_protocol.nouns import Entry, Worker

_FOLLOWED_FIRST = 10
_MOST_LINES = 1_000_000
_AWAY = "the command may still run, and this is what was heard of it"


def run(words: Sequence[str]) -> int:
    """Carry out `penholder logs words…`; returns the exit code."""
    parser = frame.parser(
        "logs",
        "NAME [-f] [-n N] [--since TIME]",
        "Print what a worker's command wrote, both streams in order.",
        ["penholder logs make-1", "penholder logs -f make-1", "penholder logs -n 50 -t make-1",
         "penholder logs --since 10m --stderr make-1"],
        "How it ended is said on stderr. With -f the last 10 lines are printed first, and it ends"
        " when the worker does. Control characters are written as escapes, unless --raw.",
    )  # fmt: skip
    frame.add_names(parser, several=False)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as more is written")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")
    parser.add_argument(
        "--since", metavar="TIME", help="only what is newer: 10m, 2h, or 2026-01-31T12:00"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--stdout", dest="only", action="store_const", const="stdout", help="only this stream"
    )
    only.add_argument(
        "--stderr", dest="only", action="store_const", const="stderr", help="only this stream"
    )
    parser.add_argument("-t", "--timestamps", action="store_true", help="say when each line was")
    parser.add_argument("--raw", action="store_true", help="print control characters as they are")
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    if options.json:
        raise Usage("logs prints what was written; penholder event list gives the events as JSON")
    if found.lines is not None and not 0 <= found.lines <= _MOST_LINES:
        raise Usage(f"-n: {found.lines} is not between 0 and {_MOST_LINES}")
    printer = Printer(only=found.only, stamps=found.timestamps, raw=found.raw)
    with frame.connected(options, waits=found.follow) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        log = _Log(client, worker, printer)
        log.print_past(found.lines, found.since, follows=found.follow)
        if found.follow:
            log.follow()
        printer.end()
        log.tell_end()
    return 0


class _Log:
    """One worker's output: what there is, and then what comes.

    Which entries are past and which come is decided once, by the journal's position at the begin:
    none is missed and none is printed twice.
    """

    def __init__(self, client: Client, worker: Worker, printer: Printer) -> None:
        self._client = client
        self._worker = worker
        self._printer = printer
        self._reading = Reading(client, worker.worker_id)
        self._begin = client.journal.position().pos

    def print_past(self, lines: int | None, since: str | None, *, follows: bool) -> None:
        """Print what there is of it; of what is followed its end only."""
        if lines is None and since is None and follows:
            lines = _FOLLOWED_FIRST
        begin = 0 if since is None else self._reading.seq_at(_time(since))
        found = self._lines_after(begin) if lines is None else self._last(begin, lines)
        for piece in found:
            self._printer.print(piece)
        if self._reading.is_pruned:
            print("penholder logs: older output has been pruned", file=sys.stderr)

    def follow(self) -> None:
        """Print what comes, until no more can."""
        sys.stdout.flush()
        if not self._may_go_on():
            self._print_rest()
            return
        streams = [f"worker:{self._worker.worker_id}", f"controller:{self._worker.controller_id}"]
        types = [OUTPUT, *waiting.ENDS]
        with (
            self._client.subscribe(streams, self._begin, types) as entries,
            Reader(sys.stdout.fileno(), entries.close) as reader,
        ):
            for entry in entries:
                if entry.stream == streams[0]:
                    self._print_entry(entry)
                elif self._is_about_us(entry) and not self._may_go_on():
                    break
        # As if a write had failed, which may have been hours in coming.
        if reader.is_gone:
            raise BrokenPipeError

    def tell_end(self) -> None:
        """Say on stderr how it ended, if it did."""
        worker = waiting.find(self._client, self._worker.worker_id)
        if worker is None:
            print("penholder logs: the worker has been removed", file=sys.stderr)
            return
        if endings.is_living(worker):
            if afar.is_away(worker):
                where = afar.host_of(self._client, worker)
                print(f"penholder logs: {where} is not heard of: {_AWAY}", file=sys.stderr)
            return
        try:
            ending = endings.find(self._client, worker.worker_id)
        except WorkerNotFound:
            # Removed between the two looks.
            print("penholder logs: the worker has been removed", file=sys.stderr)
            return
        if ending is not None:
            how, at = ending.text, ending.at
        elif worker.state in ("stopped", "error"):
            how, at = worker.last_error or worker.state, worker.updated_at
        else:
            return
        text = f"{printable(worker.label)} ended: {printable(how)}, {ages.since(at)} ago"
        print(f"penholder logs: {text}", file=sys.stderr)

    def _may_go_on(self) -> bool:
        """Tell whether more may come: it lives, or may be started yet."""
        worker = waiting.find(self._client, self._worker.worker_id)
        return worker is not None and not waiting.has_ended(worker)

    def _is_about_us(self, entry: Entry) -> bool:
        return (
            msgspec.json.decode(entry.data, type=waiting.About).worker_id == self._worker.worker_id
        )

    def _print_entry(self, entry: Entry) -> None:
        piece = transcript.piece_of(entry.ts, entry.data)
        if piece is not None and self._printer.wants(piece):
            self._printer.print(piece)
            sys.stdout.flush()

    def _print_rest(self) -> None:
        """Print what came after the begin, of a worker that has ended meanwhile."""
        own = [stream.of_worker(self._worker.worker_id)]
        for entry in stream.entries(self._client, own, [OUTPUT], self._begin):
            self._print_entry(entry)

    def _lines_after(self, seq: int) -> Iterator[Piece]:
        """Yield what there is after a number, as whole lines."""
        past = takewhile(lambda event: event.pos <= self._begin, self._reading.after(seq))
        found = (
            transcript.piece_of(event.ts, event.data) for event in past if event.type == OUTPUT
        )
        wants = self._printer.wants
        return transcript.lines(piece for piece in found if piece is not None and wants(piece))

    def _last(self, begin: int, lines: int) -> list[Piece]:
        """Return the last lines: of ever more events, until there are enough lines among them."""
        if lines == 0:
            return []
        last, span = self._reading.last_seq(), lines + 16
        while True:
            after = max(begin, last - span)
            found = list(self._lines_after(after))
            # One more than wanted: the first may be the end of a line whose begin lies before.
            if len(found) > lines or after == begin:
                return found[-lines:]
            span *= 4


def _time(text: str) -> datetime:
    with suppress(argparse.ArgumentTypeError):
        ago_s = ages.parsed_duration(text)
        try:
            return datetime.now(UTC) - timedelta(seconds=ago_s)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(
            f"--since: {text!r} is neither a duration (10m, 2h) nor a time (2026-01-31T12:00)"
        ) from None
    try:
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):  # the first or the last day that there is
        return found.replace(tzinfo=UTC)
