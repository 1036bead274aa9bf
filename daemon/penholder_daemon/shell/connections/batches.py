"""The answers of one JSON-RPC batch on their way into an array: one, unless they pass a frame.

JSON-RPC answers a batch in one array. But a hundred answers may come to many times a frame, and no
client reads a longer line. To refuse the last ones would be wrong, since what they answer has been
done. So an array goes out as soon as the next answer would not fit, and a batch may be answered in
several.

What waits here for the rest is held for the peer, and counts so. It can only leave when the others
are made; so an account with nothing else unsent has room for them (`Account.has_room`).
"""

from collections.abc import Callable

from penholder_daemon.shell.fairness.accounts import Account
from penholder_protocol.limits import MAX_FRAME_BYTES

_BRACKETS = 2


class BatchAnswers:
    """Collects answers; an array goes out when the batch is complete or the next would not fit."""

    def __init__(self, missing: int, account: Account, put: Callable[[bytes], None]) -> None:
        """Expect so many answers; `put` takes each array."""
        self._missing = missing
        self._account = account
        self._put = put
        self._answers: list[bytes] = []
        self._bytes = _BRACKETS

    def take(self, answer: bytes | None) -> None:
        """Take an answer, or None for a notification's."""
        self._missing -= 1
        if answer is not None:
            size = len(answer) + 1
            if self._bytes + size > MAX_FRAME_BYTES:
                self._flush()
            self._answers.append(answer)
            self._bytes += size
            self._account.hold_collected(size)
        if not self._missing:
            self._flush()

    def _flush(self) -> None:
        """Send what there is; a batch of notifications alone is answered by nothing."""
        if self._answers:
            array = b"[" + b",".join(self._answers) + b"]"
            # Before it is put: counted in both places at once it might be what ends the connection.
            self._account.hold_collected(_BRACKETS - self._bytes)
            self._answers, self._bytes = [], _BRACKETS
            self._put(array)
