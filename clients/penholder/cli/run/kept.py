"""The runner of a command in the background: started by a keeper, which says how far it is.

The first one takes the seat that was made for it and starts the command. One that comes after a
runner that was killed takes the seat again, and goes on from how the command ended: what the keeper
saw, or what the runner before had still told. The daemon may be away meanwhile, so it is patient.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.child import UNKNOWN, Exit, exit_of
from penholder.cli.run.inbox import Inbox, Interrupted
from penholder.cli.run.running import PATIENCE_S, Runner, Seated
from penholder.cli.run.session import Attempted
from penholder.cli.run.starting import sit
from penholder.cli.run.variables import Variables
from penholder.cli.terminal import failures
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.workers.served import socket_of
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Event, Fence, Page, Worker

_CHANNEL = 3
_LOOK_S = 1.0
"""After so long without a daemon at the worker's socket it is asked whether there will be one."""
_TAIL = 50
"""How many events at most come behind the end of a command whose runner was killed."""


class Plan(msgspec.Struct):
    """What a runner in the background is to do; as JSON on its way through the keeper."""

    arguments: Arguments
    options: Options
    stored: dict[str, str]
    passed: dict[str, str]
    worker: Worker
    before: int
    fence: Fence | None
    control_path: str


class _Told(msgspec.Struct):
    """What a keeper tells its runner."""

    run: Plan
    number: int = 0
    """Which start of the command was the last, 0 before the first."""
    how: int | None = None
    """How that ended, as subprocess says it; None where nobody saw."""


class Channel:
    """The way to the keeper, who need not be there any more."""

    def guarded(self, pid: int) -> None:
        """Say who ends the command by itself."""
        self._say(f"guard {pid}")

    def started(self, number: int, pid: int) -> None:
        """Say that the command runs."""
        self._say(f"started {number} {pid}")

    def ended(self, code: int) -> None:
        """Say that all is done."""
        self._say(f"ended {code}")

    def _say(self, words: str) -> None:
        with suppress(OSError):
            os.write(_CHANNEL, words.encode() + b"\n")


def main() -> int:
    """Run the command that the keeper names on stdin."""
    told = msgspec.convert(json.load(sys.stdin), _Told)
    return go_on(told.run, sit, partial(_run, told))


GoesOn = Callable[[Seated, Inbox, Channel], int]
"""Sees a command through whose worker's seat was taken; returns the exit code."""


def go_on(plan: Plan, sit: Callable[[Client], int], see_through: GoesOn) -> int:
    """Take the seat by `sit`, as soon as that can be, and see the command through."""
    # The command's stdin is this one's.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.set_inheritable(_CHANNEL, False)
    inbox = Inbox()
    inbox.catch_signals()
    channel = Channel()
    try:
        with inbox.interruptible():
            seated = _sit(plan, sit)
    except Interrupted as signaled:
        code = failures.report(Failure(str(signaled), 128 + signaled.number), as_json=False)
    except failures.EXPECTED as error:
        # Stopped, removed, or another's by now: there is nothing to be run any more.
        code = failures.report(error, as_json=False)
    else:
        return see_through(seated, inbox, channel)
    _retire(plan)
    channel.ended(code)
    return code


def _run(told: _Told, seated: Seated, inbox: Inbox, channel: Channel) -> int:
    plan = told.run
    variables = Variables(plan.stored, plan.passed)
    connect = partial(Client, operation=plan.options.operation)
    with connect(socket_of(plan.worker), reconnect_s=PATIENCE_S) as client:
        runner = Runner(plan.arguments, plan.options, variables, inbox, seated, client, channel)
        if not told.number:
            return runner.run()
        before = ended_before(client, told.how)
        return runner.run(told.number, before)


def _sit(plan: Plan, sit: Callable[[Client], int]) -> Seated:
    """Take the seat, as soon as there is a daemon that gives it.

    Where the command is not started again there is only its end to tell, and that waits no longer
    than all last output does.
    """
    said = plan.arguments
    deadline = inf if said.restart != "never" else time.monotonic() + said.give_up_s
    while True:
        with Client(socket_of(plan.worker), reconnect_s=_LOOK_S) as client:
            try:
                epoch = sit(client)
            except (ConnectionLost, DaemonUnreachable):
                if time.monotonic() > deadline or _is_over(plan):
                    raise
            else:
                break
    return Seated(plan.worker, epoch, plan.before, plan.fence, plan.control_path)


def _is_over(plan: Plan) -> bool:
    """Tell whether the worker will never have a socket again."""
    with Client(plan.control_path, reconnect_s=0) as control:
        try:
            asked = {"worker_id": plan.worker.worker_id}
            return control.call("worker.get", asked, Worker).state == "stopped"
        except PenholderError as error:
            return not error.retryable
        except (ConnectionLost, DaemonUnreachable):
            return False


def _retire(plan: Plan) -> None:
    """Leave no worker that waits for a process that will not come."""
    with (
        suppress(PenholderError, ConnectionLost, DaemonUnreachable, TimeoutError),
        Client(plan.control_path, reconnect_s=1) as control,
    ):
        about = {"worker_id": plan.worker.worker_id}
        if control.call("worker.get", about, Worker).state == "starting":
            ended = {**about, "to": "stopped", "last_error": "ended before its command was started"}
            control.call("worker.transition", ended, Worker)


def ended_before(client: Client, how: int | None) -> Attempted:
    """Find how the command ended whose runner was killed."""
    told = None
    with suppress(PenholderError, ConnectionLost, DaemonUnreachable):
        told = _told_end(client)
    if told is not None:
        return Attempted(told, 0.0, is_told=True)
    return Attempted(Exit(None, None, UNKNOWN) if how is None else exit_of(how), 0.0)


class _Ended(msgspec.Struct):
    exit_status: int | None = None
    signal: str | None = None


def _told_end(client: Client) -> Exit | None:
    """Return the end that the runner before had still told of, if any."""
    latest = client.call("event.latest", {}, Event)
    asked = {"after_seq": max(0, latest.event_seq - _TAIL), "limit": _TAIL}
    events = client.call("event.list", asked, Page[Event]).items
    for event in reversed(events):
        if event.type == "process.started":
            return None
        if event.type == "process.exited":
            return _exit_of(msgspec.json.decode(event.data, type=_Ended))
    return None


def _exit_of(said: _Ended) -> Exit:
    if said.exit_status is not None:
        return exit_of(said.exit_status)
    return Exit(None, said.signal, UNKNOWN)
