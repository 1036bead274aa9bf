"""Timelines in a real browser: nothing runs but our script, texts are texts, zoom and hover work.

With PENHOLDER_PICTURES=1 the picture of the docs is taken anew.
"""

import os
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from penholder.cli.terminal.text import printable
from penholder.cli.timeline import axis, page
from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.drawing import UNITS
from penholder.cli.timeline.model import build
from penholder_daemon.generate.__main__ import ROOT
from tests.helpers import chromium, lived_fleet
from tests.helpers.chromium import Browser
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder
from tests.helpers.timelines import HOSTILE, Story, facts, hostile, present, question

PICTURE = ROOT / "docs/pictures/timeline.png"
MAX_PICTURE_BYTES = 150_000
pytestmark = pytest.mark.skipif(
    chromium.program() is None, reason="no Chromium on PATH: apt-get install chromium"
)
VIEW = "document.querySelector('svg.plot').getAttribute('viewBox').split(' ').map(Number)"
HOVERED = """[...picture.querySelectorAll('rect, path, text')].map((each) => {
  each.dispatchEvent(new PointerEvent('pointermove', { bubbles: true }));
  return document.querySelector('.about').textContent;
}).join('\\n')"""
MIDDLE = "(({left, top, width, height}) => [left + width / 2, top + height / 2])"


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Give a page of a headless Chromium."""
    with chromium.browser() as made:
        yield made


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Browser:
    """Give a page that shows a worker that ran and asked."""
    story = Story()
    story.told(0, "worker.created", label="make-1", state="running")
    story.told(40, "approval.requested", request_id="ap_1")
    story.told(60, "approval.decided", request_id="ap_1")
    for second in range(10, 90):
        story.wrote(second)
    zoned = msgspec.structs.replace(
        facts(story, present(), questions=[question("ap_1", "Rewrite\nhistory?")]),
        zone=timezone(timedelta(hours=5, minutes=30)),
    )
    path = tmp_path / "page.html"
    path.write_text(page.html(build(zoned)))
    browser.open(path)
    return browser


def view(browser: Browser) -> tuple[float, float]:
    """Return where what is shown begins, and how wide it is, in shares of the whole."""
    left, _, width, _ = browser.run(VIEW)
    return left / UNITS, width / UNITS


def middle(browser: Browser, selector: str) -> tuple[float, float]:
    """Return where something is on the screen."""
    found = f"document.querySelector({selector!r}).getBoundingClientRect()"
    x, y = browser.run(f"{MIDDLE}({found})")
    return x, y


def click(browser: Browser, selector: str) -> None:
    """Click on something."""
    x, y = middle(browser, selector)
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x, y, button="left", clickCount=1)


def test_hostile_texts_are_texts_in_a_page(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page.html(build(hostile())))
    browser.open(path)
    assert browser.complaints == []
    assert "owned" not in browser.run("document.title")
    assert (
        browser.run("document.querySelectorAll('img, iframe, object, a, form, b, i').length") == 0
    )
    assert browser.run("[document.scripts.length, document.styleSheets.length]") == [1, 1]
    shown = browser.run(HOVERED)
    for text in HOSTILE:
        assert "\n".join(map(printable, text.split("\n"))) in shown
    widest = browser.run(
        "Math.max(...[...document.querySelectorAll('.names text')]"
        ".map((each) => each.getBBox().x + each.getBBox().width))"
    )
    assert widest < 420


def test_hostile_texts_are_texts_in_an_image(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.svg"
    path.write_text(page.svg(build(hostile())))
    browser.open(path)
    assert browser.complaints == []
    assert browser.run("document.documentElement.localName") == "svg"
    assert browser.run("document.querySelectorAll('parsererror, script, img').length") == 0
    titles = browser.run("[...document.querySelectorAll('title')].map((each) => each.textContent)")
    assert any(printable(HOSTILE[0]) in title for title in titles)


def test_no_other_script_runs_in_a_page(opened: Browser) -> None:
    """And what a policy forbids is among the complaints."""
    assert opened.complaints == []
    opened.run(
        "(() => { const added = document.createElement('script');"
        " added.textContent = 'document.title = \"owned\"'; document.body.append(added); })()"
    )
    assert "owned" not in opened.run("document.title")
    assert any("Content Security Policy" in each for each in opened.complaints)


def test_nothing_is_fetched(opened: Browser) -> None:
    resources = "performance.getEntriesByType('resource').length"
    assert opened.run(resources) == 0
    opened.run("fetch('https://example.org/').catch(() => {}); new Image().src = 'https://e.org/i'")
    assert len([each for each in opened.complaints if "Content Security Policy" in each]) >= 2


def test_the_axis_of_the_script_is_that_of_the_image(opened: Browser) -> None:
    story = facts(Story())
    clock = Clock(story.begin_ms, story.end_ms, timezone(timedelta(hours=5, minutes=30)))
    labels = opened.run("[...document.querySelectorAll('.axis text')].map((e) => e.textContent)")
    assert labels == [label for _, label in axis.ticks(clock)]
    opened.key("+")
    assert opened.run("document.querySelector('.axis text').textContent") == "17:30:30"


def test_buttons_and_keys_zoom_and_move(opened: Browser) -> None:
    assert view(opened) == (0, 1)
    click(opened, "[data-act=in]")
    assert view(opened) == (0.25, 0.5)
    click(opened, "[data-act=right]")
    assert view(opened) == (0.375, 0.5)
    opened.key("+")
    assert view(opened) == (0.5, 0.25)
    opened.key("ArrowLeft")
    opened.key("-")
    assert view(opened) == (0.3125, 0.5)
    opened.key("0")
    assert view(opened) == (0, 1)
    assert opened.complaints == []


def test_the_wheel_zooms_about_the_pointer_and_only_with_control(opened: Browser) -> None:
    x, y = middle(opened, ".field")
    opened.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100)
    assert view(opened) == (0, 1)
    opened.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100, modifiers=2)
    left, width = view(opened)
    assert (round(left, 3), round(width, 3)) == (0.1, 0.8)


def test_dragging_shows_what_was_dragged_over(opened: Browser) -> None:
    x, y = middle(opened, ".field")
    opened.mouse("mousePressed", x, y, button="left", clickCount=1)
    opened.mouse("mouseMoved", x + 100, y, button="left", buttons=1)
    assert opened.run("document.querySelectorAll('.selection').length") == 1
    opened.mouse("mouseReleased", x + 100, y, button="left", clickCount=1)
    assert opened.run("document.querySelectorAll('.selection').length") == 0
    box = opened.run("document.querySelector('.field').getBoundingClientRect().width")
    left, width = view(opened)
    assert abs(left - 0.5) < 0.01
    assert abs(width - 100 / box) < 0.01
    for count in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            opened.mouse(kind, x, y, button="left", clickCount=count)
    assert view(opened) == (0, 1)


def test_zoom_has_an_end(opened: Browser) -> None:
    for _ in range(20):
        opened.key("+")
    assert view(opened)[1] == 1 / 2000
    opened.run("show(9, 0.125)")
    assert view(opened) == (0.875, 0.125)
    opened.key("ArrowRight")
    assert view(opened) == (0.875, 0.125)
    for _ in range(20):
        opened.key("-")
    assert view(opened) == (0, 1)
    assert opened.complaints == []


def test_hover_tells(opened: Browser) -> None:
    about = "document.querySelector('.about')"
    assert opened.run(f"{about}.hidden")
    opened.mouse("mouseMoved", *middle(opened, ".question"))
    told = opened.run(f"{about}.textContent").split("\n")
    assert told[:3] == ["make-1 asked: ap_1", "Rewrite", "history?"]
    assert "decided by uid 7, pid 70" in told
    assert not opened.run(f"{about}.hidden")
    box = opened.run(f"(({{left, right, bottom}}) => [left, right, bottom])"
                     f"({about}.getBoundingClientRect())")  # fmt: skip
    assert box[0] >= 0
    assert box[1] <= 1240
    assert box[2] <= 800
    opened.mouse("mouseMoved", *middle(opened, ".density"))
    assert opened.run(f"{about}.textContent").startswith("1 entry of w\n")
    opened.mouse("mouseMoved", 2, 2)
    assert opened.run(f"{about}.hidden")


def test_the_picture_of_a_real_fleet(
    daemon: DaemonProcess, browser: Browser, tmp_path: Path
) -> None:
    lived_fleet.live(daemon, workers=2, entries=60)
    path = tmp_path / "fleet.html"
    assert penholder(daemon, "timeline", "-o", str(path)).code == 0
    browser.open(path, width=1100, height=340)
    assert browser.complaints == []
    assert browser.run("document.querySelectorAll('.mark.takeover').length") == 2
    assert browser.run("document.querySelectorAll('.running').length") >= 4
    browser.mouse("mouseMoved", *middle(browser, ".question.decided"))
    taken = browser.picture()
    assert 5_000 < len(taken) < MAX_PICTURE_BYTES
    if os.environ.get("PENHOLDER_PICTURES"):
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(taken)
