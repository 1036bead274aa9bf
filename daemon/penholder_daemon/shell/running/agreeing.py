"""Asking the hosts that share the store whether settings that were read anew may be in force."""

from collections.abc import Callable

import msgspec

from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.settings import UnusableSettings
from penholder_daemon.shell.store.own_writes import answer_of
from penholder_protocol.errors import PenholderError


async def agree(submit: Callable[[WriteJob], None], call: Invocation) -> None:
    """Have the store agree to settings; raises UnusableSettings where it does not, or is away."""
    answer = await answer_of(submit, call)
    if isinstance(answer, PenholderError):
        raise UnusableSettings(f"the other hosts could not be asked: {answer}") from answer
    if (refused := msgspec.json.decode(answer, type=str | None)) is not None:
        raise UnusableSettings(refused)
