"""A disk whose syncs take long: who asks for nothing that is stored waits for none of them."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon_process import RawConnection, make_worker
from tests.helpers.slow_disk import SlowDaemon

_SYNC_MS = 20


@pytest.fixture
def slow(short_dir: Path) -> Iterator[SlowDaemon]:
    """Give a daemon with slow syncs, of which it has seen some."""
    daemon = SlowDaemon(short_dir, _SYNC_MS)
    daemon.start()
    yield daemon
    daemon.end()


def _has_answer(connection: RawConnection) -> bool:
    return bool(select.select([connection.socket], [], [], 0)[0])


def test_after_the_first_slow_sync_nobody_else_waits_for_one(slow: SlowDaemon) -> None:
    with slow.connect() as writing, slow.connect() as asking:
        worker_id = make_worker(writing)
        for _ in range(2):
            slow.gate.shut()
            append = writing.request("event.append", worker_id=worker_id, type="t")
            slow.gate.until_one_waits()
            # While the sync is held nothing else could answer these than a loop that goes on.
            for _ in range(5):
                asking.call("rpc.ping")
                asking.call("worker.get", worker_id=worker_id)
            with slow.connect() as new:
                new.call("rpc.ping")
            assert not _has_answer(writing), "acknowledged before it was synced"
            slow.gate.open()
            assert writing.answer(append)["result"]["type"] == "t"
        assert asking.call("daemon.verify") == {"ok": True, "findings": []}


def test_what_comes_while_a_sync_is_held_is_written_with_the_next(slow: SlowDaemon) -> None:
    with slow.connect() as writing, slow.connect() as beside, slow.connect() as asking:
        worker_id = make_worker(writing)
        slow.gate.shut()
        first = writing.request("event.append", worker_id=worker_id, type="t")
        slow.gate.until_one_waits()
        late = [beside.request("event.append", worker_id=worker_id, type="t") for _ in range(20)]
        asking.call("rpc.ping")
        assert not _has_answer(beside)
        slow.gate.open()
        numbers = [writing.answer(first)["result"]["event_seq"]]
        numbers += [beside.answer(each)["result"]["event_seq"] for each in late]
        assert numbers == list(range(1, 22))


def test_a_stop_waits_for_the_sync_that_is_held(slow: SlowDaemon) -> None:
    with slow.connect() as writing, slow.connect() as asking:
        worker_id = make_worker(writing)
        slow.gate.shut()
        append = writing.request("event.append", worker_id=worker_id, type="last")
        slow.gate.until_one_waits()
        asking.call("daemon.shutdown", drain_ms=60_000)
        slow.gate.open()
        assert "result" in writing.answer(append)
    assert slow.wait() == 0
    slow.start()
    with slow.connect() as asking:
        [event] = asking.call("event.list", worker_id=worker_id)["items"]
        assert event["type"] == "last"
