"""Single checks of `penholder doctor`, with a daemon and a machine that say what a test wants."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from penholder.cli.doctor import machine, upkeep, versions
from penholder.cli.doctor.finding import Finding
from penholder.cli.doctor.situation import Situation
from penholder_daemon.shell.kernel.descriptors import share_out
from penholder_protocol import __version__
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.fake_systemd import FakeSystemd
from tests.helpers.records import status

Check = Callable[[Situation], Iterator[Finding]]
Examine = Callable[[Check], list[Finding]]


@pytest.fixture
def about(cli_home: Path) -> Json:
    """Give what `penholderd --about` shall say."""
    return {
        "version": __version__, "sqlite_version": "3.54.1", "schema_version": 4, "config": None,
        "state_dir": str(cli_home / "state"), "runtime_dir": str(cli_home / "run"),
        "problem": None,
    }  # fmt: skip


@pytest.fixture
def running(fake_control: AnsweringDaemon, cli_home: Path) -> Json:
    """Give what the daemon shall say of itself; it is this very process."""
    (cli_home / "state").mkdir()
    told = status(pid=os.getpid(), state_dir=str(cli_home / "state"))
    fake_control.answers["daemon.status"] = lambda _: told
    fake_control.answers["daemon.config"] = lambda _: {"store": {"url": None}}
    return told


@pytest.fixture
def examine(about: Json, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Give one check as a function."""

    def call(check: Check) -> list[Finding]:
        program = [sys.executable, "-c", f"print({json.dumps(about)!r})"]
        monkeypatch.setattr("penholder.cli.doctor.situation.daemon_command", lambda: program)
        at = Situation(None, None)
        try:
            return list(check(at))
        finally:
            at.close()

    return call


@pytest.mark.parametrize(
    ("version", "level", "way"),
    [
        (__version__, "ok", None),
        ("0.0.1", "warning", "penholder down && penholder up"),
        ("99.0.0", "warning", "install the newer program here, too"),
    ],
)
def test_the_version_that_runs(
    examine: Examine, running: Json, version: str, level: str, way: str | None
) -> None:
    running["version"] = version
    found = examine(versions.daemon)[1]
    assert (found.level, found.what_to_do) == (level, way)


def test_a_status_that_cannot_be_understood(examine: Examine, running: Json) -> None:
    del running["schema_version"]
    (found,) = examine(versions.daemon)
    assert (found.level, "schema_version" in found.detail) == ("problem", True)


def test_sqlite_and_schema(examine: Examine, running: Json, about: Json) -> None:
    assert examine(versions.sqlite)[0].level == "ok"
    running["sqlite_version"] = "3.52.0"
    assert "uses 3.52.0, installed is 3.54.1" in examine(versions.sqlite)[0].detail
    assert examine(versions.schema)[0].level == "ok"
    about["schema_version"] = 3
    assert examine(versions.schema)[0].level == "problem"


def test_a_program_that_does_not_run(examine: Examine, running: Json, about: Json) -> None:
    about.clear()
    (found,) = examine(versions.program)
    assert (found.level, "does not run" in found.detail) == ("problem", True)


@pytest.mark.parametrize(
    ("free_mib", "files", "levels"),
    [
        (10_000, 10**6, ["ok", "ok"]),
        (300, 500, ["warning", "warning"]),
        (10, 5, ["problem", "problem"]),
        (10_000, 0, ["ok"]),
    ],
)
def test_room_on_the_disk(
    examine: Examine,
    running: Json,
    monkeypatch: pytest.MonkeyPatch,
    free_mib: int,
    files: int,
    levels: list[str],
) -> None:
    told = SimpleNamespace(f_bavail=free_mib * 256, f_frsize=4096, f_files=files, f_favail=files)
    monkeypatch.setattr(os, "statvfs", lambda _: told)
    assert [found.level for found in examine(machine.disk)] == levels


