"""Asking the hosts that share the store whether settings that were read anew may be in force."""

from collections.abc import Callable

import msgspec
import trio

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.settings import UnusableSettings
from penholder_protocol.errors import PenholderError


async def agree(submit: Callable[[WriteJob], None], call: Invocation) -> None:
    """Have the store agree to settings; raises UnusableSettings where it does not, or is away."""
    is_answered = trio.Event()
    answers: list[Answer] = []

    def done(answer: Answer) -> None:
        answers.append(answer)
        is_answered.set()

    try:
        submit(WriteJob(call, done))
        await is_answered.wait()
        [answer] = answers
        if isinstance(answer, PenholderError):
            raise answer
    except PenholderError as error:
        raise UnusableSettings(f"the other hosts could not be asked: {error}") from error
    if (refused := msgspec.json.decode(answer, type=str | None)) is not None:
        raise UnusableSettings(refused)
