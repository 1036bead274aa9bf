"""What daemons tell of a server that holds another history: who owns, which cursors last."""

from tests.helpers.daemon_process import Json, RawConnection, make_worker
from tests.helpers.waiting import until


def _call(control: RawConnection, method: str, **params: object) -> Json:
    """Make a call, again where its daemon had not yet noticed that its server is another."""
    answers: list[Json] = []

    def is_written() -> bool:
        answers.append(control.answer(control.request(method, **params)))
        return not _is_refused_for_now(answers[-1])

    until(is_written)
    assert "result" in answers[-1], answers[-1]
    return dict(answers[-1]["result"])


def _is_refused_for_now(answer: Json) -> bool:
    if "result" in answer:
        return False
    return bool(answer["error"]["data"]["details"].get("outcome") == "nothing_written")


class Owner:
    """A worker whose controller is owned, over one daemon."""

    def __init__(self, control: RawConnection) -> None:
        """Make the worker, and own it."""
        self.worker_id = make_worker(control)
        self.stream = f"worker:{self.worker_id}"
        self.fence: Json = {}
        self.acquire(control)

    def acquire(self, control: RawConnection, **more: object) -> int:
        """Own it, and return the epoch."""
        handle = _call(control, "controller.acquire", controller_id="c", **more)
        self.fence = {"epoch": handle["epoch"], "token": handle["token"]}
        return int(handle["epoch"])

    def append(self, control: RawConnection, number: int) -> int:
        """Append an entry, and return its position."""
        told = _call(
            control, "event.append", worker_id=self.worker_id, type="n", data={"number": number},
            fence=self.fence,
        )  # fmt: skip
        return int(told["pos"])

    def is_fenced(self, control: RawConnection, fence: Json) -> bool:
        """Tell whether a holder is none any more."""
        told = control.answer(
            control.request("event.append", worker_id=self.worker_id, type="n", fence=fence)
        )
        return "error" in told and told["error"]["data"]["code"] == "FENCED"


def read(control: RawConnection, after: int, *streams: str) -> list[Json]:
    """Read entries after a position, of these streams or of all."""
    page = control.call("journal.read", streams=list(streams or ("*",)), after=after, limit=1000)
    return list(page["items"])


def pos(control: RawConnection) -> int:
    """Return where the journal stands."""
    return int(control.call("journal.position")["pos"])


def breaks(control: RawConnection) -> list[Json]:
    """Return what was told of other histories, the first first."""
    return _begun(read(control, 0, "daemon"))


def _begun(entries: list[Json]) -> list[Json]:
    return [entry["data"] for entry in entries if entry["type"] == "daemon.history_began"]


def await_breaks(control: RawConnection, count: int) -> None:
    """Wait until a daemon has connected again, and so many were told of."""

    def told() -> bool:
        answer = control.answer(control.request("journal.read", streams=["daemon"], limit=1000))
        return "result" in answer and len(_begun(answer["result"]["items"])) == count

    until(told)


def check_gone(control: RawConnection, after: int, ended_pos: int) -> None:
    """Look whether a cursor is one of the history that has ended, however it is asked with."""
    for method in ("journal.read", "journal.wait", "journal.subscribe"):
        told = control.error(method, streams=["*"], after=after)
        assert told["data"]["code"] == "CURSOR_GONE"
        assert told["data"]["details"] == {"pos": pos(control), "oldest_pos": 1}
        assert f"go on after {ended_pos}," in told["message"]


def numbers(entries: list[Json]) -> list[int]:
    """Return what was numbered of these entries."""
    return [entry["data"]["number"] for entry in entries if entry["type"] == "n"]
