"""Workers and their handoffs against a plain model: records, in the order of their making.

How workers step from state to state, and who sits where, is `test_model.py`'s.
"""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.helpers.harness import Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

ALL_WORKERS = ("w1", "w2", "w3", "w4")
WORKERS = st.sampled_from([*ALL_WORKERS, "w1", "w1", "w2"])
ALL_CONTROLLERS = ("c1", "c2")
CONTROLLERS = st.sampled_from(ALL_CONTROLLERS)
CHANGES = st.sampled_from(
    [
        ("worker.set_turn", {"turn_id": "t1"}, {"active_turn_id": "t1"}),
        ("worker.set_turn", {"turn_id": None}, {"active_turn_id": None}),
        ("worker.set_session", {"session_id": "s1"}, {"session_id": "s1"}),
        ("worker.set_endpoint", {"runtime_pid": 7, "runtime_socket": "/s"}, None),
        ("worker.set_endpoint", {"runtime_pid": None, "runtime_socket": "/t"}, None),
        ("worker.clear_endpoint", {}, {"runtime_pid": None, "runtime_socket": None}),
    ]
)
"""A call, what is passed, and which fields it changes: None where they are what is passed."""


class Workers(Machine):
    """The rooms and the model, side by side."""

    calls = (
        "worker.create", "worker.get", "worker.list", "worker.stop", "worker.remove",
        "worker.set_turn", "worker.set_session", "worker.set_endpoint", "worker.clear_endpoint",
        "worker.heartbeat", "handoff.register", "handoff.latest", "handoff.list",
    )  # fmt: skip

    def __init__(self, bench: MortalBench) -> None:
        """Begin with two controllers, a worker of each, and a handoff of the first."""
        super().__init__(bench)
        self.workers: dict[str, Json] = {}
        self.used_ids: set[str] = set()
        self.handoffs: list[Json] = []
        for controller_id in ALL_CONTROLLERS:
            place = {"label": "l", "workspace_key": controller_id}
            self.bench.call("controller.register", controller_id=controller_id, **place)
        self.create("w1", "c1")
        self.create("w2", "c2")
        self.hand_off("w1", None)

    def missing(self, worker_id: str) -> str | None:
        """Say whether there is no such worker."""
        return None if worker_id in self.workers else "WORKER_NOT_FOUND"

    @rule(worker_id=WORKERS, controller_id=CONTROLLERS)
    def create(self, worker_id: str, controller_id: str) -> None:
        """Make a worker, under an id that was never used."""
        refusal = "WORKER_EXISTS" if worker_id in self.used_ids else None
        params = {
            "worker_id": worker_id, "controller_id": controller_id, "label": "l",
            "launcher": "shell", "profile": "p", "cwd": "/src", "packs": ["a"], "env": {"A": "b"},
        }  # fmt: skip
        answer = self.call(refusal, "worker.create", **params)
        if refusal is None:
            assert {name: answer[name] for name in params} == params
            assert (answer["state"], answer["runtime_pid"]) == ("idle", None)
            self.used_ids.add(worker_id)
            self.workers[worker_id] = answer

    def change(
        self, method: str, worker_id: str, params: Json, fields: Json, told: tuple[str, ...] = ()
    ) -> None:
        """Change a worker; when, only the answer can tell."""
        refusal = self.missing(worker_id)
        answer = self.call(refusal, method, worker_id=worker_id, **params)
        if refusal is None:
            times = {name: answer[name] for name in ("updated_at", *told)}
            assert None not in times.values()
            self.workers[worker_id] = {**self.workers[worker_id], **fields, **times}
            assert answer == self.workers[worker_id]

    @rule(worker_id=WORKERS, changes=st.lists(CHANGES, min_size=1, max_size=4))
    def set(self, worker_id: str, changes: list[tuple[str, Json, Json]]) -> None:
        """Say some things of a worker, stopped or not."""
        for method, params, fields in changes:
            self.change(method, worker_id, params, params if fields is None else fields)

    @rule(worker_id=WORKERS)
    def heartbeat(self, worker_id: str) -> None:
        """Say that a worker is well."""
        self.change("worker.heartbeat", worker_id, {}, {}, ("heartbeat_at",))

    @rule(worker_id=WORKERS)
    def stop(self, worker_id: str) -> None:
        """Stop a worker, which ends its turn; a stopped one stays as it is."""
        is_stopped = worker_id in self.workers and self.workers[worker_id]["state"] == "stopped"
        ended = {} if is_stopped else {"state": "stopped", "active_turn_id": None}
        self.change("worker.stop", worker_id, {}, ended, ("stopped_at",))

    @rule(worker_id=WORKERS)
    def remove(self, worker_id: str) -> None:
        """Remove a stopped worker with its handoffs."""
        refusal = self.missing(worker_id)
        if refusal is None and self.workers[worker_id]["state"] != "stopped":
            refusal = "WORKER_NOT_STOPPED"
        self.call(refusal, "worker.remove", worker_id=worker_id)
        if refusal is None:
            del self.workers[worker_id]
            self.handoffs = [each for each in self.handoffs if each["worker_id"] != worker_id]

    @rule(worker_id=WORKERS, turn_id=st.sampled_from([None, "t1"]))
    def hand_off(self, worker_id: str, turn_id: str | None) -> None:
        """Note where a worker wrote down what its successor needs."""
        refusal = self.missing(worker_id)
        params = {
            "worker_id": worker_id, "source_turn_id": turn_id,
            "handoff_path": "/h", "checkpoint_path": "/c",
        }  # fmt: skip
        answer = self.call(refusal, "handoff.register", **params)
        if refusal is None:
            assert {name: answer[name] for name in params} == params
            assert answer["controller_id"] == self.workers[worker_id]["controller_id"]
            self.handoffs.append(answer)

    # --- what must always agree ---------------------------------------------------------------
    @invariant()
    def workers_agree(self) -> None:
        """Compare every worker, alone and in the lists."""
        for worker_id in ALL_WORKERS:
            found = self.call(self.missing(worker_id), "worker.get", worker_id=worker_id)
            assert found == self.workers.get(worker_id)
        newest_first = list(reversed(self.workers.values()))
        assert self.pages("worker.list", limit=2) == newest_first
        for controller_id in ALL_CONTROLLERS:
            for state in ("idle", "stopped"):
                about = {"controller_id": controller_id, "state": state}
                assert self.bench.call("worker.list", **about)["items"] == [
                    each for each in newest_first if about.items() <= each.items()
                ]

    @invariant()
    def handoffs_agree(self) -> None:
        """Compare all handoffs, those of each controller and those of each worker."""
        assert self.pages("handoff.list", limit=3) == self.handed_off({})
        for controller_id in ALL_CONTROLLERS:
            about = {"controller_id": controller_id}
            found = self.bench.call("handoff.list", **about)["items"]
            assert found == self.handed_off(about)
        for worker_id in ALL_WORKERS:
            about = {"worker_id": worker_id}
            refusal = self.missing(worker_id)
            latest = self.call(refusal, "handoff.latest", **about)
            own = self.handed_off(about)
            assert latest == (own[0] if own else None)
            listed = self.call(refusal, "handoff.list", **about)
            assert (listed["items"] if listed else []) == own

    def handed_off(self, about: dict[str, str]) -> list[Json]:
        """Return the handoffs of a worker or controller, newest first."""
        return [each for each in reversed(self.handoffs) if about.items() <= each.items()]


class WorkersInTime(Workers):
    """The same under a clock that the test turns."""

    bench: FileBench

    @rule(milliseconds=st.integers(1, 5))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass."""
        self.bench.world.pass_ms(milliseconds)


def test_workers_and_handoffs_agree_with_a_model() -> None:
    drive(lambda: WorkersInTime(FileBench()), histories=55, steps=40)
