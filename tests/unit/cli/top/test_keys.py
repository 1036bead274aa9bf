"""Every key, pressed on a screen: what it does, and that none was left out."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import pytest

from penholder.cli.top import pager
from penholder.cli.top.keys import KEYS, help_lines
from penholder.cli.top.model.notices import DetailsRead, Lost, TailRead
from penholder.cli.top.model.records import Event
from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.top import Journal, at, came, key
from tests.helpers.top_played import Playing, busy

Scene = Callable[[Playing], Awaitable[None]]
SCENES: dict[str, Scene] = {}


def scene(*keys: str) -> Callable[[Scene], Scene]:
    """Say which keys a scene presses and judges."""

    def named(play: Scene) -> Scene:
        SCENES.update(dict.fromkeys(keys, play))
        return play

    return named


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
    busy().play(play)


@pytest.mark.parametrize("pressed", ["ctrl+c", "ctrl+q"])
def test_each_way_out(pressed: str) -> None:
    async def leave(top: Playing) -> None:
        await top.press(pressed)
        assert not top.app.is_running

    busy().play(leave)


def test_no_key_was_left_out() -> None:
    assert {name for each in KEYS for name in each.names.split(",")} == SCENES.keys()


def test_the_page_in_the_docs_has_every_key() -> None:
    page = (ROOT / "docs" / "top.md").read_text("utf-8")
    for shown, what in help_lines():
        names = (
            " … ".join(f"`{each}`" for each in shown.split(" … "))
            if "…" in shown
            else (" ".join(f"`{each}`" for each in shown.split()))
        )
        assert f"| {names} | {what} |" in page
