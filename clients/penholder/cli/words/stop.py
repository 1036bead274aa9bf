"""`penholder stop`: workers ended for good, and their ends waited for."""

from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli.run import asking
from penholder.cli.words import acting, frame
from penholder_protocol.nouns import Worker


def run(words: Sequence[str]) -> int:
    """Carry out `penholder stop words…`; returns the exit code."""
    parser = frame.parser(
        "stop",
        "NAME …",
        "Stop workers and wait until they have ended.",
        ["penholder stop make-1", "penholder stop api worker-2"],
        "The command's process group gets SIGTERM and, after the --kill-after-s of its penholder"
        " run, SIGKILL; it is not started again. Of another program, which has to end by itself,"
        " that is waited for 10 s.",
    )
    frame.add_names(parser, several=True)
    frame.add_controller(parser)
    found, options = frame.read(parser, words)

    def act(client: Client, worker: Worker) -> Worker:
        before = client.journal.position().pos
        client.worker.stop(worker_id=worker.worker_id)
        asking.wake(worker)
        acting.wait_ended(client, worker, before, options)
        return worker

    with frame.connected(options) as client:
        return acting.on_each("stop", client, found.names, options, act, found.controller)
