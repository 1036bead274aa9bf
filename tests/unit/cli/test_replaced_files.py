"""A file that is replaced at once, whoever was killed at it before."""

import os
from pathlib import Path

import pytest

from penholder.cli.terminal import files


def test_what_was_left_by_one_of_the_same_number_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".out.{os.getpid()}.partial").write_text("half of it")
    files.replace(tmp_path / "out", "all of it")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("out", "all of it")]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fchmod", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.replace(tmp_path / "out", "all of it")
    assert list(tmp_path.iterdir()) == []
