"""A database that cannot be used as it is, and settings that name none: told as what they are."""

import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
import pytest

from penholder_daemon.core.store import StoreFault
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.settings import StoreSettings
from penholder_daemon.shell.store import choosing
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.postgres import connecting, opening, serving
from penholder_daemon.shell.store.postgres.pen import PEN
from penholder_daemon.transferring import restored, sides

_roles = count(1)


@pytest.fixture
def role(url: str) -> Iterator[str]:
    """Give a role that may do nothing here yet."""
    name = f"guest_{next(_roles)}"
    _run(url, f"CREATE ROLE {name} LOGIN")
    yield name
    _run(url, f"DROP OWNED BY {name}; DROP ROLE {name}")


def _run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def _as(role: str, url: str) -> str:
    return url.replace("penholder@", f"{role}@")


def _make(url: str) -> None:
    opening.open_writer(url).close()


def _source_refused(url: str) -> str:
    with pytest.raises((Refused, UnusableDatabase)) as told, sides.postgresql_source(url, None):
        pass
    return str(told.value)


def _refused(url: str) -> str:
    """Return why no daemon would start on it; a move and a restore must say the same."""
    with pytest.raises(UnusableDatabase) as told:
        opening.open_writer(url)
    assert not isinstance(told.value, UnwritableDatabase)
    assert str(told.value) == _source_refused(url)
    with pytest.raises(UnusableDatabase, match=r".") as of_restored:
        restored.go_on(url)
    assert str(of_restored.value) == str(told.value)
    return str(told.value)


@pytest.mark.parametrize("lost", ["DELETE FROM penholder.schema_version", None])
def test_a_schema_that_is_not_whole_is_told_as_that(url: str, lost: str | None) -> None:
    _make(url)
    _run(url, lost or "DROP TABLE penholder.schema_version")
    told = _refused(url)
    assert all(word in told for word in ("is not whole", "restore the dump whole", "DROP SCHEMA"))


def test_a_newer_schema_wants_a_newer_program(url: str) -> None:
    _make(url)
    _run(url, "UPDATE penholder.schema_version SET version = version + 1")
    with pytest.raises(UnusableDatabase, match="upgrade the program"):
        opening.open_writer(url)
    told = _source_refused(url)
    assert "upgrade the program" in told
    assert "which upgrades it" not in told


def test_which_right_a_role_lacks_on_the_schema_is_told(url: str, role: str) -> None:
    _make(url)
    told = _refused(_as(role, url))
    assert f"the role {role} lacks USAGE of the schema 'penholder'" in told
    assert f"--role={role}" in told
    _run(url, f"GRANT USAGE ON SCHEMA penholder TO {role}")
    told = _refused(_as(role, url))
    assert f"the role {role} lacks SELECT, INSERT, UPDATE, DELETE of the table penholder." in told
    # What it says to do is enough.
    grant = told.partition(" and GRANT ")[2]
    _run(url, f"GRANT {grant}")
    opening.open_writer(_as(role, url)).close()


def test_which_right_a_role_lacks_to_make_it_is_told(url: str, role: str) -> None:
    with pytest.raises(UnusableDatabase) as told:
        opening.open_writer(_as(role, url))
    assert f"GRANT CREATE ON DATABASE {url.partition('@/')[2].partition('?')[0]} TO {role}" in str(
        told.value
    )
    assert not isinstance(told.value, UnwritableDatabase)


