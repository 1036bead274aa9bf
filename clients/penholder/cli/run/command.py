"""`penholder run` from registering the worker to the exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from subprocess import SubprocessError

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run.arguments import Arguments, parse
from penholder.cli.run.child import CANNOT_RUN, Command, code_of_failed_start
from penholder.cli.run.group import left_behind
from penholder.cli.run.guarding import Guard
from penholder.cli.run.inbox import Inbox, Interrupted
from penholder.cli.run.sender import Sender
from penholder.cli.run.session import Session, Timing
from penholder.cli.run.starting import Registration, Seated, command_that_tells
from penholder.cli.run.telling import event, name_of, words_that_fit
from penholder.cli.run.watcher import Watched, Watcher
from penholder.cli.terminal import failures, fences, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder_protocol.errors import PenholderError, WorkerNotFound
from penholder_protocol.nouns import Event, Worker

_PATIENCE_S = 1.0
"""Of one attempt; a call is tried again as long as the session goes on."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder run words…`; returns the exit code."""
    arguments, options = parse(words)
    inbox = Inbox()
    # Before there is a worker: a signal that came amid its making would leave it behind.
    inbox.catch_signals()
    connect = partial(Client, operation=options.operation)
    registration = Registration(arguments, options, connect)
    try:
        with inbox.interruptible():
            seated = _take_seat(registration, options)
    except Interrupted as signaled:
        registration.retire(str(signaled))
        _report(Failure(str(signaled)), arguments)
        return 128 + signaled.number
    if sys.stderr.isatty() and not arguments.quiet:
        print(f"penholder run: worker {seated.worker.worker_id}", file=sys.stderr)
    with connect(seated.worker.socket_path, reconnect_s=_PATIENCE_S) as client:
        return _Run(arguments, options, inbox, seated, connect, client).run()


def _take_seat(registration: Registration, options: Options) -> Seated:
    target = targets.choose(options)
    try:
        with targets.connect(target, options.operation) as control:
            return registration.take(control, str(target.path))
    except (PenholderError, ConnectionLost, DaemonUnreachable) as error:
        registration.retire(f"could not be started: {error}")
        raise


class _Run:
    """A seated worker's command: guarded, watched, seen through to its end."""

    def __init__(
        self,
        arguments: Arguments,
        options: Options,
        inbox: Inbox,
        seated: Seated,
        connect: Callable[..., Client],
        client: Client,
    ) -> None:
        self._arguments = arguments
        self._options = options
        self._inbox = inbox
        self._seated = seated
        self._connect = connect
        self._client = client
        self._control_path = targets.choose(options).path
        worker = seated.worker
        self._environment = {
            "PENHOLDER_SOCKET": worker.socket_path,
            "PENHOLDER_WORKER_ID": worker.worker_id,
        }
        self._marks = [f"{name}={value}" for name, value in self._environment.items()]

    def run(self) -> int:
        """Start it and stay until its end."""
        try:
            # Before the command: there must be no moment in which it runs unguarded.
            guard = None if self._arguments.keep else self._make_guard()
        except OSError as error:
            return self._could_not_start(f"cannot start a guard: {error.strerror}", CANNOT_RUN)
        code = self._run_guarded(guard)
        # Not where something unforeseen ends this program: the guard then has the command to end.
        if guard is not None:
            guard.release()
        return code

    def _run_guarded(self, guard: Guard | None) -> int:
        argv = self._arguments.argv
        try:
            # Before any thread is started: the new process is a fork of this one.
            command = Command(argv, self._environment, guard)
        except SubprocessError:
            return self._could_not_start("the guard of the command has ended", CANNOT_RUN)
        except OSError as error:
            message = f"cannot run {name_of(argv)}: {error.strerror}"
            return self._could_not_start(message, code_of_failed_start(argv, error))
        if guard is not None:
            # A thread, and so only now that the command has been forked.
            guard.keep(command.group)
        self._inbox.catch_suspension()
        watcher = self._watch()
        try:
            return self._see_through(command, guard)
        finally:
            watcher.close()

    def _make_guard(self) -> Guard:
        worker_id = self._seated.worker.worker_id
        control = os.path.abspath(self._control_path)
        tell = command_that_tells(control, worker_id, "process.guarded", self._options)
        fence = self._seated.fence
        # What stands there is the caller's, and need not be what the worker was made with.
        environment = {k: v for k, v in os.environ.items() if k != fences.VARIABLE}
        if fence is not None:
            environment[fences.VARIABLE] = f"{fence.epoch}:{fence.token}"
        return Guard(self._arguments.kill_after_s, self._marks, control, tell, environment)

    def _watch(self) -> Watcher:
        worker_id, epoch = self._seated.worker.worker_id, self._seated.runtime_epoch
        watched = Watched(self._arguments.controller, worker_id, epoch, self._seated.before)
        client = self._connect(self._control_path, reconnect_s=_PATIENCE_S)
        watcher = Watcher(client, watched, self._inbox.stop, self._inbox.broken)
        watcher.start()
        return watcher

    def _see_through(self, command: Command, guard: Guard | None) -> int:
        arguments = self._arguments
        others = () if guard is None else (guard.pid,)
        session = Session(
            arguments.argv,
            command,
            self._inbox,
            lambda backlog, done: Sender(self._client, backlog, self._is_stopped, done),
            Timing(arguments.kill_after_s, arguments.give_up_s),
            (None, None) if arguments.quiet else (1, 2),
            lambda: left_behind(self._marks, others),
        )
        how = session.run()
        if session.error is None:
            return how.code
        _report(session.error, arguments)
        # What the daemon refused outweighs how the command ended.
        refused = isinstance(session.error, PenholderError)
        return failures.exit_code(session.error) if refused or not how.code else how.code

    def _could_not_start(self, message: str, code: int) -> int:
        data = event(
            "process.failed", **words_that_fit(self._arguments.argv).fields(), error=message
        ).data
        gone = (Interrupted, ConnectionLost, DaemonUnreachable)
        with suppress(*gone), self._inbox.interruptible():
            self._client.call("event.append", {"type": "process.failed", "data": data}, Event)
            farewell = {"state": "error", "last_error": message}
            self._client.call("runtime.detach", farewell, Worker)
        _report(Failure(message), self._arguments)
        return code

    def _is_stopped(self) -> bool:
        """Tell whether the daemon is there and the worker's socket will not be."""
        asked = {"worker_id": self._seated.worker.worker_id}
        with self._connect(self._control_path, reconnect_s=0) as control:
            try:
                worker = control.call("worker.get", asked, Worker, timeout_s=_PATIENCE_S)
            except WorkerNotFound:
                return True
            except (PenholderError, ConnectionLost, DaemonUnreachable, TimeoutError):
                return False
            return worker.state == "stopped"


def _report(error: Exception, arguments: Arguments) -> None:
    failures.report(error, as_json=bool(arguments.json), command="penholder run")
