"""The calls of the tx room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_APPLIED: Final[Decoder[nouns.Applied]] = Decoder(nouns.Applied)


class TxCalls:
    """The tx room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def apply(
        self,
        *,
        calls: Sequence[nouns.Call | Mapping[str, object]],
        idempotency_key: str | None = None,
    ) -> nouns.Applied:
        """Carry out several mutations in one transaction, in their order, all or none.

        Each call passes its own fence. The first that fails gives its error, with `details.index`.
        """
        return self._client.ask("tx.apply", {
            "calls": calls,
            "idempotency_key": idempotency_key,
        }, _APPLIED)


class AsyncTxCalls:
    """The tx room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def apply(
        self,
        *,
        calls: Sequence[nouns.Call | Mapping[str, object]],
        idempotency_key: str | None = None,
    ) -> nouns.Applied:
        """Carry out several mutations in one transaction, in their order, all or none.

        Each call passes its own fence. The first that fails gives its error, with `details.index`.
        """
        return await self._client.ask("tx.apply", {
            "calls": calls,
            "idempotency_key": idempotency_key,
        }, _APPLIED)
