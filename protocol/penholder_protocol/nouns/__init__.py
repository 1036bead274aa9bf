"""The records and words of the contract, as typed structures.

`from penholder_protocol import nouns`, then `nouns.Worker`, `nouns.WorkerId` and so on.
"""

from penholder_protocol.nouns._base import Page, Record
from penholder_protocol.nouns.approvals import Approval, Option
from penholder_protocol.nouns.controllers import (
    ActiveOwner,
    Controller,
    ControllerStatus,
    Fence,
    Handle,
    Instance,
    Release,
    Validity,
)
from penholder_protocol.nouns.daemon import (
    Backup,
    DaemonStatus,
    Finding,
    Health,
    Metrics,
    Pruned,
    PrunedStream,
    Stopping,
    Verification,
)
from penholder_protocol.nouns.events import Event, NewEvent
from penholder_protocol.nouns.handoffs import Handoff
from penholder_protocol.nouns.journal import (
    CurrentPosition,
    Entries,
    EntriesNotice,
    Entry,
    FencedNotice,
    LaggedNotice,
    PrunedNotice,
    Subscription,
    Unsubscribed,
)
from penholder_protocol.nouns.leases import Lease, LeaseProof
from penholder_protocol.nouns.rpc import Applied, Call, Canceled, Hello, Peer, Pong
from penholder_protocol.nouns.workers import Attachment, Removed, RuntimeStatus, Worker

__all__ = [
    "ActiveOwner",
    "Applied",
    "Approval",
    "Attachment",
    "Backup",
    "Call",
    "Canceled",
    "Controller",
    "ControllerStatus",
    "CurrentPosition",
    "DaemonStatus",
    "Entries",
    "EntriesNotice",
    "Entry",
    "Event",
    "Fence",
    "FencedNotice",
    "Finding",
    "Handle",
    "Handoff",
    "Health",
    "Hello",
    "Instance",
    "LaggedNotice",
    "Lease",
    "LeaseProof",
    "Metrics",
    "NewEvent",
    "Option",
    "Page",
    "Peer",
    "Pong",
    "Pruned",
    "PrunedNotice",
    "PrunedStream",
    "Record",
    "Release",
    "Removed",
    "RuntimeStatus",
    "Stopping",
    "Subscription",
    "Unsubscribed",
    "Validity",
    "Verification",
    "Worker",
]
