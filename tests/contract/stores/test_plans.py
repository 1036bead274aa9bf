"""How PostgreSQL finds rows for those who call: by indexes, whatever it knows of its tables."""

from contextlib import closing, suppress
from pathlib import Path
from typing import cast

import pytest

from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.store.postgres import opening
from penholder_daemon.shell.store.postgres.backing import PostgresBacking
from penholder_daemon.shell.store.postgres.plans import BY_INDEXES
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_protocol.errors import PenholderError
from tests.contract.examples import EXAMPLES, carry_out
from tests.helpers import postgresql
from tests.helpers.differing import OnPostgresql

_OF_FEW_ROWS = frozenset({"hosts", "journal_position", "blob_room"})
_ALL = frozenset({"daemon.verify", "daemon.shutdown", "rpc.discover"})
"""What looks at all there is, or ends it."""
_SCANS = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = 'penholder'"


class _Scans:
    """Tells which tables were read from end to end since it was asked last."""

    def __init__(self, store: PostgresStore) -> None:
        """Begin to count."""
        self._store = store
        self._before = self._counted()

    def _counted(self) -> dict[str, int]:
        self._store.fetch("SELECT pg_stat_force_next_flush()")
        self._store.fetch("SELECT pg_stat_clear_snapshot()")
        return {str(table): int(str(scans)) for table, scans in self._store.fetch(_SCANS)}

    def since(self) -> list[str]:
        """Return their names."""
        before, self._before = self._before, self._counted()
        read = [table for table, scans in self._before.items() if scans != before[table]]
        return [table for table in read if table not in _OF_FEW_ROWS]


def test_no_call_reads_a_table_from_end_to_end() -> None:
    """A table of few rows is otherwise read so, and goes on being when it has many."""
    bench = OnPostgresql()
    store = cast(PostgresStore, bench.database)
    for name, value in BY_INDEXES.items():
        store.fetch(f"SET {name} = {value}")
    bench.own("host.keep")
    scans = _Scans(store)
    found = {}
    for each in EXAMPLES:
        if each.method not in _ALL:
            with suppress(PenholderError):  # it would have needed what is left out
                carry_out(bench, [each])
            found[each.method] = scans.since()
    for method in bench.registry.methods.values():
        if method.timer:
            bench.own(method.name)
            found[method.name] = scans.since()
    assert not {name: tables for name, tables in found.items() if tables}
    store.fetch("SET enable_seqscan = on")
    store.fetch("SELECT COUNT(*) FROM workers WHERE label LIKE 'x'")
    assert scans.since() == ["workers"]


@pytest.mark.parametrize(("budget_ms", "is_free"), [(1000, "off"), (0, "on")])
def test_who_serves_calls_is_bound_and_who_looks_at_all_there_is_is_not(
    tmp_path: Path, budget_ms: int, is_free: str
) -> None:
    url = postgresql.server().make(f"plans_{budget_ms}")
    opening.open_writer(url).close()
    backing = PostgresBacking(url, None, Paths(tmp_path, tmp_path), "host_0123456789abcdef")
    with closing(backing), closing(backing.open_reader()) as reader:
        reader.obey(_Budget(budget_ms))
        reader.run("BEGIN")
        for word in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            assert reader.fetch(f"SHOW {word}") == [(is_free,)]


class _Budget:
    """A clock by which there is so much time."""

    def __init__(self, budget_ms: int) -> None:
        """Keep it."""
        self.budget_ms = budget_ms

    def must_end(self) -> bool:
        """It is not over."""
        return False

    def end(self) -> None:
        """Nobody ends it."""
