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


def follow(client: Client, worker: Worker, *, shows: bool = True) -> int:
    """Show the first turn of an agent, or only wait for its end; returns the exit code."""
    screen, transcript = _Screen(shows=shows), Transcript(shows_prompts=False)
    is_canceled, after = False, 0
    while True:
        # After a call that Ctrl-C has cut off the reading begins anew where it was.
        entries = _Entries(client, worker, after)
        try:
            return _show(entries, transcript, worker, screen)
        except KeyboardInterrupt:
            after = entries.after
        finally:
            entries.close()
        if is_canceled:
            _leave(worker, screen)
            return CANCELED
        is_canceled = True
        _cancel(client, worker, screen)


class _Screen:
    """Where it is shown: stdout and stderr, or nowhere, where only the exit code is wanted."""

    def __init__(self, *, shows: bool) -> None:
        self._shows = shows

    def write(self, text: str) -> None:
        if self._shows:
            sys.stdout.write(text)
            sys.stdout.flush()

    def say(self, text: str) -> None:
        if self._shows:
            print(f"penholder agent: {text}", file=sys.stderr)


class _Entries:
    """What is told of a worker, from where it was read up to."""

    def __init__(self, client: Client, worker: Worker, after: int) -> None:
        self._client = client.beside()
        self._stream = [f"worker:{worker.worker_id}"]
        self.after = after

    def close(self) -> None:
        self._client.close()

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


def _show(entries: _Entries, transcript: Transcript, worker: Worker, screen: _Screen) -> int:
    for entry in entries:
        screen.write(transcript.take(entry))
        if entry.type == told.REQUEST:
            screen.write(f"  penholder approve {worker.label}, or penholder deny\n")
        if entry.type == told.ENDED:
            return _ended(entry, transcript, screen)
        if entry.type in _ENDS:
            screen.say(f"{printable(worker.label)} has ended; penholder agent show says more")
            return BADLY
    return BADLY


def _ended(entry: Entry, transcript: Transcript, screen: _Screen) -> int:
    screen.write(transcript.end())
    said = figures(transcript.summary)
    if said:
        screen.say(said)
    outcome = msgspec.json.decode(entry.data, type=_Ended).outcome
    return {told.COMPLETED: COMPLETED, told.CANCELED: CANCELED}.get(outcome, BADLY)


def _cancel(client: Client, worker: Worker, screen: _Screen) -> None:
    screen.say("the turn is canceled; Ctrl-C again leaves the agent to itself")
    try:
        client.worker.transition(worker_id=worker.worker_id, to="canceling")
    except PenholderError as error:
        screen.say(f"it could not be canceled: {error}")


def _leave(worker: Worker, screen: _Screen) -> None:
    name = printable(worker.label)
    screen.say(f"{name} goes on; penholder agent show {name}, penholder stop {name}")
