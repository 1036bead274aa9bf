"""`penholder service status` and `logs`; who keeps a daemon, and which program it runs."""

import os
from pathlib import Path

import pytest

from penholder.cli.daemon_process import keeper
from penholder.cli.service import templates
from penholder.cli.terminal.failures import Failure
from penholder_protocol import __version__
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon
from tests.helpers.fake_systemd import FakeSystemd
from tests.helpers.records import status


@pytest.fixture
def well(fake_systemd: FakeSystemd) -> FakeSystemd:
    """Give a manager that has nothing to complain of."""
    fake_systemd.tell("penholder.socket", sub="listening")
    fake_systemd.tell("penholder.service", MainPID="42", NRestarts="1", WatchdogUSec="30s")
    fake_systemd.tell("penholder-backup.timer", sub="waiting")
    fake_systemd.tell("penholder-backup.service", "inactive", "dead", UnitFileState="static")
    return fake_systemd


def test_a_service_that_is_well(
    cli: Cli, well: FakeSystemd, fake_service: AnsweringDaemon, cli_home: Path
) -> None:
    (cli_home / "state/backups").mkdir(parents=True)
    for name in ("penholder-20231114T221320.000Z.db", "before-schema-5.db", ".penholder-x.db"):
        (cli_home / "state/backups" / name).write_text("")
    newest = cli_home / "state/backups/penholder-20231114T221320.000Z.db"
    os.utime(newest, (1_700_000_000, 1_700_000_000))
    ran = cli("service", "status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "scope": "user",
        "socket": {"state": "active (listening)", "enabled": "enabled", "result": "success"},
        "service": {"state": "active (running)", "enabled": "enabled", "result": "success"},
        "timer": {"state": "active (waiting)", "enabled": "enabled", "result": "success"},
        "backup": {"state": "inactive (dead)", "enabled": "static", "result": "success"},
        "pid": 42, "restarts": 1, "watchdog": "30s", "last_backup_at": "2023-11-14T22:13:20Z",
        "program_version": __version__, "daemon_version": __version__, "problems": [],
    }  # fmt: skip
    told = cli("service", "status", "--no-json").out
    assert "service          active (running), enabled, success\n" in told
    assert "problem" not in told


def test_a_service_that_is_not_installed(cli: Cli, fake_systemd: FakeSystemd) -> None:
    ran = cli("service", "status")
    assert ran.code == 1
    assert ran.json["problems"] == ["no service is installed: penholder service install"]


def test_what_is_wrong_is_told_with_the_way_on(
    cli: Cli, well: FakeSystemd, fake_service: AnsweringDaemon
) -> None:
    well.tell("penholder.service", "failed", "failed", Result="exit-code")
    well.tell("penholder-backup.timer", "inactive", "dead")
    fake_service.answers["daemon.status"] = lambda _: status(version="0.0.1")
    ran = cli("service", "status", "--no-json")
    assert ran.code == 1
    assert "penholder-backup.timer is inactive (dead): penholder service install" in ran.out
    assert "penholder.service failed (exit-code): penholder service logs says why" in ran.out
    assert "is older (0.0.1)" in ran.out
    assert "systemctl --user restart penholder" in ran.out
    well.tell("penholder-backup.timer", "inactive", "dead", UnitFileState="disabled")
    assert "penholder-backup.timer is" not in cli("service", "status", "--no-json").out


def test_a_store_that_takes_no_writes_is_a_problem(
    cli: Cli, well: FakeSystemd, fake_service: AnsweringDaemon
) -> None:
    fake_service.answers["daemon.status"] = lambda _: status(store_fault="the disk is full")
    ran = cli("service", "status")
    assert ran.code == 1
    [problem] = ran.json["problems"]
    assert problem.startswith("the store fails: the disk is full")


def test_workers_that_cannot_be_served_are_a_problem(
    cli: Cli, well: FakeSystemd, fake_service: AnsweringDaemon
) -> None:
    fake_service.answers["daemon.status"] = lambda _: status(unserved_workers=7)
    ran = cli("service", "status")
    assert ran.code == 1
    [problem] = ran.json["problems"]
    assert problem.startswith("7 workers cannot be served")


def test_a_socket_without_a_daemon(cli: Cli, well: FakeSystemd) -> None:
    ran = cli("service", "status")
    assert ran.code == 1
    assert "the daemon does not answer: no daemon answers at" in ran.json["problems"][0]


def test_logs_are_journalctls(
    cli: Cli, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def note(program: str, words: list[str]) -> None:
        asked.append(words)
        raise FileNotFoundError

    monkeypatch.setattr(os, "execvp", note)
    assert "there is no `journalctl`" in cli("service", "logs", "-n", "5", "-f").err
    cli("service", "logs", "--system")
    units = ("penholder.socket", "penholder.service", "penholder-backup.service")
    assert asked == [
        ["journalctl", "--lines=5", *(f"--user-unit={unit}" for unit in units), "--follow"],
        ["journalctl", "--lines=100", *(f"--unit={unit}" for unit in units)],
    ]


def test_status_warns_of_an_older_daemon_on_stderr_only(
    cli: Cli, fake_control: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_control.answers["daemon.status"] = lambda _: status(version="0.0.1", pid=os.getpid())
    for words in (("status", "--json"), ("status", "--no-json")):
        ran = cli(*words)
        assert ran.code == 0
        assert "warning: the running daemon is version 0.0.1" in ran.err
        assert "penholder down && penholder up" in ran.err
        assert "warning" not in ran.out
    monkeypatch.setattr(keeper, "manager_of", lambda _: "user")
    assert "systemctl --user restart penholder" in cli("status").err
    fake_control.answers["daemon.status"] = lambda _: status(version="99.0.0")
    assert cli("status").err == ""


def test_down_does_not_fight_a_manager(
    cli: Cli, fake_control: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_control.answers["daemon.status"] = lambda _: status()
    monkeypatch.setattr(keeper, "manager_of", lambda _: "system")
    ran = cli("down")
    assert ran.code == 1
    assert "to stop it: systemctl stop penholder.socket penholder.service" in ran.err
    assert fake_control.methods == ["daemon.status"]


def test_nobody_keeps_this_process() -> None:
    assert keeper.manager_of(os.getpid()) is None
    assert keeper.manager_of(2**22 + 1) is None


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [("0.1.0", "0.1.0", False), ("0.9.0", "0.10.0", True), ("1.0.0", "0.9.9", False)],
)
def test_versions_are_compared_by_their_numbers(version: str, than: str, older: bool) -> None:
    assert keeper.is_older(version, than) is older


def test_paths_are_written_as_systemd_reads_them() -> None:
    def line(path: str) -> str:
        text = templates.render("user", {"penholderd": Path(path)})["penholder.service"]
        return next(line for line in text.splitlines() if line.startswith("ExecStart="))

    assert line("/a/b").startswith("ExecStart=/a/b --state-dir")
    assert line("/a b/50%").startswith('ExecStart="/a b/50%%" --state-dir')
    for path in ('/a"b', "/a\\b", "/a$b", "/a\nb", "/a;b"):
        with pytest.raises(Failure, match="cannot carry safely"):
            line(path)
