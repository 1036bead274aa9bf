"""What all model tests share: a daemon that is killed and started between the calls.

A machine makes every call on both sides, the rooms and a plain model, and compares what came of
it. The model knows nothing of kills: nothing that was acknowledged may be lost by one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import ClassVar

import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Raw

from penholder._generated import TOKENED
from penholder._shared import tokens
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.method import Kind
from penholder_daemon.core.registry import Registry
from penholder_daemon.rooms import build_registry
from penholder_protocol.errors import IdempotencyNotKept, PenholderError
from tests.helpers import soak
from tests.helpers.harness import CONTROLLER, Json

_DUE_TIMES = ("not_before_at", "lease_expires_at")
_EMPTY: Json = {"items": [], "next": None}
REGISTRY: Registry = build_registry()


@dataclass(frozen=True)
class Acknowledged:
    """A mutation that was done, and what was answered."""

    method: str
    caller: Caller
    params: dict[str, object]
    answer: Json


class MortalBench(ABC):
    """Rooms that answer calls, and a daemon around them that can be killed and started.

    Every mutation is sent under an idempotency key, as careful clients do; after a start the last
    one is sent again, as they do too.
    """

    clock_slack_ms = 0
    """By how much a due time may be told otherwise after a start, where real clocks are read."""
    _keys_made = 0
    _last: Acknowledged | None = None

    @cached_property
    def called(self) -> set[str]:
        """The methods that were called, by whatever way."""
        return set()

    def call(self, method: str, caller: Caller = CONTROLLER, /, **params: object) -> Json:
        """Carry a call out and return its decoded result, or raise its error."""
        kind = REGISTRY.require(method).kind
        if kind is not Kind.MUTATION:
            answer = self.call_as_is(method, caller, **params)
            if kind is Kind.CLAIM:
                self._note_what_a_claim_changed()
            return answer
        if params.get("idempotency_key") is None:
            self._keys_made += 1
            params["idempotency_key"] = f"key-{self._keys_made}"
            if method in TOKENED and self._keys_made % 2:
                # As careful clients do; the others show what becomes of those who do not.
                params["token"] = f"{self._keys_made:032d}"
        self._last = None
        answer = self.call_as_is(method, caller, **params)
        self._last = Acknowledged(method, caller, params, answer)
        return _with_token(answer, params.get("token")) if method in TOKENED else answer

    def _note_what_a_claim_changed(self) -> None:
        """A claim has no key. What keeps its own answers what it made as that is by now."""
        last = self._last
        if last is not None and REGISTRY.require(last.method).keeps_key:
            self._last = replace(last, answer=self.send(last.method, last.caller, last.params))

    def call_as_is(self, method: str, caller: Caller = CONTROLLER, /, **params: object) -> Json:
        """Carry a call out without giving it a key; it is never sent again."""
        self.called.add(method)
        return self.send(method, caller, params)

    @property
    def has_written(self) -> bool:
        """Whether the last mutation since the start was done: a kill may lose something."""
        return self._last is not None

    def kill_and_start(self) -> None:
        """End the daemon as a crash would, start it anew, and send the last mutation again."""
        self.kill()
        self.start()
        if self._last is not None:
            self._send_again(self._last)
        self._last = None

    def _send_again(self, last: Acknowledged) -> None:
        if last.answer in (None, _EMPTY):
            return  # what got nothing is not kept: sent again it would try again
        method = REGISTRY.require(last.method)
        if method.if_lost and "token" not in last.params:
            with pytest.raises(IdempotencyNotKept):
                self.send(last.method, last.caller, last.params)
            return
        answer = self.send(last.method, last.caller, last.params)
        assert self.with_times_of(last.answer, answer) == last.answer

    def with_times_of(self, before: Json, after: Json) -> Json:
        """Return a record as it is told after a start, with the due times that were told before.

        Those are reckoned from the daemon's own time, so a task falls due when it did but for what
        reading two clocks takes, and a lease ends no earlier; both are asserted.
        """
        if not isinstance(after, dict) or not isinstance(before, dict):
            return after
        same = dict(after)
        for name in _DUE_TIMES:
            if before.get(name) and after.get(name):
                later_ms = _ms(after[name]) - _ms(before[name])
                assert -self.clock_slack_ms <= later_ms
                assert later_ms <= self.clock_slack_ms or name == "lease_expires_at"
                same[name] = before[name]
        return same

    @abstractmethod
    def send(self, method: str, caller: Caller, params: dict[str, object]) -> Json:
        """Carry a call out just as it is."""

    @abstractmethod
    def kill(self) -> None:
        """End the daemon; it must not be able to do anything about it."""

    @abstractmethod
    def start(self) -> None:
        """Start a daemon on what the last one left."""

    @abstractmethod
    def close(self) -> None:
        """End the daemon and delete its files."""

    @abstractmethod
    def findings(self) -> list[str]:
        """Return what is wrong with the database, and what failed inside the daemon."""

    @abstractmethod
    def count(self, table: str) -> int:
        """Count the rows of a table."""

    @abstractmethod
    def now_ms(self) -> int:
        """Return the daemon's wall clock; where nobody turns it, it stands."""

    @abstractmethod
    def seated_worker(self, worker_id: str) -> Caller:
        """Make a worker and seat a process, which goes on living when the daemon is killed."""


