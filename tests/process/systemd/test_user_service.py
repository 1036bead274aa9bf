"""The user manager's service, in a manager of a user's own inside the box."""

import signal

import pytest

from tests.process.systemd.box import Box, until
from tests.process.systemd.service import Service

ADA = 1001
_RUNTIME = f"/run/user/{ADA}"
_MANAGER = f"""
[Unit]
Description=The manager of ada

[Service]
User={ADA}
Delegate=yes
Type=notify
RuntimeDirectory=user/{ADA}
Environment=XDG_RUNTIME_DIR={_RUNTIME}
Environment=HOME=/home/ada
Environment=SYSTEMD_UNIT_PATH=/home/ada/.config/systemd/user:/units
ExecStart=/lib/systemd/systemd --user --unit=box.target
"""
_VARIABLES = {"XDG_RUNTIME_DIR": _RUNTIME, "HOME": "/home/ada"}
_CONNECT = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.settimeout(30)
    try:
        sock.connect(sys.argv[1])
        print(json.dumps(sock.recv(4096).decode()))
    except OSError as error:
        print(json.dumps(type(error).__name__))
"""


@pytest.fixture
def user(box: Box) -> Service:
    """Give the service that ada installed, of which only the socket runs."""
    box.write("/etc/systemd/system/ada.service", _MANAGER)
    box.systemctl("daemon-reload")
    box.systemctl("start", "ada.service")
    service = Service(box, f"{_RUNTIME}/penholder", ADA, _VARIABLES, is_user=True)
    service.run("penholder", "service", "install")
    return service


def test_the_first_connect_starts_it_where_the_user_expects_it(user: Service) -> None:
    assert user.main_pid() == 0
    status = user.penholder("status")
    assert status["pid"] == user.main_pid()
    assert status["state_dir"] == "/home/ada/.local/state/penholder"


def test_crashes_refuse_nobody_and_seats_stay(user: Service) -> None:
    socket = user.make_worker()
    with user.worker(socket) as worker, user.visitors(user.control_socket, socket):
        for _ in range(2):
            user.until_replaced(user.signal(signal.SIGKILL))
        user.systemctl("restart", "penholder.service")
    assert (worker["first"], worker["last"]) == (1, 1)
    assert user.events(socket) == list(range(1, worker["acknowledged"] + 1))


def test_a_worker_that_dies_is_noticed_from_inside_the_sandbox(user: Service) -> None:
    socket = user.make_worker()
    with user.worker(socket):
        pass
    worker_id = socket.rpartition("/")[2].removesuffix(".sock")
    until(
        lambda: (
            user.penholder("worker", "get", "--worker-id", worker_id)["recovery_state"] == "lost"
        ),
        "its end was not noticed",
    )


def test_other_users_get_nothing(user: Service) -> None:
    user.penholder("status")
    assert user.box.python(_CONNECT, user.control_socket, uid=1002) == "PermissionError"
    user.run("chmod", "0711", user.runtime_dir)
    user.run("chmod", "0666", user.control_socket)
    user.box.run("chmod", "0711", _RUNTIME)
    assert "DENIED" in user.box.python(_CONNECT, user.control_socket, uid=1002)


def test_a_backup_by_the_timer_and_a_reload(user: Service) -> None:
    user.penholder("status")
    assert user.show("ActiveState", "penholder-backup.timer") == "active"
    user.systemctl("start", "penholder-backup.service")
    kept = user.run("ls", "/home/ada/.local/state/penholder/backups").stdout.split()
    assert len(kept) == 1
    user.run("mkdir", "-p", "/home/ada/.config/penholder")
    user.run("sh", "-c", "echo slow_request_ms=77 >/home/ada/.config/penholder/penholderd.toml")
    user.systemctl("reload", "penholder.service")
    until(
        lambda: user.penholder("daemon", "config")["slow_request_ms"] == 77,
        "the reload was not obeyed",
    )


def test_uninstalling_takes_away_what_was_installed_and_keeps_the_data(user: Service) -> None:
    user.make_worker()
    user.run("penholder", "service", "uninstall")
    assert user.run("ls", "/home/ada/.config/systemd/user").stdout.split() == []
    assert user.run("test", "-e", user.control_socket, check=False).returncode == 1
    assert user.run("test", "-e", "/home/ada/.local/state/penholder/penholder.db").returncode == 0
