"""The database of a released schema, as its rooms left it: `python -m tests.frozen.make`.

Run once for each schema that is released, before the next step is added; what it wrote is never
written again. It makes schema_N.db, with rows in every table, and schema_N.json: calls whose
answers the start of a daemon does not change, each with what it must answer for ever.
"""

from pathlib import Path

import apsw
import msgspec

from penholder_daemon import migrations
from tests.contract.examples import EXAMPLES, carry_out
from tests.helpers.harness import Bench, Json

HERE = Path(__file__).parent
_LEFT_OUT = frozenset({"worker.remove", "state.delete", "state.clear", "daemon.shutdown"})
"""What would take rows away again."""
_OF_THE_MOMENT = frozenset({"socket_path", "generated_at"})
_PROJECT = {"tenant_id": "acme", "project_id": "site"}
CALLS: list[tuple[str, dict[str, object]]] = [
    ("controller.get", {"controller_id": "ctl_main"}),
    ("worker.get", {"worker_id": "w_ada"}),
    ("event.list", {"worker_id": "w_ada"}),
    ("approval.list", {"controller_id": "ctl_main"}),
    ("handoff.list", {"controller_id": "ctl_main"}),
    ("task.get", {"task_id": "fix-login"}),
    ("message.list", {"topic": "reviews"}),
    ("state.snapshot", {"runner_id": "w_ada", "binding_identity": "chat:support",
                        "context": {"conversation_id": "conv_7", "actor": {"id": "u_42"}}}),
    ("board.summary", {"board_id": "release-2"}),
    ("workstream.list", {"board_id": "release-2"}),
    ("brief.tree", {"board_id": "release-2"}),
    ("board.events", {"board_id": "release-2"}),
    ("run.get", {"run_id": "run_1"}),
    ("run.events", {"run_id": "run_1"}),
    ("command.list", {"run_id": "run_1"}),
    ("job.list", {"run_id": "run_1"}),
    ("runner.list", {}),
    ("session.summary", {"session_id": "sess_1", "reader_id": "ada"}),
    ("queue.get", {"queue_task_id": "qt_2"}),
    ("queue.list", {"queue": "reviews", "state": "canceled", "reader_id": "ada"}),
    ("queue.stats", {"queue": "pauses"}),
    ("run.get", {"run_id": "run_pending"}),
    ("journal.read", {"streams": ["*"], "limit": 20}),
]  # fmt: skip


class Kept(msgspec.Struct):
    """One call and what it must answer."""

    method: str
    params: dict[str, object]
    answer: Json


def main() -> None:
    """Write both files, unless they are there."""
    name = f"schema_{len(migrations.steps())}"
    database, manifest = HERE / f"{name}.db", HERE / f"{name}.json"
    if database.exists():
        raise SystemExit(f"{database} is there already and never changes")
    bench = live()
    kept = [Kept(method, params, _ask(bench, method, params)) for method, params in CALLS]
    _refuse_empty_tables(bench)
    _copy(bench, database)
    manifest.write_text(msgspec.json.format(msgspec.json.encode(kept)).decode() + "\n", "utf-8")


def live() -> Bench:
    """Carry out the examples of the contract, and leave things open that they end."""
    bench = Bench()
    carry_out(bench, [each for each in EXAMPLES if each.method not in _LEFT_OUT])
    bench.call("controller.register", controller_id="ctl_held", label="H", workspace_key="/held")
    bench.call("controller.acquire", controller_id="ctl_held", lease_ms=60_000)
    bench.worker("w_seated", "ctl_main")
    bench.seated("w_seated")
    bench.call("worker.send", worker_id="w_seated", kind="text", data={"text": "Go on."})
    bench.call("run.create", run_id="run_pending", backend_profile="codex", **_PROJECT)
    bench.call("run.create", run_id="run_held", backend_profile="codex", **_PROJECT)
    bench.call("run.claim", run_id="run_held", runner_id="r", lease_ms=60_000)
    bench.call("queue.submit", queue="held", queue_task_id="qt_held", max_attempts=2, **_PROJECT)
    bench.call("queue.claim", queue="held", runner_id="r", lease_ms=60_000)
    bench.call("queue.pause", queue="pauses")
    return bench


def _ask(bench: Bench, method: str, params: dict[str, object]) -> Json:
    answer = bench.call(method, **params)
    # What depends on who answers and when.
    return {name: value for name, value in answer.items() if name not in _OF_THE_MOMENT}


def _refuse_empty_tables(bench: Bench) -> None:
    empty = [table for table, rows in bench.dump().items() if not rows]
    if empty:
        raise SystemExit(f"nothing is in {', '.join(empty)}: add an example")


def _copy(bench: Bench, path: Path) -> None:
    made = apsw.Connection(str(path))
    with made.backup("main", bench.database.connection, "main") as backup:
        backup.step(-1)
    # Most tables hold a row or two: small pages keep the file small.
    made.execute("PRAGMA page_size = 1024")
    made.execute("VACUUM")
    made.close()


if __name__ == "__main__":
    main()
