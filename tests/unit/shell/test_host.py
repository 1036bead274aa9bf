"""The id of a host."""

import os
import stat
from pathlib import Path

import pytest

from penholder_daemon.shell.disk.host import host_id
from penholder_daemon.shell.disk.paths import UnusablePath


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    made = host_id(tmp_path)
    assert host_id(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "host_id").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["host_id"]


def test_another_directory_is_another_host(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert host_id(tmp_path) != host_id(tmp_path / "other")


def test_a_start_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / ".host_id.new").write_text("host_01")
    assert host_id(tmp_path) == host_id(tmp_path)


@pytest.mark.parametrize("text", ["", "host_", "host_0123456789abcdeg", "x" * 4096])
def test_what_is_no_id_is_not_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "host_id").write_text(text)
    with pytest.raises(UnusablePath, match="holds no id"):
        host_id(tmp_path)
    assert (tmp_path / "host_id").read_text() == text


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "else").write_text("host_0123456789abcdef\n")
    (tmp_path / "host_id").symlink_to("else")
    with pytest.raises(UnusablePath, match="cannot be read"):
        host_id(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "host_id")
    with pytest.raises(UnusablePath, match="holds no id"):
        host_id(tmp_path)
