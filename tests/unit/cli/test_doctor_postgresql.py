"""What `penholder doctor` says of a PostgreSQL; asked of a real one, whose words are bent."""

import socket
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest

from penholder.cli.doctor.finding import Finding
from penholder.cli.doctor.postgresql import postgresql
from penholder.cli.doctor.situation import Situation, Unanswered
from penholder.cli.terminal import store
from penholder_daemon.shell.store.postgres import opening
from tests.helpers import postgresql as server

_numbers = count(1)
_WELL = """
CREATE VIEW pg_settings AS SELECT name, CASE WHEN name = '{name}' THEN '{value}'
  WHEN name IN ('fsync', 'full_page_writes', 'synchronous_commit') THEN 'on'
  ELSE setting END AS setting FROM pg_catalog.pg_settings
"""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a database in which functions of ours go before the server's own."""
    name = f"examined_{next(_numbers)}"
    made = server.server().make(name)
    _run(made, f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
    monkeypatch.setenv("PENHOLDER_STORE_URL", made)
    return made


def _run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def _well(url: str, name: str = "", value: str = "") -> None:
    _run(url, _WELL.format(name=name, value=value))


def _examined(known: int = 1000) -> dict[str, Finding]:
    about = SimpleNamespace(config=None, schema_version=known)
    at = cast(Situation, SimpleNamespace(about=about, store=store.configured()))
    return {finding.check.removeprefix("PostgreSQL "): finding for finding in postgresql(at)}


def test_a_server_that_is_well(url: str) -> None:
    _well(url)
    found = _examined()
    assert [each for each in found.values() if each.level != "ok"] == []
    assert found.keys() == {
        "PostgreSQL", "text", "durability", "time-outs", "triggers", "pooler", "clock",
        "replication", "schema",
    }  # fmt: skip
    assert "none yet" in found["schema"].detail


@pytest.mark.parametrize(
    ("check", "name", "value", "level"),
    [
        ("durability", "fsync", "off", "problem"),
        ("durability", "full_page_writes", "off", "problem"),
        ("durability", "synchronous_commit", "off", "warning"),
        ("time-outs", "idle_session_timeout", "60000", "warning"),
        ("time-outs", "statement_timeout", "5000", "warning"),
        ("triggers", "session_replication_role", "replica", "problem"),
        ("pooler", "default_transaction_read_only", "off", "problem"),
        ("text", "server_encoding", "SQL_ASCII", "problem"),
        ("replication", "synchronous_standby_names", "away", "problem"),
    ],
)
def test_settings_that_do_not_fit(url: str, check: str, name: str, value: str, level: str) -> None:
    _well(url, name, value)
    found = _examined()
    assert found[check].level == level
    assert found[check].what_to_do
    assert {each.level for key, each in found.items() if key != check} == {"ok"}


@pytest.mark.parametrize(
    ("check", "function", "level"),
    [
        ("pooler", "pg_backend_pid() RETURNS INT AS 'SELECT 1'", "problem"),
        (
            "pooler",
            "pg_backend_pid() RETURNS INT AS 'SELECT 1 + pg_catalog.pg_backend_pid()'",
            "warning",
        ),
        (
            "clock",
            "clock_timestamp() RETURNS TIMESTAMPTZ AS 'SELECT now() + interval ''1 hour'''",
            "warning",
        ),
        ("replication", "pg_is_in_recovery() RETURNS BOOLEAN AS 'SELECT true'", "problem"),
    ],
)
def test_answers_that_do_not_fit(url: str, check: str, function: str, level: str) -> None:
    _well(url)
    _run(url, f"CREATE FUNCTION public.{function} LANGUAGE SQL")
    found = _examined()
    assert found[check].level == level
    assert found[check].what_to_do


def test_what_the_role_has_by_itself_is_seen(url: str) -> None:
    _well(url)
    _run(url, "ALTER ROLE penholder SET statement_timeout = '5s'")
    try:
        found = _examined()
    finally:
        _run(url, "ALTER ROLE penholder RESET statement_timeout")
    assert found["time-outs"].level == "warning"
    assert "statement_timeout is 5000 ms" in found["time-outs"].detail


def test_its_order_of_texts_is_told(url: str) -> None:
    assert "its own order is C" in _examined()["text"].detail


def test_the_schema_is_compared_with_what_the_program_knows(url: str) -> None:
    opening.open_writer(url).close()
    assert _examined()["schema"].level == "ok"
    assert _examined(known=3)["schema"].level == "problem"


@pytest.mark.parametrize("lost", ["DELETE FROM penholder.schema_version", None])
def test_a_schema_that_is_not_whole_is_told_as_that(url: str, lost: str | None) -> None:
    opening.open_writer(url).close()
    _run(url, lost or "DROP TABLE penholder.schema_version")
    found = _examined()["schema"]
    assert (found.level, "it is not whole" in found.detail) == ("problem", True)
    assert "restore the dump whole" in str(found.what_to_do)


def test_which_right_the_role_lacks_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opening.open_writer(url).close()
    _run(url, "CREATE ROLE examiner LOGIN")
    monkeypatch.setenv("PENHOLDER_STORE_URL", url.replace("penholder@", "examiner@"))
    try:
        found = _examined()["schema"]
        assert "of the role penholder, and the role examiner lacks USAGE" in found.detail
        assert "--role=examiner" in str(found.what_to_do)
        _run(url, "GRANT USAGE ON SCHEMA penholder TO examiner")
        found = _examined()["schema"]
        assert "the role examiner lacks SELECT, INSERT, UPDATE, DELETE of" in found.detail
        _run(url, str(found.what_to_do).partition("TO examiner and ")[2])
        assert _examined()["schema"].level == "ok"
    finally:
        _run(url, "DROP OWNED BY examiner; DROP ROLE examiner")


def test_a_database_that_only_reads_is_a_problem(url: str) -> None:
    _well(url)
    name = url.partition("@/")[2].partition("?")[0]
    _run(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    found = _examined()
    assert [key for key, each in found.items() if each.level != "ok"] == ["writing"]
    assert "ALTER DATABASE … RESET" in str(found["writing"].what_to_do)


def test_what_is_no_url_is_not_taken_for_a_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PENHOLDER_STORE_URL", "postgresql://u@h/d?sslmod=x")
    (finding,) = _examined().values()
    assert "correct the URL" in str(finding.what_to_do)


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penholder.cli.doctor.postgresql._CONNECT_S", 2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("PENHOLDER_STORE_URL", f"postgresql://u@127.0.0.1:{port}/d")
        (finding,) = _examined().values()
    assert finding.detail.startswith(f"the server at 127.0.0.1, port {port}: ")


def test_a_server_that_is_away_is_a_problem_and_how_a_password_is_given_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENHOLDER_STORE_URL", f"postgresql://u@/d?host={tmp_path}")
    (finding,) = _examined().values()
    assert finding.level == "problem"
    assert "PGPASSFILE" in str(finding.what_to_do)


def test_where_none_is_configured_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENHOLDER_STORE_URL", raising=False)
    assert _examined() == {}


def test_the_file_of_the_password_is_read_and_one_that_is_not_there_told(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "penholderd.toml"
    monkeypatch.setenv("PENHOLDER_CONFIG", str(config))
    config.write_text(f"[store]\nurl = '{url}'\npassword_file = '{tmp_path / 'password'}'\n")
    monkeypatch.delenv("PENHOLDER_STORE_URL")
    with pytest.raises(Unanswered, match="password"):
        _examined()
    (tmp_path / "password").write_text("secret\n")
    assert _examined()["pooler"].level == "ok"
