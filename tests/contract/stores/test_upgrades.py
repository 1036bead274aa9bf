"""A schema that is brought to the newest step beside daemons that know only the one before."""

from contextlib import closing

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from penholder_daemon import migrations
from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.postgres import connecting, opening, serving
from penholder_daemon.shell.store.postgres.serving_store import FirstLook, ServingStore

_STEPS = migrations.postgresql_steps()
_OLDER, _NEWER = "host_0123456789abcdef", "host_fedcba9876543210"


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have the program be the one before this, until it is undone."""
    for module in (migrations, opening):
        monkeypatch.setattr(module, "postgresql_steps", lambda: _STEPS[:-1])
    return monkeypatch


def _serve(url: str, name: str) -> ServingStore:
    store = opening.open_serving(serving.together(connecting.connector(url, name=name), name))
    store.first_look = FirstLook(serving.host_in(name), lambda _: None)
    return store


def _version(url: str) -> int:
    with psycopg.connect(url) as connection:
        [[version]] = connection.execute("SELECT version FROM penholder.schema_version").fetchall()
    return int(version)


@pytest.mark.parametrize("tells_schema", [True, False])
def test_nothing_is_changed_under_a_daemon_of_an_older_program(
    url: str, older: pytest.MonkeyPatch, *, tells_schema: bool
) -> None:
    before = serving.name_of_run(_OLDER) if tells_schema else f"penholder {_OLDER} 0123abcd"
    with closing(_serve(url, before)):
        older.undo()
        with pytest.raises(UnwritableDatabase, match=f"host {_OLDER}, of an older program"):
            _serve(url, serving.name_of_run(_NEWER))
        with pytest.raises(UnwritableDatabase, match="stop every such daemon"):
            opening.open_writer(url)
        assert _version(url) == _STEPS[-2][0]
    with closing(_serve(url, serving.name_of_run(_NEWER))):
        assert _version(url) == _STEPS[-1][0]


def test_who_does_not_own_the_tables_is_told_who_does(url: str, older: pytest.MonkeyPatch) -> None:
    opening.open_writer(url).close()
    with psycopg.connect(url, autocommit=True) as admin:
        owner = admin.info.user
        admin.execute("CREATE ROLE granted LOGIN")
        admin.execute("GRANT USAGE ON SCHEMA penholder TO granted")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA penholder TO granted")
    as_granted = make_conninfo(url, user="granted")
    opening.open_writer(as_granted).close()
    older.undo()
    with pytest.raises(UnusableDatabase, match=f"by the role granted: its tables .* role {owner}"):
        opening.open_writer(as_granted)
    assert _version(url) == _STEPS[-2][0]
    opening.open_writer(url).close()
    opening.open_writer(as_granted).close()


def test_daemons_of_one_program_begin_beside_each_other(url: str) -> None:
    names = [serving.name_of_run(each) for each in (_OLDER, _NEWER)]
    with closing(_serve(url, names[0])) as one, closing(_serve(url, names[1])) as other:
        assert one.serving() == other.serving() == {_OLDER, _NEWER}


def test_who_was_cut_off_while_the_schema_was_changed_goes_on_no_more(url: str) -> None:
    with closing(_serve(url, serving.name_of_run(_OLDER))) as store:
        store.begin_writing(None)
        store.commit_with([], None)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("UPDATE penholder.schema_version SET version = version + 1")
            pid = store.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        for _ in range(3):
            with pytest.raises(StoreFault, match="start the daemon by the newer program"):
                store.begin_writing(None)
            # Nor what goes by no transaction.
            with pytest.raises(StoreFault):
                store.look([("SELECT 1", ())])
