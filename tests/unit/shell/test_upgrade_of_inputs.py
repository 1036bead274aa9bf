"""An older database learns which entries of its streams are the newest of their types."""

from pathlib import Path

import pytest

from penholder_daemon import migrations
from penholder_daemon.core import verify
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.harness import Bench

OLD = 10
_STORED = """
INSERT INTO controllers VALUES (1, 'c1', 'c', '/', 't', 't');
INSERT INTO workers (worker_id, controller_id, label, launcher, profile, packs, cwd, env,
  session_id, state, recovery_state, created_at, updated_at) VALUES
  ('w1', 'c1', 'l', 'l', 'p', '[]', '/', '{}', 's', 'idle', 'lost', 't', 't'),
  ('w2', 'c1', 'l', 'l', 'p', '[]', '/', '{}', 's', 'idle', 'lost', 't', 't');
INSERT INTO streams (stream_id, name, parent, last_seq, pruned_seq) VALUES
  (1, 'controller:c1', NULL, 0, 0), (2, 'worker:w1', 'controller:c1', 5, 0),
  (3, 'worker:w2', 'controller:c1', 3, 2);
INSERT INTO journal (pos, stream_id, seq, entry_id, ts, type, data) VALUES
  (1, 2, 1, 'a', 't1', 'output', '{"text":"old"}'),
  (2, 2, 2, 'b', 't2', 'summary', '{"turns":1}'),
  (3, 2, 3, 'c', 't3', 'output', '{"text":"new"}'),
  (4, 2, 4, 'd', 't4', 'summary', '{"turns":2}'),
  (5, 2, 5, 'e', 't5', 'x', '{}'),
  (6, 3, 3, 'f', 't6', 'y', '{}');
"""


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Give a bench on a database that was filled under the schema before inputs."""
    path = tmp_path / "p.db"
    steps = migrations.steps()
    monkeypatch.setattr(migrations, "steps", lambda: steps[:OLD])
    store = open_writer(path)
    store.run(_STORED)
    store.close()
    monkeypatch.undo()
    return Bench(path)


def test_what_was_last_before_is_told(upgraded: Bench) -> None:
    second, first = upgraded.call("worker.overview")["items"]
    assert (first["last_output_at"], first["last_text"]) == ("t3", "new")
    assert (first["last_event"], first["summary"]) == ({"type": "x", "ts": "t5"}, {"turns": 2})
    assert (second["last_output_at"], second["last_text"], second["summary"]) == (None, None, None)
    assert second["last_event"] == {"type": "y", "ts": "t6"}


def test_it_goes_on_from_there(upgraded: Bench) -> None:
    upgraded.call("event.append", worker_id="w2", type="output", data={"text": "later"})
    assert upgraded.call("worker.overview")["items"][0]["last_text"] == "later"
    assert upgraded.call("worker.send", worker_id="w1", kind="text")["seq"] == 1
    assert list(verify.findings(upgraded.rx(), upgraded.registry.rooms, deep=True)) == []
