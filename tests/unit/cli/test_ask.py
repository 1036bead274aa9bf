"""`penholder ask`: what is done when it is ended by a signal."""

from pathlib import Path
from typing import cast

from penholder.blocking import Client
from penholder.cli.words import ask
from penholder_protocol.nouns import Approval


def _never() -> Approval:
    raise AssertionError("asked where nobody answers, for as long as a call is tried again")


def test_nothing_is_taken_back_where_its_worker_is_not_served_any_more(tmp_path: Path) -> None:
    (tmp_path / "control.sock").touch()
    (tmp_path / "workers").mkdir()
    nobody = cast("Client", None)
    ask._take_back(nobody, _never, tmp_path / "workers" / "w.sock")
