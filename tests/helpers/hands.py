"""The writer with both its hands, of which a seed decides when each goes on.

Over a server the one in the loop stands still whenever it would wait, and goes on when the seed
says so.

Its thread is a real one that waits for its turn wherever it meets the loop: at its queues, at the
loop's token, at each call of a batch. So no two things ever happen at once, and every interleaving
of the two can be had again.
"""

import queue
import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar, cast

import pytest
import trio
import trio.testing
from psycopg.waiting import Wait

from penholder_daemon.core.commit import Answer, BatchOutcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.transaction import Published
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.kernel.run_delay import RunDelay
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.pace import AlwaysFast
from penholder_daemon.shell.store.postgres.loop_waiting import LoopHand, hand_in_loop
from penholder_daemon.shell.store.writer import AdaptiveWriter
from penholder_daemon.shell.store.writer_ports import Hub
from penholder_protocol.limits import MAX_LAG_BYTES
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import CONTROLLER
from tests.helpers.turns import REAL_THREAD, Turns, TurnsQueue, TurnsThread, TurnsToken

T = TypeVar("T")
_REGISTRY = build_registry()
_SHORT, _LONG = _REGISTRY.require("event.append"), _REGISTRY.require("tx.apply")
_ANY_SOCKET = -1
_TOO_MUCH_BYTES = MAX_LAG_BYTES + 1
FAST_SECONDS, SLOW_SECONDS = 0.0002, 0.02


class Connection:
    """Stands for the writing connection; it notices who uses it while another does."""

    fault = None

    def __init__(self, turns: Turns, rng: random.Random) -> None:
        """Be fast until told."""
        self._turns = turns
        self._rng = rng
        self._is_used = False
        self.now = 0.0
        """What the clock shows."""
        self.slow_share = 0.0
        self.waited = self.waits = 0.0
        """For a processor: ever, and in each commit."""
        self.needs_checkpoint = False
        self.bug: Exception | None = None
        self.is_lost = False
        """Whether it has met an I/O error."""
        self.is_in_loop: Callable[[], bool] = lambda: True
        self.commits: list[tuple[bool, bool, list[Invocation]]] = []
        """Of each whether it was on the thread, whether it was slow, and its calls."""
        self.is_server = False
        """Whether who is in the loop waits with it, while the loop goes on."""
        self._hand: LoopHand | None = None
        self._heard: Callable[[], None] = lambda: None
        self._pos = 0
        self.unseen = 0
        """How many entries others have written that nobody here has looked at."""
        self.heartbeats = self.checkpoints = 0
        self.progressed_at = 0.0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        assert not self._is_used, "two use the connection at once"
        self._is_used = True
        self._turns.point()
        yield
        self._is_used = False

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,  # noqa: ARG002 - nobody's lease runs out here
        *,
        waits: bool = True,  # noqa: ARG002 - nobody else has the lock
    ) -> BatchOutcome:
        """Commit."""
        calls: list[Invocation] = []
        with self._alone():
            self._wait()
            for call in batch:
                self._turns.point()
                if self.is_server and self._rng.random() < 0.3:
                    self._wait()
                calls.append(call)
                answered(b"{}")
            if self.bug is not None:
                self._is_used = False
                raise self.bug
            self._wait()
            is_slow = self._rng.random() < self.slow_share
            self.now += SLOW_SECONDS if is_slow else FAST_SECONDS
            self.waited += self.waits
        if calls:
            self.commits.append((self._turns.is_on_thread, is_slow, calls))
        return BatchOutcome([b"{}"] * len(calls), self._publish(len(calls)), fatal=self.is_lost)

    def _wait(self) -> None:
        hand = hand_in_loop()
        if hand is not None:
            hand.wait_for(_ANY_SOCKET, Wait.R)

    def _publish(self, own: int) -> list[Published]:
        first, self._pos = self._pos, self._pos + self.unseen + own
        self.unseen = 0
        # Their positions alone are looked at.
        return [cast("Published", pos) for pos in range(first, self._pos)]

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Have it done once others have written."""
        assert not self._is_used, "who is amid a batch hears what comes himself"
        self._heard = partial(hub.soon, act)
        if self.unseen:
            self.tell()

    def tell(self) -> None:
        """Tell who waits for it that something has come."""
        heard, self._heard = self._heard, lambda: None
        heard()

    def is_hinted(self) -> bool:
        """Whether there is something new."""
        assert not self._is_used, "two use the connection at once"
        return bool(self.unseen)

    def hurry(self) -> None:
        """Nobody is waited for."""

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:
        """Do it, or begin to."""
        if not self.is_server:
            act()
            return
        self._hand = self._hand or LoopHand()
        self._hand.do(act, hub)

    def heartbeat(self) -> BatchOutcome:
        """See whether writing works."""
        with self._alone():
            self._wait()
            self.heartbeats += 1
        return BatchOutcome([], self._publish(0))

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether the log should be moved; only who has the store may ask."""
        assert self._turns.is_on_thread or self.is_in_loop()
        return self.needs_checkpoint

    def checkpoint(self) -> None:
        """Move the log if it is due, which takes long."""
        assert self._turns.is_on_thread
        with self._alone():
            self.checkpoints += self.needs_checkpoint
            self.needs_checkpoint = False


def _do_next(acts: deque[Callable[[], object]]) -> None:
    acts.popleft()()


