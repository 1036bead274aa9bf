"""Whether a person may type into a worker: not beside an owner who lives.

Whoever owns the worker's controller steers it, and keys from elsewhere would cross what it does. So
a living owner's worker can be looked at only, unless the caller proves to be that owner or takes
over. A terminal has no daemon that would check the proof, so it is asked for here.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal.options import Options
from penholder.cli.workers import ownership
from penholder_protocol.errors import Fenced, FenceRequired, PenholderError
from penholder_protocol.nouns import Fence, Validity, Worker


class Steering(msgspec.Struct, frozen=True):
    """What the caller may do, and with what proof."""

    fence: Fence | None = None
    refusal: PenholderError | None = None
    """Why the caller may not type."""


@contextmanager
def steering(client: Client, options: Options, worker: Worker) -> Iterator[Steering]:
    """Yield whether the caller may type into a worker; what was acquired for it is released."""
    with ExitStack() as held:
        try:
            proof = held.enter_context(ownership.held(client, options, worker.controller_id))
            if proof.fence is not None:
                _check(client, worker.controller_id, proof.fence)
        except (FenceRequired, Fenced) as error:
            yield Steering(refusal=error)
            return
        yield Steering(proof.fence)


def _check(client: Client, controller_id: str, fence: Fence) -> None:
    asked = {"controller_id": controller_id, "epoch": fence.epoch, "token": fence.token}
    if not client.call("controller.validate", asked, Validity).valid:
        raise Fenced(
            f"another process owns controller {controller_id}, or nobody does: the proof that was"
            " given is an earlier owner's",
            controller_id=controller_id,
            current_epoch=None,
        )
