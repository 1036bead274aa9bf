"""What a runner's socket serves of a command's terminal: who attaches, and what is typed.

A request comes on a thread of its connection, and who stays goes on in the loop's. A command
without a terminal has nothing to attach to, which is said with a code: what is sent to it then
takes another way.
"""

import msgspec

from penholder.cli.run.connection import Connection
from penholder.cli.run.endpoint import Endpoint, Exchange, Refused
from penholder.cli.run.loop import Loop
from penholder.cli.run.pty_viewers import Viewer, Viewers

ATTACH = "attach"
TYPE = "type"
NO_TERMINAL = "NO_TERMINAL"


class _Attach(msgspec.Struct):
    view: bool = False


class _Type(msgspec.Struct):
    text: str
    enter: bool = True


class Serving:
    """Hands requests to the viewers of one terminal."""

    def __init__(self, loop: Loop, viewers: Viewers) -> None:
        """Take the thread, and whom it serves."""
        self._loop = loop
        self._viewers = viewers

    def attach(self, exchange: Exchange) -> None:
        """Let somebody stay who wants to look, and to type unless it says `view`."""
        asked = msgspec.json.decode(exchange.line, type=_Attach)
        # Of its own: the exchange's ends with this.
        stays = exchange.socket.dup()

        def take_in() -> str | None:
            connection = Connection(self._loop, stays, exchange.peer)
            refusal = self._viewers.attach(Viewer(connection, asked.view))
            if refusal is None:
                connection.take(exchange.rest)
            else:
                connection.close()
            return refusal

        refusal = self._loop.ask(take_in)
        if refusal is not None:
            raise Refused(refusal)

    def type(self, exchange: Exchange) -> None:
        """Type a text, and Enter unless `enter` is false."""
        asked = msgspec.json.decode(exchange.line, type=_Type)
        refusal = self._loop.ask(lambda: self._viewers.type(asked.text.encode(), asked.enter))
        if refusal is not None:
            raise Refused(refusal)
        exchange.answer(ok=True)


def serve(endpoint: Endpoint, serving: Serving) -> None:
    """Serve a terminal."""
    endpoint.serve(ATTACH, serving.attach)
    endpoint.serve(TYPE, serving.type)


def serve_none(endpoint: Endpoint) -> None:
    """Say that there is no terminal."""
    for kind in (ATTACH, TYPE):
        endpoint.serve(kind, _refuse)


def _refuse(exchange: Exchange) -> None:
    exchange.answer(ok=False, code=NO_TERMINAL, error="its command has no terminal")
