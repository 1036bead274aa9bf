"""Several hosts, each with a clock of its own: what is shown of each goes by that."""

from penholder.cli.top.drawing import inbox, screenful
from penholder.cli.top.drawing.screenful import Said
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.notices import ClockRead, DetailsRead, Listed, Notice
from penholder.cli.top.model.records import Input, Overview, Run, Task
from tests.helpers.top import NOW, at, fleet, key, question, record, settled, texts

HOUR_S = 3_600
CLOCKS_S = {"behind": -HOUR_S, "here": 0, "ahead": HOUR_S}


def _notices(host: str, asked_s_ago: float = 300) -> list[Notice]:
    """Tell of a host on which somebody began to work a minute ago."""
    ahead_s = CLOCKS_S[host]

    def told(seconds_ago: float) -> str:
        return at(seconds_ago - ahead_s)

    def ended(name: str, seconds_ago: float) -> Overview:
        ended_at = told(seconds_ago)
        return Overview(
            worker=record(
                name, f"{name}-{host}", state="stopped", recovery_state="lost", updated_at=ended_at
            )
        )

    seen = Overview(
        worker=record("w1", f"on-{host}", created_at=told(60)), last_output_at=told(asked_s_ago)
    )
    asked = question("q1", created_at=told(asked_s_ago), deadline_at=told(-90))
    listed = Listed(host, [seen, ended("new", 500), ended("old", 700)], [asked], [])
    return [ClockRead(host, ahead_s), listed]


def _shown(of: Fleet, desk: Desk) -> list[str]:
    drawn = screenful.draw(of, desk, (120, 40), NOW, Said())
    return [text for pane in drawn.values() for text in texts(pane)]


def test_ages_go_by_the_clock_of_the_host_that_the_times_are_of() -> None:
    made = fleet(*(each for host in CLOCKS_S for each in _notices(host)), hosts=tuple(CLOCKS_S))
    lines = _shown(made, settled(made))
    for host in CLOCKS_S:
        (worker,) = [line.split() for line in lines if f"on-{host} " in line and " 60s " in line]
        assert worker[worker.index("60s") + 1] == "5m"
        (asked,) = [line for line in lines if f"on-{host} " in line and "Go on?" in line]
        assert " 5m " in asked
        whole = inbox.whole(made, key("q1", host), made.questions[key("q1", host)], 80, NOW)
        assert "asked 5m ago expires in 90s" in " ".join(" ".join(texts(whole)).split())


def test_who_has_just_ended_is_shown_whatever_the_clock_is_there() -> None:
    made = fleet(*(each for host in CLOCKS_S for each in _notices(host)), hosts=tuple(CLOCKS_S))
    shown = {each.label for each in settled(made).workers(made)}
    assert shown == {f"{name}-{host}" for host in CLOCKS_S for name in ("on", "new")}


def test_what_was_sent_claimed_and_run_is_as_old_as_it_is_there() -> None:
    made = fleet(*_notices("ahead"), hosts=("ahead",))
    desk = settled(made)
    desk.focus, desk.tab, desk.worker = "detail", "queue", key("w1", "ahead")
    made.watch(desk.worker)
    sent = Input(seq=1, kind="text", created_at=at(30 - HOUR_S))
    task = Task(
        queue_task_id="t", queue="q", state="running", priority=0, attempts=1, max_attempts=2,
        claimed_by="w1", created_at=at(40 - HOUR_S),
    )  # fmt: skip
    run = Run(
        run_id="r", state="claimed", project_id="p", backend_profile="b",
        created_at=at(50 - HOUR_S),
    )  # fmt: skip
    made.take(DetailsRead(desk.worker, [sent], [task], [run]))
    shown = "\n".join(_shown(made, desk))
    assert " 30s text" in shown
    assert " 40s q" in shown
    desk.tab = "runs"
    assert " 50s p" in "\n".join(_shown(made, desk))


def test_what_hosts_tell_is_in_the_order_in_which_it_was() -> None:
    asked_s_ago = {"behind": 100, "here": 300, "ahead": 200}
    told = [each for host, ago_s in asked_s_ago.items() for each in _notices(host, ago_s)]
    made = fleet(*told, hosts=tuple(CLOCKS_S))
    desk = settled(made)
    desk.order, desk.is_grouped = "output", False
    assert [each.host for each, _ in desk.questions(made)] == ["here", "ahead", "behind"]
    wrote = [each.key.host for each in desk.workers(made) if each.key.id == "w1"]
    assert wrote == ["behind", "ahead", "here"]
