"""Until a worker has ended: its seat is empty, and it is stopped or in error.

Whether it has is asked after the position of the journal is known from which its controller's
stream is followed: an end that comes in between is seen by one of the two.
"""

from collections.abc import Callable

import msgspec

from penholder.blocking import Client
from penholder.cli.workers import endings
from penholder.cli.workers.asked import REQUESTED, Asked
from penholder_protocol.errors import WorkerNotFound
from penholder_protocol.nouns import Worker

ENDS = ("runtime.detached", "runtime.exited", "worker.state_changed", "worker.removed")
"""Entries of the controller's stream with which a worker may have ended."""
Sight = Callable[[Worker], bool]


class About(msgspec.Struct):
    """Whom an entry of a controller's stream is about."""

    worker_id: str | None = None
    request_id: str = ""
    """The question that it is about, if it is about one."""


def has_ended(worker: Worker) -> bool:
    """Tell whether nothing more is to come: nobody sits there, and it was not left to go on."""
    return not endings.is_living(worker) and worker.state in ("stopped", "error")


def until_ended(
    client: Client, worker_id: str, controller_id: str, asked: Asked | None = None
) -> Worker | None:
    """Wait until a worker has ended; returns it as it is then, None if it has been removed."""
    return until(client, worker_id, controller_id, has_ended, asked)


def until(
    client: Client,
    worker_id: str,
    controller_id: str,
    is_so: Sight,
    asked: Asked | None = None,
) -> Worker | None:
    """Wait until something is so of a worker; looks after every entry that may have made it so.

    `asked` hears what the worker asks meanwhile, and what it asks already.
    """
    begin = client.journal.position().pos
    worker = find(client, worker_id)
    if worker is None or is_so(worker):
        return worker
    if asked is not None:
        asked.look()
    types = ENDS if asked is None else (*ENDS, REQUESTED)
    with client.subscribe([f"controller:{controller_id}"], begin, types) as entries:
        for entry in entries:
            about = msgspec.json.decode(entry.data, type=About)
            if about.worker_id != worker_id:
                continue
            if entry.type == REQUESTED and asked is not None:
                asked.hear(about.request_id)
                continue
            worker = find(client, worker_id)
            if worker is None or is_so(worker):
                return worker
    return worker


def find(client: Client, worker_id: str) -> Worker | None:
    """Return a worker, None where there is none any more."""
    try:
        return client.worker.get(worker_id=worker_id)
    except WorkerNotFound:
        return None
