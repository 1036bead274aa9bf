"""What a worker did, read over what retention has taken meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.workers import stream
from penholder_protocol.errors import CursorGone
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.records import entry


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[AnsweringDaemon]:
    """Give a daemon whose journal stands at 9 and holds 6, 7, 8 and 9."""
    fake = AnsweringDaemon(tmp_path / "control.sock")
    fake.answers["journal.position"] = lambda _: {"pos": 9}
    yield fake
    fake.stop()


def read(daemon: AnsweringDaemon, until: int | None = None) -> list[int]:
    """Return the positions of what is read."""
    with Client(daemon.path) as client:
        return [each.pos for each in stream.entries(client, ["worker:w"], ["t"], until=until)]


def test_what_was_pruned_is_passed_over(daemon: AnsweringDaemon) -> None:
    def page(params: Json) -> object:
        if params.get("after", 0) < 5:
            raise CursorGone("pruned", oldest_pos=6)
        return {"items": [entry(pos) for pos in range(params["after"] + 1, 10)], "pos": 9}

    daemon.answers["journal.read"] = page
    assert read(daemon) == [6, 7, 8, 9]
    assert read(daemon, until=7) == [6, 7]


def test_an_empty_page_is_not_the_end(daemon: AnsweringDaemon) -> None:
    def page(params: Json) -> object:
        after = params.get("after", 0)
        return {"items": [entry(8)] if after == 7 else [], "pos": 7 if after < 7 else 9}

    daemon.answers["journal.read"] = page
    assert read(daemon) == [8]


def test_what_leads_nowhere_is_raised(daemon: AnsweringDaemon) -> None:
    def page(_: Json) -> object:
        raise CursorGone("another history", pos=3)

    daemon.answers["journal.read"] = page
    with pytest.raises(CursorGone):
        read(daemon)
