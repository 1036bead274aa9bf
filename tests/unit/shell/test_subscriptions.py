"""Subscriptions: backlog and live entries, joined without gap or double."""

import json
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from outcome import capture

from penholder_daemon.core import history
from penholder_daemon.core.history import Break
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Published, Rx
from penholder_daemon.shell.fairness.desks import ReadJob
from penholder_daemon.shell.publishing.publisher import Publisher, Watch
from penholder_daemon.shell.publishing.subscriptions import LiveSubscription
from penholder_protocol.errors import Busy, Denied
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_LAG_BYTES
from tests.helpers.harness import CONTROLLER, Bench, Json

T = TypeVar("T")


class HeldReaders:
    """Readers that look when told to, and whose answers arrive when told to."""

    def __init__(self, bench: Bench) -> None:
        """Read a bench's store."""
        self._bench = bench
        self.refuses = 0
        self.refusal: Exception = Busy()
        self._waiting: deque[Callable[[], Callable[[], None]]] = deque()
        self._seen: deque[Callable[[], None]] = deque()

    def submit(self, job: ReadJob[T]) -> None:
        """Hold a query, or refuse it."""
        if self.refuses:
            self.refuses -= 1
            raise self.refusal
        self._waiting.append(lambda: self._carry_out(job))

    def _carry_out(self, job: ReadJob[T]) -> Callable[[], None]:
        found = capture(job.function, self._bench.rx(job.caller))
        return lambda: job.done(found)

    def look(self) -> None:
        """Carry the oldest query out; what it saw may be old when it arrives."""
        if self._waiting:
            self._seen.append(self._waiting.popleft()())

    def answer(self) -> None:
        """Deliver what was seen, or see and deliver."""
        if not self._seen:
            self.look()
        if self._seen:
            self._seen.popleft()()


