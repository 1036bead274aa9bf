"""`penholder agent handoff`: what whoever goes on needs, written down."""

from collections.abc import Sequence
from pathlib import Path

from penholder import paths
from penholder.blocking import Client
from penholder.cli.agent import handing, history, starting, transcript
from penholder.cli.agent.handing import Checkpoint, Handed
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.words import frame
from penholder.cli.words.agent import show
from penholder.cli.workers import names, ownership, questions
from penholder_protocol.nouns import Worker

_VERSION = 1


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent handoff words…`; returns the exit code."""
    parser = frame.parser(
        "agent handoff",
        "NAME",
        "Write down how an agent stands, for whoever goes on: handoff.md and checkpoint.json.",
        ["penholder agent handoff claude-1 && penholder agent continue claude-1"],
        "Both are made of what the journal holds, so the agent need not answer. They lie below the"
        " state directory, and are registered with the worker; rm leaves them there. It prints the"
        " path of handoff.md.",
    )
    frame.add_names(parser, several=False)
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        with ownership.held(client, options, worker.controller_id) as proof:
            handed = _write(client, worker, options)
            registered = client.handoff.register(
                worker_id=worker.worker_id,
                source_turn_id=worker.active_turn_id,
                handoff_path=str(handed.handoff),
                checkpoint_path=str(handed.checkpoint),
                fence=proof.fence,
            )
    frame.tell(options, str(handed.handoff), registered)
    return 0


def _write(client: Client, worker: Worker, options: Options) -> Handed:
    pos = client.journal.position().pos
    conversation, summary = transcript.read(show.entries(client, worker))
    before = history.read(client, worker.worker_id, 0)
    asked = list(questions.pending(client, worker_id=worker.worker_id))
    checkpoint = Checkpoint(
        version=_VERSION,
        worker_id=worker.worker_id,
        controller_id=worker.controller_id,
        label=worker.label,
        launcher=worker.launcher,
        cwd=worker.cwd,
        state=worker.state,
        session_id=before.session_id,
        turn_id=worker.active_turn_id,
        pos=pos,
        summary=summary,
    )
    state_dir = Path(options.state_dir or paths.default_state_dir()).absolute()
    # Each position is one moment of the journal, so no two handoffs of a worker are at the same
    # unless nothing has happened in between.
    directory = state_dir / "handoffs" / f"{worker.worker_id}-{pos}"
    text = handing.text_of(worker, conversation, summary, asked)
    try:
        return handing.write(directory, checkpoint, text)
    except FileExistsError:
        raise Failure(f"{directory} is there already: nothing has happened since") from None
