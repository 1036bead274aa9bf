"""One call over all its attempts, without I/O: what is sent, and whether it is sent again.

A connection that ends before the answer leaves a question: was it done? To take it for not done may
do it twice, to take it for done may lose it. A query can simply be asked again. A mutation can be,
if the daemon knows that it is the same one. So each gets an idempotency key before its first
attempt, and all attempts carry it: what was done under a key is answered again, and done once.

Not every call can be had so. Sent again is a query, a wait, or a mutation under its key. Sent once
is a method of which nothing is known; one whose answer holds a secret that is shown once, where no
key was given; and a shutdown, which would stop the daemon that has just come back. What has surely
not been sent may always be, and so may what was answered as BUSY: nothing was done.

Of failures those pass that say so: a lost connection, a daemon that is not there, BUSY, a store
whose outcome is unknown. Everything else is an answer and is raised at once. How long to go on is
for `Patience` to say, and whether there was ever anybody to wait for, for `Reach`.

A wait that is sent again waits for what is left of its time, or a wait of a minute would last an
hour over sixty restarts.

All clients here ask the same `Call`, so they agree on what is safe. It does no I/O and reads no
clock, so its rules are tested as a table, which the TypeScript client is held to as well.
"""

import errno
import itertools
import math
import os
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import cast

import msgspec
from msgspec import UNSET, Raw

from penholder._generated import KEYED, METHODS, TOKENED, WAITS
from penholder._shared import forks, tokens
from penholder._shared.failures import ConnectionLost, DaemonUnreachable, NotUnderstood
from penholder._shared.patience import Patience
from penholder._shared.reach import UNREACHED_S, NoDaemon
from penholder._shared.sendable import sendable, too_deep
from penholder_protocol import jsonrpc, surrogates
from penholder_protocol.errors import (
    Busy,
    Detail,
    InvalidParams,
    PenholderError,
    StoreFailed,
    error_for,
)
from penholder_protocol.limits import DEFAULT_WAIT_MS
from penholder_protocol.nouns import Fence, LeaseProof

NOT_REPEATED = frozenset({"daemon.shutdown"})
"""Sent a second time it would stop the daemon that has just come back."""
QUICK = KEYED - TOKENED - NOT_REPEATED - WAITS
"""What may be sent again under its key, whatever has become of it: most of what a worker does."""
# No right to connect, or a path that no socket can have: waiting mends neither.
_WITHOUT_SECRET = METHODS - TOKENED
_PLAIN = frozenset({str, int, float, bool, type(None), Fence, LeaseProof})
_PLAIN_BYTES = 4096
_HOPELESS = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}


class Call:
    """A method with its encoded params, and the patience that is left for it."""

    # What most calls never change, since they are answered at once.
    sent = False
    _began_at: float | None = None
    _patience: Patience | None = None
    _token: object = None

    def __init__(
        self,
        method: str,
        params: Mapping[str, object],
        reconnect_s: float,
        mutation: bool | None = None,
        *,
        patient: bool = False,
        by_name: bool = True,
    ) -> None:
        """Encode the params; a mutation without a key gets one, which all attempts share.

        Whether it is a mutation is known of every method of this release; `mutation` says it for
        others. One of which nothing is known is sent once. `patient` sends again after every
        error that says it is retryable.

        A method whose answer holds a secret gets a key only together with a token of our own, with
        which the answer can be given again, and only where the result is read by its type: who
        calls it `by_name` looks for the token in the answer.
        """
        # Null is sent where it is given; only what is UNSET is left to the daemon's defaults.
        given = {name: value for name, value in params.items() if value is not UNSET}
        keyed = method in KEYED if mutation is None else mutation
        if method in TOKENED:
            keyed = _secure(given, makes=not by_name)
            self._token = None if by_name else given.get("token")
        elif keyed and given.get("idempotency_key") is None:
            given["idempotency_key"] = _new_key()
        self.method = method
        self.is_wait = method in WAITS
        self._given = given
        self._params = _encode(given)
        self._is_done_once = keyed or mutation is False
        self._patient = patient
        self._reconnect_s = reconnect_s

    def be_patient(self) -> None:
        """Send again after every error that says it is retryable."""
        self._patient = True

    def frame(self, request_id: str, now: float) -> bytes:
        """Make the request; raises the error of one that the daemon would not read."""
        # At the first attempt, not when the call is made: what it waits for is counted from the
        # asking.
        if self._began_at is None:
            self._began_at = now
        elif self.is_wait:
            self._params = _encode({**self._given, "timeout_ms": self._left_ms(now)})
        frame = jsonrpc.request(request_id, self.method, self._params)
        is_plain = len(frame) <= _PLAIN_BYTES and self.method in METHODS and _is_plain(self._given)
        return frame if is_plain else sendable(frame)

    def whole(self, result: Raw) -> Raw:
        """Return a result with the token that we brought where the daemon would show its own."""
        return tokens.put(result, self._token) if isinstance(self._token, str) else result

    def delay_after(self, failure: OSError | PenholderError, now: float) -> float:
        """Return the seconds until the next attempt; raises what the caller is to get instead."""
        if isinstance(failure, PenholderError) and not self._is_passing(failure):
            raise failure
        if isinstance(failure, NotUnderstood):
            raise failure
        hopeless = isinstance(failure, OSError) and failure.errno in _HOPELESS
        if self._patience is None:
            self._patience = Patience(self._reconnect_s)
        limit_s = UNREACHED_S if isinstance(failure, NoDaemon) else math.inf
        delay = None if hopeless else self._patience.delay_after_failure(now, limit_s)
        # BUSY is refused before anything has happened, whatever the method.
        is_safe = self._is_repeatable() or not self.sent or isinstance(failure, Busy)
        if delay is not None and is_safe:
            return delay
        if isinstance(failure, PenholderError):
            raise failure
        raise self._failed(failure) from failure

    def _is_repeatable(self) -> bool:
        if self.method in NOT_REPEATED:
            return False
        return self._is_done_once or self.is_wait or self.method in _WITHOUT_SECRET

    def _is_passing(self, error: PenholderError) -> bool:
        """Tell whether an error says: try again, I am busy or about to restart."""
        if self._patient and error.retryable:
            return True
        if isinstance(error, StoreFailed):
            return error.details.get("outcome") == "unknown"
        return isinstance(error, Busy)

    def _left_ms(self, now: float) -> int:
        """A wait that is sent again waits for what is left of its time."""
        given_ms = self._given.get("timeout_ms")
        timeout_ms = given_ms if isinstance(given_ms, int) else DEFAULT_WAIT_MS
        began_at = now if self._began_at is None else self._began_at
        return max(0, timeout_ms - int((now - began_at) * 1000))

    def _failed(self, failure: OSError) -> ConnectionLost | DaemonUnreachable:
        if self.sent:
            return ConnectionLost(f"no answer to {self.method}: {_reason(failure)}")
        return DaemonUnreachable(f"{self.method} was not sent: {_reason(failure)}")


