"""The log of a keeper: made when there is something to say, private, and bounded."""

import stat
from pathlib import Path

import pytest

from penholder.cli.run import keepers_log
from penholder.cli.run.keepers_log import Log


def test_it_is_made_with_the_first_line_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "w.log"
    log = Log(str(path))
    log.write_lines(b"")
    assert not path.exists()
    log.write("odd \udcff words")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().endswith("Z odd \\udcff words\n")


def test_each_line_has_its_time(tmp_path: Path) -> None:
    path = tmp_path / "w.log"
    Log(str(path)).write_lines(b"one\ntwo\n\xff")
    lines = path.read_bytes().splitlines()
    assert [line[20:] for line in lines] == [b" one", b" two", b" \xff"]


def test_it_never_grows_beyond_its_bound_and_keeps_what_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers_log, "MAX_BYTES", 1000)
    monkeypatch.setattr(keepers_log, "_KEPT_BYTES", 500)
    path = tmp_path / "w.log"
    log = Log(str(path))
    for number in range(300):
        log.write(f"line {number}")
        assert path.stat().st_size <= 1000
    log.write("x" * 5000)
    assert path.stat().st_size <= 1000
    text = path.read_text()
    assert text.endswith("x\n")


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "w.log").symlink_to(tmp_path / "elsewhere")
    Log(str(tmp_path / "w.log")).write("x")
    assert not (tmp_path / "elsewhere").exists()
