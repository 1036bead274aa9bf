"""What entries make of the lists is what the lists would say if they were read anew."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import decode, encode

from penholder import DaemonUnreachable
from penholder.cli.top.feed import lists
from penholder.cli.top.feed.follower import Follower
from penholder.cli.top.feed.outbox import Outbox
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.notices import Came, Listed, Lost
from penholder_daemon.core.caller import Caller
from penholder_daemon.rooms.hosts.records import Registration
from penholder_protocol.errors import PenholderError
from tests.helpers.harness import Bench
from tests.helpers.top import HOST, fleet, key

STEPS = (
    "create", "attach", "run", "output", "blank", "ask", "answer", "cancel", "detach", "die",
    "stop", "fail", "remove", "turn", "read",
)  # fmt: skip

HERE_S = 100.0
"""What the clock here says."""
_LINE = {"type": "output", "data": {"text": "a line"}}
_CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "run": ("worker.transition", {"to": "running"}),
    "output": ("event.append", _LINE),
    "blank": ("event.append", {"type": "output", "data": {"text": " "}}),
    "turn": ("event.append", {**_LINE, "turn_id": "t1"}),
    "ask": ("approval.request", {"message": "?"}),
    "stop": ("worker.stop", {}),
    "fail": ("worker.transition", {"to": "error", "last_error": "it broke"}),
    "remove": ("worker.remove", {}),
}


class _Client:
    """Calls go to a core in memory; it can be made to fail."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.fails_with: Exception | None = None
        self.called: list[str] = []

    def call(
        self,
        method: str,
        params: dict[str, object],
        kind: Any = object,
        **_: object,
    ) -> Any:
        self.called.append(method)
        if self.fails_with is not None:
            raise self.fails_with
        return decode(encode(self._bench.call(method, **params)), type=kind)


