"""The lists of a host, page by page: its workers, what they ask, whose they are."""

from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.top.model.fleet import MAX_ENDED, MAX_QUESTIONS
from penholder.cli.top.model.notices import Listed
from penholder.cli.top.model.records import Controller, Overview, Question, WorkerRecord
from penholder.cli.workers import hosts
from penholder_protocol.errors import ApprovalNotFound, WorkerNotFound

MOST_SINGLE = 20
"""Records read one by one because of entries; more are cheaper as a list."""


def read(client: Client, host: str, controller_id: str | None) -> Listed:
    """Read all lists of a host, or those of one controller."""
    scope = {} if controller_id is None else {"controller_id": controller_id}
    workers = list(pages.items(client.call, "worker.overview", {**scope, "living": True}, Overview))
    ended = {**scope, "living": False}
    workers += pages.items(client.call, "worker.overview", ended, Overview, MAX_ENDED)
    asked = list(pages.items(client.call, "approval.list", scope, Question, MAX_QUESTIONS + 1))
    return Listed(
        host,
        workers,
        asked[:MAX_QUESTIONS],
        controllers(client),
        is_cut=len(asked) > MAX_QUESTIONS,
        machines={each.host_id: each.host_name for each in hosts.known(client).values()},
    )


def controllers(client: Client) -> list[Controller]:
    """Read whose workers there are."""
    return list(pages.items(client.call, "controller.list", {}, Controller))


def questions(client: Client, ids: Sequence[str]) -> list[Question]:
    """Read questions that entries told of; those that are gone are left out."""
    if len(ids) > MOST_SINGLE:
        wanted = set(ids)
        listed = pages.items(client.call, "approval.list", {}, Question)
        return [each for each in listed if each.request_id in wanted]
    found = []
    for request_id in ids:
        try:
            found.append(client.call("approval.get", {"request_id": request_id}, Question))
        except ApprovalNotFound:
            continue
    return found


def workers(client: Client, ids: Sequence[str]) -> list[WorkerRecord]:
    """Read workers that entries told of; those that are gone are left out."""
    found = []
    for worker_id in ids:
        try:
            found.append(client.call("worker.get", {"worker_id": worker_id}, WorkerRecord))
        except WorkerNotFound:
            continue
    return found
