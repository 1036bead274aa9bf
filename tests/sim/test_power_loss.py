"""Acknowledged means durable: what power loss leaves holds every acknowledged mutation."""

import random
from pathlib import Path

import msgspec
import pytest

from penholder_daemon.core import journal
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.compared import ComparedCommitter
from tests.helpers.sim.power_loss import PowerLossDisk

REGISTRY = build_registry()
CALLER = Caller(CONTROL, 0, 1)
WORLD = RealWorld(Path("/nowhere"), Rules())


def _call(method: str, **params: object) -> Invocation:
    return REGISTRY.require(method).invoke(CALLER, msgspec.json.encode(params), None)


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
    committer = ComparedCommitter(store, WORLD, REGISTRY, _fail)
    _set_up(committer)
    while acknowledged_when_lost < 0:
        answers = committer.run(_batch(rng)).answers
        acknowledged += sum(isinstance(answer, bytes) for answer in answers)
        if rng.random() < 0.2:
            store.connection.wal_checkpoint()
    store.close()
    return _left(disk, before), acknowledged_when_lost


def _set_up(committer: ComparedCommitter) -> None:
    calls = [
        _call("controller.register", controller_id="c", label="c", workspace_key="/"),
        _call("worker.create", worker_id="w", controller_id="c", label="w", launcher="l",
              profile="p", cwd="/"),
    ]  # fmt: skip
    assert all(isinstance(answer, bytes) for answer in committer.run(calls).answers)


def _batch(rng: random.Random) -> list[Invocation]:
    return [
        _call("event.append", worker_id="w", type="t", data={"text": "x" * rng.randrange(3000)})
        for _ in range(rng.randrange(1, 8))
    ]


def _left(disk: PowerLossDisk, before: Path) -> Path:
    """Write down what power loss left of a database."""
    left = before.with_name(f"left-{before.name}")
    for name, image in disk.images.items():
        before.with_name(name.replace(before.name, left.name)).write_bytes(image)
    return left


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


def _fail_a_sync(directory: Path, seed: int) -> tuple[Path, PowerLossDisk, int]:
    """Append until a sync fails, whereupon the daemon would exit; returns what was acknowledged."""
    rng = random.Random(seed)
    disk = PowerLossDisk(
        f"failing-{directory.name}-{seed}", seed, 0, lambda: None, fail_sync_at=rng.randrange(9, 40)
    )
    path = directory / f"{seed}.db"
    store = open_writer(path, vfs=disk.name)
    committer = ComparedCommitter(store, WORLD, REGISTRY, _fail)
    _set_up(committer)
    acknowledged = 0
    while True:
        outcome = committer.run(_batch(rng))
        if outcome.fatal:
            break
        acknowledged += len(outcome.answers)
    # As the kernel shows it to the next process, which finds no -shm of a living one.
    again = directory / f"{seed}-again.db"
    for suffix in ("", "-wal"):
        again.with_name(again.name + suffix).write_bytes(
            path.with_name(path.name + suffix).read_bytes()
        )
    store.close()
    return again, disk, acknowledged


def test_a_failed_sync_takes_nothing_that_is_acknowledged_after_the_restart(
    tmp_path: Path, seeds: range
) -> None:
    """What the kernel took for clean is in the log that a restart reads, not on the disk."""
    for seed in seeds:
        path, failed, acknowledged = _fail_a_sync(tmp_path, seed)
        rng = random.Random(seed)
        when_lost = -1

        def lost() -> None:
            nonlocal when_lost
            when_lost = acknowledged  # noqa: B023 - called within this round only

        begin_with = {
            name.replace(f"{seed}.db", path.name): image for name, image in failed.on_disk().items()
        }
        disk = PowerLossDisk(
            f"again-{tmp_path.name}-{seed}", seed, rng.randrange(40, 200), lost,
            begin_with=begin_with,
        )  # fmt: skip
        store = open_writer(path, vfs=disk.name)
        committer = ComparedCommitter(store, WORLD, REGISTRY, _fail)
        while when_lost < 0:
            answers = committer.run(_batch(rng)).answers
            acknowledged += sum(isinstance(answer, bytes) for answer in answers)
        store.close()
        assert _survivors(_left(disk, path)) >= when_lost, f"seed {seed}"


@pytest.mark.parametrize("pragma", ["synchronous", "journal_mode", "foreign_keys"])
def test_the_writer_is_opened_durably(tmp_path: Path, pragma: str) -> None:
    store = open_writer(tmp_path / "p.db")
    expected = {"synchronous": (2,), "journal_mode": ("wal",), "foreign_keys": (1,)}
    assert store.row(f"PRAGMA {pragma}") == expected[pragma]
    store.close()
