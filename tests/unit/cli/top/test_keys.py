"""Every key, pressed on a screen: what it does, and that none was left out."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from penholder.cli.top import pager
from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.keys import KEYS
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.notices import Back, Came, DetailsRead, Listed, Lost, TailRead
from penholder.cli.top.model.records import Event
from tests.helpers.top import (
    Journal,
    Playing,
    at,
    came,
    key,
    listed,
    option,
    overview,
    question,
)

Scene = Callable[[Playing], Awaitable[None]]
WORKERS = [
    overview("w_1", "make-1", "compiling", controller_id="c"),
    overview("w_2", "make-2", "linking", controller_id="c"),
    overview("w_3", "test-1", "3 passed", controller_id="d", state="idle"),
    overview("w_4", "gone", state="stopped", recovery_state="lost", updated_at=at(9_000)),
]
QUESTIONS = [
    question("ap_1", "w_1", "May I remove build/?", created_at=at(300)),
    question(
        "ap_2", "w_2", "Which one?",
        options=[
            option("a", None, "Always", "allow_always"), option("b", None, "Once", "allow_once"),
            option("c", None, "No", "reject_once"),
        ],
    ),
]  # fmt: skip
SCENES: dict[str, Scene] = {}


def scene(*keys: str) -> Callable[[Scene], Scene]:
    """Say which keys a scene presses and judges."""

    def named(play: Scene) -> Scene:
        SCENES.update(dict.fromkeys(keys, play))
        return play

    return named


def _playing() -> Playing:
    return Playing(listed(WORKERS, QUESTIONS))


@scene("tab", "shift+tab")
async def _panes(top: Playing) -> None:
    focused = [top.app.desk.focus]
    for pressed in ("tab", "tab", "tab", "shift+tab"):
        await top.press(pressed)
        focused.append(top.app.desk.focus)
    assert focused == ["inbox", "workers", "detail", "inbox", "detail"]


@scene("down", "up", "j", "k", "home", "end", "g", "G", "pagedown", "pageup", "ctrl+d", "ctrl+u")
async def _rows(top: Playing) -> None:
    await top.press("tab")
    seen = []
    for pressed in ("up", "down", "k", "j", "home", "end", "g", "G"):
        await top.press(pressed)
        seen.append(top.app.desk.worker)
    first, second, last = key("w_3"), key("w_1"), key("w_2")
    assert seen == [first, second, first, second, first, last, first, last]
    for back, on in (("pageup", "pagedown"), ("ctrl+u", "ctrl+d")):
        await top.press(back)
        assert top.app.desk.worker == first
        await top.press(on)
        assert top.app.desk.worker == last


@scene("a")
async def _approve(top: Playing) -> None:
    await top.press("a")
    await top.until(lambda: "done" in top.screen())
    assert [act.shown for act in top.acts] == ["penholder approve ap_1"]
    assert top.app.desk.question == key("ap_2")
    assert "$ penholder approve ap_1" in top.screen()
    assert "May I remove" not in top.screen()


@scene("d", "n")
async def _deny_with_a_note(top: Playing) -> None:
    await top.press("n", *"not it", "enter")
    assert "note: not it" in top.screen()
    await top.press("d")
    await top.until(lambda: bool(top.acts))
    assert top.acts[0].argv == ("penholder", "deny", "ap_1", "--note=not it")
    assert top.app.desk.note is None


@scene(*map(str, range(1, 10)))
async def _numbers(top: Playing) -> None:
    await top.press("down")
    for number in range(4, 10):
        await top.press(str(number))
        assert f"there is no option {number}; those are 1 Always  2 Once  3 No" in top.screen()
    await top.press("1")
    assert "penholder answer ap_2 a" in top.screen(), "what lasts is asked about"
    await top.press("n")
    assert not top.acts
    await top.press("2")
    await top.until(lambda: "done" in top.screen())
    await top.press("3")  # of the one that is left, which has two
    assert [act.shown for act in top.acts] == ["penholder answer ap_2 b"]
    assert "there is no option 3" in top.screen()


@scene("enter")
async def _open(top: Playing) -> None:
    await top.press("enter")
    assert "question ap_1" in " ".join(top.screen().split())
    await top.press("escape")
    assert "INBOX" in top.screen()
    await top.press("enter", "a")
    await top.until(lambda: bool(top.acts))
    assert top.acts[0].shown == "penholder approve ap_1"
    await top.press("tab", "enter")
    assert (top.app.desk.focus, top.app.desk.is_zoomed) == ("detail", True)
    assert "WORKERS" not in top.screen()


@scene("s")
async def _send(top: Playing) -> None:
    await top.press("tab", "s", *"go on", "enter")
    await top.until(lambda: bool(top.acts))
    assert top.acts[0].argv == ("penholder", "send", "w_1", "go on")
    await top.press("s", "escape")
    assert len(top.acts) == 1


@scene("x", "K", "R")
async def _hurt(top: Playing) -> None:
    for pressed, word in (("x", "stop"), ("K", "kill"), ("R", "restart")):
        await top.press(pressed)
        assert f"{word} this worker?" in top.screen()
        assert f"penholder {word} make-1" in top.screen()
        await top.press("n")
        assert "left as it is" in top.screen()
    assert not top.acts
    await top.press("x", "y")
    await top.until(lambda: bool(top.acts))
    assert top.acts[0].argv == ("penholder", "stop", "w_1")


@scene("space", "asterisk", "escape")
async def _marks(top: Playing) -> None:
    await top.press("tab", "home", "space", "space")
    assert top.app.desk.marked_workers == {key("w_3"), key("w_1")}
    assert "2 marked" in top.screen()
    await top.press("x")
    assert "penholder stop make-1 test-1" in top.screen()
    await top.press("y")
    await top.until(lambda: bool(top.acts))
    assert top.acts[0].argv == ("penholder", "stop", "w_1", "w_3")
    await top.press("escape")
    assert not top.app.desk.marked_workers
    await top.press("asterisk")
    assert len(top.app.desk.marked_workers) == 3


@scene("slash", "greater_than_sign", "less_than_sign")
async def _find(top: Playing) -> None:
    await top.press("tab", "slash", *"make")
    assert "test-1" not in top.screen(), "with every letter"
    await top.press("escape")
    assert "test-1" in top.screen()
    await top.press("slash", "tab", *"MAKE", "enter")
    assert "test-1" in top.screen(), "searched, not hidden"
    chosen = []
    for pressed in ("greater_than_sign", "greater_than_sign", "less_than_sign"):
        await top.press(pressed)
        chosen.append(top.app.desk.worker)
    assert chosen[0] == chosen[2] != chosen[1]
    await top.press("slash", "end", *"nothing", "enter", "greater_than_sign")
    assert "no row has that" in top.screen()


@scene("t", "w")
async def _details(top: Playing) -> None:
    await top.press("tab", "tab")
    long = Event(event_seq=1, ts=at(1), type="long" + " word" * 30 + " last")
    top.source.answers.append(TailRead(key("w_1"), [long]))
    await top.until(lambda: "long word" in top.screen())
    assert " last" not in top.screen()
    await top.press("w")
    assert " last" in top.screen()
    await top.press("t")
    assert "[queue]" in top.screen()
    assert top.source.wanted[-1][1] == key("w_1")
    top.source.answers.append(DetailsRead(key("w_1")))
    await top.until(lambda: "works on no queue" in top.screen())
    await top.press("t")
    assert "[runs]" in top.screen()
    assert "it has claimed no run" in top.screen()


@scene("y", "Y")
async def _copy(top: Playing) -> None:
    copied = []
    for pressed in ("y", "Y"):
        await top.press(pressed)
        copied.append(top.app.clipboard)
    await top.press("tab", "y")
    copied.append(top.app.clipboard)
    await top.press("Y")
    copied.append(top.app.clipboard)
    assert copied == ["ap_1", "May I remove build/?", "w_1", "compiling"]
    assert "copied 9 bytes" in top.screen()
    await top.press("tab")
    top.source.answers.append(TailRead(key("w_1"), [Event(event_seq=1, ts=at(1), type="note")]))
    await top.until(lambda: "· note" in top.screen())
    await top.press("y")
    assert top.app.clipboard.endswith("· note\n")


@scene("v")
async def _pager(top: Playing) -> None:
    shown: list[str] = []
    top.app.suspend = nullcontext  # type: ignore[method-assign, assignment]  # there is no terminal to give
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pager, "show", lambda text, *_: shown.append(text))
        await top.press("v")
        assert "this stream has no lines" in top.screen()
        read = TailRead(key("w_1"), [Event(event_seq=1, ts=at(1), type="note")])
        top.source.answers.append(read)
        await top.until(lambda: "· note" in top.screen())
        await top.press("v")
    assert shown[0].endswith("· note\n")


@scene("z", "o", "c", "e")
async def _looks(top: Playing) -> None:
    await top.press("z")
    assert "WORKERS" not in top.screen()
    await top.press("z", "o")
    assert "by output" in top.screen()
    await top.press("c")
    assert "another  1" not in top.screen()
    assert "gone" not in top.screen()
    await top.press("e")
    assert "gone" in top.screen()


@scene("p")
async def _pause(top: Playing) -> None:
    await top.press("p")
    assert "PAUSED" in top.screen()
    top.source.journal.append(came(Journal().of_controller("worker.removed", "w_3")))
    top.source.answers.append(Lost("local", top.seconds, "away"))
    await top.until(lambda: "stale since" in top.screen())
    assert "test-1" in top.screen(), "what came is not shown"
    await top.press("p")
    await top.until(lambda: "test-1" not in top.screen())


@scene("question_mark", "f1")
async def _help(top: Playing) -> None:
    for pressed in ("question_mark", "f1"):
        await top.press(pressed)
        assert "next pane" in top.screen()
        await top.press("end")
        assert "quit" in top.screen()
        await top.press("escape")
        assert "INBOX" in top.screen()


@scene("q", "ctrl+c", "ctrl+q")
async def _quit(top: Playing) -> None:
    await top.press("q")
    assert not top.app.is_running


@pytest.mark.parametrize("play", dict.fromkeys(SCENES.values()), ids=lambda play: play.__name__)
def test_a_key(play: Scene) -> None:
    _playing().play(play)


@pytest.mark.parametrize("pressed", ["ctrl+c", "ctrl+q"])
def test_each_way_out(pressed: str) -> None:
    async def leave(top: Playing) -> None:
        await top.press(pressed)
        assert not top.app.is_running

    _playing().play(leave)


def test_no_key_was_left_out() -> None:
    assert {name for each in KEYS for name in each.names.split(",")} == SCENES.keys()


def test_a_key_that_was_meant_for_what_is_gone_does_nothing() -> None:
    async def race(top: Playing) -> None:
        await top.press("tab")
        await top.take(came(Journal().of_controller("worker.removed", "w_1")))
        assert top.pilot is not None
        await top.pilot.press("x")  # right with it
        assert "the choice has just moved" in top.screen()
        await top.press("x")
        assert "stop this worker?" in top.screen()

    _playing().play(race)


def test_a_question_that_was_answered_elsewhere_is_not_answered_again() -> None:
    async def late(top: Playing) -> None:
        decided = Journal().of_controller("approval.decided", "w_1", request_id="ap_1")
        await top.take(came(decided))
        assert "(decided)" in top.screen()
        await top.press("a")
        assert "that question is decided already" in top.screen()
        assert not top.acts

    _playing().play(late)


def test_an_answer_that_fails_says_why_and_the_question_stays() -> None:
    async def refused(top: Playing) -> None:
        top.fails_with = "approval ap_1 is decided already"
        await top.press("a")
        await top.until(lambda: "is decided already" in top.screen())
        assert "May I remove" in top.screen()

    _playing().play(refused)


def test_from_the_workers_the_one_question_of_the_chosen_is_answered() -> None:
    async def answer(top: Playing) -> None:
        await top.press("tab", "home", "a")
        assert "this worker asks nothing" in top.screen()
        await top.press("down", "a")
        await top.until(lambda: bool(top.acts))
        assert top.acts[0].shown == "penholder approve ap_1"

    _playing().play(answer)


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

    _playing().play(answer)


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

    _playing().play(click)


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (200, 60)])
def test_any_size_is_drawn_to_its_edges(size: tuple[int, int]) -> None:
    async def look(top: Playing) -> None:
        await top.press("question_mark", "escape", "slash", "x", "escape", "enter", "escape")
        assert len(top.screen().splitlines()) == size[1]
        assert "? help" in top.screen() or size[0] < 80

    _playing().play(look, size)


def test_resizing_draws_anew() -> None:
    async def resize(top: Playing) -> None:
        assert top.pilot is not None
        await top.pilot.resize_terminal(120, 40)
        await top.until(lambda: len(top.screen().splitlines()) == 40)
        assert max(map(len, top.screen().splitlines())) == 120

    _playing().play(resize)


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

    _playing().play(flood)


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
