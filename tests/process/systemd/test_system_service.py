"""The system manager's service, for real: activation, crashes, hangs, reload, other users."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.process.systemd.box import Box, until
from tests.process.systemd.service import Service, install_system

CRASHES = 20
WATCHDOG_SECONDS = 2
_CONFIG = "/etc/penholder/penholderd.toml"
# Waits with the write lock of the database until stdin ends, as a program that should not be there.
_HOLD_THE_PEN = """
import apsw, sys
connection = apsw.Connection("/var/lib/penholder/penholder.db")
connection.set_busy_timeout(30_000)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
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
def system(box: Box) -> Service:
    """Give the installed service, of which only the socket runs."""
    return install_system(box)


def test_the_first_connect_starts_the_daemon(system: Service) -> None:
    assert system.show("ActiveState", "penholder.socket") == "active"
    assert system.main_pid() == 0
    status = system.penholder("status")
    assert status["pid"] == system.main_pid()
    assert status["state_dir"] == "/var/lib/penholder"
    system.systemctl("stop", "penholder.service")
    assert system.main_pid() == 0
    # A stop is not the end of the socket, and what comes next starts the daemon once more.
    assert system.penholder("status")["pid"] not in (0, status["pid"])
    assert "position" in system.show("StatusText")


def test_a_crash_loses_no_write_no_seat_and_refuses_nobody(system: Service) -> None:
    socket = system.make_worker()
    with system.worker(socket) as worker, system.visitors(system.control_socket, socket) as seen:
        for _ in range(3):
            pid = system.signal(signal.SIGKILL)
            system.until_replaced(pid)
    assert seen["visits"] > 0
    assert (worker["first"], worker["last"]) == (1, 1)
    assert system.events(socket) == list(range(1, worker["acknowledged"] + 1))
    assert system.show("NRestarts") == "3"
    assert system.penholder("daemon", "verify", "--deep")["ok"] is True


def test_a_restart_refuses_nobody_either_and_the_seat_stays(system: Service) -> None:
    socket = system.make_worker()
    with system.worker(socket) as worker, system.visitors(system.control_socket, socket):
        pid = system.main_pid()
        system.systemctl("restart", "penholder.service")
        assert system.main_pid() not in (0, pid)
    assert (worker["first"], worker["last"]) == (1, 1)
    assert system.events(socket) == list(range(1, worker["acknowledged"] + 1))


def test_what_a_stopped_worker_leaves_in_the_store_is_given_up(system: Service) -> None:
    socket = system.make_worker()
    assert system.show("NFileDescriptorStore") == "1"
    worker_id = socket.rpartition("/")[2].removesuffix(".sock")
    system.penholder("worker", "stop", "--worker-id", worker_id)
    assert system.show("NFileDescriptorStore") == "0"
    assert system.run("test", "-e", socket, check=False).returncode == 1


def test_quick_crashes_do_not_take_the_socket_away(system: Service) -> None:
    pid = system.penholder("status")["pid"]
    for _ in range(CRASHES):
        assert system.signal(signal.SIGKILL) == pid
        with system.visitors(system.control_socket):
            pid = system.until_replaced(pid)
    assert system.show("ActiveState", "penholder.socket") == "active"
    assert system.show("NRestarts") == str(CRASHES)


def _watch_closely(system: Service) -> None:
    directory = "/etc/systemd/system/penholder.service.d"
    system.box.run("mkdir", "-p", directory)
    system.box.write(f"{directory}/close.conf", f"[Service]\nWatchdogSec={WATCHDOG_SECONDS}\n")
    system.systemctl("daemon-reload")
    system.penholder("status")


def test_a_daemon_that_hangs_is_replaced_and_its_clients_only_wait(system: Service) -> None:
    _watch_closely(system)
    with system.visitors(system.control_socket) as seen:
        pid = system.signal(signal.SIGSTOP)
        system.until_replaced(pid)
    assert seen["visits"] > 0
    assert "Watchdog timeout" in system.box.journal("-u", "penholder", "_PID=1")


def test_a_writer_that_is_stuck_misses_the_watchdog_and_a_busy_one_does_not(
    system: Service,
) -> None:
    _watch_closely(system)
    socket = system.make_worker()
    pid = system.main_pid()
    with system.worker(socket) as worker:
        begun = _heard_of(system)
        until(lambda: _heard_of(system) > begun + 2 * WATCHDOG_SECONDS, "no watchdog is told")
        assert system.main_pid() == pid
        with _pen_held_by_another(system.box):
            system.until_replaced(pid)
    assert "the writer is stuck" in system.box.journal("-u", "penholder")
    assert (worker["first"], worker["last"]) == (1, 1)
    assert system.events(socket) == list(range(1, worker["acknowledged"] + 1))


def _heard_of(system: Service) -> float:
    """Return when the watchdog last heard of the daemon, in seconds."""
    return int(system.show("WatchdogTimestampMonotonic")) / 1_000_000


@contextmanager
def _pen_held_by_another(box: Box) -> Iterator[None]:
    holder = box.start("/opt/venv/bin/python", "-c", _HOLD_THE_PEN)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.close()
        assert holder.wait(timeout=30) == 0
    finally:
        holder.kill()
        holder.wait(timeout=30)
        holder.stdin.close()
        holder.stdout.close()


def test_a_reload_takes_new_settings_and_refuses_broken_ones(system: Service) -> None:
    pid = system.penholder("status")["pid"]
    system.box.write(_CONFIG, "allowed_uids = [0]\nslow_request_ms = 77\n")
    system.systemctl("reload", "penholder.service")
    assert system.penholder("daemon", "config")["slow_request_ms"] == 77
    system.box.write(_CONFIG, "allowed_uids = [0]\nslow_requests = 5\n")
    assert system.run("systemctl", "reload", "penholder.service", check=False).returncode != 0
    assert system.penholder("daemon", "config")["slow_request_ms"] == 77
    assert system.main_pid() == pid
    assert "did you mean" in system.box.journal("-u", "penholder")


def test_another_user_gets_nothing(system: Service) -> None:
    socket = system.make_worker()
    for path in (system.control_socket, socket):
        assert system.box.python(_CONNECT, path, uid=1001) == "PermissionError"
    directory = system.runtime_dir
    system.box.run("chmod", "0711", directory, f"{directory}/workers")
    system.box.run("chmod", "0666", system.control_socket, socket)
    for path in (system.control_socket, socket):
        assert "DENIED" in system.box.python(_CONNECT, path, uid=1001)
