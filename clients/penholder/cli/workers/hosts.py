"""The hosts that share the daemon's store, by id; one by itself is alone there."""

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder_protocol.errors import MethodNotFound


class Host(msgspec.Struct, frozen=True):
    """A host, as people know it."""

    host_id: str
    host_name: str
    state: str = "active"


def known(client: Client) -> dict[str, Host]:
    """Read them; none of a daemon that is older than hosts are."""
    try:
        return {each.host_id: each for each in pages.items(client.call, "host.list", {}, Host)}
    except MethodNotFound:
        return {}
