"""Entries over lost connections and gaps, beside a daemon that is played by hand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from penholder.blocking import Client
from penholder.cli.watch.following import Following
from penholder_protocol.errors import InvalidParams
from penholder_protocol.nouns import Entry
from tests.helpers.fake_daemon import FakeDaemon, Peer, fake_daemon

PATIENCE_S = 30


@pytest.fixture
def fake() -> Iterator[FakeDaemon]:
    """Give a daemon that is played by hand."""
    with fake_daemon() as made:
        yield made


def begin(fake: FakeDaemon) -> tuple[Following, Peer]:
    """Begin to follow; returns it and the daemon's end."""
    client = Client(fake.path, reconnect_s=0)
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(Following, client, ["*"], ["t"])
        peer = fake.accept()
        assert peer.accept_subscription("s1", 10)["after"] == "now"
        return made.result(), peer


def taken(following: Following) -> object:
    """Return what happens next: of an entry its position."""
    happening = following.take(PATIENCE_S)
    return happening.pos if isinstance(happening, Entry) else happening


def test_entries_come_in_their_order_and_then_nothing(fake: FakeDaemon) -> None:
    following, peer = begin(fake)
    with following:
        peer.send_entries("s1", 11, 12)
        assert [taken(following), taken(following)] == [11, 12]
        assert following.take(0) is None


def test_a_daemon_that_is_away_is_said_once_and_gone_on_from(fake: FakeDaemon) -> None:
    following, peer = begin(fake)
    with following:
        peer.send_entries("s1", 11)
        assert taken(following) == 11
        fake.stop()
        assert taken(following) == "away"
        fake.start()
        again = fake.accept()
        assert again.accept_subscription("s2", 11)["after"] == 11
        again.send_entries("s2", 12)
        assert taken(following) == 12


def test_what_was_pruned_is_a_gap(fake: FakeDaemon) -> None:
    following, peer = begin(fake)
    with following:
        pruned = {"subscription": "s1", "stream": "worker:w", "oldest_pos": 30}
        peer.send(method="journal.pruned", params=pruned)
        again = fake.accept()
        assert again.accept_subscription("s2", 40)["after"] == "now"
        assert taken(following) == "gap"
        again.send_entries("s2", 41)
        assert taken(following) == 41


def test_what_cannot_be_waited_out_is_given_to_who_takes(fake: FakeDaemon) -> None:
    following, peer = begin(fake)
    with following:
        peer.hang_up()
        again = fake.accept()
        again.refuse(again.read(), InvalidParams("no such stream"))
        assert isinstance(taken(following), InvalidParams)


def test_it_can_be_closed_amid_everything(fake: FakeDaemon) -> None:
    following, _ = begin(fake)
    with following:
        following.close()
        assert taken(following) == "closed"
        assert following.pause()


def test_what_nobody_takes_stays_with_the_daemon(
    fake: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder.cli.watch.following._MOST_WAITING", 2)
    following, peer = begin(fake)
    with following:
        peer.send_entries("s1", 11, 12, 13, 14, 15)
        assert [taken(following) for _ in range(3)] == [11, 12, 13]
        assert following._happenings.qsize() <= 2
