"""What happens on the screen: races, several hosts, the mouse, sizes, floods."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from penholder.cli.top import pager
from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.notices import Back, Came, Listed, Lost
from tests.helpers.top import Journal, came, key, listed, overview
from tests.helpers.top_played import Playing, busy


def test_a_key_that_was_meant_for_what_is_gone_does_nothing() -> None:
    async def race(top: Playing) -> None:
        await top.press("tab")
        await top.take(came(Journal().of_controller("worker.removed", "w_1")))
        assert top.pilot is not None
        await top.pilot.press("x")  # right with it
        assert "the choice has just moved" in top.screen()
        await top.press("x")
        assert "stop this worker?" in top.screen()

    busy().play(race)


def test_a_question_that_was_answered_elsewhere_is_not_answered_again() -> None:
    async def late(top: Playing) -> None:
        decided = Journal().of_controller("approval.decided", "w_1", request_id="ap_1")
        await top.take(came(decided))
        assert "(decided)" in top.screen()
        await top.press("a")
        assert "that question is decided already" in top.screen()
        assert not top.acts

    busy().play(late)


def test_an_answer_that_fails_says_why_and_the_question_stays() -> None:
    async def refused(top: Playing) -> None:
        top.fails_with = "approval ap_1 is decided already"
        await top.press("a")
        await top.until(lambda: "is decided already" in top.screen())
        assert "May I remove" in top.screen()

    busy().play(refused)


def test_from_the_workers_the_one_question_of_the_chosen_is_answered() -> None:
    async def answer(top: Playing) -> None:
        await top.press("tab", "home", "a")
        assert "this worker asks nothing" in top.screen()
        await top.press("down", "a")
        await top.until(lambda: bool(top.acts))
        assert top.acts[0].shown == "penholder approve ap_1"

    busy().play(answer)


def test_several_marked_questions_are_answered_after_a_question() -> None:
    async def answer(top: Playing) -> None:
        await top.press("asterisk", "a")
        assert "answer 2 questions?" in top.screen()
        await top.press("y")
        await top.until(lambda: len(top.acts) == 2)
        shown = [act.shown for act in top.acts]
        assert shown == ["penholder approve ap_1", "penholder approve ap_2"]
        assert top.acts[1].answer is not None
        assert top.acts[1].answer.option.id == "b"

    busy().play(answer)


def test_hosts_side_by_side() -> None:
    async def look(top: Playing) -> None:
        screen = top.screen()
        assert "near: project  1" in screen
        assert "far: project  1" in screen
        top.source.answers.append(Lost("far", top.seconds, "no route"))
        await top.until(lambda: "far stale since" in top.screen())
        assert "far: project  1 (stale)" in top.screen()
        top.source.answers.append(Back("far"))
        await top.until(lambda: "stale" not in top.screen())
        await top.press("tab", "asterisk", "x")
        assert "penholder stop make" in top.screen()
        assert "penholder stop --socket /far make" in top.screen()
        await top.press("y")
        await top.until(lambda: len(top.acts) == 2)
        assert {act.host.name for act in top.acts} == {"near", "far"}

    hosts = (Host("near", "/near"), Host("far", "/far", ("--socket", "/far")))
    lists = [listed([overview("w_1", "make")], host=each.name) for each in hosts]
    Playing(*lists, hosts=hosts).play(look)


def test_a_click_chooses_and_the_wheel_goes_on() -> None:
    async def click(top: Playing) -> None:
        assert top.pilot is not None
        lines = top.screen().splitlines()
        row = next(at_ for at_, line in enumerate(lines) if "make-2" in line and "linking" in line)
        await top.pilot.click(offset=(5, row))
        assert (top.app.desk.focus, top.app.desk.worker) == ("workers", key("w_2"))

    busy().play(click)


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (200, 60)])
def test_any_size_is_drawn_to_its_edges(size: tuple[int, int]) -> None:
    async def look(top: Playing) -> None:
        await top.press("question_mark", "escape", "slash", "x", "escape", "enter", "escape")
        assert len(top.screen().splitlines()) == size[1]
        assert "? help" in top.screen() or size[0] < 80

    busy().play(look, size)


def test_resizing_draws_anew() -> None:
    async def resize(top: Playing) -> None:
        assert top.pilot is not None
        await top.pilot.resize_terminal(120, 40)
        await top.until(lambda: len(top.screen().splitlines()) == 40)
        assert max(map(len, top.screen().splitlines())) == 120

    busy().play(resize)


def test_nothing_is_read_yet_is_said() -> None:
    async def look(top: Playing) -> None:
        assert "reading …" in top.screen()
        await top.take(Listed("local", [], [], []))
        assert "penholder run -- COMMAND starts one" in top.screen()

    Playing().play(look)


def test_a_flood_is_drawn_as_often_as_the_screen_takes_it() -> None:
    async def flood(top: Playing) -> None:
        journal = Journal()
        drawn = 0
        show = top.app._panes["top"].show

        def counting(rows: Sequence[Row]) -> None:
            nonlocal drawn
            drawn += 1
            show(rows)

        top.app._panes["top"].show = counting  # type: ignore[method-assign]  # and shows
        for start in range(0, 1000, 100):
            lines = [journal.output("w_1", f"{number}") for number in range(start, start + 100)]
            top.source.journal.append(Came("local", lines))
        await top.until(lambda: "999" in top.screen())
        assert drawn <= 5, "all that came was drawn at once"

    busy().play(flood)


def test_a_pager_is_what_is_said_or_what_there_is(tmp_path: Path) -> None:
    assert pager.command({"PAGER": "cat -v", "PATH": "/usr/bin:/bin"}) == ["cat", "-v"]
    with pytest.raises(pager.NoPager, match="there is no pager nosuch"):
        pager.command({"PAGER": "nosuch", "PATH": "/usr/bin"})
    with pytest.raises(pager.NoPager, match="cannot be read"):
        pager.command({"PAGER": "'"})
    with pytest.raises(pager.NoPager, match="no pager less nor more"):
        pager.command({"PATH": str(tmp_path)})
    out = tmp_path / "out"
    pager.show("text\n", ["sh", "-c", f"cat > {out}"], {"PATH": "/usr/bin:/bin"})
    assert out.read_text() == "text\n"
