"""The ownership of a controller that is held for a block, without I/O.

It is acquired at the beginning, its lease is renewed in the background, and it is released at the
end. Who is stopped for a while may lose it meanwhile, to somebody who took over or acquired after
the lease had run out. Nothing gets past the fence then: every call that carries it is refused as
FENCED. But a block that makes no call would not know. So a refused renewal is kept in `lost`, and
the end of the block raises it.

A renewal that nobody hears is no loss. The time of a lease stands still while the daemon is away,
and its owner stays the owner until somebody else acquires. So renewing goes on, and the end tells:
a release takes the epoch and the token, and is done only if both are still the owner's.
"""

import msgspec

from penholder._shared import tokens
from penholder_protocol.errors import ControllerNotFound, Fenced, PenholderError
from penholder_protocol.nouns import ControllerStatus, Fence, Handle, Release

DEFAULT_LEASE_MS = 30_000
RELEASE_S = 5.0
"""How long a release may take where the block has failed: then its error is what matters."""
_RENEWALS_PER_LEASE = 3
_SHORTEST_PAUSE_S = 0.01
HANDLE = msgspec.json.Decoder(Handle)
RELEASE = msgspec.json.Decoder(Release)
STATUS = msgspec.json.Decoder(ControllerStatus)


class Ownership:
    """A controller that is owned: `fence` goes into the calls that need one.

    `lost` is the refusal of a renewal or of the release: somebody else owns the controller now, or
    nobody. `failure` is why the last renewal was not heard, None once another was.
    """

    def __init__(self, handle: Handle, token: str, lease_ms: int | None) -> None:
        """Hold what was acquired."""
        self._token = token
        self._is_over = False
        self.handle = handle
        self.lease_ms = lease_ms
        self.fence = Fence(epoch=handle.epoch, token=token)
        self.lost: PenholderError | None = None
        self.failure: Exception | None = None

    def __repr__(self) -> str:
        """Say what is owned, without its token."""
        return f"<Ownership of {self.controller_id!r}, epoch {self.epoch}>"

    @property
    def controller_id(self) -> str:
        """The controller."""
        return self.handle.controller_id

    @property
    def epoch(self) -> int:
        """The epoch of this ownership, to fence with it what lies outside the daemon."""
        return self.handle.epoch

    def require(self) -> None:
        """Raise Fenced where the ownership is known to be lost; asks nobody."""
        if self.lost is not None:
            raise self.lost

    # --- for who holds it --------------------------------------------------------------------
    @property
    def renew_after_s(self) -> float:
        """The pause between two renewals."""
        return max((self.lease_ms or 0) / 1000 / _RENEWALS_PER_LEASE, _SHORTEST_PAUSE_S)

    def proof(self) -> dict[str, object]:
        """Return the params of a release."""
        return {"controller_id": self.controller_id, "epoch": self.epoch, "token": self._token}

    def renewal(self) -> dict[str, object]:
        """Return the params of a renewal."""
        return {**self.proof(), "lease_ms": self.lease_ms}

    def renewed(self, handle: Handle) -> None:
        """Take the answer to a renewal, which does not show the token again."""
        self.handle = msgspec.structs.replace(handle, token=self._token)
        self.failure = None

    def renewal_failed(self, error: Exception) -> bool:
        """Take the failure of a renewal; returns whether to go on."""
        # Released meanwhile by the block's own end: that is no loss.
        if self._is_over:
            return False
        self.failure = error
        if isinstance(error, Fenced | ControllerNotFound):
            self._lose(error)
        return self.lost is None

    def ending(self) -> None:
        """The block has ended; what renewals meet from now on says nothing."""
        self._is_over = True

    def released(self, answer: Release) -> None:
        """Take the answer to the release."""
        if not answer.released:
            self._lose(None)

    def release_refused(self, error: PenholderError) -> None:
        """Take the refusal of the release."""
        self._lose(error)

    def end(self, error: BaseException | None) -> None:
        """Raise what has to be told of at the end; a block's own error goes first."""
        if self.lost is None or isinstance(error, Fenced):
            return
        if error is None:
            raise self.lost
        error.add_note(str(self.lost))

    def _lose(self, error: PenholderError | None) -> None:
        if self.lost is None:
            newest = error.details.get("current_epoch") if error is not None else None
            self.lost = Fenced(
                f"the ownership of controller {self.controller_id} (epoch {self.epoch}) was lost:"
                f" {self._why(error, newest)}",
                controller_id=self.controller_id,
                current_epoch=newest if isinstance(newest, int) else self.epoch,
            )

    def _why(self, error: PenholderError | None, newest: object) -> str:
        if isinstance(newest, int) and newest > self.epoch:
            return f"somebody else acquired it, under epoch {newest}"
        if error is None or newest == self.epoch:
            return "somebody else released it"
        return str(error)


class Terms:
    """What is to be owned, and how; the token is made here, so that it is known in any case."""

    def __init__(self, controller_id: str, *, takeover: bool, lease_ms: int | None) -> None:
        """Make a token."""
        self.controller_id = controller_id
        self.lease_ms = lease_ms
        self.token = tokens.new()
        self.takeover = takeover

    def params(self) -> dict[str, object]:
        """Return the params of controller.acquire."""
        return {
            "controller_id": self.controller_id,
            "takeover": self.takeover,
            "lease_ms": self.lease_ms,
            "token": self.token,
        }

    def proof(self, status: ControllerStatus) -> dict[str, object] | None:
        """Return the params of the release that is right if the owner is the one of these terms."""
        owner = status.active_owner
        if owner is None:
            return None
        return {"controller_id": self.controller_id, "epoch": owner.epoch, "token": self.token}
