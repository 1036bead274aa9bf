"""What a statement is said to touch: too much may be said of it, and never too little."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from penholder_daemon.core import kept_answers, ledger, newest, places, positions
from penholder_daemon.core.store import Known, Store
from penholder_daemon.core.transaction_store import TransactionStore
from penholder_daemon.shell.store import opening
from tests.helpers.stores import Open

_STATEMENTS = (
    ledger._ADD,
    newest.COUNT,
    kept_answers.KEEP,
    positions.LAST,
    f"SELECT COUNT(*) FROM {places.ALL}",
    f"SELECT {places.of('?', '?')}",
    "SELECT * FROM workers w JOIN controllers c USING (controller_id) WHERE w.state = ?",
    "INSERT INTO fences (subject, epoch) VALUES (?, 1) ON CONFLICT (subject)"
    " DO UPDATE SET epoch = fences.epoch + 1, token_hash = excluded.token_hash RETURNING epoch",
    "UPDATE seats SET ended_at = ?, epoch = COALESCE(epoch, (SELECT epoch FROM fences)) WHERE TRUE",
    "UPDATE streams SET (last_seq, output_seq) = (1, 2) WHERE name IN (SELECT subject FROM leases)",
    "DELETE FROM journal WHERE pos IN (SELECT pos FROM entry_ids)",
    "DELETE FROM streams WHERE name = 'SET x = 1'",
    "INSERT INTO journal_places (stream_id, seq, pos) SELECT stream_id, seq, pos FROM journal",
    "WITH few (n) AS (SELECT 'a') DELETE FROM fences WHERE subject IN (SELECT n FROM few)",
    "UPDATE streams SET output_seq = n.seq FROM journal n WHERE n.stream_id = streams.stream_id",
)


@pytest.mark.parametrize("sql", _STATEMENTS)
def test_never_less_is_said_than_sqlite_says(store: Store, tmp_path: Path, sql: str) -> None:
    values = (1,) * sql.count("?")
    with closing(opening.open_writer(tmp_path / "other.db")) as sqlite:
        truth, said = sqlite.touched(sql, values), store.touched(sql, values)
        tables = {str(row[0]) for row in sqlite.rows("SELECT name FROM sqlite_schema")}
    # What is looked at for references alone is not read by the statement, nor has every database a
    # number of its own for each row.
    read = {(table, column) for table, column in truth.reads if table in tables & set(_words(sql))}
    assert {each for each in read if each[1] != "ROWID"} <= said.reads
    assert {each for each in truth.updates if each[0] in tables} <= said.updates
    assert truth.inserts & tables <= said.inserts
    assert truth.deletes & tables <= said.deletes


def _words(sql: str) -> list[str]:
    return re.findall(r"\w+", sql)


_EPOCH = Known("SELECT epoch FROM fences WHERE subject = ?", lambda row: row)
_FENCE = "INSERT INTO fences (subject, epoch) VALUES ('s', 1)"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fences SET epoch = epoch + 1 WHERE subject = 's'",
        "INSERT INTO fences (subject, epoch) VALUES ('s', 1)"
        " ON CONFLICT (subject) DO UPDATE SET epoch = fences.epoch + 1",
        "DELETE FROM fences",
    ],
)
def test_what_is_known_is_forgotten_with_what_it_depends_on(store: Store, change: str) -> None:
    store.run(_FENCE)
    known = TransactionStore(store)
    known.begin()
    assert known.known(_EPOCH, "s") == (1,)
    known.begin_call()
    known.run(change)
    assert list(known.differences()) == []
    assert known.known(_EPOCH, "s") != (1,)
    known.undo_call()
    assert known.known(_EPOCH, "s") == (1,)
    known.commit()


def test_what_another_has_committed_is_known_in_the_next_transaction(open_store: Open) -> None:
    store, other = open_store(), open_store()
    store.run(_FENCE)
    known = TransactionStore(store)
    known.begin()
    assert known.known(_EPOCH, "s") == (1,)
    known.commit()
    other.run("UPDATE fences SET epoch = 7")
    known.begin()
    assert known.known(_EPOCH, "s") == (7,)
    known.commit()
