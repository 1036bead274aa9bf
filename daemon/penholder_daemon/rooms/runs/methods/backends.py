"""Backend profiles, as the configuration tells them."""

from msgspec import Raw

from penholder_daemon.core.caller import CONTROL
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import to_json
from penholder_daemon.core.transaction import Rx
from penholder_protocol.nouns import Backend, Backends

room = Room("backend")


@room.query(sockets=(CONTROL,))
def list_(rx: Rx) -> Backends:
    """List the backend profiles of the configuration; runs of any other profile work as well."""
    return Backends(
        items=[
            Backend(backend_profile=profile, capabilities=Raw(to_json(capabilities).encode()))
            for profile, capabilities in rx.world.rules.backends.items()
        ]
    )
