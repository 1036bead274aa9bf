"""How a picture is written: all text as text, and under a policy that allows nothing else."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from penholder.cli.terminal.text import printable
from penholder.cli.timeline import page
from penholder.cli.timeline.model import build
from tests.helpers.timelines import HOSTILE, Story, facts, hostile, present

SVG = "{http://www.w3.org/2000/svg}"
KNOWN = {
    "html", "head", "meta", "title", "style", "body", "h1", "div", "button", "span", "svg", "g",
    "rect", "line", "path", "text", "pre", "script",
}  # fmt: skip
ATTRIBUTES = {
    "aria-label", "charset", "class", "content", "d", "data-act", "data-begin", "data-end",
    "data-offset", "height", "hidden", "http-equiv", "lang", "name", "preserveaspectratio", "role",
    "title", "type", "viewbox", "width", "x", "x1", "x2", "xmlns", "y", "y1", "y2",
}  # fmt: skip
INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class Read(NamedTuple):
    """What a parser finds in a page."""

    tags: set[str]
    attributes: set[str]
    texts: list[str]


def read(html: str) -> Read:
    """Parse a page."""
    found = Read(set(), set(), [])

    class _Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.tags.add(tag)
            found.attributes.update(name for name, _ in attrs)

        def handle_data(self, data: str) -> None:
            found.texts.append(data)

        def handle_comment(self, data: str) -> None:
            raise AssertionError(data)

    reader = _Reader()
    reader.feed(html)
    reader.close()
    return found


def test_hostile_texts_stay_texts_in_a_page() -> None:
    found = read(page.html(build(hostile())))
    assert found.tags - KNOWN == set()
    assert found.attributes - ATTRIBUTES == set()
    told = "\n".join(found.texts)
    for text in HOSTILE:
        assert "\n".join(map(printable, text.split("\n"))) in told


def test_hostile_texts_stay_texts_in_an_image() -> None:
    root = ElementTree.fromstring(page.svg(build(hostile())).encode())  # noqa: S314 - we wrote it
    assert {each.tag.removeprefix(SVG) for each in root.iter()} - KNOWN == set()
    names = {name.lower() for each in root.iter() for name in each.attrib}
    assert names - ATTRIBUTES == set()
    told = "\n".join(each.text or "" for each in root.iter())
    assert all(printable(text) in told for text in HOSTILE if "\n" not in text)


@pytest.mark.parametrize("write", [page.html, page.svg])
def test_nothing_is_written_that_cannot_be_seen(write: object) -> None:
    assert callable(write)
    text = write(build(hostile()))
    assert {char for char in text if not char.isprintable()} == {"\n"}
    text.encode()


def test_a_label_of_any_length_leaves_the_picture_its_size() -> None:
    """What is told with everything that a worker did is told cut."""
    story = Story()
    for second in range(90):
        story.moved(second, "idle", "running")
    long = page.svg(build(facts(story, present(label="\x1b" * 4096))))
    assert len(long) < len(page.svg(build(facts(story, present())))) + 120_000


def test_the_policy_allows_what_is_there_and_no_more() -> None:
    html = page.html(build(hostile()))
    inline = dict(INLINE.findall(html))
    hashes = {
        tag: f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for tag, text in inline.items()
    }
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].split("; ") == [
        "default-src 'none'", f"style-src {hashes['style']}", f"script-src {hashes['script']}",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert html.index("Content-Security-Policy") < html.index("<title>")
    assert not re.search(r" style=| on\w+=\"|https?://(?!www\.w3\.org/2000/svg)", html)


def test_style_and_script_are_the_same_for_every_picture() -> None:
    inline = [INLINE.findall(page.html(build(each))) for each in (hostile(), facts(Story()))]
    assert inline[0] == inline[1]


def test_an_image_has_no_script() -> None:
    assert "<script" not in page.svg(build(hostile()))


def test_nothing_at_all_is_a_picture_too() -> None:
    ElementTree.fromstring(page.svg(build(facts(Story()))).encode())  # noqa: S314 - we wrote it
