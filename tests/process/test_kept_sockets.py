"""What systemd keeps and hears, message by message: the fd store, the watchdog, the status."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.shell.systemd import kept_sockets
from penholder_daemon.shell.systemd.kept_sockets import KeptSockets, worker_name
from penholder_protocol.limits import MAX_WORKER_ID_CHARACTERS
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.manager import Manager


@pytest.fixture
def manager(short_dir: Path) -> Iterator[Manager]:
    """Give a manager that nothing was told yet."""
    manager = Manager(short_dir)
    yield manager
    manager.end()


@pytest.fixture
def kept(short_dir: Path, manager: Manager) -> Iterator[DaemonProcess]:
    """Give a daemon that the manager started."""
    daemon = DaemonProcess(short_dir)
    manager.start(daemon)
    yield daemon
    daemon.end()


def _queued(path: Path) -> socket.socket:
    """Connect and ask, whether or not anybody accepts yet."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(str(path))
    sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\n')
    return sock


def test_who_connects_while_no_daemon_runs_waits_for_the_next(
    manager: Manager, kept: DaemonProcess
) -> None:
    with kept.connect() as control:
        make_worker(control, worker_id="w:1")
    manager.until(f"FDSTORE=1\nFDNAME={worker_name('w:1')}")
    assert set(manager.store) == {"control", worker_name("w:1")}
    kept.kill()
    waiting = [
        _queued(kept.control_socket),
        _queued(kept.runtime_dir / "workers" / "w:1.sock"),
    ]
    manager.start(kept)
    for sock in waiting:
        with sock:
            assert b"pong" in sock.recv(4096)
    # What was passed is not stored a second time.
    assert not [message for message in manager.told if message.startswith("FDSTORE")]


def test_a_stop_leaves_the_sockets_to_the_next_daemon(
    manager: Manager, kept: DaemonProcess
) -> None:
    assert kept.stop() == 0
    manager.until("STOPPING=1")
    with _queued(kept.control_socket) as waiting:
        manager.start(kept)
        assert b"pong" in waiting.recv(4096)


def test_what_is_not_needed_any_more_is_given_up(manager: Manager, kept: DaemonProcess) -> None:
    with kept.connect() as control:
        for worker_id in ("w_1", "w_2"):
            make_worker(control, worker_id=worker_id)
            manager.until("FDSTORE=1")
        control.call("worker.stop", worker_id="w_1")
        manager.until("FDSTOREREMOVE=1")
        assert set(manager.store) == {"control", worker_name("w_2")}
        path = Path(control.call("worker.get", worker_id="w_2")["socket_path"])
    kept.kill()
    # The path of a kept socket was taken away: what is at no path nobody can connect to.
    path.unlink()
    manager.start(kept)
    assert f"FDSTOREREMOVE=1\nFDNAME={worker_name('w_2')}" in manager.told
    assert set(manager.store) == {"control", worker_name("w_2")}
    with RawConnection(path) as worker:
        assert worker.call("rpc.ping")["pong"] is True


def test_a_worker_that_is_gone_leaves_no_socket_behind(
    manager: Manager, kept: DaemonProcess
) -> None:
    stray = kept.runtime_dir / "workers" / "w_stray.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(stray))
        sock.listen()
        kept.kill()
        manager.keep(worker_name("w_stray"), sock)
        manager.start(kept)
    assert worker_name("w_stray") not in manager.store
    assert not stray.exists()


def test_the_watchdog_hears_of_progress_and_the_status_of_figures(
    manager: Manager, kept: DaemonProcess
) -> None:
    kept.kill()
    manager.start(kept, WATCHDOG_USEC="2000000")
    with kept.connect() as control:
        make_worker(control)
        beats = [manager.until("WATCHDOG=1") for _ in range(3)]
    assert "STATUS=1 workers served, 1 connections" in beats[-1]


def test_settings_are_reloaded_between_two_messages(manager: Manager, kept: DaemonProcess) -> None:
    kept.signal_reload()
    assert "MONOTONIC_USEC=" in manager.until("RELOADING=1")
    manager.until("READY=1")


def test_the_names_of_a_full_store_fit_the_variable_that_they_are_passed_in() -> None:
    text = (ROOT / "systemd/system/penholder.service").read_text()
    most = int(re.findall(r"FileDescriptorStoreMax=(\d+)", text)[0])
    ids = [f"{number}".zfill(MAX_WORKER_ID_CHARACTERS) for number in range(most)]
    names = {worker_name(worker_id) for worker_id in ids}
    assert len(names) == most
    # MAX_ARG_STRLEN of the kernel: one longer variable, and the daemon could not be started at all.
    assert len("LISTEN_FDNAMES=" + ":".join(names)) < 128 << 10


def test_a_descriptor_that_does_not_listen_is_not_served(
    manager: Manager, kept: DaemonProcess, short_dir: Path
) -> None:
    kept.kill()
    with (short_dir / "file").open("wb") as file, socket.socket(socket.AF_UNIX) as sock:
        manager.keep("file", file)
        manager.keep("socket", sock)
        manager.start(kept)
    assert "is no socket" in kept.log()
    assert "is not one that listens" in kept.log()
    with kept.connect() as control:
        assert control.call("rpc.ping")["pong"] is True


def test_no_more_is_counted_as_kept_than_systemd_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_sockets, "_MOST_HELD", 2)
    monkeypatch.setattr(kept_sockets, "notify", lambda *_: True)
    kept = KeptSockets()
    with socket.socket(socket.AF_UNIX) as sock:
        for name in ("a", "b", "c"):
            kept.keep(name, sock)
        assert [kept.outlives(name) for name in ("a", "b", "c")] == [True, True, False]
        kept.give_up("a")
        kept.keep("c", sock)
        assert kept.outlives("c")
