"""The feed of `penholder top` beside real daemons: nothing is missed and nothing comes twice."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from penholder.cli.top.carrying import Failed, carry_out
from penholder.cli.top.feed.feed import Feed
from penholder.cli.top.model.acts import Act, Host
from penholder.cli.top.model.answers import by_key
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.records import Key
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.shifted_daemon import ShiftedDaemon

_PATIENCE_S = 30.0


class Watching:
    """A feed of some hosts, and the fleet that comes of it."""

    def __init__(self, *hosts: Host, controllers: dict[str, str] | None = None) -> None:
        """Begin to read."""
        self.feed = Feed(hosts, controllers)
        self.fleet = Fleet(tuple(host.name for host in hosts))
        self.feed.start()

    def until(self, condition: Callable[[], bool]) -> None:
        """Take what comes until something holds."""
        waiting = threading.Event()
        for _ in range(int(_PATIENCE_S / 0.02)):
            for notice in self.feed.take():
                self.fleet.take(notice)
            if condition():
                return
            waiting.wait(0.02)
        raise AssertionError(f"it does not come to hold: {vars(self.fleet)}")

    def choose(self, worker: Key) -> None:
        """Have a worker's stream and what concerns it read."""
        self.fleet.watch(worker)
        self.feed.want(worker, worker)

    def lines(self) -> list[str]:
        """Return the chosen worker's lines."""
        tail = self.fleet.tail
        return [] if tail is None or not tail.is_read else [line.text for line in tail.lines]

    def close(self) -> None:
        """End it."""
        self.feed.close()


@pytest.fixture
def host(daemon: DaemonProcess) -> Host:
    """Give the daemon as a host."""
    return Host("local", str(daemon.control_socket))


def _say(daemon: DaemonProcess, worker_id: str, *texts: str) -> None:
    with daemon.connect() as control:
        for text in texts:
            control.call("event.append", worker_id=worker_id, type="output", data={"text": text})


def test_it_goes_on_over_a_kill_by_its_cursor(daemon: DaemonProcess, host: Host) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control, worker_id="w")
    key = Key("local", worker_id)
    _say(daemon, "w", "0", "1")
    with closing(Watching(host)) as watching:
        watching.until(lambda: key in watching.fleet.workers)
        watching.choose(key)
        watching.until(lambda: watching.lines() == ["0", "1"])
        for start in (2, 4, 6):
            _say(daemon, "w", f"{start}")
            daemon.kill()
            watching.until(lambda: "local" in watching.fleet.stale)
            assert watching.fleet.stale["local"].why
            assert watching.fleet.workers, "what was known is still there"
            daemon.start()
            _say(daemon, "w", f"{start + 1}")
            last = f"{start + 1}"
            watching.until(lambda last=last: watching.lines()[-1:] == [last])  # type: ignore[misc]  # of this turn
            watching.until(lambda: not watching.fleet.stale)
        assert watching.lines() == [f"{number}" for number in range(8)]


def test_a_daemon_with_another_history_is_read_anew(daemon: DaemonProcess, host: Host) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="old")
    with closing(Watching(host)) as watching:
        watching.until(lambda: Key("local", "old") in watching.fleet.workers)
        daemon.kill()
        for path in daemon.state_dir.glob("*.db*"):
            path.unlink()
        daemon.start()
        with daemon.connect() as control:
            control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        watching.until(lambda: not watching.fleet.workers and not watching.fleet.stale)


def test_hosts_are_read_side_by_side_and_one_may_be_away(
    daemon: DaemonProcess, other: DaemonProcess, host: Host
) -> None:
    far = Host("far", str(other.control_socket))
    for each in (daemon, other):
        with each.connect() as control:
            make_worker(control, worker_id="w")
    with closing(Watching(host, far)) as watching:
        watching.until(lambda: len(watching.fleet.workers) == 2)
        other.kill()
        watching.until(lambda: set(watching.fleet.stale) == {"far"})
        _say(daemon, "w", "goes on")
        watching.until(lambda: watching.fleet.workers[Key("local", "w")].last_text == "goes on")
        assert len(watching.fleet.workers) == 2


