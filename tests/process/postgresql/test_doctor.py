"""`penholder doctor` beside a daemon whose state is in PostgreSQL, which only its own file says."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.postgresql import Server
from tests.helpers.programs import penholder
from tests.helpers.waiting import until


@pytest.fixture
def daemon(url: str) -> Iterator[DaemonProcess]:
    """Give a daemon that was started by `--config`, and has a worker."""
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        config = Path(directory, "c.toml")
        config.write_text(f"[store]\nurl = '{url}'\n")
        made = DaemonProcess(Path(directory), "--config", str(config))
        made.start()
        try:
            with made.connect() as control:
                make_worker(control)
            yield made
        finally:
            made.end()


def _found(daemon: DaemonProcess, *words: str) -> dict[str, Any]:
    return {each["check"]: each for each in penholder(daemon, "doctor", *words).json["findings"]}


def test_doctor_looks_at_the_store_of_the_daemon_that_runs(daemon: DaemonProcess) -> None:
    found = _found(daemon)
    assert found["PostgreSQL schema"]["level"] == "ok"
    assert found["health"]["level"] == "ok"
    assert (found["backup"]["level"], "pg_dump" in found["backup"]["detail"]) == ("ok", True)
    # A start without its file would be refused.
    assert "another history" in found["configuration"]["detail"]
    assert "--config" in found["configuration"]["what_to_do"]
    config = daemon.state_dir.parent / "c.toml"
    named = _found(daemon, "--config", str(config))
    assert (named["configuration"]["level"], named["backup"]["level"]) == ("ok", "ok")
    daemon.stop()
    assert _found(daemon, "--config", str(config))["PostgreSQL schema"]["level"] == "ok"


def test_doctor_does_not_start_a_daemon_that_waits_for_its_server(
    daemon: DaemonProcess, server: Server
) -> None:
    server.stop()
    try:
        found = _found(daemon)
    finally:
        server.start()
    assert "its store cannot be used" in found["daemon"]["detail"]
    assert "goes on by itself" in found["daemon"]["what_to_do"]
    assert "penholder up" not in found["daemon"]["what_to_do"]
    assert found["PostgreSQL"]["level"] == "problem"
    assert "out of reach" in found["runtime sockets"]["detail"]


def test_doctor_says_why_a_database_only_reads(daemon: DaemonProcess, url: str) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with daemon.connect() as control:
        until(lambda: control.call("daemon.status")["store_fault"] is not None)
    found = _found(daemon)
    assert found["PostgreSQL writing"]["level"] == "problem"
    assert found["health"]["level"] == "problem"
    assert "disk" not in found["health"]["what_to_do"]
