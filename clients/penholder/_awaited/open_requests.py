"""The requests of one connection that wait for their answers, without I/O.

Many share a connection, so an answer is matched by its id, and one that nobody waits for any more
is dropped. Each request brings what wakes its task, so nothing here knows what a task is.

An error that names no request is about one of those that are open. Which one shows later, by which
are answered (`Unnamed`). If the connection ends before that, all in doubt get the error: sent again
over the next connection the faulty one would meet it again, and end that one too.
"""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from penholder._awaited.unnamed import Unnamed
from penholder._shared.call import Call, refusal, result_of
from penholder._shared.failures import ConnectionLost
from penholder._shared.request_ids import RequestIds
from penholder_protocol import jsonrpc
from penholder_protocol.errors import PenholderError
from penholder_protocol.jsonrpc import Incoming, RemoteError


class OpenRequest:
    """A request that waits for its answer."""

    __slots__ = ("_answer", "_wake", "frame", "id", "is_wait")

    def __init__(self, request_id: str, frame: bytes, is_wait: bool, wake: Callable[[], object]):
        """Wait; `wake` is called once, when there is a result."""
        self.id = request_id
        self.frame = frame
        self.is_wait = is_wait
        self._wake = wake
        self._answer: Incoming | ConnectionLost | PenholderError | None = None

    def settle(self, answer: Incoming | ConnectionLost | PenholderError) -> None:
        """End the waiting with an answer or a failure."""
        # The first one stands: the connection may end right after the answer has come.
        if self._answer is None:
            self._answer = answer
            self._wake()

    def result(self) -> Raw:
        """Return what was answered, or raise it."""
        if isinstance(self._answer, Incoming):
            return result_of(self._answer)
        assert self._answer is not None
        raise self._answer


class OpenRequests:
    """All of one connection."""

    def __init__(self, request_ids: RequestIds) -> None:
        """Begin with none."""
        self._request_ids = request_ids
        self._open: dict[str, OpenRequest] = {}
        self._unnamed: list[Unnamed[RemoteError]] = []
        self.lost: str | None = None
        """Why nothing is answered any more."""
        self.kind = ConnectionLost

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def begin(self, call: Call, now: float, wake: Callable[[], object]) -> OpenRequest:
        """Open a request; raises the error of one that cannot be sent, or ConnectionLost."""
        request_id = self._request_ids.next()
        frame = call.frame(request_id, now)
        if self.lost is not None:
            raise self.kind(self.lost)
        request = OpenRequest(request_id, frame, call.is_wait, wake)
        self._open[request_id] = request
        return request

    def take(self, message: Incoming) -> None:
        """Take an answer, or an error that names no request."""
        if isinstance(message.id, str) and message.id in self._open:
            self._open[message.id].settle(message)
        elif message.id is None and message.error is not None:
            self._take_unnamed(message.error)

    def forget(self, request: OpenRequest) -> None:
        """A request is answered, failed or given up."""
        self._open.pop(request.id, None)
        for unnamed in self._unnamed:
            unnamed.answered(request.id)
        if self._unnamed and self.lost is None:
            self._settle_unnamed()

    def end(self, why: str, kind: type[ConnectionLost] = ConnectionLost) -> None:
        """Fail all that are open."""
        self.lost, self.kind = why, kind
        # What is sent again would meet the same refusal again, so all in doubt get it.
        for unnamed in self._unnamed:
            self._refuse(unnamed, unnamed.left)
        for request in self._open.values():
            request.settle(kind(why))

    def _take_unnamed(self, error: RemoteError) -> None:
        calls: list[str] = []
        waits: list[str] = []
        for request_id, request in self._open.items():
            (waits if request.is_wait else calls).append(request_id)
        self._unnamed.append(Unnamed(error, calls, waits))
        self._settle_unnamed()

    def _settle_unnamed(self) -> None:
        """Fail the requests that errors without id are found to be about."""
        for unnamed in list(self._unnamed):
            found = unnamed.found()
            if found is not None:
                self._refuse(unnamed, [found])
            if found is not None or not unnamed.left:
                self._unnamed.remove(unnamed)
        in_doubt = {each for unnamed in self._unnamed for each in unnamed.left}
        if self._unnamed and len(in_doubt) <= len(self._unnamed):
            self._refuse(self._unnamed[0], list(in_doubt))
            self._unnamed.clear()

    def _refuse(self, unnamed: Unnamed[RemoteError], request_ids: list[str]) -> None:
        for request_id in request_ids:
            if request_id in self._open:
                self._open[request_id].settle(refusal(unnamed.error))
            for other in self._unnamed:
                other.answered(request_id)


def notification(method: str, params: object) -> bytes:
    """Make a request that nobody answers."""
    return jsonrpc.notification(method, msgspec.json.encode(params)) + b"\n"


def cancellation(request: OpenRequest) -> bytes:
    """Make the notification that ends a wait which nobody waits for any more."""
    return notification("rpc.cancel", {"id": request.id})


def is_of_journal(message: Incoming) -> bool:
    """Tell whether a message is a notification of a subscription."""
    return message.method is not None and message.method.startswith("journal.")
