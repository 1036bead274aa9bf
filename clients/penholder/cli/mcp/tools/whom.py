"""Which worker is meant, and whether this server may do something to it."""

from penholder.blocking import Client
from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.workers import names
from penholder_protocol.errors import PenholderError, WorkerNotFound
from penholder_protocol.nouns import Worker


def seen(job: Job, name: str | None) -> Worker:
    """Return a worker to look at: of the held controller first, else of any."""
    setup = job.desk.setup
    if setup.is_inside:
        return _itself(job.client, setup.worker_id or "", name)
    if name is None:
        raise ToolFailure("INVALID_PARAMS", "say which worker")
    held = job.desk.holding.controller_id(job.client)
    try:
        return names.resolve(job.client, name, held)
    except PenholderError as error:
        if error.code not in ("WORKER_NOT_FOUND", "CONTROLLER_NOT_FOUND"):
            raise
    return names.resolve(job.client, name)


def own(job: Job, name: str) -> Worker:
    """Return a worker to do something to: one of the held controller, and no other."""
    worker = seen(job, name)
    require_own(job, worker)
    return worker


def require_own(job: Job, worker: Worker) -> None:
    """Refuse to do anything to a worker of another controller."""
    held = job.desk.holding.controller_id(job.client)
    if worker.controller_id != held:
        raise ToolFailure(
            "NOT_YOURS",
            f"worker {worker.label!r} ({worker.worker_id}) belongs to controller"
            f" {worker.controller_id}, and this server acts within {held} only",
            "start a worker of your own, or ask a person.",
        )


def _itself(client: Client, worker_id: str, name: str | None) -> Worker:
    itself = client.call("worker.get", {"worker_id": worker_id}, Worker)
    if name not in (None, worker_id, itself.label):
        raise WorkerNotFound(
            f"this runs inside worker {worker_id} and sees no other; leave the name out",
            worker_id=name,
        )
    return itself
