"""A server that stands still refuses nothing: whoever waits for it is told so all the same.

Each waits for 30 seconds at most, as these tests' connections and ends of processes do.
"""

import shutil
import signal

import pytest

from tests.helpers.daemon_process import DaemonProcess, MakeDaemon, RawConnection, make_worker
from tests.helpers.postgresql import Server
from tests.helpers.waiting import until


def _is_ready(control: RawConnection) -> bool:
    return bool(control.call("daemon.health")["ready"])


def test_a_server_that_stands_still_is_told_as_one_that_is_away(
    daemon: DaemonProcess, server: Server
) -> None:
    with daemon.connect() as control, daemon.connect() as other:
        worker_id = make_worker(control)
        with server.frozen():
            asked = control.request("event.append", worker_id=worker_id, type="n")
            refused = other.answer(other.request("event.list", worker_id=worker_id))
            assert refused["error"]["data"]["code"] == "STORE_FAILED"
            health = other.call("daemon.health")
            assert (health["ready"], health["reachable"]) == (False, False)
            answer = control.answer(asked)
            assert answer["error"]["data"]["code"] == "STORE_FAILED"
        until(lambda: _is_ready(control))
        control.call("event.append", worker_id=worker_id, type="n")
        assert control.call("daemon.verify") == {"ok": True, "findings": []}


@pytest.mark.parametrize("asks", [False, True])
def test_a_daemon_ends_though_its_server_stands_still(
    daemon: DaemonProcess, server: Server, *, asks: bool
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with server.frozen():
            if asks:
                control.request("event.append", worker_id=worker_id, type="n")
                until(lambda: not _is_ready(control))
            daemon.send_signal(signal.SIGTERM)
            assert daemon.stop() == 0


def test_a_state_directory_that_was_copied_is_refused_while_the_other_is_at_work(
    daemon: DaemonProcess, make_daemon: MakeDaemon
) -> None:
    copy = make_daemon()
    shutil.copytree(daemon.state_dir, copy.state_dir, dirs_exist_ok=True)
    with daemon.connect() as control:
        worker_id = make_worker(control)
        copy.spawn()
        assert copy.wait() == 1
        assert "was the directory copied, or the machine?" in copy.log()
        # Whoever was there has noticed nothing.
        control.call("event.append", worker_id=worker_id, type="n")
        (copy.state_dir / "host_id").unlink()
        copy.start()
        hosts = control.call("host.list")["items"]
        assert len({each["host_id"] for each in hosts if each["state"] == "active"}) == 2
