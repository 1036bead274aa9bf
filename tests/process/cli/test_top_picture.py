"""The picture of `penholder top`: drawn of a real run, and nothing in it does anything."""

from pathlib import Path
from xml.etree import ElementTree

from tests import pictures


def _texts(path: Path) -> str:
    root = ElementTree.fromstring(path.read_text("utf-8"))  # noqa: S314 - ours
    return "\n".join("".join(each.itertext()) for each in root.iter()).replace("\xa0", " ")


def _judge(path: Path) -> None:
    shown = _texts(path)
    for label in pictures.WORKERS:
        assert label in shown
    assert "\\x1b[2J\\x1b]0;owned\\x07 \\u202etxt.exe" in shown
    assert "exit 3" in shown
    assert "1 Allow  2 Deny" in shown
    text = path.read_text("utf-8")
    assert "url(http" not in text, "nothing is loaded from elsewhere"
    assert "<script" not in text
    assert not set(text) & set("\x1b\x07\u202e")


def test_a_real_run_is_drawn(tmp_path: Path) -> None:
    _judge(pictures.draw(tmp_path))


def test_the_picture_in_the_docs_is_such_a_one() -> None:
    _judge(pictures.FOLDER / "top.svg")
