"""The lists of a host, page by page: its workers, what they ask, whose they are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from penholder.blocking import Client
from penholder.cli.top.model.fleet import MAX_ENDED, MAX_QUESTIONS
from penholder.cli.top.model.notices import Listed
from penholder.cli.top.model.records import Controller, Overview, Question, WorkerRecord
from penholder.cli.workers import hosts
from penholder_protocol.errors import ApprovalNotFound, WorkerNotFound

T = TypeVar("T")
PAGE = 1_000
MOST_SINGLE = 20
"""Records read one by one because of entries; more are cheaper as a list."""


class _Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next: str | None = None


def read(client: Client, host: str, controller_id: str | None) -> Listed:
    """Read all lists of a host, or those of one controller."""
    scope = {} if controller_id is None else {"controller_id": controller_id}
    workers = list(pages(client, "worker.overview", {**scope, "living": True}, Overview))
    ended = {**scope, "living": False}
    workers += pages(client, "worker.overview", ended, Overview, MAX_ENDED)
    asked = list(pages(client, "approval.list", scope, Question, MAX_QUESTIONS + 1))
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
    return list(pages(client, "controller.list", {}, Controller))


def pages(
    client: Client,
    method: str,
    params: Mapping[str, object],
    kind: type[T],
    most: int | None = None,
) -> Iterator[T]:
    """Yield the items of a list, or so many of them."""
    asked: dict[str, object] = {**params, "limit": PAGE if most is None else min(PAGE, most)}
    left = most
    while True:
        page = client.call(method, asked, _Page[kind])  # type: ignore[valid-type]  # as it is given
        yield from page.items if left is None else page.items[:left]
        if left is not None:
            left -= len(page.items)
        if page.next is None or (left is not None and left <= 0):
            return
        asked["cursor"] = page.next


def questions(client: Client, ids: Sequence[str]) -> list[Question]:
    """Read questions that entries told of; those that are gone are left out."""
    if len(ids) > MOST_SINGLE:
        wanted = set(ids)
        listed = pages(client, "approval.list", {}, Question)
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
