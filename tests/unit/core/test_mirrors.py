"""What was read before is exact, whichever door a change comes through."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from penholder_daemon.core import positions
from penholder_daemon.core.store import Known, Row, integer
from penholder_daemon.core.transaction_store import TransactionStore
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.harness import Bench
from tests.helpers.stores import sqlite_only

_FROZEN = Path(__file__).parents[2] / "frozen" / "schema_4.db"
_TABLES = """
CREATE TABLE owners (name TEXT PRIMARY KEY, rank INTEGER UNIQUE) STRICT;
CREATE TABLE things (
  number INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER,
  owner TEXT REFERENCES owners (name) ON DELETE CASCADE ON UPDATE CASCADE
) STRICT;
CREATE TABLE parts (
  name TEXT PRIMARY KEY, colour TEXT,
  thing INTEGER REFERENCES things (number) ON DELETE SET NULL ON UPDATE CASCADE
) STRICT;
CREATE TABLE orders (size INTEGER) STRICT;
CREATE TRIGGER obey AFTER INSERT ON orders BEGIN UPDATE things SET size = NEW.size; END;
CREATE VIEW large AS SELECT name, size FROM things WHERE size > 0;
CREATE TRIGGER shrink INSTEAD OF DELETE ON large
  BEGIN UPDATE things SET size = 0 WHERE name = OLD.name; END;
