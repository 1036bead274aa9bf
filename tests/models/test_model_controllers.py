"""Controllers and their owners against a plain model: records, in the order of their making."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.helpers.harness import Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

ALL_CONTROLLERS = ("c1", "c2", "c3")
ALL_WORKSPACES = ("/a", "/b", "/c")
CONTROLLERS = st.sampled_from(ALL_CONTROLLERS)
WORKSPACES = st.sampled_from(ALL_WORKSPACES)
LEASES = st.sampled_from([None, 500, 1500])
"""How long, in the machine's units of time."""
PROOFS = st.sampled_from(["right", "right", "right", "old", "swapped"])
OWNED = ("instance_id", "epoch", "pid", "created_at")


class Controllers(Machine):
    """The room and the model, side by side."""

    calls = (
        "controller.register", "controller.get", "controller.find", "controller.list",
        "controller.acquire", "controller.renew", "controller.validate", "controller.release",
        "controller.status", "controller.instances",
    )  # fmt: skip
    unit_ms = 1000
    """So long that no lease ends while the machine runs, where nobody turns the clock."""

    def __init__(self, bench: MortalBench) -> None:
        """Begin with two controllers, of which one has an owner; the third is to be made."""
        super().__init__(bench)
        self.made: dict[str, Json] = {}
        self.handles: dict[str, list[Json]] = {each: [] for each in ALL_CONTROLLERS}
        """What was acquired, oldest first."""
        self.owners: dict[str, Json] = {}
        self.instances: list[Json] = []
        """Every ownership there was, oldest first; times of release only an answer can tell."""
        self.ends_ms: dict[str, int] = {}
        """When the lease of an owner is over, if it has one."""
        self.lengths_ms: dict[str, int] = {}
        self.register("c1", "/a", "l")
        self.register("c2", "/b", "l")
        self.acquire("c1", False, 1500)

    def missing(self, controller_id: str) -> str | None:
        """Say whether there is no such controller."""
        return None if controller_id in self.made else "CONTROLLER_NOT_FOUND"

    def proof(self, controller_id: str, kind: str) -> dict[str, object]:
        """Choose an epoch and a token; nobody's where there never was an owner."""
        given = self.handles[controller_id]
        if not given:
            return {"epoch": 1, "token": "none"}
        chosen, other = given[0 if kind == "old" else -1], given[0]
        token = other["token"] if kind == "swapped" else chosen["token"]
        return {"epoch": chosen["epoch"], "token": token}

    def holds(self, controller_id: str, proof: dict[str, object]) -> bool:
        """Say whether a proof is the active owner's."""
        if controller_id not in self.owners:
            return False
        newest = self.handles[controller_id][-1]
        return proof == {"epoch": newest["epoch"], "token": newest["token"]}

    def lend(self, controller_id: str, lease_ms: int | None) -> None:
        """Let a lease begin now, or an ownership without one."""
        self.lengths_ms.pop(controller_id, None)
        self.ends_ms.pop(controller_id, None)
        if lease_ms is not None:
            self.lengths_ms[controller_id] = lease_ms
            self.ends_ms[controller_id] = self.bench.now_ms() + lease_ms

    @rule(controller_id=CONTROLLERS, workspace=WORKSPACES, label=st.sampled_from("lm"))
    def register(self, controller_id: str, workspace: str, label: str) -> None:
        """Make a controller, or change its label and workspace."""
        others = [each for name, each in self.made.items() if name != controller_id]
        is_taken = any(each["workspace_key"] == workspace for each in others)
        refusal = "CONTROLLER_OWNERSHIP_CONFLICT" if is_taken else None
        params = {"controller_id": controller_id, "label": label, "workspace_key": workspace}
        answer = self.call(refusal, "controller.register", **params)
        if refusal is None:
            standing: Json = self.made.get(controller_id, answer)
            self.made[controller_id] = {**standing, **params, "updated_at": answer["updated_at"]}
            assert answer == self.made[controller_id]

    @rule(controller_id=CONTROLLERS, takeover=st.booleans(), length=LEASES)
    def acquire(self, controller_id: str, takeover: bool, length: int | None) -> None:
        """Become the owner; from another by takeover, or when its lease is over."""
        is_over = self.ends_ms.get(controller_id, self.bench.now_ms() + 1) <= self.bench.now_ms()
        refusal = self.missing(controller_id)
        if controller_id in self.owners and not takeover and not is_over:
            refusal = "CONTROLLER_OWNERSHIP_CONFLICT"
        params = {"controller_id": controller_id, "takeover": takeover, "pid": 7}
        lease_ms = None if length is None else length * self.unit_ms
        handle = self.call(refusal, "controller.acquire", **params, lease_ms=lease_ms)
        if refusal is None:
            assert handle["epoch"] == len(self.handles[controller_id]) + 1
            assert (handle["lease_expires_at"] is None) == (length is None)
            self.lend(controller_id, lease_ms)
            self.handles[controller_id].append(handle)
            self.instances.append(handle)
            self.owners[controller_id] = {name: handle[name] for name in OWNED}

    @rule(controller_id=CONTROLLERS, kind=PROOFS, length=st.sampled_from([500, 1500]))
    def renew(self, controller_id: str, kind: str, length: int) -> None:
        """Renew a lease; its end does not fence its holder."""
        proof = self.proof(controller_id, kind)
        refusal = self.missing(controller_id)
        if refusal is None and not self.holds(controller_id, proof):
            refusal = "FENCED"
        lease_ms = length * self.unit_ms
        params = {"controller_id": controller_id, "lease_ms": lease_ms, **proof}
        answer = self.call(refusal, "controller.renew", **params)
        if refusal is None:
            self.lend(controller_id, lease_ms)
            assert {name: answer[name] for name in OWNED} == self.owners[controller_id]
            assert answer["token"] is None

    @rule(controller_id=CONTROLLERS, kind=PROOFS, force=st.booleans())
    def release(self, controller_id: str, kind: str, force: bool) -> None:
        """Give an ownership up, one's own or anybody's."""
        proof = self.proof(controller_id, kind)
        refusal = self.missing(controller_id)
        owner = self.owners.get(controller_id)
        if owner is not None and not force and not self.holds(controller_id, proof):
            refusal = "INVALID_CONTROLLER_HANDLE"
        params = {"controller_id": controller_id, "force": force, **proof}
        answer = self.call(refusal, "controller.release", **params)
        if refusal is None:
            assert answer["released"] == (owner is not None)
            assert answer["reason"] == (None if owner else "NO_ACTIVE_OWNER")
            assert answer["epoch"] == (owner and owner["epoch"])
            self.owners.pop(controller_id, None)
            self.lend(controller_id, None)

    @rule(controller_id=CONTROLLERS, kind=PROOFS)
    def validate(self, controller_id: str, kind: str) -> None:
        """Ask whether a proof holds."""
        proof = self.proof(controller_id, kind)
        answer = self.bench.call("controller.validate", controller_id=controller_id, **proof)
        assert answer == {"valid": self.holds(controller_id, proof)}

    def after_start(self) -> None:
        """Give every lease a fresh grace time."""
        for controller_id, length_ms in self.lengths_ms.items():
            self.ends_ms[controller_id] = self.bench.now_ms() + length_ms

    # --- what must always agree ---------------------------------------------------------------
    @invariant()
    def controllers_agree(self) -> None:
        """Compare every controller, by its id, by its workspace and in the list."""
        for controller_id in ALL_CONTROLLERS:
            refusal = self.missing(controller_id)
            found = self.call(refusal, "controller.get", controller_id=controller_id)
            assert found == self.made.get(controller_id)
        by_workspace = {each["workspace_key"]: each for each in self.made.values()}
        for workspace in ALL_WORKSPACES:
            refusal = None if workspace in by_workspace else "CONTROLLER_NOT_FOUND"
            found = self.call(refusal, "controller.find", workspace_key=workspace)
            assert found == by_workspace.get(workspace)
        newest_first = list(reversed(self.made.values()))
        assert self.pages("controller.list", limit=2) == newest_first

    @invariant()
    def owners_agree(self) -> None:
        """Compare every owner; one whose lease ran out stays."""
        for controller_id in self.made:
            found = self.bench.call("controller.status", controller_id=controller_id)
            owner = self.owners.get(controller_id)
            assert found["state"] == ("active" if owner else "dormant")
            active = found["active_owner"]
            assert (active and {name: active[name] for name in OWNED}) == owner
            has_lease = controller_id in self.lengths_ms
            assert (active is not None and active["lease_expires_at"] is not None) == has_lease

    @invariant()
    def instances_agree(self) -> None:
        """Compare all ownerships there were, and which are active."""
        active = [each["instance_id"] for each in self.owners.values()]
        newest_first = [each["instance_id"] for each in reversed(self.instances)]
        found = self.pages("controller.instances", active_only=False, limit=3)
        assert [each["instance_id"] for each in found] == newest_first
        for each in found:
            assert each["is_active"] == (each["instance_id"] in active)
            assert each["is_active"] == (each["released_at"] is None)
        for controller_id in self.made:
            params = {"controller_id": controller_id}
            [*own] = self.bench.call("controller.instances", **params)["items"]
            owner = self.owners.get(controller_id)
            assert [each["epoch"] for each in own] == ([owner["epoch"]] if owner else [])


class ControllersInTime(Controllers):
    """The same under a clock that the test turns: leases run out."""

    bench: FileBench
    unit_ms = 1

    @rule(milliseconds=st.sampled_from([1, 500, 1500]))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass over a daemon that lives: after a long silence leases would begin anew."""
        self.bench.world.pass_ms(milliseconds)
        self.bench.committer.heartbeat()


def test_controllers_agree_with_a_model() -> None:
    drive(lambda: ControllersInTime(FileBench()), histories=55, steps=40)
