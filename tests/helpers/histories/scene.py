"""What a run is about: the streams, records and queue that its calls name."""

from tests.helpers.daemon_process import Json, RawConnection
from tests.helpers.histories.recorded import Entry, Final

FREE = ("a", "b")
"""Workers of a controller that nobody owns: their streams are only appended to."""
FENCED = "fenced"
"""The worker of a controller that is taken over again and again."""
OWNED = "owned"
"""That controller."""
CHAINED = {"t1": "chain1", "t2": "chain2"}
"""Tasks, and the worker whose stream each move of it is written to."""
WORKERS = (*FREE, FENCED, *CHAINED.values())
STREAMS = [f"worker:{each}" for each in WORKERS]
QUEUE = "q"
_PAGE = 1000


def make(control: RawConnection) -> None:
    """Make all of it; tasks of the queue come with the calls."""
    for controller in ("free", OWNED):
        control.call(
            "controller.register",
            controller_id=controller,
            label="c",
            workspace_key=f"/{controller}",
        )
    for worker in WORKERS:
        control.call(
            "worker.create", worker_id=worker, controller_id=OWNED if worker == FENCED else "free",
            label="w", launcher="l", profile="p", cwd="/",
        )  # fmt: skip
    for task in CHAINED:
        control.call("task.create", task_id=task, branch="b", worktree="/w")


def states(control: RawConnection) -> dict[str, str]:
    """Return the state of each record that is moved."""
    return {each: str(control.call("task.get", task_id=each)["state"]) for each in CHAINED}


def entry(told: Json) -> Entry:
    """Make one of what the journal holds."""
    return Entry(
        str(told["stream"]), int(told["seq"]), int(told["pos"]), int(told["data"]["number"])
    )


def last_pos(control: RawConnection) -> int:
    """Return how far the journal goes."""
    return int(control.call("journal.position")["pos"])


def read_all(daemon: int, control: RawConnection) -> Final:
    """Read everything over one daemon."""
    verified = control.call("daemon.verify", deep=True)
    entries: list[Entry] = []
    pos, last = 0, last_pos(control)
    while pos < last:
        page = control.call("journal.read", streams=STREAMS, after=pos, limit=_PAGE)
        entries += map(entry, page["items"])
        pos = int(page["pos"])
    return Final(
        daemon,
        tuple(entries),
        states(control),
        dict(_results(control)),
        tuple(f"{each['check']}: {each['detail']}" for each in verified["findings"]),
    )


def _results(control: RawConnection) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = []
    page: Json = {"next": None}
    while True:
        cursor = {} if page["next"] is None else {"cursor": page["next"]}
        page = control.call("queue.list", queue=QUEUE, limit=100, **cursor)
        for each in page["items"]:
            is_completed = each["state"] == "completed"
            number = int(each["result"]["number"]) if is_completed else None
            found.append((f"task:{each['queue_task_id']}", number))
        if page["next"] is None:
            return found
