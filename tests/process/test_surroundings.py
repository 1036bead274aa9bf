"""What is around the daemon goes: its files, its descriptors, its log, its room; it goes on."""

import errno
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.waiting import until


@pytest.fixture
def unstarted(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that is started by the test."""
    daemon = DaemonProcess(short_dir)
    yield daemon
    daemon.end()


def _answers(path: Path) -> bool:
    try:
        with RawConnection(path) as peer:
            return bool(peer.call("rpc.ping")["pong"])
    except OSError:
        return False


# --- descriptors ------------------------------------------------------------------------------
NOFILE = ["prlimit", "--nofile=400"]


def _make_until_full(control: RawConnection) -> int:
    made = {"controller_id": "c", "label": "l", "launcher": "l", "profile": "p", "cwd": "/"}
    make_worker(control, worker_id="w0")
    for number in range(1, 400):
        answer = control.answer(control.request("worker.create", worker_id=f"w{number}", **made))
        if "error" in answer:
            assert answer["error"]["data"]["code"] == "TOO_MANY_WORKERS"
            assert answer["error"]["data"]["details"]["maximum"] == number
            return number
    pytest.fail("there is room for all")


def test_with_few_descriptors_there_are_few_workers_and_the_daemon_goes_on(
    unstarted: DaemonProcess,
) -> None:
    unstarted.start(NOFILE)
    with unstarted.connect() as control, ExitStack() as held:
        count = _make_until_full(control)
        assert control.call("daemon.status")["unserved_workers"] == 0
        refusals = 0
        for number in range(150):
            peer = held.enter_context(unstarted.connect(f"w{number % count}"))
            with suppress(BrokenPipeError):  # who is refused may be so before it can ask
                peer.request("rpc.ping")
            refusals += "error" in peer.read()
            if refusals > 5:
                break
        assert refusals
        # Whatever workers do, who comes to the control socket is answered, and a stop makes room.
        status = [sys.executable, "-m", "penholder.cli", "status"]
        subprocess.run(status, check=True, env=unstarted.environment, stdout=subprocess.DEVNULL)
        control.call("worker.stop", worker_id="w0")
        make_worker(control, worker_id="again")


def test_who_is_refused_for_want_of_descriptors_is_told_so(unstarted: DaemonProcess) -> None:
    unstarted.start(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"])
    with unstarted.connect(), unstarted.connect() as refused:
        error = refused.read()["error"]
        assert error["data"]["code"] == "TOO_MANY_CONNECTIONS"
        assert error["data"]["details"]["descriptors"] == 64
        assert "`ulimit -n`, LimitNOFILE=" in error["message"]
    assert "few descriptors" in unstarted.log()


@pytest.mark.parametrize("descriptors", [12, 16, 20, 31])
def test_with_too_few_descriptors_to_serve_anybody_it_does_not_start(
    unstarted: DaemonProcess, descriptors: int
) -> None:
    unstarted.spawn(["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh"])
    assert unstarted.wait() == 78
    assert f"may open {descriptors} descriptors" in unstarted.log()
    assert unstarted.log().count("\n") == 1
    unstarted.start()
    with unstarted.connect() as control:
        assert control.call("rpc.ping")["pong"]


def test_with_just_enough_descriptors_it_serves_one(
    unstarted: DaemonProcess, short_dir: Path
) -> None:
    unstarted.start(["sh", "-c", 'ulimit -n 32; exec "$@"', "sh"])
    with unstarted.connect() as control:
        make_worker(control)
        control.call("daemon.backup", path=str(short_dir / "copy.db"))
        assert control.call("daemon.verify")["findings"] == []


def test_a_start_that_cannot_serve_all_serves_the_seated_and_the_newest(
    unstarted: DaemonProcess,
) -> None:
    unstarted.start()
    with unstarted.connect() as control:
        for number in range(150):
            make_worker(control, worker_id=f"w{number}")
        with unstarted.connect("w7") as worker:
            worker.call("runtime.attach")
            unstarted.kill()
            unstarted.start(NOFILE)
    with unstarted.connect() as control:
        status = control.call("daemon.status")
        assert status["workers"] == {"idle": 150}
        assert 0 < status["unserved_workers"] < 150
        assert _answers(unstarted.runtime_dir / "workers/w7.sock")
        assert _answers(unstarted.runtime_dir / "workers/w149.sock")
        assert not _answers(unstarted.runtime_dir / "workers/w1.sock")
        assert control.call("runtime.status", worker_id="w7")["attached"] is True
        control.call("worker.stop", worker_id="w149")
        unserved = status["unserved_workers"]
        until(lambda: control.call("daemon.status")["unserved_workers"] == unserved - 1)


# --- files ------------------------------------------------------------------------------------
def test_a_removed_runtime_directory_is_made_again_and_served(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        path = Path(make_worker_path(control))
        shutil.rmtree(daemon.runtime_dir)
        until(lambda: _answers(daemon.control_socket) and _answers(path))
        assert control.call("rpc.ping")["pong"] is True
    for made in (daemon.runtime_dir, daemon.runtime_dir / "workers"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    second = DaemonProcess(daemon.state_dir.parent)
    second.spawn()
    assert second.wait() == 78
    elsewhere = daemon.state_dir.parent / "other"
    elsewhere.mkdir()
    other_state = DaemonProcess(elsewhere)
    other_state.runtime_dir = daemon.runtime_dir
    other_state.spawn()
    assert other_state.wait() == 78, "the new runtime directory is not locked"


def make_worker_path(control: RawConnection) -> str:
    """Make a worker and return where it is served."""
    return str(control.call("worker.get", worker_id=make_worker(control))["socket_path"])


def test_a_runtime_directory_that_another_daemon_has_taken_over_is_left_to_it(
    daemon: DaemonProcess,
) -> None:
    """Its socket must not be replaced: nothing is unlinked but under the directory's lock."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w_before")
        os.kill(daemon.pid, signal.SIGSTOP)
        shutil.rmtree(daemon.runtime_dir)
        elsewhere = daemon.state_dir.parent / "other"
        elsewhere.mkdir()
        other = DaemonProcess(elsewhere)
        other.runtime_dir = daemon.runtime_dir
        try:
            other.start()
            os.kill(daemon.pid, signal.SIGCONT)
            # What would bind at once, and what does so when it tends.
            make_worker(control, worker_id="w_after")
            until(lambda: "is new and cannot be locked" in daemon.log())
            until(lambda: control.call("daemon.status")["unserved_workers"] == 2)
            with other.connect() as stranger:
                assert stranger.call("daemon.status")["pid"] == other.pid
            assert list((other.runtime_dir / "workers").iterdir()) == []
        finally:
            other.end()
        until(lambda: _answers(daemon.control_socket))
        until(lambda: control.call("daemon.status")["unserved_workers"] == 0)


def test_one_removed_socket_is_made_again(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        path = Path(make_worker_path(control))
        path.unlink()
        daemon.control_socket.unlink()
        until(lambda: _answers(daemon.control_socket) and _answers(path))


def test_what_is_above_the_runtime_directory_is_waited_for(short_dir: Path) -> None:
    daemon = DaemonProcess(short_dir)
    daemon.runtime_dir = short_dir / "session" / "run"
    daemon.start()
    try:
        shutil.rmtree(short_dir / "session")
        until(lambda: "the control socket was removed" in daemon.log())
        assert not (short_dir / "session").exists()
        (short_dir / "session").mkdir(mode=0o700)
        until(lambda: _answers(daemon.control_socket))
    finally:
        daemon.end()


def test_what_is_in_the_way_of_a_socket_is_waited_for(daemon: DaemonProcess) -> None:
    in_the_way = daemon.runtime_dir / "workers" / "blocked.sock"
    in_the_way.mkdir()
    with daemon.connect() as control:
        make_worker(control, worker_id="blocked")
        assert control.call("daemon.status")["unserved_workers"] == 1
        in_the_way.rmdir()
        until(lambda: _answers(in_the_way))
        assert control.call("daemon.status")["unserved_workers"] == 0
        in_the_way.unlink()
        in_the_way.mkdir()
        (in_the_way / "x").touch()
        control.call("worker.stop", worker_id="blocked")


def test_a_removed_lock_file_lets_no_second_daemon_in(daemon: DaemonProcess) -> None:
    lock = daemon.state_dir / "penholder.lock"
    lock.unlink()
    second = DaemonProcess(daemon.state_dir.parent)
    second.runtime_dir = daemon.state_dir.parent / "run2"
    second.spawn()
    assert second.wait() == 78
    until(lambda: lock.exists() and lock.read_text().split()[:1] == [str(daemon.pid)])


# --- the log ----------------------------------------------------------------------------------
def _log_much(daemon: DaemonProcess) -> None:
    """Have it write a line for each of many requests, and answer all of them."""
    with daemon.connect() as control:
        for _ in range(300):
            control.error("worker.get", worker_id="nobody" * 10)
        assert control.call("rpc.ping")["pong"] is True


@pytest.fixture
def talkative(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that logs every request."""
    config = short_dir / "config.toml"
    config.write_text('log_level = "debug"\n')
    daemon = DaemonProcess(short_dir, "--config", str(config))
    yield daemon
    daemon.end()


def _with_stderr(redirection: str) -> list[str]:
    return ["bash", "-c", f'exec "$@" {redirection}', "bash"]


@pytest.mark.parametrize(
    "redirection", ["2>/dev/full", "2>&-", "0<&- 2>&-", "2> >(exec true)", "2> >(exec sleep 30)"]
)
def test_no_log_ends_or_stalls_the_daemon(talkative: DaemonProcess, redirection: str) -> None:
    talkative.start(_with_stderr(redirection))
    _log_much(talkative)
    assert talkative.stop() == 0


def test_closed_streams_are_not_given_to_the_database(talkative: DaemonProcess) -> None:
    talkative.start(_with_stderr("0<&- 2>&-"))
    for number in (0, 2):
        assert os.readlink(f"/proc/{talkative.pid}/fd/{number}") == "/dev/null"
    talkative.stop()


def test_nobody_reads_what_it_says_when_it_is_ready(talkative: DaemonProcess) -> None:
    talkative.spawn(_with_stderr(">/dev/full"))
    until(lambda: _answers(talkative.control_socket))
    assert talkative.stop() == 0


def test_lines_that_were_lost_are_counted_when_there_is_room_again(short_dir: Path) -> None:
    config = short_dir / "config.toml"
    config.write_text('log_level = "debug"\n')
    daemon = DaemonProcess(short_dir, "--config", str(config))
    reading, writing = os.pipe()
    try:
        daemon.spawn(_with_stderr(f"2>&{writing}"), [writing])
        os.close(writing)
        until(lambda: _answers(daemon.control_socket))
        for _ in range(40):
            _log_much(daemon)
        with os.fdopen(reading, "rb", closefd=False) as log:
            lines = iter(log.readline, b"")
            for line in lines:
                if b"lines of this log could not be written" in line:
                    break
            else:
                pytest.fail("nothing was said of the lost lines")
        assert _answers(daemon.control_socket)
    finally:
        os.close(reading)
        daemon.end()


# --- room -------------------------------------------------------------------------------------
def test_a_limit_of_file_sizes_refuses_writes_and_is_no_failed_disk(
    unstarted: DaemonProcess,
) -> None:
    unstarted.start(["prlimit", f"--fsize={3 << 20}"])
    with unstarted.connect() as control:
        worker_id = make_worker(control)
        kept = 0
        for number in range(60):
            answer = control.answer(
                control.request(
                    "event.append", worker_id=worker_id, type="t", data={"x": "y" * 100_000},
                    idempotency_key=str(number),
                )
            )  # fmt: skip
            if "error" in answer:
                assert answer["error"]["data"]["code"] == "STORE_FAILED"
                assert answer["error"]["data"]["details"]["outcome"] == "nothing_written"
                break
            kept += 1
        else:
            pytest.fail("no write was refused")
        assert control.call("event.latest", worker_id=worker_id)["event_seq"] == kept
        assert "File too large" in control.call("daemon.health")["message"]
    unstarted.kill()
    unstarted.start()
    with unstarted.connect() as control:
        assert control.call("event.latest", worker_id=worker_id)["event_seq"] == kept
        control.call("event.append", worker_id=worker_id, type="t")


def test_a_backup_that_a_limit_of_file_sizes_ends_says_so(unstarted: DaemonProcess) -> None:
    unstarted.start()
    unstarted.stop()
    unstarted.start(["prlimit", f"--fsize={256 << 10}"])
    with unstarted.connect() as control:
        message = control.error("daemon.backup")["message"]
    assert "or a limit of file sizes (`ulimit -f`); nothing was kept" in message
    assert list((unstarted.state_dir / "backups").iterdir()) == []


# --- the end ----------------------------------------------------------------------------------
def _costly(daemon: DaemonProcess) -> None:
    """Fill a journal so that looking for what is not there costs something."""
    with daemon.connect() as control:
        worker_id = make_worker(control)
        for _ in range(30):
            events = [{"type": "t"}] * 1000
            control.call("event.append_many", worker_id=worker_id, events=events)


def test_a_second_signal_ends_a_stop_at_once(unstarted: DaemonProcess) -> None:
    unstarted.start()
    with unstarted.connect() as control:
        control.request("event.wait", worker_id=make_worker(control), timeout_ms=300_000)
        # It goes on reading what it asked for, so a drain has something to wait for.
        control.call("journal.subscribe", streams=["*"])
        control.call("daemon.shutdown", drain_ms=600_000)
        os.kill(unstarted.pid, signal.SIGTERM)
        assert unstarted.wait() == 0


def test_a_stop_does_not_wait_for_costly_queries(unstarted: DaemonProcess) -> None:
    unstarted.start()
    _costly(unstarted)
    with ExitStack() as held:
        for number in range(30):
            peer = held.enter_context(unstarted.connect())
            for _ in range(30):
                peer.request("daemon.verify", deep=True)
                peer.request("journal.read", streams=["*"], types=[f"none{number}"], limit=1000)
        with unstarted.connect() as control:
            control.call("daemon.shutdown", drain_ms=100)
        assert unstarted.wait() == 0


def test_a_shutdown_under_a_known_key_stops_nothing(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        assert control.call("daemon.shutdown", idempotency_key="k") == {"stopping": True}
    assert daemon.wait() == 0
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.shutdown", idempotency_key="k") == {"stopping": True}
        conflict = control.error("daemon.shutdown", idempotency_key="k", drain_ms=1)
        assert conflict["data"]["code"] == "IDEMPOTENCY_CONFLICT"
        make_worker(control)
    with socket.socket(socket.AF_UNIX) as later:
        assert later.connect_ex(str(daemon.control_socket)) != errno.ECONNREFUSED
