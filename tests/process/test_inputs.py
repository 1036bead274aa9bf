"""Inputs with real sockets, kills, backups: a worker has before it what it has not acknowledged."""

from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.programs import penholder

NO_END_MS = 300_000


def _send(control: RawConnection, kind: str, worker_id: str = "w") -> int:
    return int(control.call("worker.send", worker_id=worker_id, kind=kind)["seq"])


def _asks(worker: RawConnection) -> int:
    """Have a worker wait for input; it waits when this returns."""
    waiting = worker.request("input.next", timeout_ms=NO_END_MS)
    worker.call("rpc.ping")
    return waiting


@pytest.fixture
def control(daemon: DaemonProcess) -> RawConnection:
    """Give a connection to a daemon with two workers."""
    control = daemon.connect()
    make_worker(control, worker_id="w")
    make_worker(control, worker_id="v")
    return control


def test_who_waits_has_it_at_once_and_nobody_else(
    daemon: DaemonProcess, control: RawConnection
) -> None:
    with control, daemon.connect("w") as worker, daemon.connect("v") as other:
        waiting, others = _asks(worker), _asks(other)
        _send(control, "go on")
        found = worker.answer(waiting)["result"]
        assert (found["seq"], found["kind"]) == (1, "go on")
        assert other.call("rpc.cancel", id=others) == {"canceled": True}
        assert other.answer(others)["result"] is None
        assert other.refusal("input.list", worker_id="w") == "DENIED"
        assert other.refusal("worker.send", worker_id="w", kind="x") == "DENIED"


def test_a_wait_for_a_worker_that_is_removed_ends(
    daemon: DaemonProcess, control: RawConnection
) -> None:
    with control, daemon.connect() as waiter:
        waiting = waiter.request("input.next", worker_id="w", timeout_ms=NO_END_MS)
        waiter.call("rpc.ping")
        control.call("worker.stop", worker_id="w")
        control.call("worker.remove", worker_id="w")
        assert waiter.answer(waiting)["error"]["data"]["code"] == "WORKER_NOT_FOUND"


def test_a_kill_loses_neither_what_was_sent_nor_what_was_taken(
    daemon: DaemonProcess, control: RawConnection
) -> None:
    with control, daemon.connect("w") as worker:
        worker.call("runtime.attach")
        for kind in ("a", "b"):
            control.call("worker.send", worker_id="w", kind=kind, idempotency_key=kind)
        worker.call("input.ack", seq=1)
        daemon.restart()
    with daemon.connect() as anew, daemon.connect("w") as worker:
        again = anew.call("worker.send", worker_id="w", kind="b", idempotency_key="b")
        assert again["seq"] == 2
        assert worker.call("input.next")["kind"] == "b"
        assert worker.call("input.ack", seq=2) == {"seq": 2}
        assert _send(anew, "c") == 3
        assert anew.call("daemon.verify", deep=True)["findings"] == []


def test_a_restored_backup_has_them_and_the_last_output(
    daemon: DaemonProcess, control: RawConnection
) -> None:
    with control:
        for kind in ("a", "b"):
            _send(control, kind)
        control.call("input.ack", worker_id="w", seq=1)
        output = {"type": "output", "data": {"text": "kept"}}
        control.call("event.append", worker_id="w", **output)
        file = Path(control.call("daemon.backup", path=str(daemon.state_dir / "b.db"))["path"])
        control.call("event.append", worker_id="w", type="output", data={"text": "after"})
        _send(control, "lost")
    daemon.stop()
    assert penholder(daemon, "restore", str(file)).code == 0
    daemon.start()
    with daemon.connect() as anew:
        listed = anew.call("input.list", worker_id="w")["items"]
        assert [(each["kind"], each["acked"]) for each in listed] == [("a", True), ("b", False)]
        [_, seen] = anew.call("worker.overview")["items"]
        assert seen["last_text"] == "kept"
        assert anew.call("daemon.verify", deep=True)["findings"] == []


def test_the_words_are_there_on_the_command_line(
    daemon: DaemonProcess, control: RawConnection
) -> None:
    with control:
        sent = penholder(
            daemon, "worker", "send", "--worker-id", "w", "--kind", "text", "--data", '{"a": 1}'
        )
        assert (sent.code, sent.json["seq"]) == (0, 1)
        found = penholder(daemon, "input", "next", "--worker-id", "w")
        assert (found.code, found.json["data"]) == (0, {"a": 1})
        assert penholder(daemon, "worker", "overview").json["items"][0]["last_text"] is None
