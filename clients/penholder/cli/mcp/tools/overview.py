"""What there is: this server itself, and the workers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools.base import Params
from penholder.cli.workers import endings, summaries
from penholder_protocol.errors import ControllerNotFound
from penholder_protocol.nouns import Worker, WorkerOverview

_MOST = 200


class Status(Params):
    """No params."""


def status(job: Job, _params: Status) -> dict[str, object]:
    """Say who this server is, what it may, and where events go on."""
    setup = job.desk.setup
    told: dict[str, object] = {
        "inside_worker": setup.worker_id,
        "may_decide": setup.allow_decide and not setup.is_inside,
    }
    if not setup.is_inside:
        told["name"] = job.desk.holding.name()
    try:
        told |= _of_daemon(job)
    except (DaemonUnreachable, ConnectionLost) as error:
        told["daemon"] = f"away: {error}"
    return told


def _of_daemon(job: Job) -> dict[str, object]:
    client = job.client
    told: dict[str, object] = {"daemon": "there", "cursor": client.journal.position().pos}
    if job.desk.setup.is_inside:
        params = {"worker_id": job.desk.setup.worker_id}
        itself = client.call("worker.get", params, Worker)
        return told | {"name": itself.label, "state": itself.state}
    held = job.desk.holding.describe(client)
    return told | {"controller": msgspec.to_builtins(held)}


class ListWorkers(Params):
    """Params of list_workers."""

    ended: Annotated[bool, Meta(description="Those that have ended, too.")] = False
    all: Annotated[bool, Meta(description="Of all controllers, not only your own.")] = False
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 50
    cursor: Annotated[str | None, Meta(description="Of an earlier answer's next.")] = None


class _Page(msgspec.Struct):
    items: list[WorkerOverview]
    next: str | None = None


def list_workers(job: Job, params: ListWorkers) -> dict[str, object]:
    """List workers, newest first, with what each did last."""
    asked: dict[str, object] = {"limit": params.limit}
    if not params.all:
        asked["controller_id"] = job.desk.holding.controller_id(job.client)
    if not params.ended:
        asked["living"] = True
    if params.cursor is not None:
        asked["cursor"] = params.cursor
    try:
        page = job.client.call("worker.overview", asked, _Page)
    except ControllerNotFound:
        page = _Page([])  # it is registered with its first worker
    told: dict[str, object] = {"workers": [shown(each) for each in page.items]}
    return told if page.next is None else {**told, "next": page.next}


def shown(seen: WorkerOverview) -> dict[str, object]:
    """Return what a model is told of a worker in a list."""
    worker = seen.worker
    told: dict[str, object] = {
        **brief(worker),
        "asks": seen.pending_approvals,
        "last_output_at": seen.last_output_at,
        "last_line": seen.last_text,
        "last_event": seen.last_event and seen.last_event.type,
    }
    summary = summaries.read(seen.summary)
    if summary is not None:
        told |= {"last_line": summary.title, "at": list(summaries.facts(summary))}
    if not endings.is_living(worker) and seen.last_event is not None:
        last = seen.last_event
        ending = endings.read(last.type, seen.last_data, last.ts)
        if ending is not None:
            told |= {"ended": ending.text, "exit_status": ending.code, "ended_at": ending.at}
    return told


def brief(worker: Worker) -> dict[str, object]:
    """Return who a worker is and how it is."""
    return {
        "worker_id": worker.worker_id,
        "name": worker.label,
        "state": worker.state,
        "living": endings.is_living(worker),
        "controller_id": worker.controller_id,
        "cwd": worker.cwd,
        "created_at": worker.created_at,
        "last_error": worker.last_error,
    }
