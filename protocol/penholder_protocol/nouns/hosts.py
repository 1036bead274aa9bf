"""Records of the hosts room: the machines that share a store."""

from typing import Literal

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import Time


class Host(Record, frozen=True, kw_only=True):
    """A state directory and its daemon; `workers` counts those of it that are not stopped.

    `host_name` is a label. `lease_expires_at` is when the lease of an active one would end if its
    daemon were not heard of again, and when that of an expired one did.
    """

    host_id: told.HostId
    host_name: str
    state: Literal["active", "expired"]
    lease_expires_at: Time
    version: str
    workers: int
