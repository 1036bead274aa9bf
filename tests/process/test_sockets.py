"""Sockets and directories: private, one daemon each, nothing foreign touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker

AS_ROOT = os.geteuid() == 0
ASK_AS_NOBODY = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except PermissionError:
    print("refused by mode")
else:
    print(s.recv(4096).decode())
"""


def _mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def test_directories_sockets_and_files_are_private(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
    workers = daemon.runtime_dir / "workers"
    for directory in (daemon.state_dir, daemon.runtime_dir, workers):
        assert _mode(directory) == 0o700
    for path in (daemon.control_socket, workers / f"{worker_id}.sock"):
        assert _mode(path) == 0o600
    assert {_mode(path) for path in daemon.state_dir.iterdir()} == {0o600}


def test_a_second_daemon_names_the_first(daemon: DaemonProcess, short_dir: Path) -> None:
    for flag, other in (("--state-dir", "--runtime-dir"), ("--runtime-dir", "--state-dir")):
        shared = daemon.state_dir if flag == "--state-dir" else daemon.runtime_dir
        command = [sys.executable, "-m", "penholder_daemon"]
        command += [flag, str(shared), other, str(short_dir / "second")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 78
        assert f"pid {daemon.pid}" in done.stderr
    with daemon.connect() as control:
        assert control.call("rpc.ping")["pong"]


def test_what_a_crash_left_behind_is_replaced(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
    daemon.kill()
    assert daemon.control_socket.exists()
    daemon.start()
    with daemon.connect(worker_id) as runtime:
        assert runtime.call("worker.get")["worker_id"] == worker_id


@pytest.mark.parametrize("make", ["file", "symlink"])
def test_what_is_no_socket_is_left_alone(short_dir: Path, make: str) -> None:
    daemon = DaemonProcess(short_dir)
    daemon.runtime_dir.mkdir(mode=0o700)
    if make == "file":
        daemon.control_socket.write_text("mine")
    else:
        daemon.control_socket.symlink_to(short_dir / "elsewhere")
    done = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "no socket" in done.stderr
    assert not (short_dir / "elsewhere").exists()


def test_a_symlinked_directory_is_not_followed(short_dir: Path) -> None:
    (short_dir / "real").mkdir(mode=0o700)
    (short_dir / "state").symlink_to(short_dir / "real")
    daemon = DaemonProcess(short_dir)
    done = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "symlink" in done.stderr


def test_a_path_too_long_for_a_socket_is_a_clear_error(short_dir: Path) -> None:
    daemon = DaemonProcess(short_dir / ("x" * 100))
    done = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "shorter --runtime-dir" in done.stderr


def test_a_stopped_workers_socket_is_gone_also_after_a_restart(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        path = Path(control.call("worker.get", worker_id=worker_id)["socket_path"])
        assert path.exists()
        control.call("worker.stop", worker_id=worker_id)
        assert not path.exists()
    daemon.restart()
    assert not path.exists()


def test_a_foreign_database_is_left_alone(short_dir: Path) -> None:
    daemon = DaemonProcess(short_dir)
    daemon.state_dir.mkdir(mode=0o700)
    database = daemon.state_dir / "penholder.db"
    database.write_bytes(b"not a database at all, but somebody's file" * 100)
    before = database.read_bytes()
    done = subprocess.run(daemon.command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert str(database) in done.stderr
    assert database.read_bytes() == before


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_another_user_gets_nothing(daemon: DaemonProcess, short_dir: Path) -> None:
    def ask() -> str:
        command = ["/usr/bin/python3", "-c", ASK_AS_NOBODY, str(daemon.control_socket)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    assert ask() == "refused by mode\n"
    for path in (short_dir, daemon.runtime_dir):
        path.chmod(0o755)
    daemon.control_socket.chmod(0o666)
    said = ask()
    assert '"DENIED"' in said
    assert "name the uid in allowed_uids" in said
