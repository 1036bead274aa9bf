"""All checks, in the order in which they are read; one that fails hides none of the others."""

from collections.abc import Callable, Iterator

import msgspec

from penholder.cli.doctor import machine, orphans, places, postgresql, upkeep, versions
from penholder.cli.doctor.finding import Finding, warning
from penholder.cli.doctor.situation import Situation, Unanswered
from penholder.cli.terminal.failures import Failure
from penholder_protocol.errors import PenholderError

CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    versions.program,
    versions.clients_configuration,
    versions.daemon,
    versions.sqlite,
    versions.schema,
    postgresql.postgresql,
    places.directories,
    places.files,
    places.socket_path,
    places.runtime_sockets,
    places.blobs,
    machine.disk,
    machine.write_ahead_log,
    machine.clock,
    machine.descriptors,
    orphans.left_behind,
    upkeep.service,
    upkeep.backup,
    upkeep.health,
    upkeep.verification,
)


def examine(at: Situation) -> Iterator[Finding]:
    """Carry out every check."""
    for check in CHECKS:
        try:
            yield from check(at)
        # A check that cannot look is a finding of its own; the others may say why.
        except (Unanswered, OSError, Failure, PenholderError, msgspec.MsgspecError) as error:
            name = check.__name__.replace("_", " ")
            yield warning(name, f"could not be looked at: {error}", "see the other findings")