INSERT INTO owners VALUES ('ada', 1), ('ben', 2);
INSERT INTO things VALUES (1, 'pen', 3, 'ada'), (2, 'ink', 4, 'ben');
INSERT INTO parts VALUES ('nib', 'gold', 1), ('cap', 'black', 2);
"""


def _as_it_is(row: Row) -> Row:
    return row


_KNOWN = (
    Known("SELECT size, owner FROM things WHERE name = ?", _as_it_is),
    Known("SELECT number FROM things WHERE name = ?", _as_it_is),
    Known("SELECT colour, thing FROM parts WHERE name = ?", _as_it_is),
    Known("SELECT rank FROM owners WHERE name = ?", _as_it_is),
    Known("SELECT name FROM owners WHERE rank = ?", _as_it_is),
)
_ASKED: tuple[tuple[Known[Row], str | int], ...] = tuple(
    (known, value) for known in _KNOWN for value in ("pen", "ink", "nib", "cap", "ada", "ben", 1, 2)
)
_CHANGES = {
    "an update": "UPDATE things SET size = size + 1 WHERE name = 'pen'",
    "of all rows": "UPDATE things SET size = 9",
    "of what a row is found by": "UPDATE things SET name = name || 's'",
    "of the key": "UPDATE things SET number = number + 10 WHERE name = 'pen'",
    "a delete": "DELETE FROM things WHERE name = 'pen'",
    "of all rows at once": "DELETE FROM parts",
    "that cascades": "DELETE FROM owners WHERE name = 'ada'",
    "a key that cascades": "UPDATE owners SET name = 'eve' WHERE name = 'ada'",
    "set to null": "DELETE FROM things WHERE number = 1",
    "an upsert": "INSERT INTO things VALUES (3, 'pen', 7, NULL)"
    " ON CONFLICT (name) DO UPDATE SET size = excluded.size",
    "that returns": "UPDATE things SET size = 8 WHERE name = 'ink' RETURNING number",
    "a trigger": "INSERT INTO orders VALUES (5)",
    "a view": "DELETE FROM large WHERE name = 'ink'",
    "from elsewhere": "UPDATE things SET size = number FROM owners WHERE owner = owners.name",
    "with a table made for it": "WITH few (n) AS (SELECT 'pen') DELETE FROM things"
    " WHERE name IN (SELECT n FROM few)",
    "that replaces": "INSERT OR REPLACE INTO things VALUES (4, 'pen', 6, NULL)",
    "replaced by its name alone": "REPLACE INTO things (number, name) VALUES (5, 'ink')",
    "an update that replaces": "UPDATE OR REPLACE owners SET rank = 1 WHERE name = 'ben'",
}


class Scene:
    """Some tables, and a store that has been asked for all that is in them."""

    def __init__(self, path: Path = Path(":memory:")) -> None:
        """Fill them."""
        self.below = open_writer(path)
        self.below.connection.execute(_TABLES)
        self.store = TransactionStore(self.below)
        self.store.begin()
        self.ask()

    def listen(self) -> list[str]:
        """Return a list in which every statement will stand that is run from now on."""
        asked: list[str] = []
        self.below.connection.trace_v2(1, lambda event: asked.append(event["sql"]))
        return asked

    def ask(self) -> None:
        """Have all of them read, from memory or not."""
        for known, value in _ASKED:
            self.store.known(known, value)

    def agrees(self) -> bool:
        """Tell whether what is answered is what is stored."""
        stored = [self.below.known(known, value) for known, value in _ASKED]
        answered = [self.store.known(known, value) for known, value in _ASKED]
        return stored == answered and list(self.store.differences()) == []

    def refuse(self, act: Callable[[], object]) -> None:
        """Have a call do something, see it, and be refused."""
        self.store.begin_call()
        act()
        self.ask()
        self.store.undo_call()


@pytest.fixture
def scene() -> Scene:
    """Give tables that were read."""
    return Scene()


def _ran(scene: Scene, sql: str) -> None:
    scene.store.run(sql)


def _first_row(scene: Scene, sql: str) -> None:
    scene.store.row(sql)


def _row_by_row(scene: Scene, sql: str) -> None:
    list(scene.store.rows(sql))


def _many(scene: Scene, sql: str) -> None:
    scene.store.run_many(sql, [()])


_DOORS = (_ran, _first_row, _row_by_row, _many)


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES)
@pytest.mark.parametrize("door", _DOORS)
def test_a_change_is_seen_at_once(
    scene: Scene, door: Callable[[Scene, str], None], change: str
) -> None:
    before = [scene.store.known(known, value) for known, value in _ASKED]
    scene.store.begin_call()
    door(scene, change)
    assert scene.agrees()
    scene.store.end_call()
    scene.store.commit()
    assert scene.agrees()
    assert [scene.store.known(known, value) for known, value in _ASKED] != before


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES)
def test_a_change_that_is_taken_back_was_never_there(scene: Scene, change: str) -> None:
    scene.refuse(lambda: scene.store.run(change))
    assert scene.agrees()
    scene.store.run(change)
    scene.ask()
    scene.store.roll_back()
    assert scene.agrees()


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES)
def test_a_change_beside_the_store_is_noticed_at_the_next_transaction(
    scene: Scene, change: str
) -> None:
    scene.store.commit()
    scene.below.connection.execute(change)
    scene.store.begin()
    assert scene.agrees()


def test_what_another_connection_has_committed_is_noticed_at_the_next_transaction(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path / "p.db")
    scene.store.commit()
    with closing(open_writer(tmp_path / "p.db")) as another:
        another.run("UPDATE things SET size = size + 1")
    scene.store.begin()
    assert scene.agrees()


def test_what_is_not_there_is_asked_again(scene: Scene) -> None:
    [known, *_] = _KNOWN
    assert scene.store.known(known, "new") is None
    scene.store.run("INSERT INTO things VALUES (9, 'new', 1, NULL)")
    assert scene.store.known(known, "new") == (1, None)


def test_what_is_known_later_is_heeded_by_statements_from_before(scene: Scene) -> None:
    count = "UPDATE orders SET size = size + 1"
    scene.store.run("INSERT INTO orders VALUES (1)")
    scene.store.run(count)
    late = Known("SELECT size FROM orders WHERE rowid = ?", _as_it_is)
    assert scene.store.known(late, 1) == (2,)
    scene.store.run(count)
    assert scene.store.known(late, 1) == (3,)


def test_what_touches_nothing_that_is_known_forgets_nothing(scene: Scene) -> None:
    [known, *_] = _KNOWN
    asked = scene.listen()
    scene.store.run("UPDATE orders SET size = 2")
    scene.store.run("UPDATE owners SET rank = 3 WHERE name = 'ada'")
    scene.store.row("SELECT * FROM things")
    assert scene.store.known(known, "pen") == (3, "ada")
    assert known.sql not in asked


def test_more_rows_than_are_kept_are_let_go_between_transactions(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder_daemon.core.mirror._MOST_ROWS", 1)
    [known, *_] = _KNOWN
    scene.store.commit()
    asked = scene.listen()
    assert scene.store.known(known, "pen") == (3, "ada")
    assert asked == [known.sql]


@sqlite_only("schema")
def test_nothing_in_the_schema_replaces_rows_unseen(bench: Bench) -> None:
    """In a trigger or a constraint no statement would show that it does."""
    texts = [str(sql) for (sql,) in bench.database.rows("SELECT sql FROM sqlite_schema")]
    assert len(texts) > 20
    assert [sql for sql in texts if "REPLACE" in sql.upper()] == []


def test_a_difference_is_told(scene: Scene) -> None:
    scene.store.commit()
    beside = TransactionStore(scene.below)
    beside.begin()
    beside.run("UPDATE things SET size = 99 WHERE name = 'pen'")
    beside.commit()
    [found] = scene.store.differences()
    assert "'pen'" in found
    assert "99" in found


@sqlite_only("file of an older schema")
def test_a_database_of_an_older_schema_is_gone_on_with_exactly(tmp_path: Path) -> None:
    """The bench compares after each batch; positions and numbers go on behind what was there."""
    path = tmp_path / "p.db"
    path.write_bytes(_FROZEN.read_bytes())
    bench = Bench(path)
    [[worker_id, last]] = bench.database.rows(
        "SELECT worker_id, last_seq FROM workers JOIN streams ON name = 'worker:' || worker_id"
        " ORDER BY last_seq DESC LIMIT 1"
    )
    before = positions.last(bench.database)
    append = bench.invocation("event.append", {"worker_id": worker_id, "type": "new"})
    bench.run([append, bench.invocation("daemon.prune", {"keep_last": 1}), append])
    given = [(each.entry.pos, each.entry.seq) for each in bench.published]
    assert given == [(before + 1, integer(last) + 1), (before + 2, integer(last) + 2)]
