"""Records of the handoffs room: snapshots from which work can go on."""

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import ControllerId, HandoffId, Time, TurnId, WorkerId


class Handoff(Record, frozen=True, kw_only=True):
    """Where a worker wrote down what its successor needs."""

    snapshot_id: HandoffId
    worker_id: WorkerId
    controller_id: ControllerId
    source_turn_id: TurnId | None
    handoff_path: str
    checkpoint_path: str
    created_at: Time