class Peer:
    """Implements `Subscriber`: remembers what it was sent."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.caller = CONTROLLER
        self.unsent_bytes = 0
        self.lines: list[bytes] = []
        self.forgotten: list[str] = []

    def has_room_for(self, size: int) -> bool:
        """Tell as a connection would."""
        return not self.unsent_bytes or self.unsent_bytes + size <= MAX_LAG_BYTES

    def notify_line(self, line: bytes) -> None:
        """Take a notification."""
        self.lines.append(line)

    def flush(self) -> None:
        """Nothing is kept back."""

    async def until_taken(self) -> None:
        """Take all at once."""
        await trio.lowlevel.checkpoint()

    def forget(self, subscription: LiveSubscription) -> None:
        """Note it."""
        self.forgotten.append(subscription.name)

    def notices(self) -> list[tuple[str, Json]]:
        """Return method and params of what came."""
        return [(notice["method"], notice["params"]) for notice in map(json.loads, self.lines)]

    def positions(self) -> list[int]:
        """Return the positions of all entries that came."""
        return [
            entry["pos"]
            for method, params in self.notices()
            if method == "journal.entries"
            for entry in params["entries"]
        ]


class Scene:
    """A journal, a publisher that lags behind it, and one subscriber."""

    def __init__(
        self, *streams: str, after: int = 0, check: Callable[[Rx], None] | None = None
    ) -> None:
        """Subscribe; `catch_up` has to be started."""
        self.bench = Bench()
        self.bench.worker("w1")
        self.bench.worker("w2")
        self.unpublished: deque[list[Published]] = deque()
        self.publisher = Publisher(self.bench.call("journal.position")["pos"])
        self.readers = HeldReaders(self.bench)
        self.peer = Peer()
        self.subscription = LiveSubscription(
            "sub_1", Selection(streams or ["*"]), after, self.peer, self.publisher, check
        )

    def commit(self, worker_id: str = "w1", count: int = 1, **params: object) -> None:
        """Commit some events, told to nobody yet."""
        self.bench.published = []
        for _ in range(count):
            self.bench.call("event.append", worker_id=worker_id, type="x", **params)
        self.unpublished.append(self.bench.published)

    def publish(self) -> None:
        """Tell of the oldest commit that was not told."""
        if self.unpublished:
            self.publisher.publish(self.unpublished.popleft())

    async def settle(self) -> None:
        """Publish and answer all, until nothing moves."""
        while self.unpublished:
            self.publish()
        for _ in range(5):
            await trio.testing.wait_all_tasks_blocked()
            self.readers.answer()

    def stored(self, stream: str = "*", after: int = 0) -> list[int]:
        """Return the positions of what the journal holds."""
        if after > self.bench.call("journal.position")["pos"]:
            return []
        found = self.bench.call("journal.read", streams=[stream], after=after, limit=1000)
        return [entry["pos"] for entry in found["items"]]


STEPS = st.lists(
    st.sampled_from(["commit", "commit 3", "other", "publish", "look", "answer"]), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 6), st.sampled_from(["*", "worker:w1", "controller:c1/workers"]))
def test_any_interleaving_gives_every_entry_once_and_in_order(
    steps: list[str], after: int, stream: str
) -> None:
    async def play() -> None:
        scene = Scene(stream, after=after)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(scene.subscription.catch_up, scene.readers)
            for step in steps:
                match step:
                    case "commit":
                        scene.commit()
                    case "commit 3":
                        scene.commit(count=3)
                    case "other":
                        scene.commit("w2")
                    case "publish":
                        scene.publish()
                    case "look":
                        scene.readers.look()
                    case _:
                        scene.readers.answer()
                await trio.testing.wait_all_tasks_blocked()
            await scene.settle()
        assert scene.peer.positions() == scene.stored(stream, after)

    trio.run(play)


async def test_a_page_that_was_overtaken_on_its_way_is_not_the_last() -> None:
    scene = Scene("worker:w1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await trio.testing.wait_all_tasks_blocked()
        scene.readers.look()
        scene.commit()
        scene.publish()  # nobody is live yet, and the page has not seen it
        await scene.settle()
    assert scene.peer.positions() == scene.stored("worker:w1")


@pytest.mark.parametrize("refusal", [Busy(), StoreFault("the server is away")])
async def test_a_backlog_waits_while_nothing_can_be_read(
    refusal: Exception, autojump_clock: trio.testing.MockClock
) -> None:
    scene = Scene("worker:w1")
    scene.commit()
    scene.publish()
    scene.readers.refuses, scene.readers.refusal = 3, refusal
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await trio.sleep(1)
        await scene.settle()
    assert scene.peer.positions() == scene.stored("worker:w1")


async def test_a_cursor_inside_a_commit_takes_what_is_after_it_only() -> None:
    scene = Scene("worker:w1", after=5)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await scene.settle()
    scene.commit(count=3)
    await scene.settle()
    assert scene.stored("worker:w1") == [4, 5, 6]
    assert scene.peer.positions() == [6]


async def test_a_live_one_gets_what_is_published_from_now_on() -> None:
    scene = Scene("worker:w1")
    scene.commit()
    scene.publish()
    scene.subscription.cursor = scene.publisher.pos
    scene.subscription.go_live()
    scene.commit(count=2)
    scene.commit("w2")
    await scene.settle()
    [(method, params)] = scene.peer.notices()
    assert method == "journal.entries"
    assert params["subscription"] == "sub_1"
    assert [entry["seq"] for entry in params["entries"]] == [2, 3]
    assert params["pos"] == params["entries"][-1]["pos"]
    scene.subscription.end()
    scene.commit()
    await scene.settle()
    assert len(scene.peer.lines) == 1
    assert scene.publisher.listening == 0


async def test_a_peer_that_lags_is_told_where_to_resume() -> None:
    scene = Scene("worker:w1", after=3)
    scene.subscription.go_live()
    scene.commit()
    await scene.settle()
    scene.peer.unsent_bytes = MAX_LAG_BYTES + 1
    scene.commit(count=2)
    scene.commit()
    await scene.settle()
    resume_after = scene.peer.positions()[-1]
    assert scene.peer.notices()[-1] == (
        "journal.lagged",
        {"subscription": "sub_1", "resume_after": resume_after},
    )
    assert scene.peer.forgotten == ["sub_1"]
    assert scene.publisher.listening == 0
    resumed = scene.stored("worker:w1", resume_after)
    assert scene.peer.positions() + resumed == scene.stored("worker:w1")


async def test_large_entries_are_cut_into_notifications_that_fit_frames() -> None:
    scene = Scene("worker:w1")
    scene.commit(count=9, data={"v": "x" * 250_000})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await scene.settle()
    scene.commit(count=5, data={"v": "x" * 250_000})
    await scene.settle()
    assert max(map(len, scene.peer.lines)) < MAX_FRAME_BYTES
    assert scene.peer.positions() == _all_positions(scene, "worker:w1")
    told = [params["pos"] for _, params in scene.peer.notices()]
    assert told == sorted(told)


def _all_positions(scene: Scene, stream: str) -> list[int]:
    found: list[int] = []
    while items := scene.stored(stream, found[-1] if found else 0):
        found += items
    return found


async def test_what_retention_has_taken_is_told_and_the_other_streams_have_no_gap() -> None:
    scene = Scene("worker:w1", "worker:w2")
    for worker_id in ("w2", "w1", "w2", "w1", "w2"):
        scene.commit(worker_id)
    pruned_pos = scene.stored("worker:w1")[0]
    others = scene.stored("worker:w2")
    scene.bench.database.run("DELETE FROM journal WHERE pos = ?", pruned_pos)
    scene.bench.database.run(
        "UPDATE streams SET pruned_pos = ?, pruned_seq = 1 WHERE name = 'worker:w1'", pruned_pos
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await scene.settle()
    assert scene.peer.notices()[0] == (
        "journal.pruned",
        {"subscription": "sub_1", "stream": "worker:w1", "oldest_pos": pruned_pos + 1},
    )
    assert [method for method, _ in scene.peer.notices()].count("journal.pruned") == 1
    left = scene.peer.positions()
    assert left == sorted(left)
    assert set(others) < set(left)
    assert len(left) == 4


async def test_watches_hear_of_their_streams_only() -> None:
    scene = Scene()
    watches = {
        name: Watch(Selection([name]))
        for name in ("worker:w1", "worker:w2", "controller:c1/workers", "topic:*", "*")
    }
    for watch in watches.values():
        scene.publisher.watch(watch)
    scene.commit("w1")
    await scene.settle()
    heard = {name for name, watch in watches.items() if watch.heard.is_set()}
    # Wildcards may be woken for nothing; they look again and wait on.
    assert heard >= {"worker:w1", "controller:c1/workers", "*"}
    assert "worker:w2" not in heard
    late = Watch(Selection(["worker:w1"]))
    scene.publisher.watch(late)
    scene.publisher.unwatch(late)
    scene.commit("w1")
    await scene.settle()
    assert not late.heard.is_set()


async def test_nothing_published_moves_nothing() -> None:
    publisher = Publisher(7)
    publisher.publish([])
    assert publisher.pos == 7


def test_a_view_is_given_to_looks(bench: Bench) -> None:
    readers = HeldReaders(bench)
    seen: list[Rx] = []
    readers.submit(ReadJob(CONTROLLER, seen.append, lambda _: None))
    readers.answer()
    assert seen[0].caller is CONTROLLER


async def _check_let_go(scene: Scene, *, after: int) -> None:
    """Have it catch up, which ends it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await scene.settle()
    told = {"subscription": "sub_1", "resume_after": after}
    assert scene.peer.notices() == [("journal.lagged", told)]
    assert scene.peer.forgotten == ["sub_1"]


async def test_a_backlog_that_may_be_read_no_more_is_not() -> None:
    def refuse(rx: Rx) -> None:
        raise Denied

    scene = Scene("worker:w1", after=2, check=refuse)
    scene.commit()
    await _check_let_go(scene, after=2)
    assert scene.publisher.listening == 0


# --- another history ----------------------------------------------------------------------------
def _begin_another(scene: Scene, ended_pos: int) -> int:
    """Have the journal end there and another history begin; returns behind which position."""
    resumed_after = ended_pos + 1000
    history.note_break(scene.bench.store, Break(ended_pos, resumed_after))
    return resumed_after


async def test_a_backlog_that_came_to_what_is_no_more_ends_there() -> None:
    scene = Scene(after=2)
    _begin_another(scene, 1)
    await _check_let_go(scene, after=2)


async def test_one_that_did_not_come_so_far_goes_on() -> None:
    scene = Scene(after=2)
    _begin_another(scene, 2)
    scene.commit()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scene.subscription.catch_up, scene.readers)
        await scene.settle()
    assert "journal.lagged" not in [method for method, _ in scene.peer.notices()]
    assert scene.peer.forgotten == []
