"""`penholder agent cancel`: the end of a turn, not of the agent."""

from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli.agent import starting, told
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.workers import names, waiting
from penholder_protocol.errors import InvalidWorkerStateTransition
from penholder_protocol.nouns import Worker

_NO_TURN = 6
_LOOK_MS = 1000


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent cancel words…`; returns the exit code."""
    parser = frame.parser(
        "agent cancel",
        "NAME",
        "End the turn that an agent is at, and wait until it has ended.",
        ["penholder agent cancel claude-1"],
        "Its questions are canceled. An agent that does not end its turn within 10 s (its"
        " --cancel-grace-s) is ended, with all that it has started, and started again. What was"
        " sent after it follows as it would.",
    )
    frame.add_names(parser, several=False)
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        before = client.journal.position().pos
        try:
            client.worker.transition(worker_id=worker.worker_id, to="canceling")
        except InvalidWorkerStateTransition:
            state = waiting.find(client, worker.worker_id)
            is_now = "gone" if state is None else state.state
            raise Failure(
                f"{printable(worker.label)} has no turn to cancel: it is {is_now}", _NO_TURN
            ) from None
        _wait(client, worker, before)
        now = waiting.find(client, worker.worker_id) or worker
    frame.tell(options, worker.label, now)
    return 0


def _wait(client: Client, worker: Worker, after: int) -> None:
    while True:
        page = client.journal.wait(
            streams=[f"worker:{worker.worker_id}"], types=[told.ENDED], after=after, limit=1,
            timeout_ms=_LOOK_MS,
        )  # fmt: skip
        if page.items:
            return
        after = page.pos
        now = waiting.find(client, worker.worker_id)
        if now is None or waiting.has_ended(now):
            return
