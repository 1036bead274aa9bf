"""`penholder run` from registering the worker to the exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.commands import failures, fences, targets
from penholder.commands.failures import Failure
from penholder.commands.options import Options
from penholder.run.arguments import Arguments, parse
from penholder.run.inbox import Inbox
from penholder.run.process import Command, code_of_failed_start, told
from penholder.run.sender import Sender
from penholder.run.session import Session, Timing
from penholder.run.watcher import Watched, Watcher
from penholder_protocol.errors import PenholderError, WorkerNotFound
from penholder_protocol.nouns import Attachment, CurrentPosition, Event, Worker

_PATIENCE_S = 1.0
"""Of one attempt; a call is tried again as long as the session goes on."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder run words…`; returns the exit code."""
    arguments, options = parse(words)
    target = targets.choose(options)
    with targets.connect(target, options.operation) as control:
        before = control.call("journal.position", {}, CurrentPosition).pos
        worker = _register(control, arguments, options)
    if sys.stderr.isatty() and not arguments.quiet:
        print(f"penholder run: worker {worker.worker_id}", file=sys.stderr)
    connect = partial(Client, operation=options.operation)
    with connect(worker.socket_path, reconnect_s=_PATIENCE_S) as client:
        epoch = client.call("runtime.attach", {}, Attachment).runtime_epoch
        watched = Watched(arguments.controller, worker.worker_id, epoch, before)
        inbox = Inbox()
        inbox.catch_signals()
        watcher = Watcher(
            connect(target.path, reconnect_s=_PATIENCE_S), watched, inbox.stop, inbox.broken
        )
        watcher.start()
        try:
            return _run_seated(
                client,
                arguments,
                worker,
                inbox,
                lambda: _is_stopped(connect(target.path, reconnect_s=0), worker.worker_id),
            )
        finally:
            watcher.close()


def _register(control: Client, arguments: Arguments, options: Options) -> Worker:
    params: dict[str, object] = {
        "controller_id": arguments.controller,
        "label": arguments.label,
        "launcher": arguments.launcher,
        "profile": arguments.profile,
        "cwd": os.getcwd(),
        "start": "starting",
    }
    if arguments.worker_id is not None:
        params["worker_id"] = arguments.worker_id
    with fences.held(control, options, params) as fence:
        return control.call("worker.create", {**params, "fence": fence}, Worker)


def _run_seated(
    client: Client,
    arguments: Arguments,
    worker: Worker,
    inbox: Inbox,
    is_stopped: Callable[[], bool],
) -> int:
    try:
        client.call("worker.transition", {"to": "running"}, Worker)
    except PenholderError as error:
        _detach(client, error.message)
        raise
    environment = {"PENHOLDER_SOCKET": worker.socket_path, "PENHOLDER_WORKER_ID": worker.worker_id}
    try:
        command = Command(arguments.argv, environment)
    except OSError as error:
        return _could_not_start(client, arguments, error)
    session = Session(
        arguments.argv,
        command,
        inbox,
        lambda backlog, done: Sender(client, backlog, is_stopped, done),
        Timing(arguments.kill_after_s, arguments.give_up_s),
        (None, None) if arguments.quiet else (1, 2),
    )
    how = session.run()
    if session.error is None:
        return how.code
    _report(session.error, arguments)
    # What the daemon refused outweighs how the command ended.
    refused = isinstance(session.error, PenholderError)
    return failures.exit_code(session.error) if refused or not how.code else how.code


def _could_not_start(client: Client, arguments: Arguments, error: OSError) -> int:
    argv = told(arguments.argv)
    message = f"cannot run {argv[0]}: {error.strerror}"
    data = {"argv": argv, "error": message}
    client.call("event.append", {"type": "process.failed", "data": data}, Event)
    _detach(client, message)
    _report(Failure(message), arguments)
    return code_of_failed_start(error)


def _detach(client: Client, last_error: str) -> None:
    """Leave the seat before anything ran."""
    with suppress(PenholderError, ConnectionLost, DaemonUnreachable):
        client.call("runtime.detach", {"state": "error", "last_error": last_error}, Worker)


def _is_stopped(control: Client, worker_id: str) -> bool:
    """Tell whether the daemon is there and the worker's socket will not be."""
    with control:
        try:
            worker = control.call(
                "worker.get", {"worker_id": worker_id}, Worker, timeout_s=_PATIENCE_S
            )
        except WorkerNotFound:
            return True
        except (PenholderError, ConnectionLost, DaemonUnreachable, TimeoutError):
            return False
        return worker.state == "stopped"


def _report(error: Exception, arguments: Arguments) -> None:
    failures.report(error, as_json=bool(arguments.json), command="penholder run")
