"""`penholder service install` and `uninstall`: what they do, and what they refuse."""

import os
import sys
from pathlib import Path

import pytest

from penholder.cli.service.templates import MARKER
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon
from tests.helpers.fake_systemd import FakeSystemd
from tests.helpers.records import status

UNITS = {
    "penholder.socket", "penholder.service", "penholder-backup.service", "penholder-backup.timer",
}  # fmt: skip
ENABLE = "--user enable --now penholder.socket penholder-backup.timer"


@pytest.fixture
def unit_dir(cli_home: Path) -> Path:
    """Give the directory of the user's units."""
    return cli_home / "config/systemd/user"


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command think that root called it."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_install_writes_loads_and_enables(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, cli_home: Path
) -> None:
    ran = cli("service", "install")
    assert (ran.code, ran.err) == (0, "")
    assert {path.name for path in unit_dir.iterdir()} == UNITS
    text = (unit_dir / "penholder.service").read_text()
    assert f"ExecStart=/opt/penholder/bin/penholderd --state-dir {cli_home}/state" in text
    assert "@" not in text.replace("@system-service", "").replace("@privileged @resources", "")
    assert fake_systemd.calls() == ["--user daemon-reload", ENABLE]
    assert (cli_home / "state").stat().st_mode & 0o777 == 0o700
    assert "the daemon starts when somebody connects" in ran.json["done"]


def test_install_again_changes_nothing(cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path) -> None:
    cli("service", "install")
    before = {path: path.stat().st_mtime_ns for path in unit_dir.iterdir()}
    fake_systemd.calls()
    ran = cli("service", "install", "--no-json")
    assert ran.code == 0
    assert "wrote" not in ran.out
    assert fake_systemd.calls() == [ENABLE]
    assert {path: path.stat().st_mtime_ns for path in unit_dir.iterdir()} == before


@pytest.mark.parametrize(
    ("changed", "restarted"),
    [("penholder.service", "penholder.service"), ("penholder.socket", "penholder.socket")],
)
def test_what_runs_with_a_changed_unit_is_restarted_and_that_is_told(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, changed: str, restarted: str
) -> None:
    cli("service", "install")
    fake_systemd.tell("penholder.service")
    fake_systemd.tell("penholder.socket")
    with (unit_dir / changed).open("a") as file:
        file.write("# from an older version\n")
    fake_systemd.calls()
    ran = cli("service", "install", "--no-json")
    assert f"updated {unit_dir / changed}\n" in ran.out
    assert f"restarted {restarted}, whose unit has changed" in ran.out
    assert fake_systemd.calls() == ["--user daemon-reload", ENABLE, f"--user restart {restarted}"]


@pytest.mark.parametrize(("version", "restarts"), [("0.0.9", True), ("99.0.0", False)])
def test_an_older_daemon_is_replaced(
    cli: Cli, fake_systemd: FakeSystemd, fake_service: AnsweringDaemon, version: str, restarts: bool
) -> None:
    fake_systemd.tell("penholder.service")
    fake_service.answers["daemon.status"] = lambda _: status(version=version)
    cli("service", "install")
    fake_systemd.calls()
    fake_systemd.tell("penholder.service")
    ran = cli("service", "install", "--no-json")
    assert ("which ran version 0.0.9" in ran.out) is restarts
    assert ("--user restart penholder.service" in fake_systemd.calls()) is restarts


def test_a_daemon_that_does_not_say_its_version_is_left_alone(
    cli: Cli, fake_systemd: FakeSystemd
) -> None:
    cli("service", "install")
    fake_systemd.tell("penholder.service")
    ran = cli("service", "install", "--no-json")
    assert ran.code == 0
    assert "its version is not known: no daemon answers" in ran.out


def test_a_directory_that_cannot_be_made_is_told(
    cli: Cli, fake_systemd: FakeSystemd, cli_home: Path, unit_dir: Path
) -> None:
    (cli_home / "state").write_text("")
    ran = cli("service", "install")
    assert (ran.code, ran.err) == (1, f"penholder: {cli_home}/state cannot be made: File exists\n")
    assert not unit_dir.exists()


def test_a_file_of_somebody_else_is_left_alone(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path
) -> None:
    unit_dir.mkdir(parents=True)
    (unit_dir / "penholder.service").write_text("[Service]\nExecStart=/bin/mine\n")
    ran = cli("service", "install")
    assert ran.code == 1
    assert "is not from `penholder service install`: move it away first" in ran.err
    assert {path.name for path in unit_dir.iterdir()} == {"penholder.service"}
    assert fake_systemd.calls() == []


