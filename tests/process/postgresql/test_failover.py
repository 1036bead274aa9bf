"""A server takes the place of another: what is missing is given out by nobody a second time."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from penholder_daemon.core.handed_out import UNKNOWN_STEP
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.other_histories import (
    Owner,
    await_breaks,
    breaks,
    check_gone,
    numbers,
    pos,
    read,
)
from tests.helpers.postgresql_copies import DATABASE, Primary, Standby
from tests.helpers.puppet import Puppet, puppet
from tests.helpers.waiting import until

_EVENT = '{"type": "seated"}'


Seats = Callable[[RawConnection, str], Puppet]


@pytest.fixture
def seats() -> Iterator[Seats]:
    """Give processes that have the seats of workers."""
    with ExitStack() as made:

        def sit_down(control: RawConnection, worker_id: str) -> Puppet:
            path = control.call("worker.get", worker_id=worker_id)["socket_path"]
            process = made.enter_context(puppet(str(path)))
            assert "result" in process.call("runtime.attach")
            return process

        yield sit_down


def test_what_a_standby_lacks_is_given_out_by_nobody_a_second_time(
    primary: Primary, standby: Standby, serve: Callable[..., DaemonProcess], seats: Seats
) -> None:
    daemon = serve(primary, standby)
    with daemon.connect() as control, daemon.connect() as follower, daemon.connect() as other:
        spare, owner = make_worker(control), Owner(control)
        seated = seats(control, spare)
        owner.append(control, 1)
        kept, ended_pos = owner.fence, pos(control)
        follower.call("journal.subscribe", streams=[owner.stream])
        other.call("journal.subscribe", streams=[f"worker:{spare}"], types=["n"])
        standby.catch_up()
        standby.fall_behind()
        owner.acquire(control, takeover=True)
        lost_pos = owner.append(control, 2)
        assert numbers(follower.notification()["params"]["entries"]) == [2]
        primary.stop(signal.SIGQUIT)
        standby.promote()
        await_breaks(control, 1)

        check_gone(control, lost_pos, ended_pos)
        assert owner.is_fenced(control, kept)
        assert owner.is_fenced(control, owner.fence)
        assert seated.call("event.append", _EVENT)["error"]["data"]["code"] == "FENCED"
        assert seated.call("runtime.attach")["result"]["runtime_epoch"] > UNKNOWN_STEP
        assert owner.acquire(control) > UNKNOWN_STEP
        assert owner.append(control, 3) > UNKNOWN_STEP
        assert numbers(read(control, ended_pos)) == [3]
        [told] = breaks(control)
        assert (told["ended_pos"], told["owners"], told["seats"]) == (ended_pos, 1, 1)

        ended = follower.notification()
        assert ended["method"] == "journal.lagged"
        assert ended["params"]["resume_after"] == lost_pos
        control.call("event.append", worker_id=spare, type="n", data={"number": 4},
                     fence=owner.fence)  # fmt: skip
        assert numbers(other.notification()["params"]["entries"]) == [4]
        assert control.call("daemon.verify") == {"ok": True, "findings": []}


def test_a_standby_that_lacks_nothing_leaves_everybody_what_he_holds(
    primary: Primary, standby: Standby, serve: Callable[..., DaemonProcess], seats: Seats
) -> None:
    here, there = serve(primary, standby), serve(primary, standby)
    primary.wait_for_standbys()
    with here.connect() as control, there.connect() as other, there.connect() as follower:
        owner = Owner(control)
        seated = seats(control, owner.worker_id)
        before = owner.append(control, 1)
        follower.call("journal.subscribe", streams=[owner.stream], after=before, types=["n"])
        ended_pos = owner.append(control, 2)
        assert numbers(follower.notification()["params"]["entries"]) == [2]
        primary.stop(signal.SIGQUIT)
        standby.promote()
        # It was to be followed by one itself.
        standby.ask("ALTER SYSTEM RESET synchronous_standby_names")
        standby.ask("SELECT pg_reload_conf()")
        for each in (control, other):
            await_breaks(each, 1)

        assert owner.append(control, 3) > UNKNOWN_STEP
        assert numbers(follower.notification()["params"]["entries"]) == [3]
        assert "result" in seated.call("event.append", _EVENT)
        for after, seen in ((before, [2, 3]), (ended_pos, [3])):
            assert numbers(read(other, after)) == seen
        [told] = breaks(control)
        assert (told["ended_pos"], told["fenced"]) == (ended_pos, False)
        assert owner.acquire(other, takeover=True) > UNKNOWN_STEP
        assert other.call("daemon.verify") == {"ok": True, "findings": []}


def test_one_that_misses_commits_and_comes_later_has_everybody_fenced(
    primary: Primary, standby: Standby, serve: Callable[..., DaemonProcess]
) -> None:
    early, late = serve(primary, standby), serve(primary, standby)
    with early.connect() as control, late.connect() as later:
        owner = Owner(control)
        until(lambda: len(control.call("host.list")["items"]) == 2)
        standby.catch_up()
        early.send_signal(signal.SIGSTOP)
        standby.fall_behind()
        lost_pos = owner.append(later, 1)
        late.send_signal(signal.SIGSTOP)
        primary.stop(signal.SIGQUIT)
        standby.promote()
        early.send_signal(signal.SIGCONT)
        await_breaks(control, 1)
        owner.append(control, 2)
        assert [each["fenced"] for each in breaks(control)] == [False]

        late.send_signal(signal.SIGCONT)
        await_breaks(later, 2)
        assert [each["fenced"] for each in breaks(control)] == [False, True]
        assert owner.is_fenced(control, owner.fence)
        assert owner.is_fenced(later, owner.fence)
        check_gone(later, lost_pos, breaks(control)[0]["ended_pos"])
        owner.acquire(later)
        owner.append(control, 3)
        assert control.call("daemon.verify") == {"ok": True, "findings": []}


def test_all_that_miss_the_same_have_everybody_fenced_once(
    primary: Primary, standby: Standby, serve: Callable[..., DaemonProcess]
) -> None:
    first = serve(primary, standby)
    with first.connect() as control:
        owner = Owner(control)
        standby.catch_up()
        standby.fall_behind()
        # Not even its host is known to the standby.
        with serve(primary, standby).connect() as other:
            lost_pos = owner.append(other, 1)
            until(lambda: pos(control) == lost_pos)
            primary.stop(signal.SIGQUIT)
            standby.promote()
            for each in (control, other):
                await_breaks(each, 1)
            until(
                lambda: (
                    [each["state"] for each in other.call("host.list")["items"]] == 2 * ["active"]
                )
            )
            owner.acquire(other)
            for number, each in enumerate((other, control, other)):
                owner.append(each, number)
            assert len(breaks(other)) == 1
            assert other.call("daemon.verify") == {"ok": True, "findings": []}


def test_a_server_that_only_follows_is_told_as_that(
    primary: Primary, standby: Standby, tmp_path: Path
) -> None:
    standby.catch_up()
    daemon = DaemonProcess(tmp_path, "--store-url", standby.url(DATABASE))
    daemon.spawn()
    assert daemon.wait() == 1
    assert "the server is a standby" in daemon.log()
    assert "target_session_attrs=read-write" in daemon.log()
