"""The service for real, under the system manager and a user's own: what both must show."""

import signal

from tests.helpers.systemd.service import ADA, Service
from tests.helpers.waiting import until

CRASHES = 20
STRANGER = ADA + 1
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


def test_the_first_connect_starts_the_daemon(service: Service) -> None:
    assert service.show("ActiveState", "penholder.socket") == "active"
    assert service.main_pid() == 0
    status = service.penholder("status")
    assert status["pid"] == service.main_pid()
    assert status["state_dir"] == service.state_dir
    service.systemctl("stop", "penholder.service")
    assert service.main_pid() == 0
    # A stop is not the end of the socket, and what comes next starts the daemon once more.
    assert service.penholder("status")["pid"] not in (0, status["pid"])
    assert "position" in service.show("StatusText")


def test_a_crash_loses_no_write_no_seat_and_refuses_nobody(service: Service) -> None:
    socket = service.make_worker()
    with service.worker(socket) as worker, service.visitors(service.control_socket, socket) as seen:
        for _ in range(3):
            pid = service.signal(signal.SIGKILL)
            service.until_replaced(pid)
    assert seen["visits"] > 0
    assert (worker["first"], worker["last"]) == (1, 1)
    assert service.events(socket) == list(range(1, worker["acknowledged"] + 1))
    assert service.show("NRestarts") == "3"
    assert service.penholder("daemon", "verify", "--deep")["ok"] is True


def test_a_restart_refuses_nobody_either_and_the_seat_stays(service: Service) -> None:
    socket = service.make_worker()
    with service.worker(socket) as worker, service.visitors(service.control_socket, socket):
        pid = service.main_pid()
        service.systemctl("restart", "penholder.service")
        assert service.main_pid() not in (0, pid)
    assert (worker["first"], worker["last"]) == (1, 1)
    assert service.events(socket) == list(range(1, worker["acknowledged"] + 1))


def test_what_a_stopped_worker_leaves_in_the_store_is_given_up(service: Service) -> None:
    socket = service.make_worker()
    assert service.show("NFileDescriptorStore") == "1"
    worker_id = socket.rpartition("/")[2].removesuffix(".sock")
    service.penholder("worker", "stop", "--worker-id", worker_id)
    assert service.show("NFileDescriptorStore") == "0"
    assert service.run("test", "-e", socket, check=False).returncode == 1


def test_quick_crashes_do_not_take_the_socket_away(service: Service) -> None:
    pid = 0
    with service.visitors(service.control_socket) as seen:
        for _ in range(CRASHES):
            # As soon as there is one, ready or not.
            service.until_started(pid)
            pid = service.signal(signal.SIGKILL)
        service.until_replaced(pid)
    assert seen["visits"] > 0
    assert service.show("ActiveState", "penholder.socket") == "active"
    assert service.show("NRestarts") == str(CRASHES)


def test_a_daemon_that_hangs_is_replaced_and_its_clients_only_wait(service: Service) -> None:
    service.override("watch", "[Service]\nWatchdogSec=2\n")
    service.penholder("status")
    with service.visitors(service.control_socket) as seen:
        pid = service.signal(signal.SIGSTOP)
        service.until_replaced(pid)
    assert seen["visits"] > 0
    assert "penholder.service: Watchdog timeout" in service.box.journal()


def test_a_reload_takes_new_settings_and_refuses_broken_ones(service: Service) -> None:
    pid = service.penholder("status")["pid"]
    service.configure("slow_request_ms = 77\n")
    service.systemctl("reload", "penholder.service")
    until(
        lambda: service.penholder("daemon", "config")["slow_request_ms"] == 77,
        "the reload was not obeyed",
    )
    service.configure("slow_requests = 5\n")
    scope = ["--user"] if service.is_user else []
    refused = service.run("systemctl", *scope, "reload", "penholder.service", check=False)
    assert refused.returncode != 0
    assert service.penholder("daemon", "config")["slow_request_ms"] == 77
    assert service.main_pid() == pid
    assert "did you mean" in service.box.journal()


def test_another_user_gets_nothing(service: Service) -> None:
    socket = service.make_worker()
    for path in (service.control_socket, socket):
        assert service.box.python(_CONNECT, path, uid=STRANGER) == "PermissionError"
    directory = service.runtime_dir
    service.run("chmod", "0711", directory, f"{directory}/workers")
    service.run("chmod", "0666", service.control_socket, socket)
    service.box.run("chmod", "0711", f"{directory}/..")
    for path in (service.control_socket, socket):
        assert "DENIED" in service.box.python(_CONNECT, path, uid=STRANGER)
