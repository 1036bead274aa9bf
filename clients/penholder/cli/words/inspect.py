"""`penholder inspect`: all there is about workers."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import clock, output
from penholder.cli.words import frame
from penholder.cli.workers import endings, names, questions
from penholder.cli.workers.stream import Reading
from penholder_protocol.nouns import Approval, Handoff, RuntimeStatus, Worker

_LOOKED_THROUGH = 1000


class Inspected(msgspec.Struct, frozen=True):
    """A worker and what belongs to it."""

    worker: Worker
    runtime: RuntimeStatus
    last_seq: int
    ending: endings.Ending | None
    questions: list[Approval]
    handoff: Handoff | None
    started: msgspec.Raw | None
    """What its `process.started` said: the command, its directory, its policy."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder inspect words…`; returns the exit code."""
    parser = frame.parser(
        "inspect",
        "NAME …",
        "Show all there is about workers.",
        ["penholder inspect make-1", "penholder inspect --json make-1"],
    )
    frame.add_names(parser, several=True)
    frame.add_controller(parser)
    found, options = frame.read(parser, words, records=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        workers = names.resolve_all(client, found.names, controller_id)
        inspected = [_inspect(client, worker) for worker in workers]
        format_ = output.format_of(options, output.TABLE)
        if format_ != output.TABLE:
            frame.print_for_programs(inspected, format_)
            return 0
        now = clock.beside_an_answer(client)
        for number, each in enumerate(inspected):
            if number:
                print()
            _print(each, now)
    return 0


def _inspect(client: Client, worker: Worker) -> Inspected:
    latest = client.event.latest(worker_id=worker.worker_id)
    return Inspected(
        worker=worker,
        runtime=client.runtime.status(worker_id=worker.worker_id),
        last_seq=0 if latest is None else latest.event_seq,
        ending=None if endings.is_living(worker) else endings.find(client, worker.worker_id),
        questions=list(questions.pending(client, worker_id=worker.worker_id)),
        handoff=client.handoff.latest(worker_id=worker.worker_id),
        started=_started(client, worker.worker_id),
    )


def _started(client: Client, worker_id: str) -> msgspec.Raw | None:
    """Return the data of the newest of its starts among its last events, else of its first."""
    reading = Reading(client, worker_id)
    last = reading.last_seq()
    for seq in dict.fromkeys((max(0, last - _LOOKED_THROUGH), 0)):
        events = islice(reading.after(seq), _LOOKED_THROUGH)
        found = [event.data for event in events if event.type == "process.started"]
        if found:
            return found[-1]
    return None


def _print(each: Inspected, now: clock.Now) -> None:
    from penholder.cli.terminal import tables  # noqa: PLC0415 - for people alone

    started = {} if each.started is None else msgspec.json.decode(each.started)
    named = ("argv", "restart", "attempt", "pid")
    fields = {"name": each.worker.label, **{name: started.get(name) for name in named}}
    fields |= msgspec.to_builtins(each.worker)
    fields |= {
        "seated_since_at": each.runtime.attached_at,
        "runtime_epoch": each.runtime.runtime_epoch,
        "last_seq": each.last_seq,
        "ended": None if each.ending is None else each.ending.text,
        "ended_at": None if each.ending is None else each.ending.at,
        "questions": ", ".join(question.request_id for question in each.questions) or None,
        "handoff": None if each.handoff is None else each.handoff.handoff_path,
    }
    tables.print_record(fields, now)
