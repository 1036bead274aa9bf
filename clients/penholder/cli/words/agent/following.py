"""An agent's updates on the terminal, until the turn that it is at has ended.

What is shown is read from the journal, so it is on disk. The first Ctrl-C cancels the turn, by the
daemon as everybody's cancel does, and what comes of that is shown; the second one leaves.
"""

import sys
from collections.abc import Iterator

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import told
from penholder.cli.agent.transcript import TYPES, Transcript, figures
from penholder.cli.terminal.text import printable
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Entry, Worker

COMPLETED, CANCELED, BADLY = 0, 130, 22
_ENDS = ("runtime.detached", "runtime.exited")
_WAIT_MS = 30_000
_PAGE = 100


class _Ended(msgspec.Struct):
    outcome: str = told.UNCLEAR


def follow(client: Client, worker: Worker) -> int:
    """Show the first turn of an agent; returns the exit code."""
    entries = _Entries(client, worker)
    transcript = Transcript(shows_prompts=False)
    is_canceled = False
    while True:
        try:
            return _show(entries, transcript, worker)
        except KeyboardInterrupt:
            # Caught in a call: the reading begins anew where it was.
            entries = _Entries(client, worker, entries)
            if is_canceled:
                _leave(worker)
                return CANCELED
            is_canceled = True
            _cancel(client, worker)


class _Entries:
    """What is told of a worker, from where it was read up to."""

    def __init__(self, client: Client, worker: Worker, before: "_Entries | None" = None) -> None:
        self._client = client.beside()
        self._stream = [f"worker:{worker.worker_id}"]
        self.after: int = 0 if before is None else before.after

    def __iter__(self) -> Iterator[Entry]:
        while True:
            page = self._client.journal.wait(
                streams=self._stream, types=[*TYPES, *_ENDS], after=self.after, limit=_PAGE,
                timeout_ms=_WAIT_MS,
            )  # fmt: skip
            for entry in page.items:
                yield entry
                self.after = entry.pos
            self.after = page.pos


def _show(entries: _Entries, transcript: Transcript, worker: Worker) -> int:
    for entry in entries:
        sys.stdout.write(transcript.take(entry))
        if entry.type == told.REQUEST:
            sys.stdout.write(f"  penholder approve {worker.label}, or penholder deny\n")
        sys.stdout.flush()
        if entry.type == told.ENDED:
            return _ended(entry, transcript)
        if entry.type in _ENDS:
            _say(f"{printable(worker.label)} has ended; penholder agent show says more")
            return BADLY
    return BADLY


def _ended(entry: Entry, transcript: Transcript) -> int:
    sys.stdout.write(transcript.end())
    sys.stdout.flush()
    said = figures(transcript.summary)
    if said:
        _say(said)
    outcome = msgspec.json.decode(entry.data, type=_Ended).outcome
    return {told.COMPLETED: COMPLETED, told.CANCELED: CANCELED}.get(outcome, BADLY)


def _cancel(client: Client, worker: Worker) -> None:
    _say("the turn is canceled; Ctrl-C again leaves the agent to itself")
    try:
        client.beside().worker.transition(worker_id=worker.worker_id, to="canceling")
    except PenholderError as error:
        _say(f"it could not be canceled: {error}")


def _leave(worker: Worker) -> None:
    name = printable(worker.label)
    _say(f"{name} goes on; penholder agent show {name}, penholder stop {name}")


def _say(text: str) -> None:
    print(f"penholder agent: {text}", file=sys.stderr)
