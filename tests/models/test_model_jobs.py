"""Runners and jobs against a plain model: dictionaries of records, in the order of their making."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.helpers.harness import Json
from tests.helpers.running import ask, make_run
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

RUNNERS = st.sampled_from(["rn1", "rn2", "rn3", "rn4"])
METADATA = st.sampled_from([{}, {"cores": 2}])
RUNS = st.sampled_from(["r1", "r1", "r2", "none"])
COMMANDS = st.sampled_from(["r1", "r1", "r2", "none"])
"""Commands are named in the machine by the run that they are of."""
JOBS = st.sampled_from([None, "j1", "j2"])
KEYS = st.sampled_from([None, "k1", "k2"])
HASHES = st.sampled_from(["h1", "h1", "h2"])
PLACE = {
    "attempt_id": "a1", "runner_id": "rn1", "namespace": "n", "job_name": "j",
    "manager_url": "http://m", "image": "i", "source_commit": "c", "service_account_name": "s",
}  # fmt: skip


class Jobs(Machine):
    """The rooms and the model, side by side."""

    calls = ("runner.register", "runner.heartbeat", "runner.list", "job.save", "job.list")

    def __init__(self, bench: MortalBench) -> None:
        """Begin with two runs of one command each, of which one has a job."""
        super().__init__(bench)
        self.runners: dict[str, Json] = {}
        self.jobs: dict[str, Json] = {}
        self.commands = {"none": "cmd_none"}
        for run_id in ("r1", "r2"):
            make_run(self.bench, run_id)
            self.commands[run_id] = ask(self.bench, "turn", run_id)
        self.save("r1", "r1", None, "k1", "h1", 0)

    # --- runners ------------------------------------------------------------------------------
    @rule(runner_id=RUNNERS, metadata=METADATA)
    def register(self, runner_id: str, metadata: Json) -> None:
        """Make a runner known, or replace what it says of itself."""
        answer = self.bench.call("runner.register", runner_id=runner_id, metadata=metadata)
        known = self.runners.get(runner_id)
        if known is not None:
            assert answer["registered_at"] == known["registered_at"]
        assert answer["heartbeat_at"] >= answer["registered_at"]
        assert (answer["runner_id"], answer["metadata"]) == (runner_id, metadata)
        self.runners[runner_id] = answer

    @rule(runner_id=RUNNERS)
    def heartbeat(self, runner_id: str) -> None:
        """Say that a runner is well: nothing else of it changes."""
        known = self.runners.get(runner_id)
        refusal = "RUNNER_NOT_FOUND" if known is None else None
        answer = self.call(refusal, "runner.heartbeat", runner_id=runner_id)
        if known is not None:
            assert answer["heartbeat_at"] >= known["heartbeat_at"]
            self.runners[runner_id] = {**known, "heartbeat_at": answer["heartbeat_at"]}
            assert answer == self.runners[runner_id]

    # --- jobs ---------------------------------------------------------------------------------
    def missing(self, run_id: str, of_run: str | None) -> str | None:
        """Say what is not there: the run, or the command among those of the run."""
        if run_id == "none":
            return "RUN_NOT_FOUND"
        return None if of_run in (None, run_id) else "COMMAND_NOT_FOUND"

    def under(self, run_id: str, key: str | None) -> Json:
        """Return the job of a run that was saved under a key, if there is one."""
        of_run = [each for each in self.jobs.values() if each["run_id"] == run_id]
        found = (each for each in of_run if each["idempotency_key"] == key)
        return None if key is None else next(found, None)

    @rule(
        run_id=RUNS, of_run=COMMANDS, job_id=JOBS, key=KEYS, payload=HASHES,
        number=st.integers(0, 2),
    )  # fmt: skip
    def save(
        self, run_id: str, of_run: str, job_id: str | None, key: str | None, payload: str,
        number: int,
    ) -> None:  # fmt: skip
        """Note a job: once for each key of the run, anew for a job_id of the same command."""
        saved = self.under(run_id, key)
        given = {
            "run_id": run_id, "command_id": self.commands[of_run], "payload_hash": payload,
            "result": {"n": number}, **PLACE,
        }  # fmt: skip
        refusal = self.refusal(run_id, of_run, job_id, key, payload)
        params = {**given, "job_id": job_id, "idempotency_key": key}
        # As it is: a key that the bench gives it would be a new one, and no job be written anew.
        answer = self.both(refusal, lambda: self.bench.call_as_is("job.save", **params))
        if refusal is None and saved is not None:
            assert answer == saved
        elif refusal is None:
            self.keep(answer, given)

    def refusal(
        self, run_id: str, of_run: str, job_id: str | None, key: str | None, payload: str
    ) -> str | None:
        """Say what keeps a job from being saved."""
        saved = self.under(run_id, key)
        if saved is not None:
            return None if saved["payload_hash"] == payload else "IDEMPOTENCY_CONFLICT"
        standing: Json = self.jobs.get(job_id or "")
        told = (self.commands[of_run], key)
        is_other = standing and (standing["command_id"], standing["idempotency_key"]) != told
        return self.missing(run_id, of_run) or ("IDEMPOTENCY_CONFLICT" if is_other else None)

    def keep(self, answer: Json, given: dict[str, Json]) -> None:
        """Keep a job; its id and times only the answer can tell."""
        assert {name: answer[name] for name in given} == given
        standing: Json = self.jobs.get(answer["job_id"], answer)
        assert standing["created_at"] == answer["created_at"] <= answer["updated_at"]
        self.jobs[answer["job_id"]] = answer

    # --- what must always agree ---------------------------------------------------------------
    @invariant()
    def runners_agree(self) -> None:
        """Compare all runners, newest first, page by page."""
        found = self.pages("runner.list", limit=2)
        assert found == list(reversed(self.runners.values()))

    @invariant()
    def jobs_agree(self) -> None:
        """Compare the jobs of each run, and of each of its commands."""
        for run_id in ("r1", "r2", "none"):
            of_run = [each for each in self.jobs.values() if each["run_id"] == run_id]
            for command in (None, "r1", "none"):
                refusal = self.missing(run_id, command)
                params = {"run_id": run_id, "command_id": command and self.commands[command]}
                answer = self.call(refusal, "job.list", **params)
                assert refusal is not None or answer["items"] == of_run


class JobsInTime(Jobs):
    """The same under a clock that the test turns."""

    bench: FileBench

    @rule(milliseconds=st.integers(1, 5))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass."""
        self.bench.world.pass_ms(milliseconds)


def test_runners_and_jobs_agree_with_a_model() -> None:
    drive(lambda: JobsInTime(FileBench()), histories=65, steps=40)
