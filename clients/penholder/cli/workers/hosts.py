"""The hosts that share the daemon's store, by id; one by itself is alone there."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder_protocol.errors import MethodNotFound


class Host(msgspec.Struct, frozen=True):
    """A host, as people know it."""

    host_id: str
    host_name: str
    state: str = "active"
    lease_expires_at: str = ""


def labels(hosts: Mapping[str, Host]) -> dict[str, str]:
    """Return what each is called by id: with the end of its id where others are called the same."""
    times = Counter(each.host_name for each in hosts.values())
    return {
        id_: each.host_name if times[each.host_name] == 1 else f"{each.host_name} ({id_[-4:]})"
        for id_, each in hosts.items()
    }


def known(client: Client) -> dict[str, Host]:
    """Read them; none of a daemon that is older than hosts are."""
    try:
        return {each.host_id: each for each in pages.items(client.call, "host.list", {}, Host)}
    except MethodNotFound:
        return {}
