"""`controller.owned` of the awaited clients: an ownership for an `async with` block."""

from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from penholder._awaited.loop import Background
from penholder._callers import AsyncCaller
from penholder._shared.owned import (
    DEFAULT_LEASE_MS,
    HANDLE,
    RELEASE,
    RELEASE_S,
    STATUS,
    Ownership,
    Terms,
)
from penholder_protocol.errors import InvalidControllerHandle, PenholderError


class AsyncOwning:
    """What the controller room has beside its methods, awaited."""

    __slots__ = ()
    _client: AsyncCaller

    def owned(
        self,
        controller_id: str,
        *,
        takeover: bool = False,
        lease_ms: int | None = DEFAULT_LEASE_MS,
    ) -> AbstractAsyncContextManager[Ownership]:
        """Own a controller for an `async with` block, and release it at the end in any case.

        The lease is renewed three times in its time; with `lease_ms` None there is none, and who
        comes after a crash has to take over. `takeover` replaces a present owner, which else is
        CONTROLLER_OWNERSHIP_CONFLICT. Where the ownership was lost meanwhile calls are FENCED, and
        so is the end of the block, unless the block has an error of its own.
        """
        terms = Terms(controller_id, takeover=takeover, lease_ms=lease_ms)
        return _Owned(self._client, terms)


class _Owned(AbstractAsyncContextManager[Ownership]):
    def __init__(self, client: AsyncCaller, terms: Terms) -> None:
        self._client = client
        self._terms = terms
        self._renewing: Background | None = None

    async def __aenter__(self) -> Ownership:
        terms = self._terms
        try:
            handle = await self._client.ask("controller.acquire", terms.params(), HANDLE)
        except (Exception, GeneratorExit):
            raise
        except BaseException:
            # It may have been done all the same, and nobody else knows the token.
            await self._client.loop.finish(RELEASE_S, self._give_back)
            raise
        self._ownership = Ownership(handle, terms.token, terms.lease_ms)
        if terms.lease_ms is not None:
            self._renewing = self._client.loop.spawn(self._keep_renewing)
        return self._ownership

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ownership.ending()
        try:
            await self._release(error)
        finally:
            if self._renewing is not None:
                await self._renewing.stop()
        self._ownership.end(error)

    async def _release(self, error: BaseException | None) -> None:
        finish = self._client.loop.finish
        if error is not None:
            await finish(RELEASE_S, self._release_quietly)
            return
        try:
            await self._ask_to_release()
        except (Exception, GeneratorExit):
            raise
        except BaseException:
            await finish(RELEASE_S, self._release_quietly)
            raise

    async def _ask_to_release(self) -> None:
        ownership = self._ownership
        try:
            proof = ownership.proof()
            ownership.released(await self._client.ask("controller.release", proof, RELEASE))
        except InvalidControllerHandle as refused:
            ownership.release_refused(refused)

    async def _release_quietly(self) -> None:
        """Release where something else is to be told of; without it the lease will run out."""
        with suppress(OSError, PenholderError):
            await self._ask_to_release()

    async def _give_back(self) -> None:
        with suppress(OSError, PenholderError):
            asked = {"controller_id": self._terms.controller_id}
            status = await self._client.ask("controller.status", asked, STATUS)
            # Refused where the owner is another one: the token would be wrong.
            if (proof := self._terms.proof(status)) is not None:
                await self._client.ask("controller.release", proof, RELEASE)

    async def _keep_renewing(self) -> None:
        ownership, loop = self._ownership, self._client.loop
        never = loop.event()
        goes_on = True
        while goes_on:
            await loop.pause(ownership.renew_after_s, never)
            try:
                renewal = ownership.renewal()
                ownership.renewed(await self._client.ask("controller.renew", renewal, HANDLE))
            except (OSError, PenholderError) as error:
                goes_on = ownership.renewal_failed(error)
