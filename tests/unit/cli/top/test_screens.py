"""What the screen looks like at 80×24: kept in `screens/`, and compared line by line.

With PENHOLDER_WRITE_SCREENS=1 they are written anew; look at what has changed before it is kept.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Raw

from penholder.cli.top.model.notices import DetailsRead, Lost, TailRead
from penholder.cli.top.model.records import Event, Input, Task
from tests.helpers.top import at, key, listed, option, overview, question
from tests.helpers.top_played import Playing

KEPT = Path(__file__).with_name("screens")
WRITE = os.environ.get("PENHOLDER_WRITE_SCREENS") == "1"
Scene = Callable[[Playing], Awaitable[None]]
WORKERS = [
    overview("w_1", "make-1", "[ 42%] Building CXX object a.o", active_turn_id="turn_12"),
    overview("w_2", "codex", "I found the cause: \x1b[31mthe lease\x1b[0m is renewed too late"),
    overview("w_3", "nightly", None, controller_id="d", state="idle"),
    overview(
        "w_4", "lint[red]", "\u202eolleh \x1b[2J", controller_id="d", state="error",
        recovery_state="lost", updated_at=at(20), last_error="process 4242 exited without a word",
    ),
    overview("w_5", "日本語のラベル" * 3, "ok", controller_id="d", created_at=at(4_000)),
]  # fmt: skip
QUESTIONS = [
    question(
        "ap_1", "w_2",
        "Run `rm -rf build && cmake -B build` in /home/ada/project? It removes what was built"
        " before, which takes about ten minutes to build again.",
        options=[
            option("once", "allow", "Allow once", "allow_once"),
            option("always", None, "Always allow rm", "allow_always"),
            option("no", "deny", "No", "reject_once"),
        ],
    ),
    question("ap_2", "w_5", "[bold]Push[/bold] to main?", created_at=at(12)),
]  # fmt: skip
LINES = [
    ("stdout", "configuring"), ("stderr", "warning: \x1b]0;title\x07 unused variable"),
    ("stdout", "[ 41%] Building"), ("stdout", "[ 42%] Building CXX object src/journal.cc.o"),
]  # fmt: skip


def _tail() -> TailRead:
    events = [
        Event(
            event_seq=number, ts=at(60 - number), type="output",
            data=Raw(b'{"stream": "%s", "text": %s}' % (to.encode(), _json(text))),
        )
        for number, (to, text) in enumerate(LINES, 1)
    ]  # fmt: skip
    return TailRead(key("w_1"), events)


def _json(text: str) -> bytes:
    return ('"' + text.replace("\x1b", "\\u001b").replace("\x07", "\\u0007") + '"').encode()


async def _inbox(_: Playing) -> None:
    """The first screen."""


async def _workers(top: Playing) -> None:
    await top.press("tab", "end")
    top.source.answers.append(_tail())
    await top.until(lambda: "42%" in top.screen().rpartition("following")[2])


async def _stale(top: Playing) -> None:
    top.source.answers.append(Lost("local", top.seconds - 75, "no daemon answers"))
    await top.until(lambda: "stale" in top.screen())


async def _queue(top: Playing) -> None:
    await top.press("tab", "end", "tab", "t")
    tasks = [
        Task(
            queue_task_id="qt_1", queue="builds", title="Build [red]main[/red]", state="running",
            priority=0, attempts=1, max_attempts=3, claimed_by="w_1", created_at=at(90),
        ),
        Task(
            queue_task_id="qt_2", queue="builds", title=None, state="pending", priority=0,
            attempts=0, max_attempts=3, created_at=at(50),
        ),
    ]  # fmt: skip
    sent = Input(seq=3, kind="text", data=Raw(b'{"text": "go on"}'), created_at=at(5))
    top.source.answers.append(DetailsRead(key("w_1"), [sent], tasks))
    await top.until(lambda: "qt_2" in top.screen())


async def _question(top: Playing) -> None:
    await top.press("enter")


async def _confirm(top: Playing) -> None:
    await top.press("tab", "asterisk", "K")


async def _help(top: Playing) -> None:
    await top.press("question_mark")


@pytest.fixture
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have times shown as of one zone, wherever this runs."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


SCENES = (_inbox, _workers, _stale, _queue, _question, _confirm, _help)


@pytest.mark.parametrize("play", SCENES, ids=lambda play: play.__name__)
@pytest.mark.usefixtures("_utc")
def test_the_screen_is_as_it_was(play: Scene) -> None:
    seen: list[str] = []

    async def look(top: Playing) -> None:
        await play(top)
        seen.append(top.screen())

    Playing(listed(WORKERS, QUESTIONS)).play(look)
    path = KEPT / f"{play.__name__.lstrip('_')}.txt"
    if WRITE:
        path.write_text(seen[0], "utf-8")
    assert seen[0].splitlines() == path.read_text("utf-8").splitlines()
    assert len(seen[0].splitlines()) == 24
    assert "\x1b" not in seen[0]


def test_every_kept_screen_is_compared() -> None:
    assert {path.stem for path in KEPT.iterdir()} == {each.__name__.lstrip("_") for each in SCENES}
