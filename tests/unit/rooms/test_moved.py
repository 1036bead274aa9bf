"""What a store goes through into which another one was copied: nobody holds anything."""

import pytest

from penholder_daemon.core import handed_out, verify
from penholder_protocol import errors
from tests.frozen.make import live
from tests.helpers.harness import Bench

MOVED = {"source": "sqlite", "target": "postgresql"}


def test_everybody_who_held_anything_is_fenced_and_it_is_told() -> None:
    bench = live()
    held = handed_out.read(bench.rx(), is_all=True)
    numbers = bench.store.last_numbers()
    ended = bench.own("daemon.moved", **MOVED)
    assert all(ended.values())
    after = handed_out.read(bench.rx(), is_all=True)
    assert after.seats == []
    assert all(after.epochs[subject] > epoch for subject, epoch in held.epochs.items())
    holders = bench.database.rows("SELECT subject FROM fences WHERE token_hash IS NOT NULL")
    # A voided claim has a holder whom nobody knows.
    assert {str(row[0]).partition(":")[0] for row in holders} <= {"run"}
    assert bench.store.row("SELECT 1 FROM hosts WHERE state = 'active'") is None
    assert bench.store.last_numbers() == numbers
    entry = bench.call("journal.read", streams=["daemon"], limit=500)["items"][-1]
    assert entry["type"] == "daemon.moved"
    assert {**MOVED, **ended}.items() <= entry["data"].items()
    assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []


def test_why_a_worker_was_lost_is_told_with_it(bench: Bench) -> None:
    bench.worker("w1")
    process = bench.seated("w1")
    assert bench.own("daemon.moved", **MOVED)["seats"] == 1
    assert "moved to another store" in bench.call("worker.get", worker_id="w1")["last_error"]
    bench.refused(errors.Fenced, "event.append", process, type="t")


def test_nothing_is_served_of_it(bench: Bench) -> None:
    with pytest.raises(errors.MethodNotFound):
        bench.registry.require("daemon.moved")
