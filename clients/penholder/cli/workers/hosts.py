"""The hosts that share the daemon's store, by id; one by itself is alone there."""

import msgspec

from penholder.blocking import Client
from penholder_protocol.errors import MethodNotFound


class Host(msgspec.Struct, frozen=True):
    """A host, as people know it."""

    host_id: str
    host_name: str
    state: str = "active"


class _Page(msgspec.Struct):
    items: list[Host]
    next: str | None = None


def known(client: Client) -> dict[str, Host]:
    """Read them; none of a daemon that is older than hosts are."""
    found: dict[str, Host] = {}
    params: dict[str, object] = {}
    while True:
        try:
            page = client.call("host.list", params, _Page)
        except MethodNotFound:
            return found
        found.update((each.host_id, each) for each in page.items)
        if page.next is None:
            return found
        params["cursor"] = page.next
