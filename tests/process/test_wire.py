"""What is on the wire: every fault gets the answer that the specification gives."""

import json
import socket
from typing import Any

import pytest

from penholder_protocol.limits import MAX_BATCH, MAX_FRAME_BYTES, MAX_IN_FLIGHT
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker

PING = b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}'


@pytest.mark.parametrize(
    ("frame", "number", "request_id"),
    [
        (b"{nonsense", -32700, None),
        (b'"\xff"', -32700, None),
        (b"1", -32600, None),
        (b"null", -32600, None),
        (b"[]", -32600, None),
        (b'{"method":"rpc.ping","id":7}', -32600, 7),
        (b'{"jsonrpc":"1.0","method":"rpc.ping","id":7}', -32600, 7),
        (b'{"jsonrpc":"2.0","method":1,"params":"bar"}', -32600, None),
        (b'{"jsonrpc":"2.0","method":"rpc.ping","params":"bar","id":"x"}', -32600, "x"),
        (b'{"jsonrpc":"2.0","method":"rpc.ping","id":1.5}', -32600, None),
        (b'{"jsonrpc":"2.0","method":"rpc.ping","id":null}', -32600, None),
        (b'{"jsonrpc":"2.0","id":3,"result":1}', -32600, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"rpc.pong"}', -32601, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"rpc.ping","params":[1]}', -32602, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"rpc.ping","params":{"a":1}}', -32602, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"worker.get","params":{"worker_id":1}}', -32602, 3),
        (b'{"jsonrpc":"2.0","id":3,"method":"worker.get"}', -32602, 3),
    ],
)
def test_each_fault_gets_its_answer_and_the_connection_goes_on(
    daemon: DaemonProcess, frame: bytes, number: int, request_id: object
) -> None:
    with daemon.connect() as connection:
        connection.send(frame + b"\n" + PING + b"\n")
        fault = connection.read()
        assert fault["error"]["code"] == number
        assert fault["id"] == request_id
        assert fault["error"]["data"]["code"]
        assert connection.read()["result"]["pong"] is True


def test_a_value_without_bottom_is_refused(daemon: DaemonProcess) -> None:
    # How deep the decoder itself goes differs by Python; below that the id is known.
    deep = b"[" * 5000 + b"]" * 5000
    params = b'{"worker_id":"w","type":"t","data":{"deep":%b}}' % deep
    with daemon.connect() as connection:
        connection.send(
            b'{"jsonrpc":"2.0","id":3,"method":"event.append","params":%b}\n%b\n' % (params, PING)
        )
        fault = connection.read()
        assert fault["error"]["code"] == 1005
        assert fault["error"]["data"]["details"]["limit"] == "MAX_VALUE_DEPTH"
        assert fault["id"] in (3, None)
        assert connection.read()["result"]["pong"] is True


