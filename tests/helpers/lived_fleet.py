"""A small fleet that lives through everything a timeline shows, beside a real daemon."""

import os
from contextlib import ExitStack
from typing import NamedTuple

from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection
from tests.helpers.programs import penholder
from tests.helpers.puppet import Puppet, puppet
from tests.helpers.waiting import until


class Asked(NamedTuple):
    """A question, and who answered it."""

    request_id: str
    answered_by: int


def _make(control: RawConnection, controller_id: str, worker_id: str) -> None:
    control.call(
        "worker.create", controller_id=controller_id, worker_id=worker_id, label=worker_id,
        launcher="test", profile="p", cwd="/",
    )  # fmt: skip


def _seated(stack: ExitStack, daemon: DaemonProcess, worker_id: str) -> Puppet:
    made = stack.enter_context(puppet(str(daemon.runtime_dir / "workers" / f"{worker_id}.sock")))
    assert "result" in made.call("runtime.attach")
    return made


def _turn(worker: Puppet, turn_id: str, entries: int) -> None:
    for number in range(entries):
        worker.call(
            "event.append",
            f'{{"type":"output","turn_id":"{turn_id}","data":{{"text":"line {number}"}}}}',
        )


def live(daemon: DaemonProcess, workers: int = 1, entries: int = 20) -> list[Asked]:
    """Have a fleet live: questions and answers, turns, takeovers, losses, a command that fails."""
    asked = []
    with ExitStack() as stack:
        control = stack.enter_context(daemon.connect())
        for controller_id, label in (("api", "api server"), ("web", "web site")):
            control.call(
                "controller.register", controller_id=controller_id, label=label,
                workspace_key=f"/{controller_id}",
            )  # fmt: skip
        seated = []
        for number in range(workers):
            _make(control, "api", f"coder-{number}")
            seated.append(_seated(stack, daemon, f"coder-{number}"))
            seated[-1].call("worker.transition", '{"to":"running"}')
        for number, worker in enumerate(seated):
            _turn(worker, "turn-1", entries)
            question = worker.call("approval.request", '{"message":"Delete the old tables?"}')
            asked.append(Asked(question["result"]["request_id"], os.getpid()))
            control.call("approval.decide", request_id=asked[-1].request_id, option="allow")
            _turn(worker, f"turn-{number + 2}", entries // 2)
        _make(control, "web", "tester")
        _take_over(stack, daemon, control)
        failed = penholder(
            daemon, "run", "--controller", "web", "--label", "build", "--",
            "sh", "-c", "for i in 1 2 3 4 5; do echo compiling $i; done; exit 3",
        )  # fmt: skip
        assert failed.code == 3
    # All processes are gone; that the daemon knows it, too, ends what there is to tell.
    with daemon.connect() as control:
        until(lambda: "attached" not in _recoveries(control))
    return asked


def _recoveries(control: RawConnection) -> set[str]:
    return {each["recovery_state"] for each in control.call("worker.list")["items"]}


def _take_over(stack: ExitStack, daemon: DaemonProcess, control: RawConnection) -> None:
    """Have one seat taken over, the other's process killed, and the seat taken again."""
    handle = control.call("controller.acquire", controller_id="web")
    _seated(stack, daemon, "tester").call("worker.transition", '{"to":"running"}')
    second = stack.enter_context(puppet(str(daemon.runtime_dir / "workers" / "tester.sock")))
    assert "result" in second.call("runtime.attach", '{"takeover":true}')
    second.kill()
    until(lambda: control.call("worker.get", worker_id="tester")["state"] == "error")
    third = _seated(stack, daemon, "tester")
    third.call("worker.transition", '{"to":"running"}')
    third.call("approval.request", '{"message":"Deploy to production?"}')
    newer = control.call("controller.acquire", controller_id="web", takeover=True)
    assert newer["epoch"] == handle["epoch"] + 1
    control.call(
        "controller.release", controller_id="web", epoch=newer["epoch"], token=newer["token"]
    )


def journal(daemon: DaemonProcess) -> list[Json]:
    """Return all entries."""
    found: list[Json] = []
    with daemon.connect() as control:
        while True:
            page = control.call("journal.read", streams=["*"], limit=1000,
                                after=found[-1]["pos"] if found else 0)  # fmt: skip
            if not page["items"]:
                return found
            found += page["items"]
