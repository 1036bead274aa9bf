"""Records of leases: what proves that a run or a queue task is still its claimer's."""

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import Epoch, Time, Token


class Lease(Record, frozen=True, kw_only=True):
    """A claim as its holder sees it; `token` is there once, in the answer of the claim.

    It is null where the claimer brought a token of its own.
    """

    epoch: Epoch
    token: str | None
    expires_at: Time


class LeaseProof(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Proof of a claim: the epoch and token of the newest lease."""

    epoch: Epoch
    token: Token
