"""`penholder doctor` beside a real daemon: one that is well, one that hangs, none."""

import os
import signal
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import Ran, penholder

CHECKS = {
    "configuration", "clients", "daemon", "version", "SQLite", "schema", "directories", "files",
    "socket path", "runtime sockets", "disk space", "write-ahead log", "clock", "descriptors",
    "blobs", "left behind", "service", "backup", "health", "verify",
}  # fmt: skip
MACHINES = {"disk inodes"}
"""Not on every file system."""


def _found(ran: Ran, check: str) -> list[Any]:
    return [finding for finding in ran.json["findings"] if finding["check"] == check]


def _only(ran: Ran, check: str) -> Any:
    (finding,) = _found(ran, check)
    return finding


def test_a_daemon_that_is_well(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
    ran = penholder(daemon, "doctor")
    assert (ran.code, ran.err, ran.json["ok"]) == (0, "", True)
    assert {finding["check"] for finding in ran.json["findings"]} - MACHINES == CHECKS
    assert f"process {daemon.pid} answers" in _only(ran, "daemon")["detail"]
    assert _only(ran, "runtime sockets")["detail"] == "1, all served"
    told = penholder(daemon, "doctor", "--no-json")
    assert told.code == 0
    assert "verify           no damage, no broken invariant\n" in told.out


def test_without_a_daemon_it_says_so_and_goes_on(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        made = {"controller_id": "c", "label": "l", "launcher": "x", "profile": "p", "cwd": "/"}
        control.call("worker.create", **made)
    daemon.kill()
    ran = penholder(daemon, "doctor")
    assert (ran.code, ran.json["ok"]) == (1, False)
    found = _only(ran, "daemon")
    assert found["level"] == "problem"
    assert "penholder up" in found["what_to_do"]
    assert _only(ran, "socket path")["level"] == "ok"
    # A start takes what a crash has left: nobody is to remove it.
    assert _only(ran, "runtime sockets")["level"] == "ok"


def test_it_asks_where_every_other_command_asks(daemon: DaemonProcess, short_dir: Path) -> None:
    elsewhere = short_dir / "elsewhere"
    asked = str(elsewhere / "control.sock")
    assert asked in penholder(daemon, "status", PENHOLDER_RUNTIME_DIR=str(elsewhere)).err
    ran = penholder(daemon, "doctor", PENHOLDER_RUNTIME_DIR=str(elsewhere))
    assert asked in _only(ran, "daemon")["detail"]


def test_a_daemon_that_hangs_does_not_hang_the_doctor(daemon: DaemonProcess) -> None:
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        ran = penholder(daemon, "doctor")
    finally:
        os.kill(daemon.pid, signal.SIGCONT)
    assert ran.code == 1
    assert "was not answered within" in _only(ran, "daemon")["detail"]
    what_to_do = _only(ran, "daemon")["what_to_do"]
    # What ends it comes after what is enough.
    assert what_to_do.startswith(f"it was stopped by a signal: kill -CONT {daemon.pid} ")
    assert f"kill -9 {daemon.pid}" in what_to_do


def test_the_schema_is_told_after_a_stop_too(daemon: DaemonProcess) -> None:
    daemon.stop()
    assert _only(penholder(daemon, "doctor"), "schema")["level"] == "ok"


def test_what_others_could_reach_is_a_problem(daemon: DaemonProcess) -> None:
    daemon.state_dir.chmod(0o755)
    daemon.control_socket.chmod(0o666)
    ran = penholder(daemon, "doctor")
    wrong = [each for each in ran.json["findings"] if each["level"] == "problem"]
    assert [each["what_to_do"] for each in wrong] == [
        f"chmod 0700 {daemon.state_dir}",
        f"chmod 0600 {daemon.control_socket}",
    ]
    assert ran.code == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_somebody_elses_is_a_problem(daemon: DaemonProcess) -> None:
    os.chown(daemon.runtime_dir / "workers", 12345, 12345)
    ran = penholder(daemon, "doctor")
    wrong = [each for each in ran.json["findings"] if each["level"] == "problem"]
    assert "is of user 12345" in wrong[-1]["detail"]
    assert wrong[-1]["what_to_do"] == f"chown {os.geteuid()} {daemon.runtime_dir}/workers"


def test_links_are_a_problem(daemon: DaemonProcess) -> None:
    daemon.stop()
    daemon.state_dir.rename(daemon.state_dir.with_name("moved"))
    daemon.state_dir.symlink_to("moved")
    found = _found(penholder(daemon, "doctor"), "directories")[0]
    assert (found["level"], "is a link" in found["detail"]) == ("problem", True)


def test_sockets_that_nobody_needs(daemon: DaemonProcess) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(daemon.runtime_dir / "workers/w_dead.sock"))
    with socket.socket(socket.AF_UNIX) as lost:
        lost.bind(str(daemon.runtime_dir / "workers/w_lost.sock"))
        lost.listen()
        ran = penholder(daemon, "doctor")
    assert [(each["level"], each["detail"]) for each in _found(ran, "runtime sockets")] == [
        ("warning", "nobody listens on 1 of 2, such as w_dead.sock"),
        ("warning", "no worker belongs to 1 of 2, such as w_lost.sock"),
    ]
    assert ran.code == 0


def test_a_configuration_that_would_not_start(daemon: DaemonProcess, short_dir: Path) -> None:
    config = short_dir / "penholderd.toml"
    config.write_text("nonsense = 1")
    ran = penholder(daemon, "doctor", PENHOLDER_CONFIG=str(config))
    assert ran.code == 1
    assert "unknown setting `nonsense`" in _only(ran, "configuration")["detail"]


def test_a_clients_configuration_that_no_word_can_read(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    config = short_dir / "config/penholder/penholder.toml"
    config.parent.mkdir(parents=True)
    config.write_text("stall_after = 300")
    ran = penholder(daemon, "doctor", XDG_CONFIG_HOME=str(short_dir / "config"))
    assert ran.code == 1
    assert "did you mean stall_after_s?" in _only(ran, "clients")["detail"]


@pytest.mark.skipif(os.geteuid() == 0, reason="may write everywhere")
def test_a_home_that_may_not_be_written(daemon: DaemonProcess, short_dir: Path) -> None:
    daemon.stop()
    home = short_dir / "home"
    home.mkdir(mode=0o500)
    where = {"PENHOLDER_STATE_DIR": str(home / "s"), "PENHOLDER_RUNTIME_DIR": str(home / "r")}
    found = _found(penholder(daemon, "doctor", **where), "directories")
    assert {each["level"] for each in found} == {"problem"}
    assert "choose another with --state-dir DIR" in found[0]["what_to_do"]
    assert "or choose another with --state-dir DIR" in penholder(daemon, "up", **where).err


def test_a_home_that_is_a_file(daemon: DaemonProcess, short_dir: Path) -> None:
    daemon.stop()
    (short_dir / "home").touch()
    where = {"PENHOLDER_STATE_DIR": str(short_dir / "home/s")}
    found = _found(penholder(daemon, "doctor", **where), "directories")
    assert found[0]["level"] == "problem"
    assert "choose another with --state-dir DIR" in found[0]["what_to_do"]


def test_a_database_of_a_newer_program(daemon: DaemonProcess) -> None:
    daemon.stop()
    with sqlite3.connect(daemon.state_dir / "penholder.db") as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA user_version = 99")
    database.close()
    found = _only(penholder(daemon, "doctor"), "schema")
    assert (found["level"], "has schema 99" in found["detail"]) == ("problem", True)
    assert "install the newer program" in found["what_to_do"]


def test_a_backup_is_seen(daemon: DaemonProcess) -> None:
    backups = daemon.state_dir / "backups"
    backups.mkdir()
    assert _only(penholder(daemon, "doctor"), "backup")["level"] == "warning"
    copy = backups / "penholder-20260101T000000.000Z.db"
    copy.write_text("")
    assert _only(penholder(daemon, "doctor"), "backup")["level"] == "ok"
    os.utime(copy, (1_700_000_000, 1_700_000_000))
    found = _only(penholder(daemon, "doctor"), "backup")
    assert found["level"] == "warning"
    assert "2023-11-14" in found["detail"]


def test_a_backup_of_a_time_yet_to_come_hides_no_other(daemon: DaemonProcess) -> None:
    backups = daemon.state_dir / "backups"
    backups.mkdir()
    ahead = backups / "penholder-20960101T000000.000Z.db"
    ahead.write_text("")
    os.utime(ahead, (4_000_000_000, 4_000_000_000))
    found = _only(penholder(daemon, "doctor"), "backup")
    assert (found["level"], "the clock was set back" in found["detail"]) == ("warning", True)
    old = backups / "penholder-20231114T221320.000Z.db"
    old.write_text("")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    found = _only(penholder(daemon, "doctor"), "backup")
    assert (found["level"], "2023-11-14" in found["detail"]) == ("warning", True)
    assert penholder(daemon, "backup").code == 0
    assert _only(penholder(daemon, "doctor"), "backup")["level"] == "ok"
