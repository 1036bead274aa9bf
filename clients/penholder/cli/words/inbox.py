"""`penholder inbox`: what workers ask, whole, and how each is answered."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import ages, cells, clock, output, screen
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.workers import hearing, overviews, questions, summaries
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Approval, Worker

_INDENT = "  "


def run(words: Sequence[str]) -> int:
    """Carry out `penholder inbox words…`; returns the exit code."""
    parser = frame.parser(
        "inbox",
        "[--controller ID|.]",
        "Show what workers ask, the oldest question first.",
        ["penholder inbox", "penholder approve WHAT", "penholder deny WHAT --note 'not today'",
         "penholder answer WHAT OPTION"],
        "WHAT is the id of a question, the end of one, or the NAME of a worker that asks just one.",
    )  # fmt: skip
    frame.add_controller(parser)
    found, options = frame.read(parser, words, records=True)
    with frame.connected(options) as client:
        asked: list[Approval] = []
        with frame.nobody_yet(found.controller):
            controller_id = frame.controller_of(client, found.controller)
            asked.extend(questions.pending(client, controller_id))
        format_ = output.format_of(options, output.TABLE)
        if format_ != output.TABLE:
            frame.print_for_programs(asked, format_)
            return 0
        askers = _askers(client, asked)
        now = clock.now(client)
    if not asked:
        print("nobody asks anything")
    width = screen.columns()
    for number, question in enumerate(asked):
        if number:
            print()
        for line in block(question, askers[question.worker_id], width, now):
            print(line)
    return 0


class Asker(msgspec.Struct, frozen=True):
    """Who asks, and what it says of itself if it is a program that does so."""

    worker: Worker
    summary: Summary | None = None


def _askers(client: Client, asked: Sequence[Approval]) -> dict[str, Asker]:
    ids = {each.worker_id for each in asked}
    found = {
        each.worker.worker_id: Asker(each.worker, summaries.read(each.summary))
        for each in (overviews.read(client) if ids else ())
        if each.worker.worker_id in ids
    }
    # Whose process was killed asks all the same, where its question is kept.
    for worker_id in ids - found.keys():
        found[worker_id] = Asker(client.call("worker.get", {"worker_id": worker_id}, Worker))
    return found


def block(question: Approval, asker: Asker, width: int | None, now: datetime) -> Iterator[str]:
    """Yield the lines of a question: who and when, at what, all that it says, and its options."""
    columns = width or 80
    due = f", {_due(question, now)}" if question.deadline_at else ""
    age = f"{ages.since(question.created_at, now)} ago{due}"
    room = max(8, columns - len(question.request_id) - cells.width(age) - 4)
    # The id comes first and whole: it is what is copied.
    head = f"{question.request_id}  {cells.fit(printable(asker.worker.label), room)}  {age}"
    yield from cells.wrap(head, columns) if cells.width(head) > columns else [head]
    if not hearing.is_heard(question, asker.worker):
        yield f"{_INDENT}({hearing.NOBODY_WAITS})"
    said = () if asker.summary is None else summaries.facts(asker.summary)
    at = printable(" · ".join(said))
    for line in cells.wrap(at, columns - len(_INDENT)) if at else ():
        yield f"{_INDENT}{line}"
    for paragraph in question.message.splitlines() or [""]:
        for line in cells.wrap(printable(paragraph), columns - len(_INDENT)):
            yield f"{_INDENT}{line}"
    for option in question.options:
        text = printable(questions.described(option))
        for place, line in enumerate(cells.wrap(text, columns - 6)):
            yield f"{_INDENT}{'- ' if place == 0 else '  '}{line}"


def _due(question: Approval, now: datetime) -> str:
    seconds = ages.seconds_since(question.deadline_at or "", now)
    if seconds is None:
        return ""
    return "due now" if seconds >= 0 else f"due in {ages.duration(-seconds)}"
