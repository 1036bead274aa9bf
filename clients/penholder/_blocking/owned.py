"""`controller.owned` of the blocking client: an ownership for a `with` block.

The lease is renewed by a thread, over a connection of its own: that of the client may be taken by a
call that waits for minutes. The thread does not live in a child process, and the block is not the
child's to end: whatever leaves it there releases nothing.
"""

import os
import threading
from contextlib import AbstractContextManager, suppress
from types import TracebackType

from penholder._callers import Caller
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


class Owning:
    """What the controller room has beside its methods, blocking."""

    __slots__ = ()
    _client: Caller

    def owned(
        self,
        controller_id: str,
        *,
        takeover: bool = False,
        lease_ms: int | None = DEFAULT_LEASE_MS,
    ) -> AbstractContextManager[Ownership]:
        """Own a controller for a `with` block, and release it at the end in any case.

        The lease is renewed three times in its time, by a thread with a connection of its own; with
        `lease_ms` None there is none, and who comes after a crash has to take over. `takeover`
        replaces a present owner, which else is CONTROLLER_OWNERSHIP_CONFLICT. Where the ownership
        was lost meanwhile calls are FENCED, and so is the end of the block, unless the block has an
        error of its own. A child process that leaves the block releases nothing.
        """
        terms = Terms(controller_id, takeover=takeover, lease_ms=lease_ms)
        return _Owned(self._client, terms)


class _Owned(AbstractContextManager[Ownership]):
    def __init__(self, client: Caller, terms: Terms) -> None:
        self._client = client
        self._terms = terms
        self._renewing: _Renewing | None = None

    def __enter__(self) -> Ownership:
        terms = self._terms
        try:
            handle = self._client.ask("controller.acquire", terms.params(), HANDLE)
        except Exception:
            raise
        except BaseException:
            # It may have been done all the same, and nobody else knows the token.
            self._give_back()
            raise
        self._owner_pid = os.getpid()
        self._ownership = Ownership(handle, terms.token, terms.lease_ms)
        if terms.lease_ms is not None:
            self._renewing = _Renewing(self._client.beside(), self._ownership)
            self._renewing.start()
        return self._ownership

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if os.getpid() != self._owner_pid:
            return
        self._ownership.ending()
        try:
            self._finish(error)
        except Exception:
            raise
        except BaseException:
            # Ctrl-C at the end of the block. What was begun is done; a second one gives it up.
            self._release_quietly()
            raise
        self._ownership.end(error)

    def _finish(self, error: BaseException | None) -> None:
        if self._renewing is not None:
            self._renewing.end()
        if error is None:
            self._release(None)
        else:
            self._release_quietly()

    def _release_quietly(self) -> None:
        """Release where something else is to be told of; without it the lease will run out."""
        with suppress(OSError, PenholderError):
            self._release(RELEASE_S)

    def _release(self, timeout_s: float | None) -> None:
        # Not over the client's own connection, which another thread may be waiting on.
        with self._client.beside() as other:
            try:
                proof = self._ownership.proof()
                answer = other.ask("controller.release", proof, RELEASE, timeout_s)
            except InvalidControllerHandle as refused:
                self._ownership.release_refused(refused)
            else:
                self._ownership.released(answer)

    def _give_back(self) -> None:
        with suppress(OSError, PenholderError), self._client.beside() as other:
            asked = {"controller_id": self._terms.controller_id}
            status = other.ask("controller.status", asked, STATUS, RELEASE_S)
            # Refused where the owner is another one: the token would be wrong.
            if (proof := self._terms.proof(status)) is not None:
                other.ask("controller.release", proof, RELEASE, RELEASE_S)


class _Renewing(threading.Thread):
    def __init__(self, client: Caller, ownership: Ownership) -> None:
        super().__init__(name=f"penholder-owned-{ownership.controller_id}", daemon=True)
        self._client = client
        self._ownership = ownership
        self._ended = threading.Event()

    def run(self) -> None:
        ownership = self._ownership
        while not self._ended.wait(ownership.renew_after_s):
            try:
                renewal = ownership.renewal()
                ownership.renewed(self._client.ask("controller.renew", renewal, HANDLE))
            except (OSError, PenholderError) as error:
                if not ownership.renewal_failed(error):
                    return

    def end(self) -> None:
        """Wait for its end, which no call holds up: they fail when their client is closed."""
        self._ended.set()
        self._client.close()
        self.join()
