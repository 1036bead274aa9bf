"""What a runner does for people who reach it over its socket: signals, an end, another start.

Each request becomes a wish of the session's loop, which alone decides what comes of it; whoever
asks waits for that.
"""

import signal
from pathlib import Path

import msgspec

from penholder.cli.run.endpoint import Endpoint, Exchange, Refused
from penholder.cli.run.inbox import Inbox, What
from penholder.cli.run.ticket import Ticket


class _Signal(msgspec.Struct):
    number: int


def make(path: Path, inbox: Inbox) -> Endpoint:
    """Make the socket of a runner, with what every command can be asked."""

    def restart(exchange: Exchange) -> None:
        ticket = _settled(inbox.wish(What.RESTART))
        exchange.answer(ok=True, attempt=ticket.attempt)

    def kill(exchange: Exchange) -> None:
        _settled(inbox.wish(What.KILLED))
        exchange.answer(ok=True)

    def pass_on(exchange: Exchange) -> None:
        number = msgspec.json.decode(exchange.line, type=_Signal).number
        if number not in signal.valid_signals():
            raise Refused(f"there is no signal {number}")
        _settled(inbox.wish(What.PASSED_ON, number))
        exchange.answer(ok=True)

    endpoint = Endpoint(path)
    endpoint.serve("restart", restart)
    endpoint.serve("kill", kill)
    endpoint.serve("signal", pass_on)
    return endpoint


def _settled(ticket: Ticket) -> Ticket:
    ticket.wait()
    if ticket.refusal is not None:
        raise Refused(ticket.refusal)
    return ticket
