"""An upgrade of a running service to a program with one more migration, under load."""

import re

from tests.helpers.systemd.box import Box
from tests.helpers.systemd.service import Service

_STEP = "CREATE TABLE of_the_next_version (x TEXT) STRICT;\n"


def _install_next(box: Box) -> None:
    """Lay the next version beside this one and make it the current one, as an upgrade does."""
    box.run("mkdir", "/opt/next")
    for part in ("daemon", "protocol", "clients"):
        box.run("cp", "-r", f"/opt/penholder/{part}", "/opt/next/")
    box.write("/opt/next/daemon/penholder_daemon/migrations/9999_next.sql", _STEP)
    version = "/opt/next/protocol/penholder_protocol/__init__.py"
    box.run("sed", "-i", 's/__version__ = .*/__version__ = "99.0.0"/', version)
    box.run("ln", "-sfn", "/opt/next", "/opt/current")


def test_an_upgrade_under_load_loses_nothing_and_refuses_nobody(system: Service) -> None:
    socket = system.make_worker()
    before = system.penholder("status")
    with system.worker(socket) as worker, system.visitors(system.control_socket, socket):
        _install_next(system.box)
        # The program is newer than the daemon now, and says so.
        told = system.run("penholder", "status", "--runtime-dir", system.runtime_dir)
        assert "99.0.0" in told.stderr
        system.systemctl("restart", "penholder.service")
    after = system.penholder("status")
    assert (after["version"], after["schema_version"]) == ("99.0.0", before["schema_version"] + 1)
    assert (worker["first"], worker["last"]) == (1, 1)
    assert system.events(socket) == list(range(1, worker["acknowledged"] + 1))
    assert system.penholder("daemon", "verify", "--deep")["ok"] is True
    [kept] = system.run("ls", "/var/lib/penholder/backups").stdout.split()
    assert re.fullmatch(rf"before-schema-{after['schema_version']}-.*\.db", kept)


def test_the_program_before_refuses_the_database_and_a_restore_brings_it_back(
    system: Service,
) -> None:
    socket = system.make_worker()
    _install_next(system.box)
    system.systemctl("restart", "penholder.service")
    assert system.penholder("status")["version"] == "99.0.0"
    [kept] = system.run("ls", "/var/lib/penholder/backups").stdout.split()
    system.systemctl("stop", "penholder.socket", "penholder.service")
    system.box.run("ln", "-sfn", "/opt/penholder", "/opt/current")
    refused = system.run("systemctl", "start", "penholder.service", check=False)
    assert refused.returncode != 0
    journal = system.box.journal("-u", "penholder")
    assert re.search(r"has schema \d+, this program .*knows up to \d+", journal), journal
    system.box.run(
        "setpriv", "--reuid=penholder", "--regid=penholder", "--clear-groups", "--",
        "penholder", "restore", "--state-dir", "/var/lib/penholder",
        f"/var/lib/penholder/backups/{kept}",
    )  # fmt: skip
    system.systemctl("start", "penholder.socket")
    assert system.penholder("status")["version"] != "99.0.0"
    assert system.events(socket) == []
