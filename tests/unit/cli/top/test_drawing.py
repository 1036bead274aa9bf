"""Rows fit their width whatever is in them, and hold nothing that a terminal would obey."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.terminal import cells
from penholder.cli.top.drawing import detail, inbox, layout, rows, screenful, workers
from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.drawing.screenful import Said
from penholder.cli.top.model.desk import PANES, TABS, Desk, PaneName
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import Finding
from penholder.cli.top.model.notices import Came, DetailsRead, Listed, Lost, TailRead
from penholder.cli.top.model.records import Controller, Input, Run, Task
from tests.helpers.top import (
    HOST,
    NOW,
    Journal,
    at,
    came,
    fleet,
    key,
    listed,
    option,
    overview,
    question,
    settled,
    texts,
)

HOSTILE = (
    "[red]markup[/red] [bold",
    "\x1b[2J\x1b[1;1H\x1b]52;c;AAAA\x07",
    "\u202eright to left\u2066",
    "日本語" * 30,
    "e\u0301\u0301\u0301\u0301" * 10,
    "x" * 5_000,
    "👩‍👩‍👧‍👦 family",
    "\ud800 alone".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "",
    "\n\n\r\n",
)
hostile = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


def _fleet(text: str) -> Fleet:
    """Make one in which every text is this."""
    journal = Journal()
    options = [option("o1", text or None, text or None, text or None), option("o2")]
    made = fleet(
        Listed(
            HOST,
            [
                overview("w1", text, text, controller_id="c"),
                overview("w2", text, controller_id="c2", last_error=text, recovery_state="lost"),
            ],
            [question("q1", message=text, options=options), question("q2", "w9", text)],
            [Controller("c", text)],
        )
    )
    made.watch(key("w1"))
    made.take(TailRead(key("w1"), []))
    made.take(
        Came(
            HOST,
            [
                journal.output("w1", text),
                journal.output("w1", text, to="stderr"),
                journal.entry("worker:w1", text or "type", text, text=text, more=[text]),
            ],
        )
    )
    made.take(Lost(HOST, NOW.timestamp() - 5, text))
    made.take(
        DetailsRead(
            key("w1"),
            [Input(seq=1, kind=text, created_at=text)],
            [
                Task(
                    queue_task_id="t", queue=text, title=text, state="running", priority=0,
                    attempts=1, max_attempts=2, claimed_by="w1", created_at=text,
                )
            ],
            [
                Run(
                    run_id="r", state="claimed", project_id=text, backend_profile=text,
                    claimed_by="w1", failure_message=text, created_at=text,
                )
            ],
        )
    )  # fmt: skip
    return made


def _drawn(of: Fleet, desk: Desk, width: int, height: int) -> list[Row]:
    drawn = screenful.draw(of, desk, (width, height), NOW, Said("said"))
    return [row for name in screenful.NAMES for row in drawn[name]]


@given(
    hostile,
    st.integers(20, 130),
    st.integers(6, 40),
    st.sampled_from(PANES),
    st.sampled_from(TABS),
    st.booleans(),
)
def test_every_row_fits_and_is_harmless(
    text: str, width: int, height: int, focus: str, tab: str, is_on: bool
) -> None:
    made = _fleet(text)
    desk = settled(made)
    desk.focus, desk.tab, desk.wraps, desk.is_zoomed = focus, tab, is_on, not is_on  # type: ignore[assignment]  # of the lists of both
    desk.note = text
    desk.findings[desk.focus] = Finding(text[:3], hides=False)
    drawn = _drawn(made, desk, width, height)
    assert len(drawn) == height
    for row in drawn:
        assert row.text.isprintable(), ascii(row.text)
        assert cells.width(row.text) == width, ascii(row.text)


@given(hostile, st.integers(20, 130))
def test_a_question_in_whole_fits_too(text: str, width: int) -> None:
    asked = question("q1", message=text, options=[option("o", text or None, text or None)])
    for row in inbox.whole(_fleet(text), key("q1"), asked, width, NOW):
        assert row.text.isprintable()
        assert cells.width(row.text) == width


def test_nothing_of_a_question_is_lost() -> None:
    message = " ".join(f"word{number}" for number in range(400))
    asked = question("q1", message=message)
    made = fleet(Listed(HOST, [overview("w1")], [asked], []))
    whole = " ".join(texts(inbox.whole(made, key("q1"), asked, 80, NOW)))
    assert all(f"word{number} " in f"{whole} " for number in range(400))
    shown = "\n".join(texts(_drawn(made, settled(made), 80, 24)))
    assert "Enter shows all of it" in shown
    assert "1 Allow  2 Deny" in shown


@pytest.mark.parametrize(("lines", "shown"), [(24, 3), (14, 3), (13, 1), (6, 1), (1, 1)])
def test_panes_share_the_lines(lines: int, shown: int) -> None:
    shares = layout.heights(lines, "workers", False, 3, 100)
    found = [shares.inbox, shares.workers, shares.detail]
    assert sum(found) == max(1, lines - layout.BARS)
    assert len([each for each in found if each]) == shown
    assert shares.workers


@pytest.mark.parametrize("focus", PANES)
def test_a_pane_over_all_lines_is_alone(focus: str) -> None:
    shares = layout.heights(24, focus, True, 3, 100)  # type: ignore[arg-type]  # of that list
    assert getattr(shares, focus) == 24 - layout.BARS


def test_what_is_found_is_marked_where_it_is() -> None:
    marked = list(rows.found([("a Needle in needles", "dim")], "needle"))
    assert [text for text, style in marked if "found" in style] == ["Needle", "needle"]
    assert "".join(text for text, _ in marked) == "a Needle in needles"
    assert "".join(text for text, _ in rows.found([("ßx", "")], "x")) == "ßx"


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 12))
def test_the_chosen_row_is_in_the_window(count: int, chosen: int, height: int) -> None:
    made = [rows.text_row(f"{number}", 10) for number in range(count)]
    seen = texts(rows.window(made, chosen if chosen < count else None, height))
    assert len(seen) == min(count, height)
    if chosen < count:
        assert f"{chosen:<10}" in seen


def test_silence_is_marked() -> None:
    made = fleet(Listed(HOST, [overview("w1", "quiet", created_at=at(3_000))], [], []))
    assert "-!" in "\n".join(texts(_drawn(made, settled(made), 80, 24)))


def test_a_worker_of_a_host_that_is_away_is_marked_and_named() -> None:
    near, far = overview("w1", "near", host_id="h1"), overview("w2", "far", host_id="h2")
    away = overview("w3", "gone", host_id="h2", recovery_state="unreachable")
    alone = fleet(Listed(HOST, [near], [], [], machines={"h1": "cellar"}))
    assert "cellar" not in "\n".join(texts(_drawn(alone, settled(alone), 120, 24)))
    both = fleet(
        Listed(HOST, [near, far, away], [], [], machines={"h1": "cellar", "h2": "at[red]tic"})
    )
    lines = texts(_drawn(both, settled(both), 120, 24))
    (shown,) = [line for line in lines if "cellar/near" in line]
    assert "running" in shown
    (shown,) = [line for line in lines if "at[red]tic/far" in line]
    assert "running" in shown
    (shown,) = [line for line in lines if "at[red]tic/gone" in line]
    assert "away" in shown


def test_stale_is_told_with_since_when_and_of_which_host() -> None:
    made = fleet(Listed("a", [], [], []), Lost("b", NOW.timestamp() - 90, "gone"), hosts=("a", "b"))
    top = _drawn(made, settled(made), 100, 24)[0].text
    assert "b stale since 11:58:30 (90s): gone" in top


@pytest.mark.parametrize("focus", PANES)
@pytest.mark.parametrize(
    ("width", "note"), [(60, None), (40, None), (80, "n" * 40), (30, "n" * 40)]
)
def test_the_line_of_keys_says_how_to_leave_as_long_as_there_is_room(
    focus: PaneName, width: int, note: str | None
) -> None:
    made = _fleet("text")
    desk = settled(made)
    desk.focus, desk.note = focus, note
    line = _drawn(made, desk, width, 24)[-1].text.rstrip()
    assert cells.width(line) <= width
    assert line.endswith("? help  q quit") or width < cells.width(f"note: {note}   ")


def test_a_message_takes_the_lines_that_it_needs() -> None:
    made = _fleet("text")
    desk = settled(made)
    for text, count in (("short", 1), ("word " * 30, 2), ("word " * 300, 3)):
        drawn = screenful.draw(made, desk, (80, 24), NOW, Said(text, is_wrong=True))
        assert len(drawn["message"]) == count
        assert sum(map(len, drawn.values())) == 24
    assert drawn["message"][-1].text.rstrip().endswith("…")
    low = screenful.draw(made, desk, (80, 10), NOW, Said("word " * 300))
    assert sum(map(len, low.values())) == 10


def test_what_an_agent_is_at_stands_above_its_stream_and_beside_its_question() -> None:
    said = Journal().entry(
        "worker:w", "summary", title="Write · 1/3", state="running", turn="turn-2", prompt="go",
        tool="Write", plan={"done": 1, "steps": 3, "at": "[red]it"}, tokens=30,
        cost={"amount": 0.25, "currency": "USD"},
    )  # fmt: skip
    asked = question("q", "w", "Proceed?")
    of = fleet(listed([overview("w")], [asked]), came(said))
    desk = settled(of)

    (_, facts, *_) = texts(detail.draw(of, desk, 120, 5, NOW))
    shown = "turn-2: go  runs Write  plan 1 of 3, at [red]it  30 tokens, 0.25 USD"
    assert facts.strip() == shown
    whole = texts(inbox.whole(of, key("q"), asked, 120, NOW))
    assert [line.strip() for line in whole[5:9]] == shown.split("  ")
    assert any("Write · 1/3" in line for line in texts(workers.draw(of, desk, 120, 5, NOW)))


def test_who_wrote_nothing_for_as_long_as_was_said_is_marked() -> None:
    made = fleet(Listed(HOST, [overview("w1", text="x")], [], []))
    marked = {
        after_s: any("30s!" in each for each in texts(_drawn(made, desk, 100, 24)))
        for after_s in (29, 31)
        for desk in [settled(made, Desk(after_s))]
    }
    assert marked == {29: True, 31: False}
