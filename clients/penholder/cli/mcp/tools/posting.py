"""In whose name a server asks and hands off: its worker's, or one that stands for itself.

Whoever asks is a worker. A server that was not started inside of one has one made for it, which
nobody sits in: it stands in the lists as what asks, keeps its questions over every restart, and is
found again by the next server of the same controller.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import UNSET, UnsetType

from penholder.cli.mcp.job import Job
from penholder.cli.workers import names
from penholder_protocol.nouns import Fence, Worker

LAUNCHER = "penholder mcp"


@contextmanager
def asker(job: Job) -> Iterator[tuple[str, Fence | UnsetType]]:
    """Yield the id of the worker to speak for, and the fence that takes, if any."""
    inside = job.desk.setup.worker_id
    if inside is not None:
        yield inside, UNSET
        return
    with job.desk.holding.fenced(job.client) as fence:
        yield _standing_for_us(job, fence).worker_id, fence


def _standing_for_us(job: Job, fence: Fence) -> Worker:
    held, name = job.desk.holding.controller_id(job.client), job.desk.holding.name()
    for known in names.all_known(job.client, held):
        if known.label == name and known.state != "stopped":
            worker = job.client.worker.get(worker_id=known.worker_id)
            if worker.launcher == LAUNCHER:
                return worker
    return job.client.worker.create(
        controller_id=held,
        label=name,
        launcher=LAUNCHER,
        profile="default",
        cwd=os.getcwd(),
        fence=fence,
    )
