"""What a session with the server is set to and has planned, and when it is made anew."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.postgres import opening
from penholder_daemon.shell.store.reader_connection import ReaderClock
from tests.helpers.waiting import until

_IS_AT_WORK = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%pg_sleep%%'"


@pytest.mark.parametrize("where", ["url", "environment"])
def test_a_text_is_the_same_whatever_encoding_its_client_is_said_to_have(
    url: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "environment":
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    of_url = "&client_encoding=LATIN1" if where == "url" else ""
    store = opening.open_writer(url + of_url)
    assert store.row("SHOW client_encoding") == ("UTF8",)
    add = "INSERT INTO counters (name, value) VALUES (?, 1)"
    store.run(add, "é1")
    store.run_many(add, [("é2",)])
    store.close()
    monkeypatch.delenv("PGCLIENTENCODING", raising=False)
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT name FROM penholder.counters ORDER BY name").fetchall()
    assert found == [("é1",), ("é2",)]


@pytest.mark.parametrize("is_altered", [True, False])
def test_what_a_session_has_planned_and_does_not_fit_any_more_is_planned_anew(
    url: str, *, is_altered: bool
) -> None:
    store = opening.open_writer(url)
    add = "INSERT INTO counters (name, value) VALUES (?, 1) RETURNING value"
    store.run_many(add, [("a",)])
    for _ in range(10):
        store.row("SELECT value FROM counters")
    if is_altered:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("ALTER TABLE penholder.counters ALTER value TYPE NUMERIC")
    else:
        # As who hands one session to several does; psycopg is not to see it.
        store.connection.pgconn.exec_(b"DEALLOCATE ALL")
    with pytest.raises(StoreFault):
        store.row("SELECT value FROM counters")
    assert store.connection.closed
    store.run("BEGIN IMMEDIATE")
    store.run_many(add, [("b",)])
    assert store.row("SELECT SUM(value) FROM counters") == (2,)
    store.run("COMMIT")
    store.close()


@pytest.mark.parametrize("where", ["url", "environment"])
def test_options_that_are_given_hold_but_for_what_is_relied_on(
    url: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = "-c geqo=off -c search_path=public"
    if where == "environment":
        monkeypatch.setenv("PGOPTIONS", options)
    given = make_conninfo(url, options=options) if where == "url" else url
    with closing(opening.open_writer(given)) as store:
        assert store.row("SHOW geqo") == ("off",)
        assert store.row("SHOW search_path") == ("penholder",)


@pytest.mark.parametrize("budget_ms", [50, 60_000])
def test_a_query_that_somebody_else_has_ended_was_not_too_costly(url: str, budget_ms: int) -> None:
    opening.open_writer(url).close()
    clock = ReaderClock()
    with closing(opening.open_reader(url)) as reader, psycopg.connect(url, autocommit=True) as hand:
        reader.obey(clock)
        clock.start(budget_ms)
        reader.run("BEGIN")
        pid = reader.connection.info.backend_pid
        is_asked = partial(hand.execute, _IS_AT_WORK, (pid,))
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(reader.row, "SELECT pg_sleep(60)")
            if budget_ms == 60_000:
                until(lambda: is_asked().fetchone() is not None)
                hand.execute("SELECT pg_cancel_backend(%s)", (pid,))
            with pytest.raises(StoreFault):
                asked.result()
    assert clock.has_ended == (budget_ms == 50)