def test_a_batch_is_answered_in_one_array(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        connection.send(b"[%b,1,%b]\n" % (PING, PING.replace(b'"id":1,', b"")))
        answers = connection.read()
        assert sorted(str(each["id"]) for each in answers) == ["1", "None"]


def test_a_batch_of_notifications_is_not_answered(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        connection.send(b'[{"jsonrpc":"2.0","method":"rpc.ping"}]\n' + PING + b"\n")
        assert connection.read()["id"] == 1


def test_a_batch_over_its_limit_names_the_limit(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        connection.send(b"[" + b",".join([PING] * (MAX_BATCH + 1)) + b"]\n")
        error = connection.read()["error"]
        assert error["code"] == -32600
        assert error["data"]["details"] == {"limit": "MAX_BATCH", "maximum": MAX_BATCH}


def test_a_frame_over_its_limit_is_answered_and_the_connection_closed(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as connection:
        connection.send(b" " * (MAX_FRAME_BYTES + 1) + b"\n")
        fault = connection.read()
        assert fault["id"] is None
        assert fault["error"]["data"]["details"]["limit"] == "MAX_FRAME_BYTES"
        assert connection.read() is None


def test_a_frame_at_its_limit_is_served(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        connection.send(PING + b" " * (MAX_FRAME_BYTES - len(PING)) + b"\n")
        assert connection.read()["result"]["pong"] is True


def test_half_a_frame_disturbs_nobody(daemon: DaemonProcess) -> None:
    with daemon.connect() as half, daemon.connect() as whole:
        half.send(PING[:20])
        whole.send(PING + b"\n")
        assert whole.read()["result"]["pong"] is True
        half.socket.shutdown(socket.SHUT_WR)
        assert half.read()["error"]["code"] == -32700
        assert half.read() is None


def test_a_peer_that_ends_its_sending_half_gets_its_answers(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        request_id = connection.request("controller.register", label="l", workspace_key="/w")
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.answer(request_id)["result"]["label"] == "l"
        assert connection.read() is None


def test_a_query_sees_the_mutations_sent_before_it(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        for number in range(50):
            connection.request(
                "controller.register",
                controller_id=f"c{number}",
                label="l",
                workspace_key=str(number),
            )
        listed = connection.call("controller.list", limit=1000)
        assert len(listed["items"]) == 50


def test_ids_are_echoed_as_they_came(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        for raw in (b"-5", b'"a\\u0041"', b"123456789012345678901234567890"):
            connection.send(PING.replace(b"1,", raw + b",", 1))
            connection.send(b"\n")
            assert connection.read()["id"] == json.loads(raw)


def test_past_the_limit_of_open_requests_reading_stops_until_some_are_answered(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as connection, daemon.connect() as other:
        worker_id = make_worker(other)
        for _ in range(MAX_IN_FLIGHT):
            connection.request("event.wait", worker_id=worker_id, timeout_ms=60_000)
        ping = connection.request("rpc.ping")
        other.call("event.append", worker_id=worker_id, type="t")
        seen = [connection.read()["id"] for _ in range(MAX_IN_FLIGHT + 1)]
        assert ping in seen[1:]


def test_a_wait_ends_when_it_is_canceled(daemon: DaemonProcess) -> None:
    with daemon.connect() as connection:
        worker_id = make_worker(connection)
        wait = connection.request("event.wait", worker_id=worker_id, timeout_ms=60_000)
        assert connection.call("rpc.cancel", id=wait) == {"canceled": True}
        assert connection.answer(wait)["result"] == {"items": [], "next": None}
        assert connection.call("rpc.cancel", id=wait) == {"canceled": False}


def test_a_wait_is_answered_by_what_it_waits_for(daemon: DaemonProcess) -> None:
    with daemon.connect() as waiting, daemon.connect() as acting:
        worker_id = make_worker(acting)
        request = acting.call("approval.request", worker_id=worker_id, message="may I?")
        wait = waiting.request("approval.wait", request_id=request["request_id"], timeout_ms=60_000)
        acting.call("approval.decide", request_id=request["request_id"], option="ALLOW")
        assert waiting.answer(wait)["result"]["decision"] == "allow"


def test_tasks_that_are_submitted_at_once_are_claimed_in_their_order(
    daemon: DaemonProcess,
) -> None:
    task = {"tenant_id": "t", "project_id": "p", "queue": "fifo"}
    with daemon.connect() as connection:
        tasks = [{**task, "title": str(number)} for number in range(50)]
        connection.call("queue.submit_many", tasks=tasks)
        claim = {"queue": "fifo", "runner_id": "r", "lease_ms": 60_000, "max_tasks": 50}
        claimed = connection.call("queue.claim", **claim)["items"]
        assert [int(each["task"]["title"]) for each in claimed] == list(range(50))


def test_a_wait_that_claims_is_in_order_with_the_mutations_around_it(
    daemon: DaemonProcess,
) -> None:
    task = {"tenant_id": "t", "project_id": "p", "queue": "q"}
    claim = {"queue": "q", "runner_id": "r", "lease_ms": 60_000, "timeout_ms": 100}
    with daemon.connect() as connection:
        for number in range(20):
            named = {"queue_task_id": f"qt_{number}"}
            lines = [
                ("submit", "queue.submit", {**task, **named}),
                ("wait", "queue.wait", claim),
                ("cancel", "queue.cancel", named),
                ("late", "queue.wait", claim),
            ]
            connection.send(
                b"".join(
                    json.dumps(
                        {"jsonrpc": "2.0", "id": name, "method": method, "params": params}
                    ).encode()
                    + b"\n"
                    for name, method, params in lines
                )
            )
            answers = {answer["id"]: answer["result"] for answer in map(_read, [connection] * 4)}
            (claimed,) = answers["wait"]["items"]
            assert claimed["task"]["queue_task_id"] == named["queue_task_id"]
            assert answers["cancel"]["state"] == "canceled"
            assert answers["late"]["items"] == []


def _read(connection: RawConnection) -> Any:
    return connection.read()
