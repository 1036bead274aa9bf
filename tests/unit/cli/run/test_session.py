"""A session between two starts, with a clock that nobody waits for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import Exit, exit_of
from penholder.cli.run.inbox import Happening, Inbox, What
from penholder.cli.run.restarts import Policy, Restarts
from penholder.cli.run.sender import Sender
from penholder.cli.run.session import Attempted, NotStarted, Session, Started, Timing
from penholder.cli.run.ticket import Ticket
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.records import worker

FAILED = Attempted(exit_of(3), lived_s=0.0)


class Clock(Inbox):
    """An inbox in which time passes when it is waited for."""

    def __init__(self) -> None:
        """Begin at zero."""
        super().__init__()
        self.now = 0.0

    def take(self, timeout_s: float | None) -> Happening | None:
        """Return what there is; else let all the time pass that may.

        What is waited for longer is what the threads do, who have clocks of their own.
        """
        if found := super().take(0):
            return found
        if timeout_s is None or timeout_s > 1000:
            return super().take(timeout_s)
        self.now += timeout_s
        return super().take(0.01)


class Scene:
    """A session whose command cannot be started, and when that was tried."""

    def __init__(self, path: Path, policy: Policy) -> None:
        """Let things happen at the nth try."""
        self.clock = Clock()
        self.tried_at: list[float] = []
        self.at_try: dict[int, What] = {}
        self.client = Client(path, reconnect_s=0)
        self.session = Session(
            self._start, {"argv": ["x"]}, self.clock, self._sender, Timing(5, 2000),
            Restarts(policy), (None, None), lambda: self.clock.now,
        )  # fmt: skip

    def _sender(self, backlog: Backlog, done: Callable[[Exception | None], None]) -> Sender:
        return Sender(self.client, backlog, lambda: False, done)

    def _start(self, number: int) -> Started:
        self.tried_at.append(self.clock.now)
        if what := self.at_try.get(number):
            self.clock.wish(what)
        raise NotStarted("it is being built", 127)


MakeScene = Callable[[Policy], Scene]


@pytest.fixture
def make_scene(fake_worker: AnsweringDaemon) -> Iterator[MakeScene]:
    """Give a function that makes a scene before a daemon which takes everything."""
    fake_worker.answers |= {
        "event.append_many": lambda _: {"items": [], "next": None},
        "approval.list": lambda _: {"items": [], "next": None},
        "runtime.detach": lambda _: worker(state="error"),
    }
    with ExitStack() as made:

        def make(policy: Policy) -> Scene:
            scene = Scene(fake_worker.path, policy)
            made.callback(scene.client.close)
            made.callback(scene.clock.close)
            return scene

        yield make


def events(daemon: AnsweringDaemon) -> list[Json]:
    """Return what was appended."""
    return [event for call in daemon.params("event.append_many") for event in call["events"]]


def test_the_waits_double_until_somebody_wants_the_end(
    make_scene: MakeScene, fake_worker: AnsweringDaemon
) -> None:
    scene = make_scene("always")
    scene.at_try[5] = What.KILLED
    last = scene.session.run(1, FAILED)

    assert scene.tried_at == [1, 3, 7, 15]
    assert (last.how, last.failure) == (Exit(None, None, 127), "it is being built")
    first, *others = events(fake_worker)
    assert first["data"] == {"exit_status": 3, "signal": None, "restart_after_ms": 1000}
    assert [event["type"] for event in others] == ["process.failed"] * 4
    assert [event["data"]["attempt"] for event in others] == [2, 3, 4, 5]
    assert fake_worker.params("runtime.detach")[0]["state"] == "error"


@pytest.mark.parametrize(
    ("policy", "how"), [("never", FAILED), ("on-failure", Attempted(exit_of(0), 0))]
)
def test_without_another_start_it_says_farewell(
    make_scene: MakeScene, fake_worker: AnsweringDaemon, policy: Policy, how: Attempted
) -> None:
    scene = make_scene(policy)
    assert scene.session.run(1, how) == how
    assert scene.tried_at == []
    assert [event["data"].get("restart_after_ms") for event in events(fake_worker)] == [None]


@pytest.mark.parametrize("what", [What.KILLED, What.STOPPED, What.SIGNALED])
def test_who_waits_is_ended_at_once(make_scene: MakeScene, what: What) -> None:
    scene = make_scene("always")
    scene.clock.wish(what)
    assert scene.session.run(1, FAILED) == FAILED
    assert scene.tried_at == []


def test_a_wish_for_another_start_is_fulfilled_whatever_the_policy(
    make_scene: MakeScene,
) -> None:
    scene = make_scene("always")
    scene.at_try[2] = What.KILLED
    ticket = scene.clock.wish(What.RESTART)
    scene.session.run(1, FAILED._replace(is_told=True))
    assert scene.tried_at == [0]
    assert ticket.refusal == "it is being built"


def test_a_signal_for_the_command_is_refused_between_two_starts(make_scene: MakeScene) -> None:
    scene = make_scene("always")
    ticket: Ticket = scene.clock.wish(What.PASSED_ON, 10)
    scene.at_try[2] = What.KILLED
    scene.session.run(1, FAILED)
    assert ticket.refusal == "its command does not run now: it waits for its next start"


def test_who_wants_a_start_after_the_end_is_refused(make_scene: MakeScene) -> None:
    scene = make_scene("never")
    scene.clock.wish(What.STOPPED)
    ticket = scene.clock.wish(What.RESTART)
    scene.session.run(1, FAILED)
    assert ticket.refusal == "it has ended"
