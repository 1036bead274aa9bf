"""Where a picture goes, and what it never replaces."""

import os
from pathlib import Path

import pytest

from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.timeline import files, page
from penholder.cli.timeline.model import build
from tests.helpers.timelines import Story, facts

PAGE = page.html(build(facts(Story())))
IMAGE = page.svg(build(facts(Story())))


@pytest.mark.parametrize(
    ("out", "said", "expected"),
    [
        ("a.html", None, "html"),
        ("a.SVG", None, "svg"),
        ("a", None, "html"),
        ("a.svg.txt", None, "html"),
        ("-", None, "html"),
        ("-", "svg", "svg"),
        ("a", "svg", "svg"),
        ("a.svg", "svg", "svg"),
    ],
)
def test_the_name_says_how(out: str, said: files.Format | None, expected: str) -> None:
    assert files.format_of(out, said) == expected


@pytest.mark.parametrize(("out", "said"), [("a.svg", "html"), ("a.html", "svg"), ("A.HTM", "svg")])
def test_a_name_and_a_flag_must_agree(out: str, said: files.Format) -> None:
    with pytest.raises(Usage, match="does not go with"):
        files.format_of(out, said)


@pytest.mark.parametrize("old", [PAGE, IMAGE, ""])
def test_an_older_timeline_is_replaced(tmp_path: Path, old: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(old)
    path.chmod(0o644)
    files.require_writable(str(path), force=False)
    assert files.write(str(path), PAGE) == path
    assert path.read_text() == PAGE
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "thesis.html"
    path.write_text("<p>years of work")
    with pytest.raises(Failure, match="is no timeline; --force replaces it"):
        files.require_writable(str(path), force=False)
    assert path.read_text() == "<p>years of work"
    files.require_writable(str(path), force=True)


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        files.require_writable(str(tmp_path / name), force=True)
        with pytest.raises(Failure, match="it is no regular file"):
            files.write(str(tmp_path / name), PAGE)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "pipe"]


def test_where_nothing_can_be_written_is_told_first(tmp_path: Path) -> None:
    for out, told in (
        ("", "must not be empty"),
        (str(tmp_path), "is a directory; name a file in it"),
        (str(tmp_path / "no/a.html"), "there is no directory"),
        ("a" * 300, "cannot be written"),
        ("a\0b", "cannot be written"),
    ):
        with pytest.raises((Failure, Usage), match=told):
            files.require_writable(out, force=True)
