"""`penholder agent show`: the conversation as text."""

import sys
from collections.abc import Iterator, Sequence

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import importing, starting
from penholder.cli.agent.transcript import TYPES, Line, Transcript, figures
from penholder.cli.terminal import output
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.workers import names, stream
from penholder_protocol.nouns import Entry, Worker


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent show words…`; returns the exit code."""
    parser = frame.parser(
        "agent show",
        "NAME",
        "Print the conversation with an agent; its tool calls are a line each.",
        ["penholder agent show claude-1", "penholder agent show -1 --json"],
        "> is what it was asked, + and x are tool calls that went well or did not, ? is what it"
        " asked and ! the answer, # what became of a turn. --json prints the entries as they are.",
    )
    frame.add_names(parser, several=False)
    frame.add_controller(parser)
    found, options = frame.read(parser, words, records=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        if worker.launcher != importing.LAUNCHER:
            starting.require(worker)
        format_ = output.format_of(options, output.TABLE)
        if format_ == output.TABLE:
            _print(client, worker)
        else:
            lines = [_line(each) for each in entries(client, worker)]
            frame.print_for_programs(lines, format_)
    return 0


def _print(client: Client, worker: Worker) -> None:
    transcript = Transcript()
    for entry in entries(client, worker):
        sys.stdout.write(transcript.take(entry))
    sys.stdout.write(transcript.end())
    said = figures(transcript.summary)
    state = f"{worker.state}, {said}" if said else worker.state
    print(f"# {printable(worker.label)}: {state}")


def _line(entry: Entry) -> Line:
    return Line(entry.pos, entry.ts, entry.type, entry.turn_id, msgspec.Raw(bytes(entry.data)))


def entries(client: Client, worker: Worker) -> Iterator[Entry]:
    """Yield what a conversation is made of, as far as the journal still holds it."""
    return stream.entries(client, [stream.of_worker(worker.worker_id)], TYPES)
