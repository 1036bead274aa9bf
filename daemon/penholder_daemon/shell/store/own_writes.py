"""A mutation of the daemon's own, for a task that waits until it is written."""

from collections.abc import Callable

import trio

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.errors import PenholderError


async def answer_of(submit: Callable[[WriteJob], None], call: Invocation) -> Answer:
    """Have a call written and return what came of it; a full queue is a refusal like any other."""
    is_answered = trio.Event()
    answers: list[Answer] = []

    def done(answer: Answer) -> None:
        answers.append(answer)
        is_answered.set()

    try:
        submit(WriteJob(call, done))
    except PenholderError as busy:
        return busy
    await is_answered.wait()
    return answers[0]