class _Scene:
    """A daemon in memory, who follows it, and what is known by that."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.controller()
        self.client = _Client(self.bench)
        self.outbox = Outbox()
        self.fleet = Fleet((HOST,))
        self._callers: dict[str, Caller] = {}
        self._pids = 0
        self.follower = Follower(
            HOST,
            self.client,  # type: ignore[arg-type]  # the part of a client that is used
            self.outbox,
            clock=lambda: HERE_S,
            gather_s=0,
        )

    def read(self) -> None:
        self.follower.step()
        for notice in self.outbox.take(with_journal=True):
            self.fleet.take(notice)

    def do(self, what: str, number: int) -> None:
        """Do one thing; what cannot be done as things stand is left out."""
        worker_id = f"w{number}"
        if what == "read":
            self.read()
            return
        try:
            self._do(what, worker_id)
        except (PenholderError, LookupError):
            return

    def _do(self, what: str, worker_id: str) -> None:
        call = self.bench.call
        if what in _CALLS:
            method, params = _CALLS[what]
            call(method, worker_id=worker_id, **params)
            return
        match what:
            case "create":
                self.bench.worker(worker_id, start="starting")
            case "attach":
                self._callers[worker_id] = self.bench.seated(worker_id, 700 + self._pids)
                self._pids += 1
            case "answer" | "cancel":
                asked = call("approval.list", worker_id=worker_id)["items"][0]["request_id"]
                if what == "answer":
                    call("approval.decide", request_id=asked, option="allow")
                else:
                    call("approval.cancel", request_id=asked)
            case "detach":
                call("runtime.detach", self._callers.pop(worker_id), state="idle")
            case "die":
                self.bench.die(self._callers.pop(worker_id))
                epoch = call("runtime.status", worker_id=worker_id)["runtime_epoch"]
                self.bench.own("runtime.exited", worker_id=worker_id, epoch=epoch)

    def known(self) -> tuple[dict[str, Any], set[str]]:
        return _facts(self.fleet)

    def afresh(self) -> tuple[dict[str, Any], set[str]]:
        return _facts(fleet(lists.read(self.client, HOST, None)))  # type: ignore[arg-type]  # as above


def _running() -> _Scene:
    made = _Scene()
    for what in ("create", "attach", "run", "read"):
        made.do(what, 1)
    return made


def _facts(of: Fleet) -> tuple[dict[str, Any], set[str]]:
    workers = {
        each.key.id: (
            each.label, each.controller_id, each.state, each.recovery_state, each.is_living,
            each.last_error, each.created_at, each.last_type,
            # A blank line is passed over by who saw the one before.
            (each.last_text or "").strip() and each.last_text,
        )
        for each in of.workers.values()
    }  # fmt: skip
    return workers, {key_.id for key_ in of.questions}


def _alike(known: dict[str, Any], afresh: dict[str, Any]) -> bool:
    return known.keys() == afresh.keys() and all(
        known[each][:-1] == afresh[each][:-1] and afresh[each][-1] in ("", known[each][-1])
        for each in known
    )


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from((1, 1, 1, 2))), max_size=40))
def test_entries_lead_to_what_lists_would_say(steps: list[tuple[str, int]]) -> None:
    scene = _running()
    for what, number in steps:
        scene.do(what, number)
    scene.read()
    scene.read()
    (known, asked), (afresh, asked_afresh) = scene.known(), scene.afresh()
    assert _alike(known, afresh), (known, afresh)
    assert asked == asked_afresh


@pytest.fixture
def scene() -> _Scene:
    """Give a worker that runs, and who follows it."""
    return _running()


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (FileNotFoundError(2, "No such file", "/run/c.sock"), "no daemon answers: No such file"),
        (ConnectionError("no daemon answers at /run/c.sock"), "no daemon answers at /run/c.sock"),
        (None, "journal.wait was not sent: why"),
    ],
)
def test_why_it_is_away_is_told_without_the_call_that_met_it(
    scene: _Scene, cause: Exception | None, told: str
) -> None:
    scene.client.fails_with = DaemonUnreachable("journal.wait was not sent: why")
    scene.client.fails_with.__cause__ = cause
    assert not scene.follower.step()
    (lost,) = scene.outbox.take(with_journal=True)
    assert lost == Lost(HOST, HERE_S, told)


def test_a_daemon_that_is_away_is_told_once_it_is_and_nothing_is_missed(scene: _Scene) -> None:
    scene.client.fails_with = ConnectionRefusedError("no daemon")
    assert not scene.follower.step()
    scene.do("output", 1)
    (lost,) = scene.outbox.take(with_journal=True)
    assert lost == Lost(HOST, HERE_S, "no daemon")
    scene.client.fails_with = None
    scene.client.called.clear()
    assert scene.follower.step()
    found = list(scene.outbox.take(with_journal=True))
    assert [type(each).__name__ for each in found] == ["Came", "ClockRead", "Back"]
    assert scene.client.called == ["rpc.ping", "journal.wait"], "the lists stand"


def test_how_far_the_clocks_are_apart_is_looked_at_again_and_again(scene: _Scene) -> None:
    apart_s = scene.bench.world.wall_ms / 1000 - HERE_S
    assert scene.fleet.ahead_s == {HOST: pytest.approx(apart_s)}
    scene.client.called.clear()
    scene.read()
    assert "rpc.ping" not in scene.client.called, "not each time"
    follower = Follower(
        HOST,
        scene.client,  # type: ignore[arg-type]  # as above
        scene.outbox,
        clock=lambda: HERE_S,
        gather_s=0,
        clock_s=0,
    )
    follower.step()
    scene.bench.world.set_wall(60_000)
    follower.step()
    for notice in scene.outbox.take(with_journal=True):
        scene.fleet.take(notice)
    assert scene.fleet.ahead_s == {HOST: pytest.approx(apart_s + 60)}


def test_where_the_cursor_is_gone_the_lists_are_read_anew(scene: _Scene) -> None:
    for _ in range(5):
        scene.do("output", 1)
    scene.bench.call("daemon.prune", keep_last=1)
    assert scene.follower.step()
    scene.read()
    assert scene.fleet.workers[key("w1")].last_text == "a line"
    scene.do("fail", 1)
    scene.read()
    assert scene.fleet.workers[key("w1")].state == "error"


def test_a_record_that_cannot_be_read_loses_no_entry(scene: _Scene) -> None:
    scene.do("ask", 1)
    call = scene.client.call

    def failing(method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "approval.get":
            raise ConnectionResetError("gone")
        return call(method, *args, **kwargs)

    scene.client.call = failing  # type: ignore[method-assign]  # the daemon goes between two calls
    assert not scene.follower.step()
    scene.client.call = call  # type: ignore[method-assign]  # and is back
    scene.read()
    assert len(scene.fleet.questions) == 1


def test_a_host_that_goes_away_and_comes_back_is_followed(scene: _Scene) -> None:
    other = Registration(
        host_id="host_2", host_name="attic", version="9", started_at="t", lease_ms=1000
    )
    bench = scene.bench
    bench.own("host.keep")
    bench.own("host.register", host=other)
    bench.worker("w2", host_id="host_2")
    scene.read()
    assert scene.fleet.machines[HOST]["host_2"] == "attic"
    assert scene.fleet.workers[key("w2")].recovery_state == "restartable"
    bench.world.pass_ms(1000)
    bench.own("host.keep")
    scene.read()
    assert scene.fleet.workers[key("w2")].recovery_state == "unreachable"
    assert scene.fleet.workers[key("w1")].recovery_state == "attached"
    bench.own("host.register", host=other)
    scene.read()
    assert scene.fleet.workers[key("w2")].recovery_state == "restartable"
    assert scene.known() == scene.afresh()


def test_of_one_controller_nothing_else_is_read(scene: _Scene) -> None:
    scene.bench.controller("c2")
    follower = Follower(
        HOST,
        scene.client,  # type: ignore[arg-type]  # as above
        scene.outbox,
        "c2",
        gather_s=0,
    )
    follower.step()
    scene.do("output", 1)
    scene.bench.worker("w9", "c2")
    follower.step()
    listed, came, _ = scene.outbox.take(with_journal=True)
    assert isinstance(listed, Listed)
    assert isinstance(came, Came)
    assert not listed.workers
    assert [each.type for each in came.entries] == ["worker.created"]


def test_who_takes_nothing_lets_the_reader_wait_and_not_the_memory_grow() -> None:
    outbox = Outbox()
    for _ in range(8):
        outbox.put(Came(HOST, ()))
    outbox.put(Lost(HOST, 1.0, "what a connection does waits behind nothing"))
    outbox.close()
    outbox.put(Came(HOST, ()))  # returns, though there is no room
    assert len(list(outbox.take(with_journal=False))) == 1
    assert len(list(outbox.take(with_journal=True))) == 8
