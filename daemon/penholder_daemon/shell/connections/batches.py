"""The answers of one JSON-RPC batch on their way into an array: one, unless they pass a frame."""

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
            self._account.hold_collected(_BRACKETS - self._bytes)
            self._answers, self._bytes = [], _BRACKETS
            self._put(array)
