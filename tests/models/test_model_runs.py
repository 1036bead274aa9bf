"""Runs, claims and commands, and a plain-Python model of them, driven side by side."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.helpers.harness import Json
from tests.helpers.running import make_run, phases, proof
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive
from tests.models.model_runs import ENDED, RunModel

RUNS = st.sampled_from(["r1", "r2", "r3"])
RUNNERS = st.sampled_from(["rn1", "rn2"])
LEASES = st.sampled_from([500, 1500, 50_000])
"""How long, in the machine's units of time."""
PROOFS = st.sampled_from(["right"] * 5 + ["none", "stale"])
OUTCOMES = st.sampled_from(ENDED)
TYPES = st.sampled_from(["turn", "turn", "steer", "interrupt"])
PAYLOADS = st.sampled_from(["", "a", "b"])
KEYS = st.sampled_from([None, None, "k1", "k2"])


class Runs(Machine):
    """Every rule makes one call on both sides and compares what came of it."""

    calls = (
        "run.create", "run.get", "run.list", "run.claim", "run.claim_next", "run.heartbeat",
        "run.append_event", "run.events", "run.finish", "run.cancel", "command.create",
        "command.get", "command.list", "command.next", "command.ack", "command.finish",
        "command.cancel",
    )  # fmt: skip

    unit_ms = 1000
    """So long that no lease ends while the machine runs, where nobody turns the clock."""

    def __init__(self, bench: MortalBench) -> None:
        """Begin with a run that is claimed and has something to do."""
        super().__init__(bench)
        self.model = RunModel()
        self.tokens: dict[tuple[str, int], str] = {}
        self.ids: dict[str, str] = {}
        """What the daemon calls the commands of the model."""
        self.create("r1")
        self.claim("r1", "rn1", 1500)
        self.ask("r1", "turn", "a", None)

    # --- helpers ------------------------------------------------------------------------------
    def lease(self, run_id: str, kind: str) -> tuple[int | None, dict[str, object]]:
        """Choose a lease: its epoch, and how it is passed."""
        epoch = {"none": None, "right": self.model.runs[run_id].epoch, "stale": 1}[kind]
        if epoch is None or (run_id, epoch) not in self.tokens:
            return None, {}
        return epoch, {"lease": {"epoch": epoch, "token": self.tokens[run_id, epoch]}}

    def keep(self, claimed: Json) -> None:
        """Keep the token of a lease that was given out."""
        run_id = claimed["run"]["run_id"]
        lease = proof(claimed)
        assert lease["epoch"] == self.model.runs[run_id].epoch
        self.tokens[run_id, self.model.runs[run_id].epoch] = str(lease["token"])

    def command(self, number: int) -> tuple[str, str]:
        """Choose one of the commands that there are: as the model calls it, and the daemon."""
        name = list(self.model.commands)[number % len(self.model.commands)]
        return name, self.ids[name]

    # --- runs ---------------------------------------------------------------------------------
    @rule(run_id=RUNS)
    def create(self, run_id: str) -> None:
        """Make a run."""
        self.both(self.model.create(run_id), lambda: make_run(self.bench, run_id))

    @rule(run_id=RUNS, runner_id=RUNNERS, length=LEASES)
    def claim(self, run_id: str, runner_id: str, length: int) -> None:
        """Claim a run."""
        if run_id not in self.model.runs:
            return
        lease_ms = length * self.unit_ms
        refusal = self.model.claim(run_id, runner_id, lease_ms)
        params = {"run_id": run_id, "runner_id": runner_id, "lease_ms": lease_ms}
        claimed = self.call(refusal, "run.claim", **params)
        if claimed is not None:
            self.keep(claimed)

    @rule(runner_id=RUNNERS, length=LEASES)
    def claim_next(self, runner_id: str, length: int) -> None:
        """Claim whatever is next."""
        run_id = self.model.next()
        lease_ms = length * self.unit_ms
        claimed = self.bench.call("run.claim_next", runner_id=runner_id, lease_ms=lease_ms)
        if run_id is None:
            assert claimed is None
            return
        assert claimed["run"]["run_id"] == run_id
        assert self.model.claim(run_id, runner_id, lease_ms) is None
        self.keep(claimed)

    @rule(run_id=RUNS, kind=PROOFS, length=LEASES)
    def heartbeat(self, run_id: str, kind: str, length: int) -> None:
        """Renew a lease."""
        if run_id in self.model.runs:
            epoch, lease = self.lease(run_id, kind)
            lease_ms = length * self.unit_ms
            refusal = self.model.heartbeat(run_id, epoch, lease_ms)
            params = {"run_id": run_id, "lease_ms": lease_ms, **lease}
            self.call(refusal, "run.heartbeat", **params)

    @rule(run_id=RUNS, kind=PROOFS)
    def append(self, run_id: str, kind: str) -> None:
        """Append an event."""
        if run_id in self.model.runs:
            epoch, lease = self.lease(run_id, kind)
            refusal = self.model.append(run_id, epoch)
            params = {"run_id": run_id, "type": "usage", **lease}
            self.call(refusal, "run.append_event", **params)

    @rule(run_id=RUNS, kind=PROOFS, outcome=OUTCOMES)
    def finish(self, run_id: str, kind: str, outcome: str) -> None:
        """End a run."""
        if run_id in self.model.runs:
            epoch, lease = self.lease(run_id, kind)
            refusal = self.model.finish(run_id, epoch, outcome, None)
            params = {"run_id": run_id, "outcome": outcome, **lease}
            self.call(refusal, "run.finish", **params)

    @rule(run_id=RUNS)
    def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        if run_id in self.model.runs:
            self.model.cancel(run_id)
            self.bench.call("run.cancel", run_id=run_id)

    # --- commands -----------------------------------------------------------------------------
    @rule(run_id=RUNS, type_=TYPES, payload=PAYLOADS, key=KEYS)
    def ask(self, run_id: str, type_: str, payload: str, key: str | None) -> None:
        """Ask something of a run."""
        if run_id not in self.model.runs:
            return
        name = f"command {len(self.model.commands) + 1}"
        refusal, made = self.model.ask(run_id, type_, payload, key, name)
        params = {"run_id": run_id, "type": type_, "payload": {"p": payload}}
        answer = self.call(refusal, "command.create", **params, idempotency_key=key)
        if made is not None:
            command_id = self.ids.setdefault(made.command_id, answer["command_id"])
            named = (answer["command_id"], answer["seq"], answer["state"])
            assert named == (command_id, made.seq, made.state)

    @precondition(lambda self: self.model.commands)
    @rule(number=st.integers(0, 20), kind=PROOFS)
    def ack(self, number: int, kind: str) -> None:
        """Acknowledge a command."""
        name, command_id = self.command(number)
        epoch, lease = self.lease(self.model.commands[name].run_id, kind)
        refusal = self.model.ack(name, epoch)
        self.call(refusal, "command.ack", command_id=command_id, **lease)

    @precondition(lambda self: self.model.commands)
    @rule(number=st.integers(0, 20), kind=PROOFS, outcome=OUTCOMES)
    def finish_command(self, number: int, kind: str, outcome: str) -> None:
        """End a command."""
        name, command_id = self.command(number)
        epoch, lease = self.lease(self.model.commands[name].run_id, kind)
        refusal = self.model.finish_command(name, epoch, outcome, None)
        params = {"command_id": command_id, "outcome": outcome, **lease}
        self.call(refusal, "command.finish", **params)

    @precondition(lambda self: self.model.commands)
    @rule(number=st.integers(0, 20))
    def cancel_command(self, number: int) -> None:
        """Cancel a command."""
        name, command_id = self.command(number)
        self.model.cancel_command(name)
        self.bench.call("command.cancel", command_id=command_id)

    def after_start(self) -> None:
        """Give every lease its full time anew."""
        self.model.start()

    # --- what must hold -----------------------------------------------------------------------
    @invariant()
    def the_runs_are_the_same(self) -> None:
        """Compare runs, their streams and their commands."""
        for run_id, run in self.model.runs.items():
            found = self.bench.call("run.get", run_id=run_id)
            assert (found["state"], found["claimed_by"]) == (run.state, run.claimed_by)
            assert (found["lease_expires_at"] is not None) == (run.state == "claimed")
            assert phases(self.bench, run_id) == run.stream
            listed = self.pages("command.list", run_id=run_id, limit=3)
            for each in listed:
                assert self.bench.call("command.get", command_id=each["command_id"]) == each
            assert [(each["command_id"], each["seq"], each["state"]) for each in listed] == [
                (self.ids[each.command_id], each.seq, each.state) for each in run.commands
            ]
            self.next_is_the_oldest_pending(run_id)

    @invariant()
    def the_lists_are_the_same(self) -> None:
        """Compare all runs, those of each state, and those of another project: none."""
        newest_first = list(reversed(self.model.runs.values()))
        for state in (None, "pending", "claimed", *ENDED):
            found = self.pages("run.list", tenant_id="t", state=state, limit=1)
            wanted = [run.run_id for run in newest_first if state in (None, run.state)]
            assert [each["run_id"] for each in found] == wanted
        assert self.pages("run.list", project_id="other") == []

    @invariant()
    def the_streams_are_without_holes(self) -> None:
        """Compare how long the stream of each run is, from anywhere, page by page."""
        for run_id, run in self.model.runs.items():
            middle = len(run.stream) // 2
            rest = self.pages("run.events", run_id=run_id, after_seq=middle, limit=3)
            assert [each["seq"] for each in rest] == list(range(middle + 1, len(run.stream) + 1))

    def next_is_the_oldest_pending(self, run_id: str) -> None:
        """Compare what a runner would be given."""
        run = self.model.runs[run_id]
        pending = [self.ids[each.command_id] for each in run.commands if each.state == "pending"]
        found = self.bench.call("command.next", run_id=run_id, timeout_ms=0)
        if run.state in ENDED or not pending:
            assert found is None
        else:
            assert found["command_id"] == pending[0]


class RunsInTime(Runs):
    """The same under a clock that the test turns: leases run out, and the writer stalls."""

    bench: FileBench
    unit_ms = 1

    @rule(milliseconds=st.sampled_from([1, 500, 1500]))
    def wait(self, milliseconds: int) -> None:
        """Let time pass, and the writer notice."""
        self.bench.world.pass_ms(milliseconds)
        self.model.now_ms += milliseconds
        self.bench.committer.heartbeat()

    @rule()
    def stall(self) -> None:
        """Let so much pass at once that nobody could have renewed."""
        self.bench.world.pass_ms(10_000)
        self.model.stall(10_000)
        self.bench.committer.heartbeat()


def test_runs_agree_with_a_model() -> None:
    drive(lambda: RunsInTime(FileBench()), histories=65, steps=30)
