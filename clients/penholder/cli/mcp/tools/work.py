"""Tasks of queues taken and finished, and one's own work handed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, UnsetType

from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import posting, whom
from penholder.cli.mcp.tools.base import Name, Params
from penholder_protocol.nouns import Fence, QueueTask
from penholder_protocol.nouns import Lease as Claim

_LONGEST_LEASE_S = 86_400


class Lease(Params):
    """What a claim was answered with."""

    epoch: int
    token: Annotated[str, Meta(max_length=128)]


class Queue(Params):
    """Params of queue."""

    action: Annotated[
        Literal["claim", "prolong", "complete", "fail"],
        Meta(
            description="claim takes a task of a queue, prolong keeps it for longer, complete and"
            " fail finish it."
        ),
    ]
    queue: Annotated[str | None, Meta(description="For claim: the name of the queue.")] = None
    task_id: Annotated[str | None, Meta(description="For all others: which task.")] = None
    lease: Annotated[
        Lease | None, Meta(description="For all others: the lease that claim answered.")
    ] = None
    lease_s: Annotated[
        float,
        Meta(gt=0, le=_LONGEST_LEASE_S, description="How long it is yours; then others may claim."),
    ] = 900
    result: Annotated[dict[str, msgspec.Raw], Meta(description="For complete.")] = msgspec.field(
        default_factory=dict
    )
    error: Annotated[str, Meta(description="For fail: what went wrong.")] = "failed"
    retry: Annotated[bool, Meta(description="For fail: whether it may be tried again.")] = True


def queue(job: Job, params: Queue) -> dict[str, object]:
    """Claim a task, prolong the claim, or finish the task."""
    if params.action == "claim":
        return _claim(job, params)
    if params.task_id is None or params.lease is None:
        raise ToolFailure(
            "INVALID_PARAMS", f"{params.action} takes the task_id and the lease that claim answered"
        )
    proof = {"epoch": params.lease.epoch, "token": params.lease.token}
    about: dict[str, object] = {"queue_task_id": params.task_id, "lease": proof}
    if params.action == "prolong":
        asked = {**about, "lease_ms": round(params.lease_s * 1000)}
        answer = job.client.call("queue.heartbeat", asked, _Claimed)
        return {"task": _shown(answer.task), "expires_at": answer.lease.expires_at}
    if params.action == "complete":
        done = job.client.call("queue.complete", {**about, "result": params.result}, QueueTask)
    else:
        why = {"error": params.error, "retry": params.retry}
        done = job.client.call("queue.fail", {**about, **why}, QueueTask)
    return {"task": _shown(done)}


class _Claimed(msgspec.Struct):
    task: QueueTask
    lease: Claim


def _claim(job: Job, params: Queue) -> dict[str, object]:
    if params.queue is None:
        raise ToolFailure("INVALID_PARAMS", "claim takes the name of a queue")
    setup = job.desk.setup
    runner_id = setup.worker_id or job.desk.holding.controller_id(job.client)
    found = job.client.queue.claim(
        queue=params.queue, runner_id=runner_id, lease_ms=round(params.lease_s * 1000)
    )
    if not found.items:
        return {"task": None, "note": f"nothing is to be done in queue {params.queue}"}
    (claimed,) = found.items
    lease = claimed.lease
    told = {"epoch": lease.epoch, "token": lease.token}
    return {"task": _shown(claimed.task), "lease": told, "expires_at": lease.expires_at}


def _shown(task: QueueTask) -> dict[str, object]:
    return {
        "task_id": task.queue_task_id,
        "queue": task.queue,
        "title": task.title,
        "state": task.state,
        "payload": task.payload,
        "attempts": task.attempts,
        "max_attempts": task.max_attempts,
    }


class HandOff(Params):
    """Params of hand_off."""

    handoff_path: Annotated[
        str, Meta(min_length=1, description="The file that tells whoever goes on what to know.")
    ]
    checkpoint_path: Annotated[
        str, Meta(min_length=1, description="The file with the state to go on from.")
    ]
    worker: Annotated[Name | None, Meta(description="Whose work it is; default: your own.")] = None
    turn_id: Annotated[str | None, Meta(description="The turn after which it was written.")] = None


def hand_off(job: Job, params: HandOff) -> dict[str, object]:
    """Register files that another worker can go on from."""
    with _author(job, params.worker) as (worker_id, fence):
        made = job.client.handoff.register(
            worker_id=worker_id,
            handoff_path=params.handoff_path,
            checkpoint_path=params.checkpoint_path,
            source_turn_id=params.turn_id,
            fence=fence,
        )
    return {
        "handoff_id": made.snapshot_id,
        "worker_id": made.worker_id,
        "created_at": made.created_at,
    }


@contextmanager
def _author(job: Job, name: str | None) -> Iterator[tuple[str, Fence | UnsetType]]:
    if name is None or job.desk.setup.is_inside:
        if name is not None:
            whom.seen(job, name)  # itself, or refused
        with posting.asker(job) as asker:
            yield asker
        return
    worker = whom.own(job, name)
    with job.desk.holding.fenced(job.client) as fence:
        yield worker.worker_id, fence
