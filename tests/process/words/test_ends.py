"""`penholder wait`, `rm`, `inspect`: of workers that end, and of those that have."""

import pytest

from tests.helpers.fleet import Fleet


@pytest.mark.parametrize(
    ("status", "signal", "code"), [(0, None, 0), (7, None, 7), (None, "SIGKILL", 137)]
)
def test_the_status_is_the_commands(
    fleet: Fleet, status: int | None, signal: str | None, code: int
) -> None:
    fleet.worker("w").exit(status, signal)
    assert fleet.say("wait", "w").code == code


def test_who_lives_is_waited_for(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    waiting = fleet.begin("wait", "w")
    fleet.wait_for_follower()
    worker.print("on and on")
    assert waiting.process.poll() is None
    worker.exit(5)
    assert waiting.end().code == 5


def test_what_is_asked_meanwhile_is_told(fleet: Fleet) -> None:
    worker = fleet.worker("w", "a line")
    first = worker.ask("Now?")
    followers = {word: fleet.begin(*word.split(), "w") for word in ("wait", "logs -f")}
    for word, follower in followers.items():
        told = f"penholder {word.split()[0]}: w asks: Now? [allow, deny]"
        way = f"(in another terminal: penholder answer {first} OPTION)"
        assert follower.error_line() == f"{told} {way}"
    fleet.worker("other").ask("Not of it.")
    second = worker.ask("And now?")
    for follower in followers.values():
        assert follower.error_line().endswith(f"penholder answer {second} OPTION)")
    worker.exit(0)
    for follower in followers.values():
        assert follower.end().code == 0


def test_a_run_that_is_started_again_has_not_ended(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    worker.append("process.exited", exit_status=9, signal=None)
    waiting = fleet.begin("wait", "w")
    fleet.wait_for_follower()
    worker.append("process.started", attempt=2)
    worker.exit(0)
    assert waiting.end().code == 0


def test_it_waits_over_a_restart_of_the_daemon(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    waiting = fleet.begin("wait", "w")
    fleet.wait_for_follower()
    fleet.daemon.kill()
    fleet.daemon.start()
    worker.exit(4)
    assert waiting.end().code == 4


def test_how_a_stranger_ended_is_not_known(fleet: Fleet) -> None:
    fleet.worker("w").leave()
    ran = fleet.say("wait", "w")
    assert ran.code == 125
    assert "not known" in ran.err


def test_what_came_after_the_end_hides_nothing(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    worker.append("process.exited", exit_status=6, signal=None)
    for _ in range(5):
        worker.append("afterthought")
    worker.leave("error")
    assert fleet.say("wait", "w").code == 6


def test_why_a_command_could_not_be_run_is_told_wherever_its_end_is(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    worker.append("process.failed", argv=["x"], error="cannot run x\x1b[2J: No such file", code=127)
    worker.leave("error")
    ran = fleet.say("wait", "w")
    assert (ran.code, ran.err) == (127, "penholder wait: w: cannot run x\\x1b[2J: No such file\n")
    assert "w ended: cannot run x\\x1b[2J: No such file, " in fleet.say("logs", "w").err
    assert "cannot run x\\x1b[2J: No such file" in fleet.say("inspect", "w").out


def test_of_several_the_first_that_failed_in_the_order_given(fleet: Fleet) -> None:
    for name, status in (("a", 0), ("b", 3), ("c", 4)):
        fleet.worker(name).exit(status)
    assert fleet.say("wait", "a", "c", "b").code == 4
    assert fleet.say("wait", "a", "b", "c").code == 3
    assert fleet.say("wait", "a").code == 0
    assert fleet.say("wait", "a", "nobody").code == 3


def test_who_has_ended_can_be_removed(fleet: Fleet) -> None:
    stopped, failed = fleet.worker("stopped"), fleet.worker("failed")
    stopped.exit(0)
    failed.exit(1)
    fleet.create("idle")
    ran = fleet.say("rm", "stopped", "failed", "idle")
    assert (ran.code, ran.out) == (0, "stopped\nfailed\nidle\n")
    assert fleet.client.worker.list().items == []
    assert fleet.say("logs", "stopped").code == 3


def test_who_lives_is_not_removed_and_the_others_are(fleet: Fleet) -> None:
    fleet.worker("lives")
    fleet.worker("done").exit(0)
    ran = fleet.say("rm", "lives", "done")
    assert (ran.code, ran.out) == (6, "done\n")
    assert "penholder stop lives" in ran.err
    assert [each.label for each in fleet.client.worker.list().items] == ["lives"]


def test_nothing_is_done_where_a_name_means_nobody(fleet: Fleet) -> None:
    fleet.worker("done").exit(0)
    assert fleet.say("rm", "done", "nobody").code == 3
    assert len(fleet.client.worker.list().items) == 1


def test_who_owns_it_is_said_and_can_be_replaced(fleet: Fleet) -> None:
    fleet.worker("done").exit(0)
    with fleet.owned():
        ran = fleet.say("rm", "done")
        assert ran.code == 5
        assert "is owned by process" in ran.err
        assert "--take-over" in ran.err
        assert fleet.say("rm", "--takeover", "done").code == 0


def test_an_owner_whose_lease_ran_out_is_in_nobodys_way(fleet: Fleet) -> None:
    fleet.worker("done").exit(0)
    fleet.client.controller.acquire(controller_id="c", lease_ms=1)
    fleet.client.journal.wait(streams=["topic:never"], after=0, timeout_ms=5)
    assert fleet.say("rm", "done").code == 0
    assert fleet.client.controller.status(controller_id="c").active_owner is None


def test_all_there_is_about_a_worker(fleet: Fleet) -> None:
    worker = fleet.worker("w", "one")
    asked = worker.ask("?")
    worker.append("process.started", argv=["make", "-j4"], restart="never", pid=7)
    (found,) = fleet.say("inspect", "--json", "w").records
    assert found["worker"]["label"] == "w"
    assert found["started"]["argv"] == ["make", "-j4"]
    assert found["runtime"]["attached"] is True
    assert [each["request_id"] for each in found["questions"]] == [asked]
    assert (found["last_seq"], found["ending"]) == (2, None)
    out = fleet.say("inspect", "w").out
    assert '["make","-j4"]' in out
    assert asked in out
    worker.exit(3)
    (found,) = fleet.say("inspect", "--json", "w").records
    assert found["ending"]["code"] == 3