def _reason(failure: OSError) -> str:
    """Say why in words: the number that Python puts first is for programs."""
    if failure.strerror is None:
        return str(failure)
    return f"{failure.filename}: {failure.strerror}" if failure.filename else failure.strerror


def quick_request(
    request_id: str, method: str, params: Mapping[str, object]
) -> tuple[dict[str, object], bytes]:
    """Make the request of a quick call; raises the error of one that the daemon would not read.

    Returns what is given of the params, under a key, too: a `Call` of it keeps that key.
    """
    given = {name: value for name, value in params.items() if value is not UNSET}
    if given.get("idempotency_key") is None:
        given["idempotency_key"] = _new_key()
    frame = jsonrpc.request(request_id, method, _encode(given))
    is_plain = len(frame) <= _PLAIN_BYTES and _is_plain(given)
    return given, frame if is_plain else sendable(frame)


def result_of(answer: jsonrpc.Incoming) -> Raw:
    """Return the result of an answer; raises the error that it is."""
    if answer.error is not None:
        raise refusal(answer.error)
    return answer.result if isinstance(answer.result, Raw) else Raw(b"null")


def refusal(error: jsonrpc.RemoteError) -> PenholderError:
    """Make the typed exception of an error that the daemon answered."""
    data = error.data or jsonrpc.RemoteErrorData()
    return error_for(error.code, error.message, data.code, cast("dict[str, Detail]", data.details))


def _plain(value: object) -> object:
    """Make what the annotations allow and msgspec does not know into what it knows."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | AbstractSet):
        return list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _is_plain(given: Mapping[str, object]) -> bool:
    """Tell whether what the encoder makes of params is always what the daemon can read.

    Only JSON that the caller wrote (Raw) may be none, and only what is nested may be nested too
    deep. To read each request once more before it is sent takes a tenth of a call.
    """
    for value in given.values():
        if type(value) not in _PLAIN and not (
            type(value) is dict and _PLAIN.issuperset(map(type, value.values()))
        ):
            return False
    return True


def _encode(given: Mapping[str, object]) -> bytes:
    """Write params as JSON; raises InvalidParams or ValueTooLarge for what has no such form."""
    try:
        return _encode_json(given)
    except UnicodeEncodeError as error:
        lone = f"\\u{ord(error.object[error.start]):04x}"
        raise InvalidParams(surrogates.explain(lone)) from error
    except RecursionError:
        raise too_deep() from None


_encode_json = msgspec.json.Encoder(enc_hook=_plain).encode


def _secure(given: dict[str, object], *, makes: bool) -> bool:
    """Make a key and a token where there is no key; tell whether the call has one."""
    if given.get("idempotency_key") is None and makes:
        given["idempotency_key"] = _new_key()
        if given.get("token") is None:
            given["token"] = tokens.new()
    return given.get("idempotency_key") is not None


class _Keys:
    """Keys that are used once: a part that nobody else has, and a number.

    It begins with the time, so that the daemon's index grows at few ends, and is made once: to ask
    the kernel for chance at each call takes longer than all else of a key.
    """

    __slots__ = ("__weakref__", "_numbers", "_prefix")

    def __init__(self) -> None:
        """Begin at 1."""
        self.renew_after_fork()
        forks.register(self)

    def renew_after_fork(self) -> None:
        """Begin anew with another part: the parent goes on with the one before."""
        self._prefix = f"{time.time_ns():x}{os.urandom(8).hex()}-"
        self._numbers = itertools.count(1)

    def next(self) -> str:
        """Return a key that was not given out before, to any thread."""
        # As wide as any, so that a later key is a greater one.
        return f"{self._prefix}{next(self._numbers):010x}"


_new_key = _Keys().next
