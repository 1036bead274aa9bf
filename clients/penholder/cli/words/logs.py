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
from functools import partial
from itertools import takewhile

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import ages, clock
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.reader import Reader
from penholder.cli.terminal.text import printable
from penholder.cli.words import afar, frame
from penholder.cli.words.printing import JsonPrinter, Printer, Prints
from penholder.cli.workers import endings, names, stream, transcript, waiting
from penholder.cli.workers.asked import REQUESTED, Asked
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
        "Print what a worker's command wrote, both streams in the order in which they were read.",
        ["penholder logs make-1", "penholder logs -f make-1", "penholder logs -n 50 -t make-1",
         "penholder logs --since 10m --stderr make-1"],
        "How it ended is said on stderr, and why there is nothing to print. With -f the last 10"
        " lines are printed first, and it ends when the worker does. Control characters are written"
        " as escapes, unless --raw. What is asked meanwhile is said on stderr, too, with the word"
        " that answers it."
        " With --json each line is a record {ts, stream, text}; base64 stands in the place of text"
        " where a line is no UTF-8, and newline: false where no newline followed.",
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
    if found.lines is not None and not 0 <= found.lines <= _MOST_LINES:
        raise Usage(f"-n: {found.lines} is not between 0 and {_MOST_LINES}")
    printer: Prints = Printer(only=found.only, stamps=found.timestamps, raw=found.raw)
    if options.json:
        printer = JsonPrinter(only=found.only)
    with frame.connected(options, waits=found.follow) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        log = _Log(client, worker, printer, says=not options.json)
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

    def __init__(self, client: Client, worker: Worker, printer: Prints, *, says: bool) -> None:
        self._says = says
        self._client = client
        self._worker = worker
        self._printer = printer
        self._reading = Reading(client, worker.worker_id)
        self._begin = client.journal.position().pos
        self._asked = Asked(client, worker, _say)

    def print_past(self, lines: int | None, since: str | None, *, follows: bool) -> None:
        """Print what there is of it; of what is followed its end only."""
        if lines is None and since is None and follows:
            lines = _FOLLOWED_FIRST
        now = partial(clock.now, self._client)
        begin = 0 if since is None else self._reading.seq_at(_time(since, now))
        found = self._lines_after(begin) if lines is None else self._last(begin, lines)
        has_some = False
        for piece in found:
            has_some = True
            self._printer.print(piece)
        if not self._says:
            return
        if self._reading.is_pruned:
            _say("older output has been pruned")
        elif not has_some:
            self._tell_why_not(follows=follows)

    def _tell_why_not(self, *, follows: bool) -> None:
        from penholder.cli.words import without_output  # noqa: PLC0415 - most have some

        said = without_output.why(self._client, self._worker, follows=follows)
        if said is not None:
            _say(said)

    def follow(self) -> None:
        """Print what comes, until no more can."""
        sys.stdout.flush()
        if not self._may_go_on():
            self._print_rest()
            return
        streams = [f"worker:{self._worker.worker_id}", f"controller:{self._worker.controller_id}"]
        types = [OUTPUT, REQUESTED, *waiting.ENDS]
        if self._says:
            self._asked.look()
        with (
            self._client.subscribe(streams, self._begin, types) as entries,
            Reader(sys.stdout.fileno(), entries.close) as reader,
        ):
            for entry in entries:
                if entry.stream == streams[0]:
                    self._print_entry(entry)
                elif self._is_the_end(entry):
                    break
        # As if a write had failed, which may have been hours in coming.
        if reader.is_gone:
            raise BrokenPipeError

    def tell_end(self) -> None:
        """Say on stderr how it ended, if it did; with --json there are errors alone."""
        if not self._says:
            return
        worker = waiting.find(self._client, self._worker.worker_id)
        if worker is None:
            _say("the worker has been removed")
            return
        if endings.is_living(worker):
            if afar.is_away(worker):
                where = afar.host_of(self._client, worker)
                _say(f"{where} is not heard of: {_AWAY}")
            return
        try:
            ending = endings.find(self._client, worker.worker_id)
        except WorkerNotFound:
            # Removed between the two looks.
            _say("the worker has been removed")
            return
        if ending is not None:
            how, at = ending.text, ending.at
        elif worker.state in ("stopped", "error"):
            how, at = worker.last_error or worker.state, worker.updated_at
        else:
            return
        age = ages.since(at, clock.now(self._client))
        _say(f"{printable(worker.label)} ended: {printable(how)}, {age} ago")

    def _may_go_on(self) -> bool:
        """Tell whether more may come: it lives, or may be started yet."""
        worker = waiting.find(self._client, self._worker.worker_id)
        return worker is not None and not waiting.has_ended(worker)

    def _is_the_end(self, entry: Entry) -> bool:
        """Take an entry of the controller's stream; tells whether nothing more comes after it."""
        about = msgspec.json.decode(entry.data, type=waiting.About)
        if about.worker_id != self._worker.worker_id:
            return False
        if entry.type != REQUESTED:
            return not self._may_go_on()
        if self._says:
            self._asked.hear(about.request_id)
        return False

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


def _say(text: str) -> None:
    print(f"penholder logs: {text}", file=sys.stderr, flush=True)


def _time(text: str, now: clock.Now) -> datetime:
    with suppress(argparse.ArgumentTypeError):
        ago_s = ages.parsed_duration(text)
        try:
            return now() - timedelta(seconds=ago_s)
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
