"""What `test_model.py` compares after each of its steps: all that the rooms tell of themselves."""

from typing import ClassVar

from hypothesis.stateful import invariant

from tests.models.file_bench import FileBench
from tests.models.machine import Machine
from tests.models.model import Model


class RoomsAgree(Machine):
    """Workers, their streams, their questions and their owners, looked at in every way."""

    calls: ClassVar[tuple[str, ...]] = (
        "worker.list", "worker.overview", "runtime.status", "event.list", "event.latest",
        "event.wait",
        "approval.list", "approval.get", "approval.wait", "controller.status", "journal.position",
    )  # fmt: skip
    bench: FileBench

    def __init__(self, bench: FileBench, model: Model) -> None:
        """Compare the rooms of a bench with a model."""
        super().__init__(bench)
        self.model = model

    @invariant()
    def workers_agree(self) -> None:
        """Compare every worker."""
        listed = {item["worker_id"]: item for item in self.bench.call("worker.list")["items"]}
        assert set(listed) == set(self.model.workers)
        for worker_id, worker in self.model.workers.items():
            found = listed[worker_id]
            assert (found["state"], found["active_turn_id"]) == (worker.state, worker.turn)
            status = self.bench.call("runtime.status", worker_id=worker_id)
            assert status["attached"] == worker.is_held
            assert status["runtime_epoch"] == len(worker.holders)

    @invariant()
    def overviews_agree(self) -> None:
        """Compare what a list for people says beside each worker."""
        listed = self.bench.call("worker.list")["items"]
        seen = self.bench.call("worker.overview")["items"]
        assert [each["worker"] for each in seen] == listed
        for found in seen:
            worker_id = found["worker"]["worker_id"]
            assert found["pending_approvals"] == len(self.model.pending(worker_id))
            events = self.model.workers[worker_id].events
            told = found["last_event"]
            assert (told and told["type"]) == (events[-1] if events else None)
            assert (found["last_output_at"] is not None) == ("output" in events)
            last = len(events) - events[::-1].index("summary") if "summary" in events else None
            assert found["summary"] == (last and {"number": last})

    @invariant()
    def streams_have_no_gaps(self) -> None:
        """Compare every stream; who waits for more than there is gets nothing."""
        for worker_id, worker in self.model.workers.items():
            about: dict[str, object] = {"worker_id": worker_id}
            events = self.bench.call("event.list", **about, limit=1000)["items"]
            assert [event["type"] for event in events] == worker.events
            assert [event["event_seq"] for event in events] == list(range(1, len(events) + 1))
            latest = self.bench.call("event.latest", **about)
            assert latest == (events[-1] if events else None)
            middle = len(events) // 2
            waited = self.bench.call("event.wait", **about, after_seq=middle, timeout_ms=0)
            assert waited["items"] == events[middle:]
            about["after_event_id"] = latest and latest["event_id"]
            assert self.bench.call("event.list", **about)["items"] == []
        positions = [each.entry.pos for each in self.bench.published]
        assert positions == list(range(1, len(positions) + 1))
        assert self.bench.call("journal.position") == {"pos": len(positions)}

    @invariant()
    def approvals_agree(self) -> None:
        """Compare every approval; a wait for one returns it, whether it has ended or not."""
        listed = self.bench.call("approval.list", state="all", limit=1000)["items"]
        assert {item["request_id"]: item["state"] for item in listed} == {
            request_id: approval.state for request_id, approval in self.model.approvals.items()
        }
        for item in listed:
            about = {"request_id": item["request_id"]}
            assert self.bench.call("approval.get", **about) == item
            assert self.bench.call("approval.wait", **about, timeout_ms=0) == item

    @invariant()
    def owners_agree(self) -> None:
        """Compare every owner."""
        for controller_id, controller in self.model.controllers.items():
            owner = self.bench.call("controller.status", controller_id=controller_id)[
                "active_owner"
            ]
            assert (owner and owner["epoch"]) == controller.owner