def test_without_systemd_the_other_way_is_named(
    cli: Cli, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch, unit_dir: Path
) -> None:
    fake_systemd.refuse("show")
    ran = cli("service", "install")
    assert (ran.code, "the fake refuses" in ran.err, "`penholder up`" in ran.err) == (1, True, True)
    (fake_systemd.bin / "systemctl").unlink()
    assert "there is no `systemctl`" in cli("service", "install").err
    monkeypatch.setattr("penholder.cli.service.manager.BOOTED", Path("/nowhere"))
    for verb in ("install", "uninstall", "status"):
        ran = cli("service", verb)
        assert ran.code == 1
        assert "systemd does not run this machine; `penholder up`" in ran.err
    assert not unit_dir.exists()


def test_beside_a_daemon_that_nobody_keeps_it_is_refused(
    cli: Cli, fake_systemd: FakeSystemd, cli_home: Path, unit_dir: Path
) -> None:
    (cli_home / "state").mkdir()
    with (cli_home / "state/penholder.lock").open("w") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        ran = cli("service", "install")
    assert ran.code == 1
    assert f"process {os.getpid()}" in ran.err
    assert "`penholder down`" in ran.err
    assert not unit_dir.exists()
    # The file stays when a daemon has gone; what counts is who has it open.
    assert cli("service", "install").code == 0


def test_a_program_where_a_service_cannot_see_it_is_refused(
    cli: Cli, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch, as_root: None
) -> None:
    monkeypatch.setattr(sys, "executable", "/home/ada/venv/bin/python")
    assert cli("service", "install").code == 0
    ran = cli("service", "install", "--system")
    assert (ran.code, "lies in /home" in ran.err) == (1, True)
    monkeypatch.setattr("penholder.cli.service.installation.installed", lambda _: None)
    assert "penholderd is neither beside /home/ada" in cli("service", "install").err


def test_a_manager_that_refuses_is_told_with_its_words(cli: Cli, fake_systemd: FakeSystemd) -> None:
    fake_systemd.refuse("enable")
    ran = cli("service", "install")
    assert ran.code == 1
    assert "`systemctl --user enable --now penholder.socket" in ran.err
    assert "the fake refuses" in ran.err


@pytest.fixture
def settings(cli_home: Path) -> Path:
    """Give the configuration that the user's service reads, in a directory that is there."""
    path = cli_home / "config/penholder/penholderd.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("postgresql://penholder@db.example/penholder", True),
        ("postgres://db.example", True),
        ("postgresql://penholder@10.0.0.7:5433/p", True),
        ("postgresql://[2001:db8::1]/p", True),
        ("postgresql:///p?host=db.example", True),
        ("postgresql:///p?hostaddr=10.0.0.7", True),
        ("postgresql:///p?host=/run/postgresql,db.example", True),
        ("postgresql://%2Frun%2Fpostgresql,db.example/p", True),
        ("postgresql:///p", False),
        ("postgresql://penholder@/p?host=/run/postgresql", False),
        ("postgresql://penholder@%2Frun%2Fpostgresql/p", False),
        ("postgresql://:5433/p?host=@abstract", False),
        ("postgresql:///?service=p", False),
    ],
)
def test_the_network_is_opened_to_the_service_if_its_store_needs_that_only(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, settings: Path, url: str, opens: bool
) -> None:
    settings.write_text(f"[store]\nurl = '{url}'\n")
    ran = cli("service", "install", "--no-json")
    assert ran.code == 0
    drop_in = unit_dir / "penholder.service.d/store.conf"
    assert drop_in.exists() is opens
    assert (f"wrote {drop_in}\n" in ran.out) is opens
    if opens:
        lines = drop_in.read_text().splitlines()
        assert lines[0] + "\n" == MARKER
        assert lines[-3:] == [
            "PrivateNetwork=no",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "IPAddressDeny=",
        ]
    assert ("cannot be seen from here" in ran.out) is ("service=" in url)


def test_a_store_that_comes_and_goes_restarts_the_service_and_leaves_nothing(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, settings: Path
) -> None:
    cli("service", "install")
    fake_systemd.tell("penholder.service")
    fake_systemd.calls()
    settings.write_text("[store]\nurl = 'postgresql://db.example/p'\n")
    ran = cli("service", "install", "--no-json")
    enable = [
        "--user enable --now penholder.socket", "--user disable --now penholder-backup.timer",
    ]  # fmt: skip
    again = ["--user daemon-reload", *enable, "--user restart penholder.service"]
    assert "penholder-backup.timer is not: PostgreSQL's own tools back it up" in ran.out
    assert "restarted penholder.service, whose unit has changed" in ran.out
    assert fake_systemd.calls() == again
    cli("service", "install")
    assert fake_systemd.calls() == enable

    settings.write_text("[store]\nurl = 'postgresql:///p'\n")
    ran = cli("service", "install", "--no-json")
    assert f"removed {unit_dir}/penholder.service.d/store.conf" in ran.out
    assert fake_systemd.calls() == again
    assert not (unit_dir / "penholder.service.d").exists()

    settings.write_text("")
    cli("service", "install")
    assert fake_systemd.calls() == [ENABLE]

    settings.write_text("[store]\nurl = 'postgresql://db.example/p'\n")
    cli("service", "install")
    assert cli("service", "uninstall").code == 0
    assert list(unit_dir.iterdir()) == []