def _ms(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() * 1000


def _with_token(answer: Json, token: object) -> Json:
    """Put a token that was brought into an answer, as the clients do."""
    if token is None or answer is None:
        return answer
    whole = tokens.put(Raw(msgspec.json.encode(answer)), str(token))
    return msgspec.json.decode(whole)


class Machine(RuleBasedStateMachine):
    """The rooms and a model, side by side, with a kill between any two calls."""

    calls: ClassVar[tuple[str, ...]] = ()
    """The methods whose answers this class compares with its model's, beside those of its bases."""

    def __init__(self, bench: MortalBench) -> None:
        """Drive the rooms of a bench."""
        super().__init__()
        self.bench = bench

    @classmethod
    def all_calls(cls) -> set[str]:
        """Return what it compares itself and what its bases do."""
        return {method for each in cls.mro() for method in vars(each).get("calls", ())}

    def teardown(self) -> None:
        """Close what the bench holds."""
        self.bench.close()

    def both(self, expected: str | None, call: Callable[[], Json]) -> Json:
        """Make a call that must be refused by this name (None: must not)."""
        given: str | None = None
        answer: Json = None
        try:
            answer = call()
        except PenholderError as refusal:
            given = refusal.code
        assert given == expected
        return answer

    def call(
        self, expected: str | None, method: str, caller: Caller = CONTROLLER, /, **params: object
    ) -> Json:
        """Carry a call out that must be refused by this name (None: must not)."""
        return self.both(expected, lambda: self.bench.call(method, caller, **params))

    def pages(self, method: str, caller: Caller = CONTROLLER, /, **params: object) -> list[Json]:
        """Return all items of a list, page by page."""
        page = self.bench.call(method, caller, **params)
        items: list[Json] = page["items"]
        while (cursor := page["next"]) is not None:
            page = self.bench.call(method, caller, **params, cursor=cursor)
            assert page["next"] != cursor, "the list does not go on"
            items += page["items"]
        return items

    @initialize()
    def kill_at_first(self) -> None:
        """Kill the daemon once for certain: not every history is given every rule."""
        self.kill_and_start()

    @precondition(lambda self: self.bench.has_written)
    @rule()
    def kill_and_start(self) -> None:
        """Kill the daemon and start it anew."""
        self.bench.kill_and_start()
        self.after_start()

    def after_start(self) -> None:
        """Do to the model what a start is promised to do: nothing, unless a machine says so."""

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Look for damage."""
        assert self.bench.findings() == []


def drive(make_machine: Callable[[], Machine], *, histories: int, steps: int) -> None:
    """Drive a machine through so many histories, in which it must call all that it is for."""
    wanted: set[str] = set()
    called: list[set[str]] = []

    def make() -> Machine:
        machine = make_machine()
        wanted.update(machine.all_calls())
        called.append(machine.bench.called)
        return machine

    live_through(make, histories=histories, steps=steps)
    assert wanted.difference(*called) == set(), "never called, though it is said to be"


def live_through(make_machine: Callable[[], Machine], *, histories: int, steps: int) -> None:
    """Take a machine through histories; `make soak` asks for twenty times as many."""
    run_state_machine_as_test(
        make_machine,  # type: ignore[arg-type]  # anything that makes a machine will do
        settings=settings(
            max_examples=soak.many(histories, 20 * histories), stateful_step_count=steps
        ),
    )
