"""Workers with what a person wants to see beside each: one call tells all of a page of them."""

from collections.abc import Iterator

from penholder.blocking import Client
from penholder.cli import pages
from penholder_protocol.nouns import WorkerOverview


def read(
    client: Client, controller_id: str | None = None, *, everyone: bool = False
) -> Iterator[WorkerOverview]:
    """Yield the workers that live, or all, the newest first."""
    wanted = {"controller_id": controller_id, "living": None if everyone else True}
    return pages.items(client.call, "worker.overview", wanted, WorkerOverview)
