"""Acknowledged means durable: what power loss leaves holds every acknowledged mutation."""

import random
from pathlib import Path

import msgspec
import pytest

from penholder_daemon.core import journal
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.registry import Invocation
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.database import open_writer
from penholder_daemon.shell.world import RealWorld
from tests.sim.power_loss import PowerLossDisk

REGISTRY = build_registry()
CALLER = Caller(CONTROL, 0, 1)
WORLD = RealWorld(Path("/nowhere"), Rules())


def _call(method: str, **params: object) -> Invocation:
    raw = msgspec.Raw(msgspec.json.encode(params))
    return REGISTRY.require(method).invoke(CALLER, raw, None)


def _fail(call: Invocation | None, bug: Exception) -> None:
    raise AssertionError(f"{call} failed") from bug


def _lose_power(directory: Path, seed: int, *, synchronous: str) -> tuple[Path, int]:
    """Append until power is lost; returns what is left and how many were acknowledged."""
    rng = random.Random(seed)
    acknowledged = 0
    acknowledged_when_lost = -1

    def lost() -> None:
        nonlocal acknowledged_when_lost
        acknowledged_when_lost = acknowledged

    disk = PowerLossDisk(f"powerloss-{directory.name}-{seed}", seed, rng.randrange(60, 400), lost)
    before = directory / f"{seed}-before.db"
    store = open_writer(before, vfs=disk.name)
    store.run(f"PRAGMA synchronous = {synchronous}")
    committer = Committer(store, WORLD, REGISTRY, _fail)
    setup = [
        _call("controller.register", controller_id="c", label="c", workspace_key="/"),
        _call("worker.create", worker_id="w", controller_id="c", label="w", launcher="l",
              profile="p", cwd="/"),
    ]  # fmt: skip
    assert all(isinstance(answer, bytes) for answer in committer.run(setup).answers)
    while acknowledged_when_lost < 0:
        batch = [
            _call("event.append", worker_id="w", type="t", data={"text": "x" * rng.randrange(3000)})
            for _ in range(rng.randrange(1, 8))
        ]
        answers = committer.run(batch).answers
        acknowledged += sum(isinstance(answer, bytes) for answer in answers)
        if rng.random() < 0.2:
            store.connection.wal_checkpoint()
    store.close()
    left = directory / f"{seed}-left.db"
    for name, image in disk.images.items():
        (directory / name.replace(before.name, left.name)).write_bytes(image)
    return left, acknowledged_when_lost


def _survivors(path: Path) -> int:
    """Open what is left as the daemon would and count the worker's events."""
    store = open_writer(path)
    assert store.row("PRAGMA integrity_check") == ("ok",)
    rx = Rx(store, WORLD, CALLER)
    seqs = [entry.seq for entry in journal.read_stream(rx, "worker:w", 0)]
    assert seqs == list(range(1, len(seqs) + 1))
    store.close()
    return len(seqs)


def test_power_loss_takes_nothing_that_was_acknowledged(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        path, acknowledged = _lose_power(tmp_path, seed, synchronous="FULL")
        assert _survivors(path) >= acknowledged, f"seed {seed}"


def test_the_disk_does_lose_what_is_not_synced(tmp_path: Path) -> None:
    """With less than FULL the same runs lose something: the test above could have failed."""
    lost = 0
    for seed in range(20):
        path, acknowledged = _lose_power(tmp_path, seed, synchronous="NORMAL")
        lost += _survivors(path) < acknowledged
    assert lost > 0


@pytest.mark.parametrize("pragma", ["synchronous", "journal_mode", "foreign_keys"])
def test_the_writer_is_opened_durably(tmp_path: Path, pragma: str) -> None:
    store = open_writer(tmp_path / "p.db")
    expected = {"synchronous": (2,), "journal_mode": ("wal",), "foreign_keys": (1,)}
    assert store.row(f"PRAGMA {pragma}") == expected[pragma]
    store.close()