def test_who_has_just_hung_up_is_in_nobodys_way(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(url)
    other = psycopg.connect(url, application_name="penholder host_1 5f3a")
    looks: list[float] = []

    def let_go(seconds: float) -> None:
        looks.append(seconds)
        other.close()

    monkeypatch.setattr(sides, "sleep", let_go)
    with sides.connected(url, None):
        assert looks


def test_an_old_session_that_a_role_may_not_end_is_in_nobodys_way(url: str, role: str) -> None:
    _make(url)
    name = serving.name_of_run("host_1")
    connect = serving.together(connecting.connector(_as(role, url), name=name), name)
    with psycopg.connect(url, application_name=name) as old:
        connect().close()
        assert old.execute("SELECT 1").fetchone() == (1,)


def test_a_lock_that_another_holds_may_be_let_go(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(url)
    monkeypatch.setitem(connecting._SETTINGS, "lock_timeout", "50")
    with psycopg.connect(url) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({PEN})".encode())
        with pytest.raises(UnwritableDatabase, match="another session holds a lock"):
            opening.open_writer(url)
    opening.open_writer(url).close()


def test_rows_that_are_hidden_are_refused_and_not_made_again(url: str, role: str) -> None:
    database = url.partition("@/")[2].partition("?")[0]
    _run(url, f"GRANT CREATE ON DATABASE {database} TO {role}")
    value = "SELECT value FROM counters WHERE name = 'a'"
    with closing(opening.open_writer(_as(role, url))) as store:
        store.run("INSERT INTO counters (name, value) VALUES ('a', 1)")
        # Of the owner of a table it is asked only where it is forced.
        for action in ("ENABLE", "FORCE"):
            _run(url, f"ALTER TABLE penholder.counters {action} ROW LEVEL SECURITY")
        with pytest.raises(StoreFault, match="row-level security"):
            store.row(value)
        _run(url, "ALTER TABLE penholder.counters NO FORCE ROW LEVEL SECURITY")
        assert store.row(value) == (1,)


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://u@h/d?sslmod=x",
        "postgresql://u@h:abc/d",
        "postgresql://u@h:0,i/d",
        "postgresql://u@h/d?port=65536",
        "postgresql://u@[::1/d",
    ],
)
def test_what_is_no_url_stays_so_and_no_server_is_asked(wrong: str) -> None:
    with pytest.raises(UnusableDatabase, match=r"store\.url cannot be used"):
        choosing.check(StoreSettings(url=wrong))


@pytest.mark.parametrize("wrong", ["sslmode=bogus", "service=nowhere", "channel_binding=perhaps"])
def test_what_only_libpq_knows_to_be_wrong_stays_so_too(url: str, wrong: str) -> None:
    with pytest.raises(UnusableDatabase, match=r"store\.url cannot be used") as told:
        opening.open_writer(f"{url}&{wrong}")
    assert not isinstance(told.value, UnwritableDatabase)


@pytest.mark.parametrize("where", ["host=/nowhere", "host=127.0.0.1&port=9"])
def test_a_server_that_is_away_may_come_back(where: str) -> None:
    with pytest.raises(UnwritableDatabase, match="connection to server"):
        opening.open_writer(f"postgresql:///d?{where}")


@pytest.mark.parametrize(
    ("mode", "text", "why"),
    [
        (0o644, "secret\n", "make it 0600"),
        (0o600, "", "holds no password"),
        (0o600, "\nsecret", "holds no password"),
        (None, "", "cannot be read: No such file"),
        (0o700, None, "cannot be read: Is a directory"),
    ],
    ids=["mode", "empty", "line", "missing", "directory"],
)
def test_a_password_that_cannot_be_had_is_told(
    tmp_path: Path, mode: int | None, text: str | None, why: str
) -> None:
    path = tmp_path / "password"
    if mode is not None:
        path.mkdir() if text is None else path.write_text(text)
        path.chmod(mode)
    with pytest.raises(UnusableDatabase) as told:
        choosing.check(StoreSettings(url="postgresql://u@h/d", password_file=str(path)))
    assert not isinstance(told.value, UnwritableDatabase)
    assert why in str(told.value)
    assert str(path) in str(told.value)
    assert "secret" not in str(told.value)


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_CONNECT_SECONDS", 2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreFault) as told:
            connecting.connector(f"postgresql://u@127.0.0.1:{port}/d")()
    assert str(told.value) == (f"the server at 127.0.0.1, port {port}: connection timeout expired")
