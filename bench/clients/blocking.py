"""Our own blocking client, used as a program would."""

from bench.clients.turns import Turn
from penholder.blocking import Client


def make_turn(path: str) -> Turn:
    """Take the seat of a worker and append to its stream, each under an idempotency key."""
    client = Client(path)
    client.runtime.attach()

    def step() -> None:
        client.event.append(type="output", data={"text": "x"})

    return step
