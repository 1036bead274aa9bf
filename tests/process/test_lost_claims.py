"""A claim whose answer nobody hears is answered again, over a kill of the daemon too.

For a runner that is known to be gone nothing is claimed.
"""

import socket

import pytest

from penholder.blocking import Client
from tests.helpers.daemon_process import DaemonProcess, RawConnection

TASK = {"tenant_id": "t", "project_id": "p", "queue": "q"}
SENT = {
    "queue": "q",
    "runner_id": "r",
    "lease_ms": 60_000,
    "token": "x" * 40,
    "idempotency_key": "k",
    "timeout_ms": 20_000,
}


def _submit(connection: RawConnection, name: str) -> None:
    connection.call("queue.submit", queue_task_id=name, **TASK)


def _claimed(connection: RawConnection, method: str) -> list[str]:
    params = {name: value for name, value in SENT.items() if name != "timeout_ms"}
    answer = connection.call(method, **(SENT if method == "queue.wait" else params))
    return [each["task"]["queue_task_id"] for each in answer["items"]]


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("method", ["queue.wait", "queue.claim"])
def test_who_did_not_hear_the_answer_gets_the_same_task(
    daemon: DaemonProcess, method: str, crash: bool
) -> None:
    with daemon.connect() as control:
        _submit(control, "first")
        _submit(control, "second")
        with daemon.connect() as deaf:
            params = {name: each for name, each in SENT.items() if name != "timeout_ms"}
            deaf.request(method, **(SENT if method == "queue.wait" else params))
            waiting = control.call("journal.wait", streams=["queue:q"], after=0, types=["claimed"])
            assert len(waiting["items"]) == 1
    if crash:
        daemon.restart()
    with daemon.connect() as again:
        assert _claimed(again, method) == ["first"]
        assert _claimed(again, method) == ["first"]
        tasks = again.call("queue.list", queue="q")["items"]
        assert [task["attempts"] for task in tasks] == [1, 0]
        lease = {"epoch": 1, "token": SENT["token"]}
        done = again.call("queue.complete", queue_task_id="first", lease=lease)
        assert done["state"] == "completed"


def test_a_wait_that_got_nothing_waits_again_under_its_key(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        empty = control.call("queue.wait", **{**SENT, "timeout_ms": 0})
        assert empty["items"] == []
        request = control.request("queue.wait", **SENT)
        with daemon.connect() as other:
            _submit(other, "late")
        answer = control.answer(request)["result"]
        assert answer["items"][0]["task"]["queue_task_id"] == "late"


def test_the_typed_client_hands_out_a_lease_that_proves_itself(daemon: DaemonProcess) -> None:
    with Client(daemon.control_socket) as client:
        client.queue.submit(tenant_id="t", project_id="p", queue="q")
        [claimed] = client.queue.wait(queue="q", runner_id="r", lease_ms=60_000).items
        lease = {"epoch": claimed.lease.epoch, "token": claimed.lease.token}
        name = claimed.task.queue_task_id
        done = client.call("queue.complete", {"queue_task_id": name, "lease": lease})
        assert isinstance(done, dict)
        assert done["state"] == "completed"


def _wait_for_ever(connection: RawConnection) -> int:
    """Have a runner wait; it has looked once when this returns."""
    request = connection.request("queue.wait", queue="q", runner_id="r", lease_ms=600_000)
    connection.call("rpc.ping")
    return request


@pytest.mark.parametrize("halves", ["both halves", "the socket"])
def test_nothing_is_claimed_for_a_runner_that_has_just_hung_up(
    daemon: DaemonProcess, halves: str
) -> None:
    with daemon.connect() as control, daemon.connect() as living:
        for number in range(5):
            with daemon.connect() as gone:
                # Who hangs up has waited longest, so it would be its turn.
                _wait_for_ever(gone)
                request = _wait_for_ever(living)
                if halves == "both halves":
                    gone.socket.shutdown(socket.SHUT_RDWR)
                else:
                    gone.close()
                _submit(control, f"t{number}")
                [claimed] = living.answer(request)["result"]["items"]
            assert claimed["task"]["queue_task_id"] == f"t{number}"
            assert claimed["task"]["attempts"] == 1


def test_a_runner_that_only_ended_its_sending_half_is_given_a_task(daemon: DaemonProcess) -> None:
    with daemon.connect() as control, daemon.connect() as listening:
        request = _wait_for_ever(listening)
        listening.socket.shutdown(socket.SHUT_WR)
        _submit(control, "t")
        [claimed] = listening.answer(request)["result"]["items"]
        assert claimed["task"]["queue_task_id"] == "t"