def test_how_far_each_hosts_clock_is_from_the_one_here_is_known(
    daemon: DaemonProcess, host: Host, short_dir: Path
) -> None:
    (short_dir / "ahead").mkdir()
    shifted = ShiftedDaemon(short_dir / "ahead", 3600)
    shifted.start()
    try:
        with closing(Watching(host, Host("ahead", str(shifted.control_socket)))) as watching:
            watching.until(lambda: len(watching.fleet.listed) == 2)
            assert watching.fleet.ahead_s == {
                "local": pytest.approx(0, abs=5),
                "ahead": pytest.approx(3600, abs=5),
            }
    finally:
        shifted.end()


def test_a_question_comes_is_answered_and_goes(daemon: DaemonProcess, host: Host) -> None:
    with daemon.connect() as control, closing(Watching(host)) as watching:
        make_worker(control, worker_id="w")
        asked = control.call("approval.request", worker_id="w", message="Go on?")
        key = Key("local", asked["request_id"])
        watching.until(lambda: key in watching.fleet.questions)
        answer = by_key(watching.fleet.questions[key], "approve", "fine")
        act = Act("penholder approve", ("penholder", "approve"), host, answer)
        assert carry_out(act, {}) == "done"
        watching.until(lambda: key not in watching.fleet.questions)
        found = control.call("approval.get", request_id=key.id)
        assert (found["state"], found["decision"], found["note"]) == ("decided", "allow", "fine")
        with pytest.raises(Failed, match="is decided already"):
            carry_out(act, {})


def test_what_concerns_a_worker_is_read(daemon: DaemonProcess, host: Host) -> None:
    task = {"tenant_id": "t", "project_id": "p", "queue": "q"}
    run = {"tenant_id": "t", "project_id": "p", "backend_profile": "b"}
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        control.call("worker.send", worker_id="w", kind="text", data={"text": "hello"})
        control.call("queue.submit", queue_task_id="first", priority=1, **task)
        control.call("queue.submit", queue_task_id="second", **task)
        control.call("queue.claim", queue="q", runner_id="w", lease_ms=60_000)
        for run_id, runner in (("mine", "w"), ("other", "w2")):
            control.call("run.create", run_id=run_id, **run)
            control.call("run.claim", run_id=run_id, runner_id=runner, lease_ms=60_000)
    with closing(Watching(host)) as watching:
        watching.choose(Key("local", "w"))
        watching.until(lambda: watching.fleet.details is not None)
        details = watching.fleet.details
        assert details is not None
        assert [each.seq for each in details.inputs] == [1]
        assert [each.queue_task_id for each in details.tasks] == ["first", "second"]
        assert [each.run_id for each in details.runs] == ["mine"]


def test_a_stream_that_retention_has_cut_is_read_from_what_is_left(
    daemon: DaemonProcess, host: Host
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        _say(daemon, "w", *(f"{number}" for number in range(40)))
        control.call("daemon.prune", keep_last=5)
    with closing(Watching(host)) as watching:
        watching.until(lambda: bool(watching.fleet.workers))
        watching.choose(Key("local", "w"))
        watching.until(lambda: bool(watching.lines()))
        assert watching.lines()[-1] == "39"


def test_one_controller_alone_is_read(daemon: DaemonProcess, host: Host) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        control.call("controller.register", controller_id="d", label="d", workspace_key="/d")
        with closing(Watching(host, controllers={"local": "d"})) as watching:
            make_worker(control, worker_id="mine", controller_id="d")
            watching.until(lambda: list(watching.fleet.workers) == [Key("local", "mine")])


def test_a_command_is_run_as_it_is_shown(host: Host, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@" >&2\nexit "${STATUS:-0}"\n')
    program.chmod(0o700)
    act = Act("penholder send make hi", ("penholder", "send", "w_1", "a b; $HOME"), host)
    path = {"PATH": "/usr/bin:/bin"}
    assert carry_out(act, path, [str(program)]) == "send|w_1|a b; $HOME|"
    with pytest.raises(Failed, match=r"^send\|w_1"):
        carry_out(act, {**path, "STATUS": "5"}, [str(program)])
    with pytest.raises(Failed, match="No such file"):
        carry_out(act, path, [str(tmp_path / "none")])


def test_closing_ends_all_threads_whatever_they_wait_for(host: Host) -> None:
    before = threading.active_count()
    watching = Watching(host, Host("away", "/nonexistent/control.sock"))
    watching.until(lambda: "local" in watching.fleet.listed and "away" in watching.fleet.stale)
    watching.close()
    assert threading.active_count() == before
