"""A plain-Python model of controllers, workers, seats, events and approvals.

It is written from the contract, with dictionaries and no database, and says for each call what
must come of it: None, or the error's name. `test_model.py` drives it and the rooms side by side.
"""

from dataclasses import dataclass, field

STEPS = {
    "starting": {"idle", "error", "stopped"},
    "idle": {"running", "error", "stopped"},
    "running": {"waiting_approval", "canceling", "idle", "error", "stopped"},
    "waiting_approval": {"running", "canceling", "error", "stopped"},
    "canceling": {"idle", "error", "stopped"},
    "error": {"stopped"},
    "stopped": set(),
}


@dataclass
class ModelController:
    """An ownership: which epoch holds it, and the highest ever."""

    owner: int | None = None
    highest: int = 0


@dataclass
class ModelWorker:
    """A worker with its stream, its seat and its questions."""

    controller_id: str
    state: str
    events: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    """Who sat there, in order; the epoch is their number."""
    is_held: bool = False
    turn: str | None = None


@dataclass
class ModelApproval:
    """A question."""

    worker_id: str
    state: str = "pending"
    due_ms: int | None = None
    keep: bool = False


@dataclass
class Model:
    """All that the rooms should hold."""

    controllers: dict[str, ModelController] = field(default_factory=dict)
    workers: dict[str, ModelWorker] = field(default_factory=dict)
    used_ids: set[str] = field(default_factory=set)
    approvals: dict[str, ModelApproval] = field(default_factory=dict)
    now_ms: int = 0

    # --- controllers --------------------------------------------------------------------------
    def acquire(self, controller_id: str, takeover: bool) -> str | None:
        """Own it, if nobody does or by takeover."""
        controller = self.controllers[controller_id]
        if controller.owner is not None and not takeover:
            return "CONTROLLER_OWNERSHIP_CONFLICT"
        controller.highest += 1
        controller.owner = controller.highest
        return None

    def fence(self, controller_id: str, epoch: int | None) -> str | None:
        """Say what the fence of this epoch (None: no fence) gets."""
        owner = self.controllers[controller_id].owner
        if epoch is not None:
            return None if epoch == owner else "FENCED"
        return None if owner is None else "FENCE_REQUIRED"

    # --- workers ------------------------------------------------------------------------------
    def create(self, worker_id: str, controller_id: str, epoch: int | None) -> str | None:
        """Make a worker under a new id."""
        refusal = self.fence(controller_id, epoch)
        if refusal is None and worker_id in self.used_ids:
            return "WORKER_EXISTS"
        if refusal is None:
            self.used_ids.add(worker_id)
            self.workers[worker_id] = ModelWorker(controller_id, "starting")
        return refusal

    def guard(self, worker_id: str, epoch: int | None, *, beside: bool = False) -> str | None:
        """Say what the control socket's fence gets for a worker; none may be needed `beside`."""
        if worker_id not in self.workers:
            return "WORKER_NOT_FOUND"
        refusal = self.fence(self.workers[worker_id].controller_id, epoch)
        return None if beside and refusal == "FENCE_REQUIRED" else refusal

    def seat(self, worker_id: str, process: str) -> str | None:
        """Say what a process gets that writes on the worker's socket."""
        worker = self.workers[worker_id]
        if worker.is_held and worker.holders[-1] == process:
            return None
        return "FENCED" if process in worker.holders[:-1] else "NOT_ATTACHED"

    def transition(self, worker_id: str, to: str, expected: str | None, force: bool) -> str | None:
        """Step; guard or seat were passed."""
        worker = self.workers[worker_id]
        if expected is not None and expected != worker.state:
            return "STALE_STATE"
        if to == worker.state:
            return None
        if not force and to not in STEPS[worker.state]:
            return "INVALID_WORKER_STATE_TRANSITION"
        self.move(worker, to)
        return None

    def move(self, worker: ModelWorker, to: str) -> None:
        """Put a worker into a state."""
        if worker.state != to and to in ("idle", "stopped", "error"):
            worker.turn = None
        worker.state = to

    def remove(self, worker_id: str) -> str | None:
        """Delete a stopped worker with its questions."""
        if self.workers[worker_id].state != "stopped":
            return "WORKER_NOT_STOPPED"
        del self.workers[worker_id]
        gone = [key for key, each in self.approvals.items() if each.worker_id == worker_id]
        for key in gone:
            del self.approvals[key]
        return None

    # --- the seat -----------------------------------------------------------------------------
    def attach(self, worker_id: str, process: str, takeover: bool) -> str | None:
        """Sit down; every process of the model lives until `exit`."""
        worker = self.workers[worker_id]
        if worker.state == "stopped":
            return "WORKER_STOPPED"
        if worker.is_held and worker.holders[-1] == process:
            return None
        if worker.is_held and not takeover:
            return "WORKER_ATTACHED"
        worker.holders.append(process)
        worker.is_held = True
        if worker.state in ("starting", "error"):
            self.move(worker, "idle")
        return None

    def detach(self, worker_id: str, state: str) -> None:
        """Stand up; the seat was checked."""
        worker = self.workers[worker_id]
        worker.is_held = False
        if worker.state != "stopped":
            worker.turn = None
            worker.state = state

    def exit(self, worker_id: str) -> None:
        """Die in the seat, if it is held."""
        worker = self.workers[worker_id]
        if not worker.is_held:
            return
        worker.is_held = False
        worker.events.append("runtime.exited")
        for approval in self.pending(worker_id):
            if not approval.keep:
                approval.state = "canceled"
        if worker.state != "stopped":
            self.move(worker, "error")

    # --- approvals ----------------------------------------------------------------------------
    def pending(self, worker_id: str) -> list[ModelApproval]:
        """Return what a worker still asks."""
        return [
            each
            for each in self.approvals.values()
            if each.worker_id == worker_id and each.state == "pending"
        ]

    def ask(self, request_id: str, worker_id: str, deadline_ms: int | None, *, keep: bool) -> None:
        """Ask; a running worker waits."""
        due_ms = None if deadline_ms is None else self.now_ms + deadline_ms
        self.approvals[request_id] = ModelApproval(worker_id, due_ms=due_ms, keep=keep)
        worker = self.workers[worker_id]
        if worker.state == "running":
            worker.state = "waiting_approval"

    def end(self, request_id: str, state: str) -> str | None:
        """Decide, cancel or expire; the last one lets the worker go on."""
        approval = self.approvals[request_id]
        if approval.state != "pending":
            return "APPROVAL_NOT_PENDING"
        approval.state = state
        worker = self.workers[approval.worker_id]
        if worker.state == "waiting_approval" and not self.pending(approval.worker_id):
            worker.state = "running"
        return None

    def expire(self) -> None:
        """End what is due."""
        for request_id, approval in self.approvals.items():
            is_due = approval.due_ms is not None and approval.due_ms <= self.now_ms
            if approval.state == "pending" and is_due:
                self.end(request_id, "expired")
