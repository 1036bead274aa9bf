"""The command line with a real daemon: calls, owners, refusals, tails."""

import json
import signal

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import Ran, StartProgram, penholder

REGISTER = (
    "controller", "register", "--controller-id", "c", "--label", "l", "--workspace-key", "/w",
)  # fmt: skip
CREATE = (
    "worker", "create", "--controller-id", "c", "--worker-id", "w", "--label", "l",
    "--launcher", "x", "--profile", "p", "--cwd", "/",
)  # fmt: skip


def test_a_worker_from_its_registration_to_its_removal(daemon: DaemonProcess) -> None:
    def done(*words: str) -> Ran:
        ran = penholder(daemon, *words)
        assert (ran.code, ran.err) == (0, "")
        return ran

    done(*REGISTER)
    created = done(*CREATE, "--packs", "a", "--packs", "b", "--env", '{"K": "v"}').json
    assert (created["packs"], created["env"]) == (["a", "b"], {"K": "v"})
    event = done("event", "append", "--worker-id", "w", "--type", "t", "--data", '{"a": 1.50}')
    assert '"data":{"a":1.50}' in event.out
    many = '[{"type": "a"}, {"type": "b", "data": {}}]'
    assert (
        len(done("event", "append_many", "--worker-id", "w", "--events", many).json["items"]) == 2
    )
    assert done("event", "append-many", "--worker-id", "w", "--events", many).code == 0
    listed = done("event", "list", "--worker-id", "w", "--limit", "2", "--all").json
    assert [event["event_seq"] for event in listed["items"]] == [1, 2, 3, 4, 5]
    assert (
        done("worker", "set-turn", "--worker-id", "w", "--turn-id", "t1").json["active_turn_id"]
        == "t1"
    )
    assert (
        done("worker", "set-turn", "--worker-id", "w", "--no-turn-id").json["active_turn_id"]
        is None
    )
    done("worker", "stop", "--worker-id", "w")
    assert done("worker", "remove", "--worker-id", "w").json == {"removed": True}


def test_an_owner_and_a_stranger(daemon: DaemonProcess) -> None:
    penholder(daemon, *REGISTER)
    own = daemon.state_dir.parent / "own"
    acquired = penholder(
        daemon, "controller", "acquire", "--controller-id", "c", "--save", "--state-dir", str(own)
    )
    assert (acquired.code, acquired.json["token"]) == (0, None)

    assert penholder(daemon, *CREATE).code == 5
    assert penholder(daemon, *CREATE, "--state-dir", str(own)).code == 0
    beat = ("worker", "heartbeat", "--worker-id", "w")
    assert penholder(daemon, *beat, "--state-dir", str(own)).code == 0
    assert penholder(daemon, "controller", "acquire", "--controller-id", "c").code == 4

    assert penholder(daemon, *beat, "--take-over").code == 0
    stale = penholder(daemon, *beat, "--state-dir", str(own), "--json")
    assert stale.code == 5
    error = json.loads(stale.err)["error"]
    assert (error["code"], error["data"]["code"]) == (1003, "FENCED")
    assert error["data"]["details"]["current_epoch"] == 2
    assert penholder(daemon, *beat).code == 0


def test_owner_methods_from_the_saved_handle(daemon: DaemonProcess) -> None:
    penholder(daemon, *REGISTER)
    penholder(
        daemon, "controller", "acquire", "--controller-id", "c", "--save", "--lease-ms", "60000"
    )

    renewed = penholder(
        daemon, "controller", "renew", "--controller-id", "c", "--lease-ms", "90000"
    )
    assert (renewed.code, renewed.json["epoch"]) == (0, 1)
    assert penholder(daemon, "controller", "validate", "--controller-id", "c").json["valid"] is True
    assert (
        penholder(daemon, "controller", "release", "--controller-id", "c").json["released"] is True
    )
    assert penholder(daemon, "controller", "validate", "--controller-id", "c").code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("worker", "get", "--worker-id", "nobody"), 3),
        (CREATE, 4),
        (("worker", "transition", "--worker-id", "w", "--to", "canceling"), 6),
        (("worker", "transition", "--worker-id", "w", "--to", "tired"), 6),
        (("event", "append", "--worker-id", "w", "--type", "t", "--data", "BIG"), 7),
        (("worker", "heartbeat", "--worker", "w"), 5),
        (("worker", "get", "--worker", "w", "--worker-id", "other"), 8),
        (("event", "list", "--worker-id", "w", "--after-seq", "1", "--after-event-id", "e"), 2),
    ],
)
def test_refusals_have_their_exit_codes(
    daemon: DaemonProcess, words: tuple[str, ...], code: int
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
    big = daemon.state_dir.parent / "big"
    big.write_text(json.dumps({"x": "y" * (300 << 10)}))

    ran = penholder(daemon, *(f"@{big}" if word == "BIG" else word for word in words), "--json")

    assert (ran.code, ran.out) == (code, "")
    assert set(json.loads(ran.err)["error"]) == {"code", "message", "data"}


def test_status_tells_of_this_daemon(daemon: DaemonProcess) -> None:
    text = penholder(daemon, "status", "--no-json").out
    found = dict(line.split(maxsplit=1) for line in text.splitlines())

    assert found["pid"] == str(daemon.pid)
    assert found["workers"] == "none"
    assert penholder(daemon, "status").json["pid"] == daemon.pid
    daemon.kill()
    assert penholder(daemon, "status").code == 12


def test_a_tail_goes_on_over_a_crash(daemon: DaemonProcess, start_program: StartProgram) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        control.call("event.append", worker_id=worker_id, type="one")
        control.call("event.append", worker_id=worker_id, type="other")
    tail = start_program(
        "tail", f"worker:{worker_id}", "--after", "start", "--types", "one", "--types", "two"
    )
    assert json.loads(tail.line())["type"] == "one"
    daemon.restart()
    with daemon.connect() as control:
        control.call("event.append", worker_id=worker_id, type="two", data={"n": 2})

    entry = json.loads(tail.line())
    assert (entry["type"], entry["seq"], entry["data"]) == ("two", 3, {"n": 2})
    tail.signal(signal.SIGINT)
    ended = tail.end()
    assert (ended.code, ended.out, ended.err) == (130, "", "")


def test_a_tail_for_people_is_a_line_an_entry(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        first = control.call("journal.position")["pos"]
        control.call("event.append", worker_id="w", type="t", data={"a": "b\n"})
    tail = start_program("tail", "--after", str(first), "--no-json")

    assert tail.line().split(maxsplit=1)[1] == f'{first + 1} worker:w#1 t {{"a":"b\\n"}}'


def test_a_reader_that_goes_away_is_no_fault(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        tail = start_program("tail", "--after", "start")
        tail.line()
        assert tail.process.stdout is not None
        tail.process.stdout.close()
        control.call("event.append", worker_id="w", type="t")
        control.call("event.append", worker_id="w", type="t")
    assert tail.process.stderr is not None

    assert tail.process.wait(60) == 128 + signal.SIGPIPE
    assert tail.process.stderr.read() == b""


def test_a_tail_of_a_stream_that_nobody_has_written_to_says_so_and_waits(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    tail = start_program("tail", "worker:nosuch", "controller:c", "daemon")
    assert tail.error_line() == (
        "penholder tail: nobody has written to worker:nosuch yet, which is waited for"
        " (penholder worker list tells the ids)"
    )
    assert "controller:c yet" in tail.error_line()
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
    assert json.loads(tail.line())["type"] == "controller.registered"
    tail.signal(signal.SIGINT)
    assert tail.end().err == ""