def test_a_disk_must_hold_a_copy_of_the_database(
    examine: Examine, running: Json, cli_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (cli_home / "state/penholder.db").open("wb") as file:
        file.truncate(1 << 30)
    told = SimpleNamespace(f_bavail=900 * 256, f_frsize=4096, f_files=0, f_favail=0)
    monkeypatch.setattr(os, "statvfs", lambda _: told)
    assert examine(machine.disk)[0].level == "problem"


def test_a_log_that_is_not_emptied(examine: Examine, running: Json) -> None:
    assert examine(machine.write_ahead_log)[0].level == "ok"
    running["wal_bytes"] = 1 << 30
    assert examine(machine.write_ahead_log)[0].detail == "it has 1,024.0 MiB"


def test_clocks(
    examine: Examine,
    running: Json,
    fake_control: AnsweringDaemon,
    cli_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(cli_home))
    fake_control.answers["rpc.ping"] = lambda _: {"pong": True, "ts": "2001-01-01T00:00:00.000Z"}
    os.utime(cli_home / "state", (4_000_000_000, 4_000_000_000))
    timedatectl = cli_home / "timedatectl"
    for said, level in (("no", "warning"), ("yes", "ok")):
        timedatectl.write_text(f"#!/bin/sh\necho {said}\n")
        timedatectl.chmod(0o755)
        assert [found.level for found in examine(machine.clock)] == ["problem", "warning", level]
    timedatectl.unlink()
    assert "nobody here can say" in examine(machine.clock)[-1].detail


def test_descriptors_for_all_connections(
    examine: Examine, running: Json, fake_control: AnsweringDaemon
) -> None:
    fake_control.answers["daemon.config"] = lambda _: {"max_connections": 1}
    assert examine(machine.descriptors)[0].level == "ok"
    fake_control.answers["daemon.config"] = lambda _: {"max_connections": 2**31}
    (found,) = examine(machine.descriptors)
    assert found.level == "warning"
    assert "LimitNOFILE=" in str(found.what_to_do)


@pytest.mark.parametrize("allowed", [150, 1024, 4352, 12_399, 12_400, 65_536])
def test_descriptors_are_counted_as_the_daemon_shares_them_out(
    examine: Examine,
    running: Json,
    fake_control: AnsweringDaemon,
    monkeypatch: pytest.MonkeyPatch,
    allowed: int,
) -> None:
    monkeypatch.setattr(machine, "_open_files", lambda _: allowed)
    fake_control.answers["daemon.config"] = lambda _: {"max_connections": 4096}
    (found,) = examine(machine.descriptors)
    taken = share_out(allowed, 4096).connections
    assert (found.level == "ok") == (taken == 4096)
    assert found.level == "ok" or f": it takes {taken:,} at once" in found.detail


def test_health_is_what_the_daemon_says(
    examine: Examine, running: Json, fake_control: AnsweringDaemon
) -> None:
    healthy = {
        "adapter": "sqlite", "ready": True, "reachable": True, "migration_ready": True,
        "migration_id": "1", "failure_kind": None, "message": None,
    }  # fmt: skip
    fake_control.answers["daemon.health"] = lambda _: healthy
    assert examine(upkeep.health)[0].level == "ok"
    healthy |= {"ready": False, "message": "no disk"}
    assert examine(upkeep.health)[0].detail == "no disk"
    running["store_fault"] = "disk full"
    assert examine(upkeep.health)[0].detail == "disk full"
    running["unserved_workers"] = 7
    unserved = examine(upkeep.health)[1]
    assert (unserved.level, unserved.detail) == ("warning", "7 workers cannot be served")


def test_damage_is_a_problem_each(
    examine: Examine, running: Json, fake_control: AnsweringDaemon
) -> None:
    damage = [{"check": "streams_without_gap", "detail": f"s{n}"} for n in range(9)]
    fake_control.answers["daemon.verify"] = lambda _: {"ok": False, "findings": damage}
    found = examine(upkeep.verification)
    assert [each.level for each in found] == ["problem"] * 5
    assert found[0].detail == "streams_without_gap: s0"
    assert fake_control.params("daemon.verify") == [{"deep": False}]


def test_a_daemon_that_nobody_keeps(
    examine: Examine, running: Json, fake_systemd: FakeSystemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = examine(upkeep.service)
    assert (found.level, found.what_to_do) == ("warning", "penholder service install")
    monkeypatch.setattr("penholder.cli.service.manager.BOOTED", Path("/nowhere"))
    assert examine(upkeep.service)[0].level == "ok"


def test_the_unit_that_keeps_the_daemon(
    examine: Examine, running: Json, fake_systemd: FakeSystemd, cli_home: Path
) -> None:
    unit = cli_home / "config/systemd/user/penholder.service"
    unit.parent.mkdir(parents=True)
    unit.write_text('[Service]\nExecStart="/old place/50%%/penholderd" --state-dir /s\n')
    fake_systemd.tell("penholder.socket")
    fake_systemd.tell("penholder.service", MainPID="42", WatchdogUSec="infinity")
    fake_systemd.tell("penholder-backup.timer")
    fake_systemd.tell("penholder-backup.service", "failed", "failed", Result="exit-code")
    found = examine(upkeep.service)
    assert [(each.check, each.level) for each in found] == [
        ("service", "problem"), ("watchdog", "warning"), ("service", "warning"),
    ]  # fmt: skip
    assert found[0].detail == "penholder-backup.service failed (exit-code)"
    assert found[0].what_to_do == "penholder service logs says why"
    assert "it starts /old place/50%/penholderd" in found[2].detail