class Hands:
    """A writer between a loop that a seed drives and a thread that waits for its turns."""

    def __init__(
        self, seed: int, monkeypatch: pytest.MonkeyPatch, *, is_server: bool = False
    ) -> None:
        """Put them together; nothing happens yet."""
        self._rng = random.Random(seed)
        self.turns = Turns()
        self.token = TurnsToken(self.turns)
        self.connection = Connection(self.turns, self._rng)
        self.connection.is_server = is_server
        self._put_in_place(monkeypatch)
        self._acts: deque[Callable[[], object]] = deque()
        accounts = Accounts()
        self._accounts = [accounts.open(lambda _: None) for _ in range(3)]
        self._full: set[Account] = set()
        """Those whose peers have no room for answers."""
        self.left = 0
        """How many mutations are still to come."""
        self.submitted: list[WriteJob] = []
        self.delivered: list[WriteJob] = []
        self.published: list[Published] = []
        self.hints_left = 0
        self.is_fatal = False
        self.writer = self._make()
        self.connection.is_in_loop = lambda: self.writer.is_in_loop
        for account in self._accounts:
            account.when_room(partial(self.writer.resume, account))
        self.writer.start(self._deliver)

    def _make(self) -> AdaptiveWriter:
        # For as long only: trio's own threads come back by the real one.
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(trio.lowlevel, "current_trio_token", lambda: self.token)
            return AdaptiveWriter(
                self.connection,  # type: ignore[arg-type]  # what the writer needs of it
                Counters(), RequestLog(Settings()), Beat(FakeWorld()), self,
                AlwaysFast() if self.connection.is_server else None,
            )  # fmt: skip

    def _put_in_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def make_thread(*, name: str | None = None, **named: Any) -> threading.Thread:
            if name != "penholder-writer":
                return REAL_THREAD(name=name, **named)
            thread = TurnsThread(name=name, **named)
            thread.turns = self.turns
            return thread

        monkeypatch.setattr(threading, "Thread", make_thread)
        monkeypatch.setattr(queue, "SimpleQueue", lambda: TurnsQueue[object](self.turns))
        monkeypatch.setattr(RunDelay, "seconds", lambda _: self.connection.waited)
        for name, module in list(sys.modules.items()):
            if name.startswith("penholder_daemon.shell.") and hasattr(module, "perf_counter"):
                monkeypatch.setattr(module, "perf_counter", lambda: self.connection.now)

    # --- what the writer needs of the hub -----------------------------------------------------
    def soon(self, act: Callable[[], object]) -> None:
        """Have something done, some time."""
        self._acts.append(act)

    def when_ready(self, fd: int, events: int, act: Callable[[], object]) -> bool:
        """Find it ready, some time."""
        del fd, events
        self._acts.append(act)
        return True

    def read(self) -> None:
        """Find that something has come, or not."""
        if self._rng.random() < 0.5:
            self.submit()

    # --- the loop -----------------------------------------------------------------------------
    def submit(self, *, is_long: bool | None = None) -> None:
        """Have a peer ask for something."""
        if not self.left:
            return
        self.left -= 1
        if is_long is None:
            is_long = self._rng.random() < 0.1
        method, nothing = _LONG if is_long else _SHORT, b"{}"
        call = Invocation(method, {}, CONTROLLER, str(len(self.submitted)), nothing, nothing)
        job = WriteJob(call, lambda _: None, account=self._rng.choice(self._accounts))
        self.submitted.append(job)
        self.writer.submit(job)

    def _deliver(self, jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        assert not self.turns.is_on_thread
        self.delivered += jobs
        self.published += outcome.published
        self.is_fatal |= outcome.fatal

    def step(self) -> bool:
        """Let one of them go on; False if neither can."""
        possible: list[Callable[[], object]] = []
        if self.turns.can_go:
            possible += [self.turns.go] * 3
        possible += [partial(_do_next, acts) for acts in (self.token.due, self._acts) if acts]
        if self.left:
            possible.append(self.submit)
        if self.hints_left:
            possible.append(self._others_write)
        if self._full or self.left:
            possible.append(self._read_or_not)
        if not possible:
            return False
        self._rng.choice(possible)()
        return True

    def _others_write(self) -> None:
        self.hints_left -= 1
        self.connection.unseen += 1
        self.connection.tell()

    def _read_or_not(self) -> None:
        """Have a peer stop to read its answers, or read them; all do in the end."""
        account = self._rng.choice(self._accounts)
        if account in self._full:
            self._full.discard(account)
            account.hold_unsent(-_TOO_MUCH_BYTES)
        elif self.left:
            self._full.add(account)
            account.hold_unsent(_TOO_MUCH_BYTES)

    def live(self, steps: int, *, until: Callable[[], bool] = lambda: False) -> None:
        """Go on for so many steps, or until something has come about."""
        for _ in range(steps):
            if until() or not self.step():
                return

    def settle(self) -> None:
        """Go on until all is delivered; the thread may idle as long as it likes meanwhile."""
        self.live(20_000, until=lambda: not (self.left or self.hints_left) and self._is_settled)
        assert self._is_settled, "something is never done"

    @property
    def is_all_delivered(self) -> bool:
        """Whether nothing waits."""
        return len(self.delivered) == len(self.submitted)

    @property
    def _is_settled(self) -> bool:
        seen = self.is_all_delivered and not self.connection.unseen
        return seen and not self.connection.needs_checkpoint

    async def stop(self) -> None:
        """Stop the writer as the daemon does, and go on until it has ended."""
        # Their connections are over by then, for which there is always room.
        for account in self._accounts:
            account.close()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.writer.stop)
            await trio.testing.wait_all_tasks_blocked()
            self.live(20_000, until=lambda: self.turns.is_over)
            self.turns.is_awaited_no_more.set()
            assert self.turns.is_over, "the writer's thread does not end"
        while self.token.due:
            _do_next(self.token.due)
