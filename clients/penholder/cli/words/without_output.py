"""Why there is no output to print of a worker, and what shows what it did instead."""

from penholder.blocking import Client
from penholder.cli.agent import importing, starting
from penholder.cli.run.arguments import LAUNCHER
from penholder.cli.terminal.text import printable
from penholder.cli.workers import endings, stream
from penholder.cli.workers.transcript import OUTPUT
from penholder_protocol.nouns import Worker

_BEGUN = ("process.started", "process.failed")


def why(client: Client, worker: Worker, *, follows: bool) -> str | None:
    """Say why a worker has no output; None where it has some, or is followed until it has."""
    if _has(client, worker, OUTPUT):
        return None
    name = printable(worker.label)
    if is_agent(worker):
        return (
            f"{name} is an agent and has printed nothing: penholder agent show {name} shows what"
            " it says and does"
        )
    if worker.launcher != LAUNCHER and not _has(client, worker, *_BEGUN):
        return (
            f"{name} has told of no output: it was not started by penholder run, which keeps what"
            f" a command prints; penholder event list --worker-id {worker.worker_id} shows what it"
            " told"
        )
    if follows:
        return None
    return f"{name} has printed nothing{' yet' if endings.is_living(worker) else ''}"


def _has(client: Client, worker: Worker, *types: str) -> bool:
    found = stream.entries(client, [stream.of_worker(worker.worker_id)], types)
    return next(found, None) is not None


def is_agent(worker: Worker) -> bool:
    """Tell whether another word than `logs` shows what it does."""
    return starting.is_agent(worker) or worker.launcher == importing.LAUNCHER
