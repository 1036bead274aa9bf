"""Workers with what a person wants to see beside each: one call tells all of a page of them."""

from collections.abc import Iterator

import msgspec

from penholder.blocking import Client
from penholder_protocol.nouns import WorkerOverview

_PAGE = 1000


class _Page(msgspec.Struct):
    items: list[WorkerOverview]
    next: str | None = None


def pages(
    client: Client, controller_id: str | None = None, *, everyone: bool = False
) -> Iterator[WorkerOverview]:
    """Yield the workers that live, or all, the newest first."""
    params: dict[str, object] = {"limit": _PAGE}
    if controller_id is not None:
        params["controller_id"] = controller_id
    if not everyone:
        params["living"] = True
    while True:
        page = client.call("worker.overview", params, _Page)
        yield from page.items
        if page.next is None:
            return
        params["cursor"] = page.next
