"""Records of the approvals room: a question and its one answer."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    ApprovalState,
    Epoch,
    OptionId,
    Text,
    Time,
    TypeName,
)


class Option(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One possible answer; an approval is decided by its id or its alias (any case)."""

    id: OptionId
    alias: TypeName | None = None
    label: Text | None = None
    kind: TypeName | None = None


class Approval(Record, frozen=True, kw_only=True):
    """A question of a worker; exactly one of decided, canceled, expired ends it."""

    request_id: told.ApprovalId
    worker_id: told.WorkerId
    turn_id: told.TurnId | None
    state: ApprovalState
    kind: str
    message: str
    options: list[Option]
    keep: bool = False
    """Whether it stays pending when the seat that asked ends."""
    runtime_epoch: Epoch | None
    """The seat that asked; null where nobody sat."""
    created_at: Time
    deadline_at: Time | None
    decided_at: Time | None
    decision: str | None
    selected_option_id: told.OptionId | None
    selected_alias: str | None
    note: str | None
