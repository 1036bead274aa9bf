"""The thread that speaks for a worker: nothing is sent under a second key, refusals end it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from penholder import ConnectionLost
from penholder.blocking import Client
from penholder.cli.run import outlet
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.inbox import Inbox
from penholder.cli.run.outlet import Outlet
from penholder.cli.run.sender import Farewell, Sender
from penholder.cli.run.wishes import Wishes
from penholder.cli.terminal.failures import exit_code
from penholder_protocol.errors import Fenced, StoreFailed
from penholder_protocol.nouns import NewEvent
from tests.helpers.fake_daemon import Answer, AnsweringDaemon, Hangup, Json
from tests.helpers.records import worker


class Scene:
    """A sender with two events to send, and what became of it."""

    def __init__(self, path: Path) -> None:
        """Fill the backlog."""
        self.is_stopped = False
        self.ends: list[Exception | None] = []
        self.backlog = Backlog()
        for text in (b'{"n":1}', b'{"n":2}'):
            self.backlog.put(NewEvent(type="output", data=msgspec.Raw(text)))
        self.backlog.close()
        self.told: list[str] = []
        client = Client(path, reconnect_s=0)
        self.sender = Sender(
            client, self.backlog, lambda: self.is_stopped, self.ends.append, self.told.append
        )
        self.sender.farewell = Farewell("error", "exit status 1")
        self.client = client


@pytest.fixture
def scene(fake_worker: AnsweringDaemon) -> Iterator[Scene]:
    """Give a sender to a daemon that takes everything."""
    fake_worker.answers |= {
        "event.append_many": lambda _: {"items": [], "next": None},
        "runtime.detach": lambda _: worker(state="error"),
    }
    made = Scene(fake_worker.path)
    yield made
    made.client.close()


def raising(*errors: Exception) -> Answer:
    """Answer with errors first, and then with an empty list."""
    left = list(errors)

    def answer(_: Json) -> object:
        if left:
            raise left.pop(0)
        return {"items": [], "next": None}

    return answer


def test_everything_is_sent_in_order_and_then_the_seat_is_left(
    scene: Scene, fake_worker: AnsweringDaemon
) -> None:
    scene.sender.run()

    assert scene.ends == [None]
    assert fake_worker.methods == ["event.append_many", "runtime.detach"]
    events = fake_worker.params("event.append_many")[0]["events"]
    assert [event["data"] for event in events] == [{"n": 1}, {"n": 2}]
    farewell = fake_worker.params("runtime.detach")[0]
    assert (farewell["state"], farewell["last_error"]) == ("error", "exit status 1")


def test_what_was_perhaps_done_is_sent_again_under_its_key(
    scene: Scene, fake_worker: AnsweringDaemon
) -> None:
    fake_worker.answers["event.append_many"] = raising(Hangup(), StoreFailed(), Hangup())

    scene.sender.run()

    assert scene.ends == [None]
    sent = fake_worker.params("event.append_many")
    assert len(sent) == 4
    assert len({params["idempotency_key"] for params in sent}) == 1


def test_a_fenced_worker_says_nothing_more(scene: Scene, fake_worker: AnsweringDaemon) -> None:
    fake_worker.answers["event.append_many"] = raising(Fenced())

    scene.sender.run()

    assert [type(end) for end in scene.ends] == [Fenced]
    assert fake_worker.methods == ["event.append_many"]
    assert scene.backlog.is_abandoned


def test_an_abandoned_worker_does_not_leave_the_seat(
    scene: Scene, fake_worker: AnsweringDaemon
) -> None:
    scene.backlog.abandon()

    scene.sender.run()

    assert [type(end) for end in scene.ends] == [ConnectionLost]
    assert fake_worker.calls == []


def test_a_farewell_whose_answer_was_lost_was_said(
    scene: Scene, fake_worker: AnsweringDaemon
) -> None:
    fake_worker.answers["runtime.detach"] = raising(Hangup())
    scene.is_stopped = True

    scene.sender.run()

    assert scene.ends == [None]


def test_who_gives_up_is_not_kept(scene: Scene, fake_worker: AnsweringDaemon) -> None:
    scene.sender.give_up()

    scene.sender.run()

    assert [type(end) for end in scene.ends] == [ConnectionLost]


def test_what_the_store_refuses_is_told_once_and_that_it_stores_again(
    scene: Scene, fake_worker: AnsweringDaemon
) -> None:
    full = StoreFailed("the disk is full")
    fake_worker.answers["event.append_many"] = raising(full, full, full)

    scene.sender.run()

    assert scene.ends == [None]
    assert scene.told == [
        "the daemon cannot store the output, which waits: the disk is full",
        "the daemon stores the output again",
    ]
    assert scene.sender.refusal is None


def test_who_gives_up_says_what_the_daemon_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "_LAST_WAIT_S", 0.0)
    inbox, wishes = Inbox(), Wishes()
    way_out = Outlet(inbox, wishes, lambda _backlog, _done: scene.sender, give_up_s=0)
    scene.sender.refusal = StoreFailed("the disk is full")
    way_out.leave(Farewell("error", None))

    assert str(wishes.error) == "the last output was not delivered: the disk is full"
    assert wishes.error is not None
    assert exit_code(wishes.error) == 11
