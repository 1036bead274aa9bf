"""Things to start from in tests of runs, their commands and their sessions."""

from penholder_daemon.core.caller import Caller
from tests.helpers.harness import CONTROLLER, Answering, Bench, Json

Lease = dict[str, object]


def make_run(bench: Answering, run_id: str | None = "r1", **params: object) -> Json:
    """Make a run of tenant t and project p."""
    needed = {"tenant_id": "t", "project_id": "p", "backend_profile": "codex"}
    return bench.call("run.create", **{**needed, "run_id": run_id, **params})


def make_run_in(
    bench: Answering, session_id: str = "s1", run_id: str = "r1", **ref: object
) -> Json:
    """Make a run of a session."""
    return make_run(bench, run_id, session_ref={"session_id": session_id, **ref})


def claim(
    bench: Answering, run_id: str = "r1", runner_id: str = "rn1", lease_ms: int = 10_000
) -> Lease:
    """Claim a run and return what proves it."""
    claimed = bench.call("run.claim", run_id=run_id, runner_id=runner_id, lease_ms=lease_ms)
    return proof(claimed)


def proof(claimed: Json) -> Lease:
    """Return the lease of an answer as it is passed."""
    return {"epoch": claimed["lease"]["epoch"], "token": claimed["lease"]["token"]}


def ask(bench: Answering, type_: str = "turn", run_id: str = "r1", **params: object) -> str:
    """Make a command and return its id."""
    made = bench.call("command.create", run_id=run_id, type=type_, **params)
    command_id: str = made["command_id"]
    return command_id


def said(bench: Answering, run_id: str = "r1") -> list[tuple[str, Json]]:
    """Return type and payload of every event of a run."""
    found = bench.call("run.events", run_id=run_id, limit=500)["items"]
    return [(event["type"], event["payload"]) for event in found]


def phases(bench: Answering, run_id: str = "r1") -> list[str]:
    """Return what a run said by itself, in its order."""
    return named(bench.call("run.events", run_id=run_id, limit=500)["items"])


def named(events: list[Json]) -> list[str]:
    """Name events by what a run said by itself, else by their types."""
    return [event["payload"].get("phase", event["type"]) for event in events]


def session(bench: Answering, session_id: str = "s1") -> Json:
    """Return a session."""
    return bench.call("session.get", session_id=session_id)


def attention(bench: Answering, reader_id: str | None = "me", session_id: str = "s1") -> str:
    """Return what a session asks of a reader."""
    found = bench.call("session.summary", session_id=session_id, reader_id=reader_id)
    asked: str = found["attention"]
    return asked


def findings(bench: Bench) -> set[str]:
    """Return the names of what daemon.verify finds wrong with these rooms."""
    rooms = [
        room for room in bench.registry.rooms if room.name in ("run", "command", "session", "queue")
    ]
    checks = [check for room in rooms for check in room.checks]
    return {finding.check for check in checks for finding in check(bench.rx())}


def ids(bench: Answering, method: str, caller: Caller = CONTROLLER, **params: object) -> list[str]:
    """Return the ids of a list, page by page, three at a time."""
    field = {"run.list": "run_id", "session.list": "session_id", "runner.list": "runner_id"}
    found: list[str] = []
    cursor = None
    while True:
        page = bench.call(method, caller, **{"limit": 3, **params, "cursor": cursor})
        found += [item[field[method]] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found
