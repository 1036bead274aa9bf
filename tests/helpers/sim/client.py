"""A client over a memory stream: calls with retries are the test's business, order is trio's."""

import json
from typing import Any

import trio

from penholder_protocol.framing import Framer


class SimulatedClient:
    """One connection with a reader task; answers are matched by id."""

    def __init__(self, stream: trio.abc.Stream, nursery: trio.Nursery) -> None:
        """Start reading."""
        self._stream = stream
        self._last_id = 0
        self._waiting: dict[int, tuple[trio.Event, list[Any]]] = {}
        self.entries: list[dict[str, Any]] = []
        nursery.start_soon(self._read)

    async def _read(self) -> None:
        framer = Framer()
        try:
            async for chunk in self._stream:
                for frame in framer.feed(bytes(chunk)):
                    self._take(json.loads(frame))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self.entries += message["params"]["entries"]
            return
        event, kept = self._waiting.pop(message["id"])
        kept.append(message)
        event.set()

    async def call(self, method: str, **params: object) -> Any:
        """Call and wait for the whole answer."""
        self._last_id += 1
        event, kept = trio.Event(), list[Any]()
        self._waiting[self._last_id] = (event, kept)
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        await self._stream.send_all(json.dumps(request).encode() + b"\n")
        await event.wait()
        return kept[0]
