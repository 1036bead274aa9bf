"""The files in examples/several, as a server, a daemon by TLS and a reader of YAML take them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import yaml

from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.shell.settings import problem_of_url
from penholder_daemon.shell.store.postgres import opening
from tests.helpers import postgresql_programs
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.postgresql import Server

_HERE = ROOT / "examples/several"
_SECRET = "of-tests-only"  # noqa: S105 - of a server that is gone with the test
# Not 127.0.0.1: there the machine's own server may listen.
_ADDRESS = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 200}.5"


def _renamed(file: str) -> str:
    """Read one for another fleet: the superuser of the tests' server has the name used there."""
    return re.sub(r"\bpenholder", "fleet", (_HERE / file).read_text())


def _as(server: Server, role: str) -> str:
    return server.url("fleet").replace("penholder@", f"{role}@")


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server with the roles of the example; the machine's, since the wheel has no TLS."""
    made = Server(programs=postgresql_programs.system())
    with psycopg.connect(made.url("postgres"), autocommit=True) as connection:
        for statement in _renamed("roles.sql").split(";\n"):
            connection.execute(statement.encode())
    yield made
    made.remove()


def test_the_roles_are_enough_for_the_daemon_and_for_a_dump_and_no_more(server: Server) -> None:
    with closing(opening.open_writer(_as(server, "fleet"))) as store:
        store.run("INSERT INTO counters (name, value) VALUES ('a', 1)")
    dump = [str(server.programs / "pg_dump"), "--schema=penholder", _as(server, "fleet_backup")]
    dumped = subprocess.run(dump, capture_output=True, text=True, check=True, timeout=60)
    assert "COPY penholder.counters" in dumped.stdout
    with (
        psycopg.connect(_as(server, "fleet_backup")) as backup,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        backup.execute("DELETE FROM penholder.counters")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(_as(server, "stranger"))


def _with_tls(server: Server) -> None:
    """Start it anew as the page tells, and let the tests in by the socket."""
    openssl = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db",
        "-addext", f"subjectAltName=IP:{_ADDRESS}", "-out", str(server.data / "server.crt"),
        "-keyout", str(server.data / "server.key"),
    ]  # fmt: skip
    subprocess.run(openssl, check=True, capture_output=True, timeout=60)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE fleet PASSWORD '{_SECRET}'".encode())
    server.stop()
    (server.data / "pg_hba.conf").write_text(f"local all all trust\n{_renamed('pg_hba.conf')}")
    owner = server.data.stat()
    for name, mode in (("server.crt", 0o644), ("server.key", 0o600), ("pg_hba.conf", 0o600)):
        os.chown(server.data / name, owner.st_uid, owner.st_gid)
        (server.data / name).chmod(mode)
    server.settings |= {"listen_addresses": _ADDRESS, "ssl": "on"}
    server.start()


def test_a_daemon_gets_in_by_tls_and_nothing_else_does(server: Server) -> None:
    if shutil.which("openssl") is None or postgresql_programs.system() is None:
        pytest.skip("it needs openssl and a PostgreSQL with TLS: apt-get install postgresql")
    _with_tls(server)
    with psycopg.connect(server.url("postgres")) as connection:
        wrong = connection.execute("SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL")
        assert wrong.fetchall() == []
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        certificate, secret = Path(directory, "ca.pem"), Path(directory, "store-password")
        certificate.write_bytes((server.data / "server.crt").read_bytes())
        secret.write_text(f"{_SECRET}\n")
        secret.chmod(0o600)
        url = f"postgresql://fleet@{_ADDRESS}/fleet?sslmode=verify-full&sslrootcert={certificate}"
        settings = Path(directory, "penholderd.toml")
        settings.write_text(f"[store]\nurl = '{url}'\npassword_file = '{secret}'\n")
        daemon = DaemonProcess(Path(directory), "--config", str(settings))
        daemon.start()
        try:
            with daemon.connect() as control, psycopg.connect(server.url("postgres")) as other:
                make_worker(control)
                by_tls = other.execute(
                    "SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                    " WHERE a.usename = 'fleet'"
                ).fetchall()
            assert by_tls == [(True,)]
            assert daemon.stop() == 0
        finally:
            daemon.end()
    for mode, user in (("disable", "fleet"), ("require", "penholder")):
        url = f"postgresql://{user}:{_SECRET}@{_ADDRESS}/fleet?sslmode={mode}"
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
            psycopg.connect(url)


def test_the_compose_file_makes_what_the_page_connects_to() -> None:
    [service] = yaml.safe_load((_HERE / "compose.yaml").read_text())["services"].values()
    page = (ROOT / "docs/howto/postgresql.md").read_text()
    [url] = re.findall(r'url = "(postgresql://[^"?]*:5433/[^"?]*)"', page)
    made = service["environment"]
    [port] = service["ports"]
    host, outside, inside = port.split(":")
    assert url == f"postgresql://{made['POSTGRES_USER']}@{host}:{outside}/{made['POSTGRES_DB']}"
    assert problem_of_url(url) is None
    assert inside == "5432"
    assert "PENHOLDER_PASSWORD=" in page
    assert made["POSTGRES_PASSWORD"].startswith("${PENHOLDER_PASSWORD:?")
