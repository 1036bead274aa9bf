"""What is made, held and woken at once: a page for each, a few of many."""

import weakref
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import trio
import trio.testing
from outcome import Outcome, Value

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_daemon.shell.fairness.desks import ReadJob
from penholder_daemon.shell.publishing.publisher import Publisher, Watch
from penholder_daemon.shell.publishing.subscriptions import LiveSubscription
from penholder_daemon.shell.store.readers import read
from penholder_protocol.limits import CONNECTION_KEEPS_BYTES, MAX_HELD_BYTES, MAX_LAG_BYTES
from tests.helpers.harness import CONTROLLER, Bench
from tests.helpers.reading import Scene

T = TypeVar("T")
_PAGE = Waiting(result=object(), ready=True, streams=())


@dataclass
class _Entry:
    """Stands for an entry: of this one it can be told when nobody holds it any more."""

    pos: int


class _Pages:
    """Implements `QueryDesk`: answers every query with a page, and knows whether one is held."""

    def __init__(self) -> None:
        """Begin with none."""
        self.made: list[weakref.ref[_Entry]] = []

    def submit(self, job: ReadJob[T]) -> None:
        """Make a page."""
        entry = _Entry(1)
        self.made.append(weakref.ref(entry))
        page: Any = (SimpleNamespace(items=[entry], pos=1, more=True), [])
        job.done(Value(page))


class _DeafPeer:
    """Implements `Subscriber`: takes one page and no other."""

    caller: Caller = CONTROLLER
    _has_taken = False

    def has_room_for(self, _size: int) -> bool:
        """Say no."""
        return False

    def notify_line(self, line: bytes) -> None:
        """Take nothing."""

    def flush(self) -> None:
        """Nothing is kept back."""

    async def until_taken(self) -> None:
        """Take one."""
        if self._has_taken:
            await trio.sleep_forever()
        self._has_taken = True

    def forget(self, subscription: LiveSubscription) -> None:
        """Remember nothing."""


async def test_nothing_of_a_page_is_held_while_its_peer_takes_it() -> None:
    pages = _Pages()
    subscription = LiveSubscription("s", Selection(["*"]), 0, _DeafPeer(), Publisher(9))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscription.catch_up, pages)
        await trio.testing.wait_all_tasks_blocked()
        assert [entry() for entry in pages.made] == [None]
        nursery.cancel_scope.cancel()


async def test_pages_are_made_for_a_peer_one_at_a_time(scene: Scene) -> None:
    account = scene.account()
    desk = scene.readers.open_desk(account)
    told: list[Outcome[Waiting[object]]] = []

    def find(_: Rx) -> Waiting[object]:
        return _PAGE

    def done(found: Outcome[Waiting[object]]) -> None:
        told.append(found)
        account.hold_unsent(MAX_LAG_BYTES + 1)

    for _ in range(5):
        desk.submit(ReadJob(CONTROLLER, find, done))
    while not told:
        await read(scene.desk(), CONTROLLER, find)
    assert len(told) == 1


async def test_many_waits_are_woken_a_few_at_a_time(bench: Bench) -> None:
    bench.worker("w")
    publisher = Publisher(0)
    watches = [Watch(Selection(["*"])) for _ in range(1000)]
    for watch in watches:
        publisher.watch(watch)
    publisher.publish(bench.published)
    assert 0 < sum(watch.heard.is_set() for watch in watches) <= 100
    await watches[-1].heard.wait()
    assert all(watch.heard.is_set() for watch in watches)


def test_subscriptions_count() -> None:
    accounts = Accounts()
    account = accounts.open(lambda _: None)
    account.hold_subscribed(500)
    assert accounts.held_bytes == account.held_bytes == 500
    account.hold_subscribed(-200)
    account.close()
    account.hold_subscribed(-300)
    assert accounts.held_bytes == 0


def test_with_many_small_accounts_the_largest_is_not_looked_for_at_every_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[Account] = []
    real = Account.held_bytes.fget  # type: ignore[attr-defined]  # a property has one

    def held_bytes(account: Account) -> int:
        looks.append(account)
        return int(real(account))

    monkeypatch.setattr(Account, "held_bytes", property(held_bytes))
    ended: list[Exception] = []
    accounts = Accounts()
    many = [accounts.open(ended.append) for _ in range(MAX_HELD_BYTES // CONNECTION_KEEPS_BYTES)]
    for account in many:
        account.hold_params(CONNECTION_KEEPS_BYTES)
    one = accounts.open(ended.append)
    for _ in range(200):
        one.hold_params(100)
        one.hold_params(-50)
    assert not ended
    assert len(looks) < 3 * len(many)
    one.hold_params(2 * CONNECTION_KEEPS_BYTES)
    assert len(ended) == 1
