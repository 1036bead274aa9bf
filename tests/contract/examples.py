"""One executed call for every public method: a scenario from an empty database to a shutdown.

`python -m tests.contract.examples` carries it out and writes the answers to examples.json; the
reference pages show them. Whoever adds a method adds its example here, after what it needs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind
from tests.contract.examples_shared import SHARED
from tests.helpers.harness import CONTROLLER, Bench, Json

KEPT = Path(__file__).with_name("examples.json")
FENCE = {"epoch": 1, "token": "token-1"}
DIFF = "sha256-aa30f3b35a58ce5a7aa2e42c6ff68e97a016ad3699b08ec9a1f2a4d7535a3559"
WORKER: dict[str, object] = {"worker_id": "w_ada"}
PROJECT: dict[str, object] = {"tenant_id": "acme", "project_id": "site"}
LEASE: dict[str, object] = {"epoch": 1, "token": "the lease that was given out last"}


class Example(NamedTuple):
    """One call, and on which socket it is made."""

    method: str
    params: dict[str, object]
    socket: SocketKind = CONTROL


CarriedOut: TypeAlias = list[tuple[Example, Json]]

EXAMPLES = [
    # The connection.
    Example("rpc.hello", {"client": "example", "version": "1.0"}),
    Example("rpc.ping", {}),
    Example("rpc.discover", {}),
    Example("rpc.cancel", {"id": 7}),
    # Where it runs.
    Example("host.list", {}),
    # A controller and its owner.
    Example(
        "controller.register",
        {"controller_id": "ctl_main", "label": "Main", "workspace_key": "/home/ada/project"},
    ),
    Example("controller.get", {"controller_id": "ctl_main"}),
    Example("controller.find", {"workspace_key": "/home/ada/project"}),
    Example("controller.list", {"limit": 10}),
    Example("controller.acquire", {"controller_id": "ctl_main", "lease_ms": 60000}),
    Example("controller.renew", {"controller_id": "ctl_main", **FENCE, "lease_ms": 60000}),
    Example("controller.validate", {"controller_id": "ctl_main", **FENCE}),
    Example("controller.status", {"controller_id": "ctl_main"}),
    Example("controller.instances", {"controller_id": "ctl_main"}),
    # A worker and its process.
    Example(
        "worker.create",
        {
            "worker_id": "w_ada",
            "controller_id": "ctl_main",
            "label": "Ada",
            "launcher": "shell",
            "profile": "default",
            "packs": ["review"],
            "cwd": "/home/ada/project",
            "env": {"LANG": "C.UTF-8"},
            "start": "starting",
            "fence": FENCE,
        },
    ),
    Example("worker.get", WORKER),
    Example("worker.list", {"controller_id": "ctl_main"}),
    Example("runtime.attach", {}, RUNTIME),
    Example("runtime.status", WORKER),
    Example("worker.transition", {"expected": "idle", "to": "running"}, RUNTIME),
    Example("worker.set_turn", {"turn_id": "turn_1"}, RUNTIME),
    Example("worker.set_session", {"session_id": "sess_main"}, RUNTIME),
    Example(
        "worker.set_endpoint",
        {"runtime_pid": 4711, "runtime_socket": "/run/user/1000/ada.sock"},
        RUNTIME,
    ),
    Example("worker.clear_endpoint", {}, RUNTIME),
    Example("worker.heartbeat", {}, RUNTIME),
    # What it does.
    Example(
        "event.append",
        {
            "type": "tool.result",
            "data": {"tool": "grep", "hits": 3},
            "turn_id": "turn_1",
            "idempotency_key": "turn_1/grep/1",
        },
        RUNTIME,
    ),
    Example("event.append_many", {"events": [{"type": "said"}, {"type": "done"}]}, RUNTIME),
    Example(
        "event.append",
        {"type": "output", "data": {"stream": "stdout", "text": "3 hits in src/"}},
        RUNTIME,
    ),
    Example("event.append", {"type": "summary", "data": {"title": "Look for hits"}}, RUNTIME),
    Example("worker.overview", {"controller_id": "ctl_main"}),
    Example("event.list", {**WORKER, "after_seq": 1, "limit": 2}),
    Example("event.latest", WORKER),
    Example("event.wait", {**WORKER, "after_seq": 2, "timeout_ms": 1000}),
    # What is too large for a value.
    Example("blob.put", {"bytes_base64": "ZGlmZiAtLWdpdCBhL3NyYw==", "last": True}, RUNTIME),
    Example("event.append", {"type": "tool.diff", "blobs": [DIFF]}, RUNTIME),
    Example("blob.get", {"blob_id": DIFF, "limit": 10}, RUNTIME),
    # What it is told.
    Example(
        "worker.send",
        {**WORKER, "kind": "text", "data": {"text": "Leave dist/ alone."}, "fence": FENCE},
    ),
    Example("input.next", {"timeout_ms": 1000}, RUNTIME),
    Example("input.ack", {"seq": 1}, RUNTIME),
    Example("input.list", WORKER),
    # What it asks.
    Example(
        "approval.request",
        {"message": "Delete build/?", "deadline_ms": 600000, "on_deadline": "deny"},
        RUNTIME,
    ),
    Example("approval.get", {"request_id": "ap_1"}),
    Example("approval.list", {"controller_id": "ctl_main"}),
    Example("approval.decide", {"request_id": "ap_1", "option": "ALLOW", "fence": FENCE}),
    Example("approval.wait", {"request_id": "ap_1"}, RUNTIME),
    Example("approval.request", {"message": "And dist/?", "keep": True}, RUNTIME),
    Example("approval.cancel", {"request_id": "ap_2", "note": "not needed"}, RUNTIME),
    # What it leaves behind.
    Example(
        "handoff.register",
        {"handoff_path": "/home/ada/handoff.md", "checkpoint_path": "/home/ada/checkpoint.json"},
        RUNTIME,
    ),
    Example("handoff.latest", WORKER),
    Example("handoff.list", {"controller_id": "ctl_main"}),
    # Everything at once.
    Example(
        "tx.apply",
        {
            "calls": [
                {"method": "event.append", "params": {"type": "turn.completed"}},
                {"method": "worker.transition", "params": {"to": "idle"}},
            ]
        },
        RUNTIME,
    ),
    # What belongs to nobody.
    *(Example(*each) for each in SHARED),
    Example("journal.position", {}),
    Example("journal.read", {"streams": ["controller:ctl_main/workers"], "limit": 1}),
    Example("journal.wait", {"streams": ["worker:w_ada"], "after": 0, "limit": 1}),
    Example("journal.subscribe", {"streams": ["controller:ctl_main"], "after": "start"}),
    Example("journal.unsubscribe", {"subscription": "sub_1"}),
    # The end.
    Example("runtime.detach", {"state": "idle"}, RUNTIME),
    Example("worker.stop", {**WORKER, "fence": FENCE}),
    Example("worker.remove", {**WORKER, "fence": FENCE}),
    Example("controller.release", {"controller_id": "ctl_main", **FENCE}),
    # Runs and their sessions; LEASE stands for the lease that was given out last.
    Example(
        "run.create",
        {
            **PROJECT,
            "run_id": "run_1",
            "backend_profile": "codex",
            "session_ref": {"session_id": "sess_1", "metadata": {"title": "Fix the build"}},
            "resource_bundle_ref": {"repository": "https://example.org/site.git"},
        },
    ),
    Example("run.claim", {"run_id": "run_1", "runner_id": "w_ada", "lease_ms": 60000}),
    Example("run.heartbeat", {"run_id": "run_1", "lease_ms": 60000, "lease": LEASE}),
    Example("run.get", {"run_id": "run_1"}),
    Example("run.list", {**PROJECT, "state": "claimed", "limit": 10}),
    Example(
        "command.create",
        {
            "run_id": "run_1",
            "type": "turn",
            "payload": {"prompt": "Why is the build red?"},
            "idempotency_key": "turn-1",
        },
    ),
    Example("command.next", {"run_id": "run_1", "timeout_ms": 1000}),
    Example("command.ack", {"command_id": "cmd_1", "lease": LEASE}),
    Example(
        "job.save",
        {
            "run_id": "run_1",
            "command_id": "cmd_1",
            "payload_hash": "5d41402abc4b2a76",
            "attempt_id": "attempt_1",
            "runner_id": "w_ada",
            "namespace": "agents",
            "job_name": "run-1-turn-1",
            "manager_url": "https://jobs.example.org",
            "image": "runner:1.4",
            "source_commit": "9fceb02",
            "idempotency_key": "turn-1/attempt-1",
        },
    ),
    Example("job.list", {"run_id": "run_1"}),
    Example(
        "run.append_event",
        {
            "run_id": "run_1",
            "type": "assistant_message",
            "payload": {"text": "A test fails.", "api_key": "never stored"},
            "lease": LEASE,
        },
    ),
    Example("session.summary", {"session_id": "sess_1", "reader_id": "ada"}),
    Example(
        "command.finish",
        {
            "command_id": "cmd_1",
            "outcome": "completed",
            "thread_id": "thread_1",
            "turn_id": "turn_1",
            "lease": LEASE,
        },
    ),
    Example("command.get", {"command_id": "cmd_1"}),
    Example("command.create", {"run_id": "run_1", "type": "interrupt"}),
    Example("command.cancel", {"command_id": "cmd_2", "reason": "not needed"}),
    Example("command.list", {"run_id": "run_1", "after_seq": 1}),
    Example("run.events", {"run_id": "run_1", "after_seq": 3, "limit": 2}),
    Example("session.list", {"reader_id": "ada"}),
    Example("session.output", {"session_id": "sess_1"}),
    Example("session.mark_read", {"session_id": "sess_1", "reader_id": "ada"}),
    Example("run.finish", {"run_id": "run_1", "outcome": "completed", "lease": LEASE}),
    Example("session.get", {"session_id": "sess_1"}),
    Example("session.trace", {"session_id": "sess_1", "after_seq": 7, "limit": 1}),
    Example("run.create", {**PROJECT, "run_id": "run_2", "backend_profile": "codex"}),
    Example("run.claim_next", {"runner_id": "w_ada", "lease_ms": 60000, "tenant_id": "acme"}),
    Example("run.cancel", {"run_id": "run_2", "reason": "no longer wanted"}),
    Example("runner.register", {"runner_id": "w_ada", "metadata": {"host": "mill"}}),
    Example("runner.heartbeat", {"runner_id": "w_ada"}),
    Example("runner.list", {}),
    Example("backend.list", {}),
    # Work to be claimed; LEASE stands for the lease that was given out last.
    Example(
        "queue.submit",
        {
            **PROJECT,
            "queue": "reviews",
            "queue_task_id": "qt_1",
            "title": "Review #1",
            "priority": 5,
            "payload": {"pull_request": 1},
            "max_attempts": 3,
            "idempotency_key": "review-1",
        },
    ),
    Example(
        "queue.submit_many",
        {
            "tasks": [
                {**PROJECT, "queue": "reviews", "queue_task_id": f"qt_{number}"}
                for number in (2, 3)
            ]
        },
    ),
    Example("queue.list", {"queue": "reviews", "reader_id": "ada"}),
    Example("queue.claim", {"queue": "reviews", "runner_id": "w_ada", "lease_ms": 60000}),
    Example("queue.heartbeat", {"queue_task_id": "qt_1", "lease": LEASE, "lease_ms": 60000}),
    Example(
        "queue.update_attempt",
        {
            "queue_task_id": "qt_1",
            "state": "running",
            "latest_attempt": {"run_id": "run_1"},
            "lease": LEASE,
        },
    ),
    Example("queue.fail", {"queue_task_id": "qt_1", "error": "no reviewer", "lease": LEASE}),
    Example(
        "queue.wait",
        {"queue": "reviews", "runner_id": "w_ada", "lease_ms": 60000, "timeout_ms": 1000},
    ),
    Example(
        "queue.complete",
        {"queue_task_id": "qt_2", "result": {"approved": True}, "lease": LEASE},
    ),
    Example("queue.cancel", {"queue_task_id": "qt_3", "reason": "merged already"}),
    Example("queue.mark_read", {"queue_task_id": "qt_3", "reader_id": "ada"}),
    Example("queue.get", {"queue_task_id": "qt_3"}),
    Example("queue.pause", {"queue": "reviews"}),
    Example("queue.resume", {"queue": "reviews"}),
    Example("queue.stats", {"queue": "reviews"}),
    Example("queue.overview", {"queue": "reviews"}),
    Example("daemon.health", {}),
    Example("daemon.status", {}),
    Example("daemon.metrics", {}),
    Example("daemon.config", {}),
    Example("daemon.verify", {"deep": True}),
    Example("daemon.backup", {"path": "/home/ada/backup/penholder.db"}),
    Example("daemon.prune", {"keep_last": 1000, "streams": ["worker:w_ada"], "dry_run": True}),
    Example("daemon.shutdown", {"drain_ms": 1000}),
]


def carry_out(bench: Bench | None = None, examples: Sequence[Example] = EXAMPLES) -> CarriedOut:
    """Make every call, in order, and return it with its result."""
    bench = bench or Bench()
    # What a start does before it serves.
    bench.own("host.keep")
    process = bench.peer("w_ada", 4242)
    callers = {CONTROL: CONTROLLER, RUNTIME: process}
    carried_out: CarriedOut = []
    lease = LEASE
    for each in examples:
        given = each.params | {"lease": lease} if each.params.get("lease") is LEASE else each.params
        result = bench.call(each.method, callers[each.socket], **given)
        carried_out.append((each._replace(params=given), result))
        lease = _given_out(result) or lease
    return carried_out


def _given_out(result: Json) -> dict[str, object] | None:
    """Return the lease that an answer shows for the first time."""
    if not isinstance(result, dict):
        return None
    first = result["items"][0] if result.get("items") else result
    lease = first.get("lease") if isinstance(first, dict) else None
    if not lease or not lease["token"]:
        return None
    return {"epoch": lease["epoch"], "token": lease["token"]}


def render() -> str:
    """Return the text of examples.json: the first example of each method."""
    kept: dict[str, Json] = {}
    for example, result in carry_out():
        shown = {"socket": example.socket, "params": example.params, "result": result}
        kept.setdefault(example.method, shown)
    return msgspec.json.format(msgspec.json.encode(kept), indent=2).decode() + "\n"


if __name__ == "__main__":
    KEPT.write_text(render(), "utf-8")
