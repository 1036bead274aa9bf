"""What the runner does for its worker, in one order with the events (`run.acts`).

A turn's begin and its end change the worker's state, and what is told of them must be true at that
very moment: so each is one transaction. What a worker that was stopped meanwhile may not do any
more is left out, and told all the same.
"""

from collections.abc import Callable, Sequence

import msgspec

from penholder.cli.run.acts import Insist
from penholder_protocol.errors import (
    Denied,
    Fenced,
    NotAttached,
    PenholderError,
    WorkerNotFound,
)
from penholder_protocol.nouns import AcknowledgedInput, Applied, Approval, Event, NewEvent, Worker

Call = tuple[str, dict[str, object]]
_SEAT_LOST = (NotAttached, Fenced, WorkerNotFound, Denied)
_SIZE_BYTES = 512


def _params(event: NewEvent) -> dict[str, object]:
    return msgspec.structs.asdict(event)


class Together:
    """An event and what changes with it: all of it, or the event alone where that is refused."""

    def __init__(
        self,
        event: NewEvent,
        calls: Sequence[Call] = (),
        done: Callable[[int], None] | None = None,
        refused: Callable[[PenholderError], None] | None = None,
    ) -> None:
        """`done` gets the event's position; `refused` is called instead of telling it alone."""
        self._event = event
        self._calls = list(calls)
        self._done = done
        self._refused = refused
        self.size_bytes = _SIZE_BYTES + len(bytes(event.data))

    def carry_out(self, insist: Insist) -> None:
        """Do all of it at once."""
        calls = [("event.append", _params(self._event)), *self._calls]
        listed = [{"method": method, "params": params} for method, params in calls]
        try:
            applied = insist("tx.apply", {"calls": listed}, Applied)
            told = _event(applied)
        except _SEAT_LOST:
            raise
        except PenholderError as error:
            if self._refused is not None:
                self._refused(error)
                return
            told = insist("event.append", _params(self._event), Event)
        if self._done is not None:
            self._done(told.pos)


def _event(applied: Applied) -> Event:
    return msgspec.json.decode(applied.results[0], type=Event)


class Ask:
    """A question of the agent's."""

    def __init__(
        self,
        params: dict[str, object],
        done: Callable[[Approval], None],
        refused: Callable[[PenholderError], None],
        is_over: Callable[[], bool],
    ) -> None:
        """`params` are those of approval.request; `is_over` tells that nobody waits any more."""
        self._params = params
        self._done = done
        self._refused = refused
        self._is_over = is_over
        self.size_bytes = _SIZE_BYTES + len(msgspec.json.encode(params))

    def carry_out(self, insist: Insist) -> None:
        """Ask."""
        try:
            approval = insist("approval.request", self._params, Approval)
        except _SEAT_LOST:
            raise
        except PenholderError as error:
            self._refused(error)
        else:
            self._done(approval)
            # At once: what comes next may be the turn's end, and who waits cannot become idle.
            if self._is_over():
                Withdraw(approval.request_id, "the agent waits no more").carry_out(insist)


class Withdraw:
    """A question that nobody needs an answer to; one that has its answer keeps it."""

    size_bytes = _SIZE_BYTES

    def __init__(self, request_id: str, note: str) -> None:
        """Take which, and why."""
        self._params: dict[str, object] = {"request_id": request_id, "note": note}

    def carry_out(self, insist: Insist) -> None:
        """Cancel it."""
        try:
            insist("approval.cancel", self._params, Approval)
        except _SEAT_LOST:
            raise
        except PenholderError:
            return


class Become:
    """A state of the worker's, where it may have that."""

    size_bytes = _SIZE_BYTES

    def __init__(self, state: str) -> None:
        """Take which."""
        self._state = state

    def carry_out(self, insist: Insist) -> None:
        """Change into it."""
        try:
            insist("worker.transition", {"to": self._state}, Worker)
        except _SEAT_LOST:
            raise
        except PenholderError:
            return


class Acknowledge:
    """An input that needs nothing done for it any more."""

    size_bytes = _SIZE_BYTES

    def __init__(self, seq: int, done: Callable[[], None]) -> None:
        """Take its number."""
        self._seq = seq
        self._done = done

    def carry_out(self, insist: Insist) -> None:
        """Acknowledge it, and all before it."""
        insist("input.ack", {"seq": self._seq}, AcknowledgedInput)
        self._done()