def test_a_drop_in_of_somebody_else_is_left_alone(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, settings: Path
) -> None:
    (unit_dir / "penholder.service.d").mkdir(parents=True)
    mine = unit_dir / "penholder.service.d/override.conf"
    mine.write_text("[Service]\n")
    settings.write_text("[store]\nurl = 'postgresql://db.example/p'\n")
    assert cli("service", "install").code == 0
    settings.unlink()
    assert cli("service", "install").code == 0
    assert [path.name for path in mine.parent.iterdir()] == ["override.conf"]


def test_a_store_that_only_the_installer_is_told_of_decides_nothing(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENHOLDER_STORE_URL", "postgresql://db.example/p")
    ran = cli("service", "install", "--no-json")
    assert "note: PENHOLDER_STORE_URL is set for your programs only" in ran.out
    assert not (unit_dir / "penholder.service.d").exists()


def test_surprises_are_told(
    cli: Cli, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "nobody-who-lingers")
    monkeypatch.setenv("LOGNAME", "nobody-who-lingers")
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", "/elsewhere")
    ran = cli("service", "install", "--no-json")
    assert "loginctl enable-linger nobody-who-lingers" in ran.out
    assert "PENHOLDER_RUNTIME_DIR sends your programs to /elsewhere" in ran.out


def test_the_machines_service_needs_root(
    cli: Cli, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for verb in ("install", "uninstall"):
        ran = cli("service", verb, "--system")
        assert (ran.code, f"sudo penholder service {verb} --system" in ran.err) == (1, True)
    assert fake_systemd.calls() == []


def test_the_machines_service_has_a_user_and_a_configuration(
    cli: Cli, fake_systemd: FakeSystemd, cli_home: Path, as_root: None
) -> None:
    assert cli("service", "install", "--system").code == 0
    sysusers = cli_home / "etc/sysusers.d/penholder.conf"
    config = cli_home / "etc/penholder/penholderd.toml"
    assert sysusers.read_text().startswith(MARKER)
    assert "allowed_uids = [0]" in config.read_text()
    assert fake_systemd.calls()[:2] == [f"sysusers {sysusers}", "daemon-reload"]
    config.write_text("drain_ms = 1")
    (fake_systemd.bin / "systemd-sysusers").write_text("#!/bin/sh\necho no >&2; exit 1\n")
    assert f"`systemd-sysusers {sysusers}` failed: no" in cli("service", "install", "--system").err
    (fake_systemd.bin / "systemd-sysusers").unlink()
    assert "there is no `systemd-sysusers`" in cli("service", "install", "--system").err
    (fake_systemd.bin / "systemd-sysusers").symlink_to("/bin/true")
    assert cli("service", "install", "--system").code == 0
    assert config.read_text() == "drain_ms = 1"
    ran = cli("service", "uninstall", "--system", "--no-json")
    assert not sysusers.exists()
    assert f"kept {config}" in ran.out


def test_uninstall_takes_what_is_ours_and_keeps_data(
    cli: Cli, fake_systemd: FakeSystemd, unit_dir: Path, cli_home: Path
) -> None:
    cli("service", "install")
    (unit_dir / "penholder.service.d").mkdir()
    (unit_dir / "penholder-backup.timer").write_text("[Timer]\nOnCalendar=hourly\n")
    fake_systemd.calls()
    ran = cli("service", "uninstall", "--no-json")
    assert ran.code == 0
    assert {path.name for path in unit_dir.iterdir()} == {
        "penholder.service.d", "penholder-backup.timer",
    }  # fmt: skip
    assert f"kept {cli_home}/state\n" in ran.out
    assert f"kept {unit_dir}/penholder.service.d\n" in ran.out
    disable = "--user disable --now penholder.socket penholder.service penholder-backup.service"
    assert fake_systemd.calls() == [disable, "--user daemon-reload"]
    assert "no service is installed" in cli("service", "uninstall", "--no-json").out
    assert fake_systemd.calls() == []


def test_wrong_words(cli: Cli) -> None:
    assert cli("service", "--help").code == 0
    ran = cli("service", "instal")
    assert (ran.code, "did you mean install" in ran.err) == (2, True)
    assert cli("service", "install", "--nonsense").code == 2
    assert cli("service", "logs", "-n", "many").code == 2
    assert "--system" in cli("service", "install", "--help").out
