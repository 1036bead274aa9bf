"""Subscriptions of the blocking client against a daemon played by hand."""

from collections.abc import Iterator

import pytest

from penholder.blocking import Client, DaemonUnreachable, Subscription
from penholder_protocol import nouns
from penholder_protocol.errors import CursorGone, TooManyConnections
from tests.helpers.aside import Aside, result_of
from tests.helpers.fake_daemon import FakeDaemon, Peer

_STREAMS = ["worker:w"]


def _subscribed(
    fake: FakeDaemon, client: Client, aside: Aside, pos: int = 0
) -> tuple[Subscription, Peer]:
    subscribing = aside(lambda: client.subscribe(_STREAMS, after=pos))
    peer = fake.accept()
    peer.accept_subscription("s_1", pos)
    return result_of(subscribing), peer


def _positions(entries: Iterator[nouns.Entry], count: int) -> list[int]:
    return [next(entries).pos for _ in range(count)]


def test_entries_in_their_order(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    entries, peer = _subscribed(fake, client, aside)
    with entries:
        peer.send_entries("s_1", 1, 2)
        peer.send_entries("s_1", 4)
        assert _positions(entries, 3) == [1, 2, 4]
        assert entries.pos == 4


def test_now_is_pinned_when_subscribe_returns(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    subscribing = aside(lambda: client.subscribe(_STREAMS, types=["a"]))
    peer = fake.accept()
    asked = peer.accept_subscription("s_1", 41)
    assert asked == {"streams": _STREAMS, "after": "now", "types": ["a"]}
    with result_of(subscribing) as entries:
        assert entries.pos == 41


def test_a_subscription_survives_a_restart(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    entries, peer = _subscribed(fake, client, aside)
    with entries:
        peer.send_entries("s_1", 1, 2)
        assert _positions(entries, 2) == [1, 2]
        fake.stop()
        following = aside(lambda: _positions(entries, 2))
        fake.start()
        peer = fake.accept()
        assert peer.accept_subscription("s_2", 2)["after"] == 2
        peer.send_entries("s_1", 99)
        peer.send_entries("s_2", 2, 3, 4)
        assert result_of(following) == [3, 4]


def test_entries_that_had_come_are_not_lost_at_a_restart(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    entries, peer = _subscribed(fake, client, aside)
    with entries:
        peer.send_entries("s_1", 1, 2)
        fake.stop()
        fake.start()
        assert _positions(entries, 2) == [1, 2]
        following = aside(lambda: _positions(entries, 1))
        peer = fake.accept()
        assert peer.accept_subscription("s_2", 2)["after"] == 2
        peer.send_entries("s_2", 3)
        assert result_of(following) == [3]


def test_a_reader_that_lagged_resumes(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    entries, peer = _subscribed(fake, client, aside)
    with entries:
        peer.send_entries("s_1", 1)
        peer.send(method="journal.lagged", params={"subscription": "s_1", "resume_after": 1})
        following = aside(lambda: _positions(entries, 2))
        assert peer.accept_subscription("s_2", 1)["after"] == 1
        peer.send_entries("s_2", 2)
        assert result_of(following) == [1, 2]


def test_pruned_entries_are_told_once(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    entries, peer = _subscribed(fake, client, aside)
    with entries:
        pruned = {"subscription": "s_1", "stream": "worker:w", "oldest_pos": 8}
        peer.send(method="journal.pruned", params=pruned)
        peer.send_entries("s_1", 8)
        with pytest.raises(CursorGone) as caught:
            next(entries)
        assert caught.value.details["oldest_pos"] == 8
        assert next(entries).pos == 8


def test_a_cursor_that_is_gone_at_the_start(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    subscribing = aside(lambda: client.subscribe(_STREAMS, after=1))
    peer = fake.accept()
    peer.refuse(peer.read(), CursorGone(oldest_pos=8))
    with pytest.raises(CursorGone):
        result_of(subscribing)
    assert peer.read() == {}, "the connection is closed"


def test_a_full_daemon_is_asked_again(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    subscribing = aside(lambda: client.subscribe(_STREAMS))
    refusing = fake.accept()
    refusing.read()
    refusing.refuse({"id": None}, TooManyConnections())
    peer = fake.accept()
    peer.accept_subscription("s_1", 0)
    result_of(subscribing).close()


def test_closing_ends_the_iteration(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    entries, peer = _subscribed(fake, client, aside)
    reading = aside(lambda: list(entries))
    entries.close()
    assert result_of(reading) == []
    assert peer.read() == {}
    entries.close()


def test_closing_ends_the_attempts_of_a_subscription(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    entries, _ = _subscribed(fake, client, aside)
    fake.stop()
    reading = aside(lambda: list(entries))
    entries.close()
    assert result_of(reading) == []


def test_a_subscription_outlives_a_failed_attempt(fake: FakeDaemon, aside: Aside) -> None:
    with Client(fake.path, reconnect_s=0) as client:
        entries, peer = _subscribed(fake, client, aside)
        with entries:
            peer.send_entries("s_1", 1)
            assert next(entries).pos == 1
            fake.stop()
            with pytest.raises(DaemonUnreachable):
                next(entries)
            fake.start()
            following = aside(lambda: next(entries))
            peer = fake.accept()
            assert peer.accept_subscription("s_2", 1)["after"] == 1
            peer.send_entries("s_2", 2)
            assert result_of(following).pos == 2
