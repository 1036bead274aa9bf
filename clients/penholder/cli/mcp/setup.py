"""What a server was started with."""

import os

import msgspec

from penholder.cli.terminal.options import Options

WORKER_VARIABLE, SOCKET_VARIABLE = "PENHOLDER_WORKER_ID", "PENHOLDER_SOCKET"


class Setup(msgspec.Struct, frozen=True):
    """What was said on the command line, and whether this runs inside a worker."""

    options: Options
    name: str | None = None
    controller: str | None = None
    allow_decide: bool = False
    worker_id: str | None = None
    """The worker that this was started inside of: then its socket is the only one used."""
    socket: str | None = None

    @property
    def is_inside(self) -> bool:
        """Whether this serves a worker, and not a controller."""
        return self.worker_id is not None


def read(
    options: Options, name: str | None, controller: str | None, *, allow_decide: bool
) -> Setup:
    """Add what the environment says."""
    worker_id = os.environ.get(WORKER_VARIABLE) or None
    return Setup(
        options=options,
        name=name,
        controller=controller,
        allow_decide=allow_decide,
        worker_id=worker_id,
        socket=os.environ.get(SOCKET_VARIABLE) if worker_id else None,
    )
