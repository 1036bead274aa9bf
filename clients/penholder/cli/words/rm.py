"""`penholder rm`: forget workers that have ended; their streams stay in the journal."""

from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli.agent import worktrees
from penholder.cli.terminal.failures import EXIT_CODES, UNREACHABLE, Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import acting, afar, frame
from penholder.cli.workers import endings, ownership
from penholder_protocol.errors import WorkerNotStopped
from penholder_protocol.nouns import Worker


def run(words: Sequence[str]) -> int:
    """Carry out `penholder rm words…`; returns the exit code."""
    parser = frame.parser(
        "rm",
        "[-f] [--worktree] NAME …",
        "Forget workers that have ended: their questions, inputs and handoffs go with them.",
        ["penholder rm make-1", "penholder rm -f make-2 make-3"],
        "What they did stays in the journal, as long as it keeps that; their ids are never used"
        " again.",
    )
    frame.add_names(parser, several=True)
    parser.add_argument(
        "-f", "--force", action="store_true", help="end those first that still live"
    )
    parser.add_argument(
        "--worktree",
        action="store_true",
        help="remove the worktree of an agent too, unless something in it is not committed; its"
        " branch stays",
    )
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)

    def act(client: Client, worker: Worker) -> Worker:
        _remove(client, worker, options, force=found.force, with_worktree=found.worktree)
        return worker

    with frame.connected(options) as client:
        return acting.on_each("rm", client, found.names, options, act, found.controller)


def _remove(
    client: Client, worker: Worker, options: Options, *, force: bool, with_worktree: bool
) -> None:
    place = worktrees.kept(client, worker.worker_id) if with_worktree else None
    if place is not None and place.is_own:
        worktrees.require_clean(place)
    if endings.is_living(worker):
        _require_told(client, worker)
        if not force:
            raise Failure(
                f"{printable(worker.label)} is {worker.state} and lives;"
                f" penholder stop {printable(worker.label)} ends it, rm -f ends and removes it",
                EXIT_CODES[WorkerNotStopped.number],
            )
        before = client.journal.position().pos
        client.worker.stop(worker_id=worker.worker_id, force=True)
        acting.wait_ended(client, worker, before, options, is_killed=True)
    elif worker.state != "stopped":
        client.worker.stop(worker_id=worker.worker_id)
    with ownership.held(client, options, worker.controller_id) as proof:
        client.worker.remove(worker_id=worker.worker_id, fence=proof.fence)
    if place is not None and place.is_own:
        worktrees.remove(place)


def _require_told(client: Client, worker: Worker) -> None:
    """Refuse to forget a worker whose command may run without anybody being told of it."""
    if afar.is_away(worker) and worker.state == "stopped":
        raise Failure(
            f"{afar.left_for_it(client, worker)}. It is not removed before; penholder worker remove"
            f" --worker-id {worker.worker_id} forgets it all the same",
            UNREACHABLE,
        )
