"""Acting where somebody may own the controller: by a proof, beside nobody, or not at all.

A person who types a word has no proof of ownership, and mostly needs none: nobody owns a
directory's controller. Where somebody does, they are told who, and what replaces the owner. An
owner whose lease has run out is not heard any more: then the controller is acquired for this act
and released again. Whether it has is left to the daemon, whose clock counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from penholder.blocking import Client
from penholder.cli.terminal import fences
from penholder.cli.terminal.fences import Choice
from penholder_protocol.errors import ControllerOwnershipConflict, FenceRequired
from penholder_protocol.nouns import ControllerStatus, Fence, Handle, Release


class Proof(NamedTuple):
    """What shows that the caller may act; nothing where nobody owns the controller."""

    fence: Fence | None
    lasts: bool
    """Whether it holds on after the act."""


@contextmanager
def held(client: Client, choice: Choice, controller_id: str) -> Iterator[Proof]:
    """Yield the proof for an act on a controller's things; FenceRequired names the owner."""
    with fences.held(client, choice, {"controller_id": controller_id}) as fence:
        if fence is not None:
            yield Proof(fence, choice.save or not choice.take_over)
            return
        asked = {"controller_id": controller_id}
        status = client.call("controller.status", asked, ControllerStatus)
        if status.active_owner is None:
            yield Proof(None, lasts=True)
            return
        with _in_place_of_expired(client, status) as proof:
            yield proof


@contextmanager
def _in_place_of_expired(client: Client, status: ControllerStatus) -> Iterator[Proof]:
    controller_id = status.controller_id
    try:
        handle: Handle = client.controller.acquire(controller_id=controller_id, takeover=False)
    except ControllerOwnershipConflict:
        raise _owned(status) from None
    try:
        yield Proof(fences.fence_of(handle), lasts=False)
    finally:
        owned = {"epoch": handle.epoch, "token": handle.token}
        client.call("controller.release", {"controller_id": controller_id, **owned}, Release)


def _owned(status: ControllerStatus) -> FenceRequired:
    owner = status.active_owner
    assert owner is not None  # asked for only where there is one
    return FenceRequired(
        f"controller {status.controller_id} is owned by process {owner.pid} since"
        f" {owner.created_at} (epoch {owner.epoch})",
        controller_id=status.controller_id,
        current_epoch=owner.epoch,
    )
