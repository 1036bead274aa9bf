"""Records of the inputs room: what is sent to a worker, and how far it has taken it."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import JsonObject, Sequence, Time


class Input(Record, frozen=True, kw_only=True):
    """Something that was sent to a worker; `seq` counts 1, 2, 3 … for each worker."""

    worker_id: told.WorkerId
    seq: Sequence
    kind: str
    data: JsonObject
    created_at: Time
    acked: bool


class AcknowledgedInput(Record, frozen=True, kw_only=True):
    """Up to which input a worker has acknowledged what was sent to it; 0 for none."""

    seq: Sequence
