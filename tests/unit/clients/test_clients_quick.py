"""Keyed calls of the blocking client over a connection that is there, against a daemon played."""

from concurrent.futures import Future

import msgspec
import pytest
from msgspec import Raw

from penholder.blocking import Client, ConnectionLost, DaemonUnreachable
from penholder_protocol import jsonrpc, nouns
from penholder_protocol.errors import Busy, Fenced, PenholderError
from tests.helpers.aside import Aside, result_of
from tests.helpers.fake_daemon import FakeDaemon, Json, Peer

_ACKNOWLEDGED = {"topic": "t", "reader": "r", "seq": 1}
_NOTICE = jsonrpc.notification("runtime.fenced", b'{"a":"\\n"}') + b"\n"


def _acknowledge(client: Client) -> nouns.Acknowledged:
    return client.message.ack(topic="t", reader="r", seq=1)


@pytest.fixture
def peer(fake: FakeDaemon, client: Client, aside: Aside) -> Peer:
    """Give the daemon's end of a connection over which a call was answered."""
    first = aside(lambda: _acknowledge(client))
    peer = fake.accept()
    peer.answer(peer.read(), _ACKNOWLEDGED)
    result_of(first)
    return peer


@pytest.fixture
def calling(peer: Peer, client: Client, aside: Aside) -> "Future[nouns.Acknowledged]":
    """Give a call that is under way."""
    return aside(lambda: _acknowledge(client))


Calling = Future[nouns.Acknowledged]


def _key(request: Json) -> str:
    return str(request["params"]["idempotency_key"])


def test_each_call_has_a_key_and_an_id_of_its_own(peer: Peer, client: Client, aside: Aside) -> None:
    requests = []
    for _ in range(2):
        calling = aside(lambda: _acknowledge(client))
        requests.append(peer.read())
        peer.answer(requests[-1], _ACKNOWLEDGED)
        assert result_of(calling).seq == 1
    first, second = requests
    assert first["id"] != second["id"]
    assert _key(first) != _key(second)


def test_a_key_that_is_given_is_sent(peer: Peer, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.message.ack(topic="t", seq=1, idempotency_key="k"))
    request = peer.read()
    assert request["params"] == {"topic": "t", "seq": 1, "idempotency_key": "k"}
    peer.answer(request, _ACKNOWLEDGED)
    result_of(calling)


def test_one_that_is_lost_on_its_way_is_sent_again_under_its_key(
    fake: FakeDaemon, peer: Peer, calling: Calling
) -> None:
    lost = peer.read()
    peer.hang_up()
    again = fake.accept()
    request = again.read()
    assert (_key(request), request["method"]) == (_key(lost), "message.ack")
    again.answer(request, _ACKNOWLEDGED)
    assert result_of(calling).seq == 1


def test_one_that_is_refused_as_busy_is_sent_again_under_its_key(
    peer: Peer, calling: Calling
) -> None:
    busy = peer.read()
    peer.refuse(busy, Busy())
    request = peer.read()
    assert _key(request) == _key(busy)
    peer.answer(request, _ACKNOWLEDGED)
    assert result_of(calling).seq == 1


def test_a_refusal_leaves_the_connection(
    peer: Peer, calling: Calling, client: Client, aside: Aside
) -> None:
    peer.refuse(peer.read(), Fenced("old", current_epoch=3))
    with pytest.raises(Fenced, match="old"):
        result_of(calling)
    after = aside(lambda: _acknowledge(client))
    peer.answer(peer.read(), _ACKNOWLEDGED)
    assert result_of(after).seq == 1


@pytest.mark.parametrize("cut", [1, 30, -1, None])
@pytest.mark.parametrize("before", [b"", _NOTICE])
@pytest.mark.parametrize("after", [0, 9, len(_NOTICE)])
def test_answers_cut_and_joined_in_any_way(
    cut: int | None,
    before: bytes,
    after: int,
    peer: Peer,
    calling: Calling,
    client: Client,
    aside: Aside,
) -> None:
    def answer(request: Json) -> bytes:
        request_id = msgspec.json.encode(request["id"])
        return jsonrpc.result(request_id, msgspec.json.encode(_ACKNOWLEDGED)) + b"\n"

    sent = before + answer(peer.read()) + _NOTICE[:after]
    peer.send_bytes(sent[:cut])
    peer.send_bytes(sent[len(sent[:cut]) :])
    assert result_of(calling).seq == 1
    second = aside(lambda: _acknowledge(client))
    request = peer.read()
    peer.send_bytes(_NOTICE[after:])
    peer.send_bytes(answer(request))
    assert result_of(second).seq == 1


def test_what_the_daemon_could_not_read_is_refused_and_not_sent(
    peer: Peer, client: Client, aside: Aside
) -> None:
    for broken in (b"{", b'{"a":' * 1000):
        with pytest.raises(PenholderError):
            client.event.append(type="x", data=Raw(broken))
    after = aside(lambda: _acknowledge(client))
    request = peer.read()
    assert request["method"] == "message.ack"
    peer.answer(request, _ACKNOWLEDGED)
    assert result_of(after).seq == 1


def test_closing_ends_it(peer: Peer, calling: Calling, client: Client) -> None:
    peer.read()
    client.close()
    with pytest.raises(ConnectionLost, match="closed"):
        result_of(calling)


@pytest.mark.parametrize("is_sent", [True, False])
def test_it_says_whether_it_was_sent(fake: FakeDaemon, aside: Aside, is_sent: bool) -> None:
    with Client(fake.path, reconnect_s=0) as client:
        first = aside(lambda: _acknowledge(client))
        peer = fake.accept()
        peer.answer(peer.read(), _ACKNOWLEDGED)
        result_of(first)
        if is_sent:
            calling = aside(lambda: _acknowledge(client))
            peer.read()
            fake.stop()
        else:
            fake.stop()
            calling = aside(lambda: _acknowledge(client))
        with pytest.raises(ConnectionLost if is_sent else DaemonUnreachable):
            result_of(calling)


def test_an_answer_of_another_type_is_told_and_the_connection_is_sound(
    peer: Peer, client: Client, calling: Calling, aside: Aside
) -> None:
    peer.answer(peer.read(), {**_ACKNOWLEDGED, "seq": "one"})
    with pytest.raises(msgspec.ValidationError, match="seq"):
        result_of(calling)
    again = aside(lambda: _acknowledge(client))
    peer.answer(peer.read(), _ACKNOWLEDGED)
    assert result_of(again).seq == 1
