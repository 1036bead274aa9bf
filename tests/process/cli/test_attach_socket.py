"""The socket that viewers attach by: hostile peers, whom it is for, what becomes of its file."""

import os
import socket
import stat
import struct
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Start, penholder
from tests.helpers.ptys import InTerminal, StartInTerminal, entries
from tests.helpers.waiting import until


def test_who_does_not_read_holds_nobody_up(
    start: Start, in_terminal: StartInTerminal, daemon: DaemonProcess
) -> None:
    # Twice what a viewer may be behind.
    script = "echo ready; read x; seq -f %0100.f 1 20000; read x"
    worker = start("sh", "-c", script, flags=("--pty", "--quiet"))
    worker.wait_for("ready")
    with _attached(daemon):
        awake = in_terminal("attach", "w")
        awake.wait_for("ready")
        awake.type("\r")
        awake.wait_for("20000\r\n")

        awake.type("\r")

        assert awake.end() == 0
        assert worker.end().code == 0


def _attached(daemon: DaemonProcess, **request: object) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(daemon.runtime_dir / "runners" / "w.sock"))
    connection.sendall(b'{"kind": "attach"}\n')
    assert connection.recv(12) == b'{"ok":true,"'
    return connection


@pytest.mark.parametrize(
    "hostile",
    [b"i" + struct.pack(">I", 0xFFFFFFFF), os.urandom(1 << 16), b"s\0\0\0\4\0\0\0\0", b"i\0\0"],
)
def test_hostile_frames_end_their_own_connection_only(
    running: InTerminal, daemon: DaemonProcess, hostile: bytes
) -> None:
    with _attached(daemon) as connection:
        try:
            connection.sendall(hostile)
            connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            hostile = b""  # it was let go before all was sent
        until(lambda: [type_ for type_, _ in entries(daemon)] == ["attached", "detached"])

    running.type("on\r")
    running.wait_for("got on")
    assert b"size 0" not in running.seen


def test_its_socket_is_private_and_goes_with_it(running: InTerminal, daemon: DaemonProcess) -> None:
    path = daemon.runtime_dir / "runners" / "w.sock"
    with daemon.connect() as control:
        told = control.call("worker.get", worker_id="w")["runtime_socket"]

    assert told == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    running.type("\x04")
    assert running.end() == 0
    assert not path.exists()


def test_a_socket_that_a_killed_runner_left_is_replaced(
    daemon: DaemonProcess, run_pty: StartInTerminal, in_terminal: StartInTerminal
) -> None:
    path = daemon.runtime_dir / "runners" / "w.sock"
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    command = run_pty("sh", "-c", "echo ready; read x")
    command.wait_for("ready")

    in_terminal("attach", "w").wait_for("ready")


def test_a_path_that_is_too_long_starts_nothing(short_dir: Path) -> None:
    deep = short_dir / ("d" * 30)
    deep.mkdir()
    far = DaemonProcess(deep)
    far.start()
    try:
        words = ("--controller", "c", "--worker-id", "w" * 64, "--pty")
        with far.connect() as control:
            control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        ended = penholder(far, "run", *words, "--", "touch", str(deep / "started"))
    finally:
        far.end()

    assert ended.code == 7
    assert "MAX_SOCKET_PATH_BYTES" in ended.err
    assert not (deep / "started").exists()
