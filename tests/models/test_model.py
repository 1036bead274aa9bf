"""Controllers, workers, seats, events and approvals beside a plain model of them.

It needs processes that die when it says so and deadlines that it lets pass: a bench has them, a
daemon of its own does not.
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from penholder_daemon.core.caller import Caller
from tests.models.file_bench import FileBench
from tests.models.machine import drive
from tests.models.model import STEPS, Model, ModelController
from tests.models.rooms_agree import RoomsAgree

CONTROLLERS = ("c1", "c2")
PROCESSES = (701, 701, 702, 703)
WORKERS = st.sampled_from(["wc1", "wc1", "wc1", "wc2", "w3"])
STATES = st.sampled_from(list(STEPS))
FENCES = st.sampled_from(["right"] * 5 + ["none", "stale"])


class Rooms(RoomsAgree):
    """Every rule makes one call on both sides and compares what came of it."""

    calls = (
        "controller.acquire", "controller.release", "worker.create", "worker.transition",
        "worker.remove", "worker.set_turn", "runtime.attach", "runtime.detach", "event.append",
        "event.append_many", "approval.request", "approval.decide", "approval.cancel",
    )  # fmt: skip

    def __init__(self, bench: FileBench) -> None:
        """Begin with two controllers that nobody owns, and a worker that is seated."""
        super().__init__(bench, Model())
        self.tokens: dict[tuple[str, int], str] = {}
        self.peers: dict[tuple[str, int], Caller] = {}
        for controller_id in CONTROLLERS:
            self.bench.controller(controller_id)
            self.model.controllers[controller_id] = ModelController()
            self._create(f"w{controller_id}", controller_id, "none")
        self.attach("wc1", 701, False)

    # --- helpers ------------------------------------------------------------------------------
    def fence(self, controller_id: str, kind: str) -> tuple[int | None, dict[str, object]]:
        """Choose a fence: its epoch, and how it is passed."""
        controller = self.model.controllers[controller_id]
        epoch = {"none": None, "right": controller.owner, "stale": 1}[kind]
        if epoch is None or (controller_id, epoch) not in self.tokens:
            return None, {}
        token = self.tokens[controller_id, epoch]
        return epoch, {"fence": {"epoch": epoch, "token": token}}

    def worker_fence(self, worker_id: str, kind: str) -> tuple[int | None, dict[str, object]]:
        """Choose a fence of a worker's controller; of a missing worker, none."""
        worker = self.model.workers.get(worker_id)
        return (None, {}) if worker is None else self.fence(worker.controller_id, kind)

    def peer(self, worker_id: str, pid: int) -> Caller:
        """Connect a process to a worker's socket, the same one each time."""
        key = (worker_id, pid)
        if key not in self.peers:
            self.peers[key] = self.bench.peer(worker_id, pid)
        return self.peers[key]

    def name(self, worker_id: str, pid: int) -> str:
        """Name a process in the model; after it died its pid is another process."""
        return str(self.peer(worker_id, pid).lineage[0])

    def has(self, worker_id: str) -> bool:
        """Tell whether there is such a worker."""
        return worker_id in self.model.workers

    # --- controllers --------------------------------------------------------------------------
    @rule(controller_id=st.sampled_from(CONTROLLERS), takeover=st.booleans())
    def acquire(self, controller_id: str, takeover: bool) -> None:
        """Become the owner."""
        refusal = self.model.acquire(controller_id, takeover)
        params = {"controller_id": controller_id, "takeover": takeover}
        handle = self.call(refusal, "controller.acquire", **params)
        if handle is not None:
            assert handle["epoch"] == self.model.controllers[controller_id].owner
            self.tokens[controller_id, handle["epoch"]] = handle["token"]

    @rule(controller_id=st.sampled_from(CONTROLLERS))
    def release(self, controller_id: str) -> None:
        """Release by force."""
        answer = self.bench.call("controller.release", controller_id=controller_id, force=True)
        controller = self.model.controllers[controller_id]
        assert answer["released"] == (controller.owner is not None)
        controller.owner = None

    # --- workers ------------------------------------------------------------------------------
    @rule(worker_id=WORKERS, controller_id=st.sampled_from(CONTROLLERS), kind=FENCES)
    def create(self, worker_id: str, controller_id: str, kind: str) -> None:
        """Make a worker."""
        self._create(worker_id, controller_id, kind)

    def _create(self, worker_id: str, controller_id: str, kind: str) -> None:
        epoch, fence = self.fence(controller_id, kind)
        self.both(
            self.model.create(worker_id, controller_id, epoch),
            lambda: self.bench.worker(worker_id, controller_id, start="starting", **fence),
        )

    @rule(worker_id=WORKERS, to=st.sampled_from(["idle", "running"]), kind=FENCES)
    def work(self, worker_id: str, to: str, kind: str) -> None:
        """Take the most usual steps more often than the others."""
        self._transition(worker_id, to, None, False, kind)

    @rule(
        worker_id=WORKERS,
        to=STATES,
        expected=st.none() | STATES,
        force=st.booleans(),
        kind=FENCES,
    )
    def transition(
        self, worker_id: str, to: str, expected: str | None, force: bool, kind: str
    ) -> None:
        """Step a worker on the control socket."""
        self._transition(worker_id, to, expected, force, kind)

    def _transition(
        self, worker_id: str, to: str, expected: str | None, force: bool, kind: str
    ) -> None:
        epoch, fence = self.worker_fence(worker_id, kind)
        ends = to in ("canceling", "stopped") and not force
        refusal = self.model.guard(worker_id, epoch, beside=ends)
        if refusal is None:
            refusal = self.model.transition(worker_id, to, expected, force)
        params = {"worker_id": worker_id, "to": to, "expected": expected, "force": force, **fence}
        self.call(refusal, "worker.transition", **params)

    @rule(worker_id=WORKERS, kind=FENCES)
    def remove(self, worker_id: str, kind: str) -> None:
        """Remove a worker."""
        epoch, fence = self.worker_fence(worker_id, kind)
        refusal = self.model.guard(worker_id, epoch) or self.model.remove(worker_id)
        self.call(refusal, "worker.remove", worker_id=worker_id, **fence)

    @rule(worker_id=WORKERS, turn_id=st.sampled_from(["t1", "t2", None]), kind=FENCES)
    def set_turn(self, worker_id: str, turn_id: str | None, kind: str) -> None:
        """Say which turn it is at."""
        epoch, fence = self.worker_fence(worker_id, kind)
        refusal = self.model.guard(worker_id, epoch)
        if refusal is None:
            self.model.workers[worker_id].turn = turn_id
        params = {"worker_id": worker_id, "turn_id": turn_id, **fence}
        self.call(refusal, "worker.set_turn", **params)

    # --- events -------------------------------------------------------------------------------
    @rule(
        worker_id=WORKERS,
        types=st.lists(st.sampled_from(["x", "output", "summary"]), min_size=1, max_size=3),
        kind=FENCES,
    )
    def append(self, worker_id: str, types: list[str], kind: str) -> None:
        """Append some events at once."""
        epoch, fence = self.worker_fence(worker_id, kind)
        refusal = self.model.guard(worker_id, epoch)
        there = len(self.model.workers[worker_id].events) if self.has(worker_id) else 0
        if refusal is None:
            self.model.workers[worker_id].events += types
        numbered = enumerate(types, there + 1)
        events = [{"type": each, "data": {"number": number}} for number, each in numbered]
        params = {"worker_id": worker_id, "events": events, **fence}
        self.call(refusal, "event.append_many", **params)

    @rule(worker_id=WORKERS, pid=st.sampled_from(PROCESSES))
    def append_seated(self, worker_id: str, pid: int) -> None:
        """Append an event from a process of the worker."""
        if not self.has(worker_id):
            return
        refusal = self.model.seat(worker_id, self.name(worker_id, pid))
        if refusal is None:
            self.model.workers[worker_id].events.append("said")
        self.call(refusal, "event.append", self.peer(worker_id, pid), type="said")

    # --- seats --------------------------------------------------------------------------------
    @rule(worker_id=WORKERS, pid=st.sampled_from(PROCESSES), takeover=st.booleans())
    def attach(self, worker_id: str, pid: int, takeover: bool) -> None:
        """Take the seat."""
        if not self.has(worker_id):
            return
        refusal = self.model.attach(worker_id, self.name(worker_id, pid), takeover)
        caller = self.peer(worker_id, pid)
        answer = self.call(refusal, "runtime.attach", caller, takeover=takeover)
        if answer is not None:
            assert answer["runtime_epoch"] == len(self.model.workers[worker_id].holders)

    @rule(
        worker_id=WORKERS,
        pid=st.sampled_from(PROCESSES),
        state=st.sampled_from(["idle", "stopped", "error"]),
    )
    def detach(self, worker_id: str, pid: int, state: str) -> None:
        """Give the seat up."""
        if not self.has(worker_id):
            return
        refusal = self.model.seat(worker_id, self.name(worker_id, pid))
        if refusal is None:
            self.model.detach(worker_id, state)
        self.call(refusal, "runtime.detach", self.peer(worker_id, pid), state=state)

    @rule(worker_id=WORKERS, pid=st.sampled_from(PROCESSES), takeover=st.booleans())
    def share(self, worker_id: str, pid: int, takeover: bool) -> None:
        """Have a child of the seated process attach and detach, which changes nothing."""
        if not self.has(worker_id):
            return
        worker = self.model.workers[worker_id]
        if not worker.is_held or worker.holders[-1] != self.name(worker_id, pid):
            return
        child = self.bench.child(self.peer(worker_id, pid), 900)
        refusal = "WORKER_STOPPED" if worker.state == "stopped" else None
        answer = self.call(refusal, "runtime.attach", child, takeover=takeover)
        assert answer is None or answer["runtime_epoch"] == len(worker.holders)
        self.call(None, "runtime.detach", child, state="stopped")

    @rule(worker_id=WORKERS, is_down=st.booleans())
    def exit(self, worker_id: str, is_down: bool) -> None:
        """Let the seated process die; the daemon hears of it, or sees it at its next start."""
        if not self.has(worker_id):
            return
        worker = self.model.workers[worker_id]
        self._die(worker.holders[-1] if worker.is_held else None)
        self.model.exit(worker_id)
        if is_down:
            self.kill_and_start()
        else:
            self.bench.own("runtime.exited", worker_id=worker_id, epoch=len(worker.holders))

    def _die(self, name: str | None) -> None:
        for key, caller in list(self.peers.items()):
            if str(caller.lineage[0]) == name:
                self.bench.die(caller)
                del self.peers[key]

    def after_start(self) -> None:
        """End what fell due meanwhile."""
        self.model.expire()

    # --- approvals ----------------------------------------------------------------------------
    @rule(
        worker_id=WORKERS,
        deadline_ms=st.none() | st.integers(1, 50),
        keep=st.booleans(),
        kind=FENCES,
    )
    def ask(self, worker_id: str, deadline_ms: int | None, keep: bool, kind: str) -> None:
        """Ask."""
        epoch, fence = self.worker_fence(worker_id, kind)
        params = {"worker_id": worker_id, "message": "?", "deadline_ms": deadline_ms, "keep": keep}
        refusal = self.model.guard(worker_id, epoch)
        answer = self.call(refusal, "approval.request", **params, **fence)
        if answer is not None:
            self.model.ask(answer["request_id"], worker_id, deadline_ms, keep=keep)

    @precondition(lambda self: self.model.approvals)
    @rule(data=st.data(), decide=st.booleans(), kind=FENCES)
    def answer(self, data: st.DataObject, decide: bool, kind: str) -> None:
        """Decide or cancel."""
        request_id = data.draw(st.sampled_from(sorted(self.model.approvals)))
        worker_id = self.model.approvals[request_id].worker_id
        epoch, fence = self.worker_fence(worker_id, kind)
        refusal = self.model.guard(worker_id, epoch, beside=True)
        if refusal is None:
            refusal = self.model.end(request_id, "decided" if decide else "canceled")
        method = "approval.decide" if decide else "approval.cancel"
        params = {"request_id": request_id, **({"option": "ALLOW"} if decide else {}), **fence}
        self.call(refusal, method, **params)

    @rule(milliseconds=st.integers(1, 30), is_down=st.booleans())
    def pass_time(self, milliseconds: int, is_down: bool) -> None:
        """Let time pass and end what fell due, at once or at the next start."""
        self.bench.world.pass_ms(milliseconds)
        self.model.now_ms += milliseconds
        if is_down:
            self.kill_and_start()
        else:
            self.bench.own("approval.expire_due")
        self.model.expire()


def test_the_rooms_agree_with_a_model() -> None:
    drive(lambda: Rooms(FileBench()), histories=80, steps=50)
