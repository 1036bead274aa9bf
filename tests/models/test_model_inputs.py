"""Inputs against a plain model: a list for each worker, and up to where it has acknowledged."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from penholder_daemon.core.caller import Caller
from tests.helpers.harness import CONTROLLER, Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

ALL_WORKERS = ("w1", "w2")
WORKERS = st.sampled_from(ALL_WORKERS)
KINDS = st.sampled_from(["text", "cancel"])
SEQS = st.integers(0, 8)
ARE_WORKERS = st.booleans()


class Inputs(Machine):
    """Every rule makes one call, on the control socket or on a worker's, on both sides."""

    calls = ("worker.send", "input.next", "input.ack", "input.list")

    def __init__(self, bench: MortalBench) -> None:
        """Begin with two seated workers and something before each."""
        super().__init__(bench)
        self.sent: dict[str, list[Json]] = {worker_id: [] for worker_id in ALL_WORKERS}
        self.acked = dict.fromkeys(ALL_WORKERS, 0)
        self.stopped: set[str] = set()
        self.seated = {each: self.bench.seated_worker(each) for each in ALL_WORKERS}
        for worker_id in ALL_WORKERS:
            self.send(worker_id, "text", 1, False)

    def caller(self, worker_id: str, is_worker: bool) -> Caller:
        """Choose who calls."""
        return self.seated[worker_id] if is_worker else CONTROLLER

    @rule(worker_id=WORKERS, kind=KINDS, value=st.integers(), by_worker=ARE_WORKERS)
    def send(self, worker_id: str, kind: str, value: int, by_worker: bool) -> None:
        """Send something, which no worker may."""
        refusal = "WORKER_STOPPED" if worker_id in self.stopped else None
        refusal = "DENIED" if by_worker else refusal
        about = {"worker_id": worker_id, "kind": kind, "data": {"value": value}}
        answer = self.call(refusal, "worker.send", self.caller(worker_id, by_worker), **about)
        if refusal is None:
            self.sent[worker_id].append(answer)
            seq = len(self.sent[worker_id])
            assert answer == {**answer, **about, "seq": seq, "acked": False}

    @rule(worker_id=WORKERS, seq=SEQS, by_worker=ARE_WORKERS)
    def ack(self, worker_id: str, seq: int, by_worker: bool) -> None:
        """Acknowledge, perhaps less than before, perhaps more than there is."""
        refusal = "INPUT_NOT_FOUND" if seq > len(self.sent[worker_id]) else None
        about = {"worker_id": worker_id, "seq": seq}
        answer = self.call(refusal, "input.ack", self.caller(worker_id, by_worker), **about)
        if refusal is None:
            self.acked[worker_id] = max(seq, self.acked[worker_id])
            assert answer == {"seq": self.acked[worker_id]}

    @rule(worker_id=WORKERS)
    def stop(self, worker_id: str) -> None:
        """Stop a worker; its process keeps its seat and what is before it."""
        self.bench.call("worker.stop", worker_id=worker_id)
        self.stopped.add(worker_id)

    @rule(worker_id=WORKERS)
    def bring_back(self, worker_id: str) -> None:
        """Bring it back by force."""
        self.bench.call("worker.transition", worker_id=worker_id, to="idle", force=True)
        self.stopped.discard(worker_id)

    @invariant()
    def all_agree(self) -> None:
        """Compare what was sent, and what is next, as both sockets see it."""
        for worker_id, sent in self.sent.items():
            acked = self.acked[worker_id]
            found = [{**each, "acked": each["seq"] <= acked} for each in sent]
            about = {"worker_id": worker_id}
            assert self.pages("input.list", **about, limit=3) == found
            # The socket of a stopped worker accepts nobody who comes anew.
            are_workers = (False,) if worker_id in self.stopped else (False, True)
            for caller in (self.caller(worker_id, each) for each in are_workers):
                listed = self.bench.call("input.list", caller, **about, after_seq=acked)
                assert listed["items"] == found[acked:]
                waited = self.bench.call("input.next", caller, **about, timeout_ms=0)
                assert waited == (found[acked] if acked < len(found) else None)


def test_inputs_agree_with_a_model() -> None:
    drive(lambda: Inputs(FileBench()), histories=45, steps=40)
