"""Examples of what belongs to no controller: tasks, topics, state, boards.

They are carried out in the middle of the scenario of `examples`, while the worker w_ada is seated.
"""

from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind

TASK: dict[str, object] = {"task_id": "fix-login"}
TOPIC: dict[str, object] = {"topic": "reviews"}
BINDING: dict[str, object] = {"runner_id": "w_ada", "binding_identity": "chat:support"}
CONTEXT = {"conversation_id": "conv_7", "actor": {"id": "u_42"}}
AT: dict[str, object] = {**BINDING, "scope": "conversation", "context": CONTEXT}
BOARD: dict[str, object] = {"board_id": "release-2"}
STRAND: dict[str, object] = {"workstream_id": "ws_docs"}
BRIEF: dict[str, object] = {"brief_id": "br_plan"}

SHARED: list[tuple[str, dict[str, object], SocketKind]] = [
    # Tasks under review, and what is told of them.
    (
        "task.create",
        {**TASK, "branch": "fix-login", "worktree": "/home/ada/fix-login", "description": "#12"},
        CONTROL,
    ),
    ("task.assign", {**TASK, "worker_id": "w_ada"}, CONTROL),
    ("task.transition", {**TASK, "expected": "ASSIGNED", "to": "WORKING"}, RUNTIME),
    ("task.heartbeat", TASK, RUNTIME),
    ("task.get", TASK, RUNTIME),
    ("task.list", {"state": "WORKING", "stale": "ok"}, CONTROL),
    ("task.fail", {**TASK, "reason": "the tests do not pass"}, RUNTIME),
    (
        "message.publish",
        {**TOPIC, "kind": "wanted", "correlation_id": "fix-login", "payload": {"lines": 12}},
        RUNTIME,
    ),
    ("message.list", {"topic": "worker", "correlation_id": "fix-login"}, CONTROL),
    ("message.unread", {**TOPIC, "reader": "ben"}, CONTROL),
    ("message.wait", {**TOPIC, "after_seq": 0, "kind": "wanted", "timeout_ms": 1000}, CONTROL),
    ("message.ack", {**TOPIC, "reader": "ben", "seq": 1}, CONTROL),
    # State of a runner's binding.
    ("state.bind", {"runner_id": "w_ada", "scope_type": "chat", "scope_id": "support"}, CONTROL),
    ("state.binding", BINDING, CONTROL),
    ("state.set", {**AT, "key": "draft", "value": {"text": "Hello"}}, RUNTIME),
    ("state.get", {**AT, "key": "draft"}, RUNTIME),
    ("state.list", {**AT, "prefix": "dr", "limit": 10}, CONTROL),
    ("state.snapshot", {**BINDING, "context": CONTEXT}, CONTROL),
    ("state.delete", {**AT, "key": "draft"}, RUNTIME),
    ("state.clear", BINDING, CONTROL),
    # A board.
    ("board.create", {**BOARD, "goal": "Release 2.0"}, CONTROL),
    ("board.get", BOARD, CONTROL),
    ("board.list", {"limit": 10}, CONTROL),
    ("board.set_state", {**BOARD, "state": "active", "expected": "pending"}, CONTROL),
    ("workstream.create", {**BOARD, **STRAND, "name": "Documentation", "tier": 1}, CONTROL),
    ("workstream.get", STRAND, CONTROL),
    ("workstream.set_state", {**STRAND, "state": "active"}, CONTROL),
    ("workstream.list", {**BOARD, "state": "active"}, CONTROL),
    (
        "brief.create",
        {**BOARD, **BRIEF, **STRAND, "tier": 1, "role": "planner", "payload": {"pages": 3}},
        CONTROL,
    ),
    (
        "brief.create",
        {**BOARD, "parent_brief_id": "br_plan", "tier": 2, "role": "writer"},
        RUNTIME,
    ),
    ("brief.get", BRIEF, CONTROL),
    ("brief.set_state", {**BRIEF, "state": "active", "expected": "pending"}, RUNTIME),
    ("brief.retry", BRIEF, CONTROL),
    ("brief.set_result", {**BRIEF, "result": {"pages": 4}}, RUNTIME),
    ("brief.list", {**BOARD, "state": "done"}, CONTROL),
    ("brief.tree", {**BOARD, "depth": 1}, CONTROL),
    ("board.append_event", {**BOARD, **BRIEF, "kind": "completed"}, RUNTIME),
    ("board.events", {**BOARD, "after_seq": 0}, CONTROL),
    ("board.summary", BOARD, CONTROL),
]
