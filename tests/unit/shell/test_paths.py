"""Where the daemon keeps things: private, checked, one daemon a directory."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from penholder_daemon.shell.disk.lock import AlreadyRunning, DirectoryLock
from penholder_daemon.shell.disk.paths import (
    Paths,
    UnusablePath,
    default_config,
    default_runtime_dir,
    default_state_dir,
)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory whose name is short enough for sockets, wherever the test runs."""
    monkeypatch.chdir(tmp_path)
    return Path()


def test_directories_are_made_private(base: Path) -> None:
    paths = Paths(base / "state", base / "run")
    paths.prepare()
    for directory in (paths.state_dir, paths.runtime_dir, paths.workers_dir):
        assert _mode(directory) == 0o700


def test_a_directory_that_is_too_open_is_closed(base: Path) -> None:
    (base / "run").mkdir(mode=0o755)
    Paths(base / "state", base / "run").prepare()
    assert _mode(base / "run") == 0o700


def test_symlinks_are_not_followed(base: Path) -> None:
    (base / "elsewhere").mkdir()
    (base / "run").symlink_to("elsewhere")
    with pytest.raises(UnusablePath, match="symlink"):
        Paths(base / "state", base / "run").prepare()


def test_a_path_that_is_no_utf8_is_told_and_not_made(base: Path) -> None:
    for paths in (Paths(base / "a\udcff", base / "run"), Paths(base, base / "r\udcff")):
        for look in (paths.check, paths.prepare):
            with pytest.raises(UnusablePath, match=r"udcff.* is not UTF-8: choose another"):
                look()
    assert not (base / "a\udcff").exists()


def test_a_file_in_the_way_is_told(base: Path) -> None:
    (base / "state").write_text("")
    with pytest.raises(UnusablePath, match="cannot be made"):
        Paths(base / "state", base / "run").prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_users_directory_is_refused(base: Path) -> None:
    (base / "run").mkdir()
    os.chown(base / "run", 12345, 12345)
    with pytest.raises(UnusablePath, match="belongs to uid 12345"):
        Paths(base / "state", base / "run").prepare()


def test_a_path_too_long_for_sockets_is_told_at_the_start(base: Path) -> None:
    with pytest.raises(UnusablePath, match="107"):
        Paths(base / "state", base / ("r" * 100)).prepare()


def test_defaults_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PENHOLDER_STATE_DIR", "PENHOLDER_RUNTIME_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert default_state_dir() == tmp_path / "state" / "penholder"
    # Never the guessable directory below /tmp that platformdirs would fall back to.
    assert default_runtime_dir() == tmp_path / "state" / "penholder" / "run"
    (tmp_path / "run").mkdir(mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert default_runtime_dir() == tmp_path / "run" / "penholder"
    monkeypatch.setenv("PENHOLDER_STATE_DIR", "/a")
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", "/b")
    assert (default_state_dir(), default_runtime_dir()) == (Path("/a"), Path("/b"))


def test_a_configuration_is_read_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PENHOLDER_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_config() is None
    users = tmp_path / "penholder" / "penholderd.toml"
    users.parent.mkdir()
    users.symlink_to("nothing")  # one that leads nowhere is a mistake to tell, not to skip
    assert default_config() == users
    monkeypatch.setenv("PENHOLDER_CONFIG", str(tmp_path / "named.toml"))
    assert default_config() is None
    (tmp_path / "named.toml").write_text("")
    assert default_config() == tmp_path / "named.toml"


def test_a_check_refuses_what_a_start_would_and_makes_nothing(base: Path) -> None:
    paths = Paths(base / "state", base / "run")
    paths.check()
    assert list(base.iterdir()) == []
    (base / "run").mkdir(mode=0o755)
    paths.check()
    assert _mode(base / "run") == 0o755
    (base / "state").symlink_to("run")
    with pytest.raises(UnusablePath, match="symlink"):
        paths.check()


def test_a_second_daemon_is_refused_and_told_the_firsts_pid(tmp_path: Path) -> None:
    first = DirectoryLock(tmp_path)
    assert _mode(tmp_path / "penholder.lock") == 0o600
    with pytest.raises(AlreadyRunning) as caught:
        DirectoryLock(tmp_path)
    assert f"pid {os.getpid()}" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    first.release()
    DirectoryLock(tmp_path).release()


def test_who_is_refused_waits_for_no_pipe_in_the_place_of_the_lock_file(tmp_path: Path) -> None:
    first = DirectoryLock(tmp_path)
    (tmp_path / "penholder.lock").unlink()
    os.mkfifo(tmp_path / "penholder.lock")
    with pytest.raises(AlreadyRunning, match="unknown"):
        DirectoryLock(tmp_path)
    first.put_back()  # it says so, and goes on
    first.release()
    with pytest.raises(UnusablePath, match="no plain file"):
        DirectoryLock(tmp_path)


def test_without_its_lock_file_a_directory_is_locked_all_the_same(tmp_path: Path) -> None:
    first = DirectoryLock(tmp_path)
    (tmp_path / "penholder.lock").unlink()
    with pytest.raises(AlreadyRunning, match="unknown"):
        DirectoryLock(tmp_path)
    first.put_back()
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        DirectoryLock(tmp_path)
    places = [first.is_in_place]
    tmp_path.rename(tmp_path.with_name("moved"))
    tmp_path.mkdir()
    places.append(first.is_in_place)
    assert places == [True, False]
    first.release()


def test_a_lock_file_that_is_replaced_while_it_is_taken_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "penholder.lock"
    replacing = [True]
    real = fcntl.flock

    def flock(descriptor: int, how: int) -> None:
        real(descriptor, how)
        if path.exists() and replacing:
            replacing.clear()
            path.unlink()
            path.touch()

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = DirectoryLock(tmp_path)
    assert replacing == []
    other = os.open(path, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        real(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    lock.release()


def test_a_lock_file_that_is_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "penholder.lock").symlink_to(tmp_path / "target")
    with pytest.raises(UnusablePath, match="no plain file"):
        DirectoryLock(tmp_path)
    assert not (tmp_path / "target").exists()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from penholder_daemon.shell.disk.lock import DirectoryLock;"
        "DirectoryLock(pathlib.Path(sys.argv[1])); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=30)
    assert done.returncode == 9
    DirectoryLock(tmp_path).release()
