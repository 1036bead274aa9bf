"""Subscriptions over real sockets: backlog and live joined, lag, resuming after a crash."""

from penholder_protocol.limits import MAX_LAG_BYTES
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker


def _entries(connection: RawConnection, count: int) -> list[Json]:
    found: list[Json] = []
    while len(found) < count:
        notice = connection.notification()
        assert notice["method"] == "journal.entries"
        found += notice["params"]["entries"]
    return found


def test_backlog_and_live_join_without_gap_or_double(daemon: DaemonProcess) -> None:
    with daemon.connect() as writer, daemon.connect() as reader:
        worker_id = make_worker(writer)
        sent = [writer.request("event.append", worker_id=worker_id, type="t") for _ in range(500)]
        reader.call("journal.subscribe", streams=[f"worker:{worker_id}"], after="start")
        sent += [writer.request("event.append", worker_id=worker_id, type="t") for _ in range(500)]
        for request_id in sent:
            writer.answer(request_id)
        assert [entry["seq"] for entry in _entries(reader, 1000)] == list(range(1, 1001))


def test_the_streams_of_a_controllers_workers_and_types(daemon: DaemonProcess) -> None:
    with daemon.connect() as writer, daemon.connect() as reader:
        make_worker(writer, worker_id="early")
        reader.call("journal.subscribe", streams=["controller:c/workers"], types=["wanted"])
        make_worker(writer, worker_id="late")
        for worker_id in ("early", "late"):
            writer.call("event.append", worker_id=worker_id, type="unwanted")
            writer.call("event.append", worker_id=worker_id, type="wanted")
        assert [entry["stream"] for entry in _entries(reader, 2)] == ["worker:early", "worker:late"]


def test_unsubscribing_ends_it(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        worker_id = make_worker(connection)
        name = connection.call("journal.subscribe", streams=["*"])["subscription"]
        assert connection.call("journal.unsubscribe", subscription=name) == {"unsubscribed": True}
        connection.call("event.append", worker_id=worker_id, type="t")
        connection.call("rpc.ping")
        assert connection.notifications == []
        assert connection.call("journal.unsubscribe", subscription=name) == {"unsubscribed": False}


def test_a_reader_that_does_not_keep_up_is_told_where_to_resume(daemon: DaemonProcess) -> None:
    text = "x" * 200_000
    count = 2 * MAX_LAG_BYTES // len(text)
    with daemon.connect() as writer, daemon.connect() as reader:
        worker_id = make_worker(writer)
        reader.call("journal.subscribe", streams=[f"worker:{worker_id}"])
        for _ in range(count):
            writer.call("event.append", worker_id=worker_id, type="t", data={"text": text})
        seen: list[int] = []
        while (notice := reader.notification())["method"] == "journal.entries":
            seen += [entry["seq"] for entry in notice["params"]["entries"]]
        assert notice["method"] == "journal.lagged"
        reader.call(
            "journal.subscribe",
            streams=[f"worker:{worker_id}"],
            after=notice["params"]["resume_after"],
        )
        seen += [entry["seq"] for entry in _entries(reader, count - len(seen))]
        assert seen == list(range(1, count + 1))


def test_a_cursor_is_good_after_a_crash(daemon: DaemonProcess) -> None:
    with daemon.connect() as writer:
        worker_id = make_worker(writer)
        writer.call("event.append", worker_id=worker_id, type="before")
        pos = writer.call("journal.position")["pos"]
    daemon.restart()
    with daemon.connect() as writer:
        writer.call("event.append", worker_id=worker_id, type="after")
        writer.call("journal.subscribe", streams=["*"], after=pos)
        assert [entry["type"] for entry in _entries(writer, 1)] == ["after"]


def test_a_long_poll_returns_what_comes(daemon: DaemonProcess) -> None:
    with daemon.connect() as waiting, daemon.connect() as writer:
        worker_id = make_worker(writer)
        pos = waiting.call("journal.position")["pos"]
        wait = waiting.request("journal.wait", streams=["*"], after=pos, timeout_ms=60_000)
        writer.call("event.append", worker_id=worker_id, type="t")
        found = waiting.answer(wait)["result"]
        assert [entry["type"] for entry in found["items"]] == ["t"]
        assert found["pos"] == pos + 1


def _claim_when_free(connection: RawConnection, run_id: str) -> Json:
    """Claim a run as soon as the lease of another is over."""
    while True:
        answer = connection.answer(connection.request("run.claim", run_id=run_id, lease_ms=1))
        if "result" in answer:
            return dict(answer["result"])
        assert answer["error"]["data"]["code"] == "RUNNER_LEASE_CONFLICT"


def test_a_worker_hears_no_more_of_a_run_that_another_has_claimed(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        for worker_id in ("w1", "w2"):
            make_worker(control, worker_id=worker_id)
        control.call(
            "run.create", run_id="r", tenant_id="t", project_id="p", backend_profile="codex"
        )
    with daemon.connect("w1") as slow, daemon.connect("w2") as fast:
        for each in (slow, fast):
            each.call("runtime.attach")
        _claim_when_free(slow, "r")
        own = ["run:r", "worker:w1"]
        names = {
            slow.call("journal.subscribe", streams=own, after=after)["subscription"]
            for after in ("now", "start")
        }
        assert [entry["type"] for entry in _entries(slow, 2)] == ["backend_status"] * 2
        _claim_when_free(fast, "r")
        notices = [slow.notification() for _ in names]
        assert {notice["method"] for notice in notices} == {"journal.lagged"}
        assert {notice["params"]["subscription"] for notice in notices} == names
        after = notices[0]["params"]["resume_after"]
        assert slow.refusal("journal.subscribe", streams=own, after=after) == "DENIED"
        slow.call("journal.subscribe", streams=own[1:], after=after)
        slow.call("event.append", type="mine")
        assert [entry["stream"] for entry in _entries(slow, 1)] == ["worker:w1"]
