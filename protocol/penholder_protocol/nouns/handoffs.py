"""Records of the handoffs room: snapshots from which work can go on."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import Time


class Handoff(Record, frozen=True, kw_only=True):
    """Where a worker wrote down what its successor needs."""

    snapshot_id: told.HandoffId
    worker_id: told.WorkerId
    controller_id: told.ControllerId
    source_turn_id: told.TurnId | None
    handoff_path: str
    checkpoint_path: str
    created_at: Time
