"""The table of handoffs."""

from penholder_daemon.core.store import Shape
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Tx
from penholder_protocol.nouns import Handoff

HANDOFFS = Table(Shape(Handoff), "handoff")


def insert(tx: Tx, handoff: Handoff) -> None:
    """Store a new one."""
    tx.store.run(
        f"INSERT INTO handoffs ({HANDOFFS.shape.columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        handoff.snapshot_id,
        handoff.worker_id,
        handoff.controller_id,
        handoff.source_turn_id,
        handoff.handoff_path,
        handoff.checkpoint_path,
        handoff.created_at,
    )


def delete_all(tx: Tx, worker_id: str) -> None:
    """Delete the handoffs of a worker that is removed."""
    tx.store.run("DELETE FROM handoffs WHERE worker_id = ?", worker_id)
