"""A seated worker's command: guarded, watched, reached by people, seen through to its end."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run import pty_serving, reaching
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import CANNOT_RUN, Command, GuardGone, Start, code_of_failed_start
from penholder.cli.run.endpoint import path_of
from penholder.cli.run.group import Left, left_behind
from penholder.cli.run.guarding import Guard
from penholder.cli.run.inbox import Inbox
from penholder.cli.run.partner import Partner
from penholder.cli.run.pty_terminal import PtyTerminal, own_terminal
from penholder.cli.run.restarts import Restarts
from penholder.cli.run.sender import Mend, Sender
from penholder.cli.run.session import Attempted, NotStarted, Session, Started, Timing
from penholder.cli.run.starting import command_that_tells
from penholder.cli.run.telling import name_of, words_that_fit
from penholder.cli.run.variables import Variables
from penholder.cli.run.watcher import Watched, Watcher
from penholder.cli.terminal import failures, fences
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.workers.asked import Asked
from penholder.cli.workers.served import socket_of
from penholder_protocol.errors import PenholderError, WorkerNotFound
from penholder_protocol.nouns import Fence, Worker

PATIENCE_S = 1.0
"""Of one attempt; a call is tried again as long as the session goes on."""
_AWAY = (PenholderError, ConnectionLost, DaemonUnreachable)


class Keeper(Protocol):
    """Who is told how far a runner is, so that another can go on where it was killed."""

    def guarded(self, pid: int) -> None:
        """A guard is there, who ends the command by itself."""

    def started(self, number: int, pid: int) -> None:
        """The command was started for the nth time."""

    def ended(self, code: int) -> None:
        """The command has ended, and what there is to say of that will be said."""


class Nobody:
    """In the place of a keeper where there is none."""

    def guarded(self, pid: int) -> None:
        """Need not know."""

    def started(self, number: int, pid: int) -> None:
        """Need not know."""

    def ended(self, code: int) -> None:
        """Need not know."""


class Talk(NamedTuple):
    """Who talks with the command, and what that needs."""

    partner: Partner
    cancel: Callable[[int], None]
    """Ends what the command is at; see Watcher."""
    sent: Callable[[int, str], None]
    """Hears what is sent to the worker; see Watcher."""
    mend: Mend
    facts: dict[str, object]
    """What the first event says beside the command."""


class Seated(msgspec.Struct, frozen=True):
    """A worker whose seat this process has."""

    worker: Worker
    runtime_epoch: int
    before: int
    """The journal's position from before there was the worker."""
    fence: Fence | None
    """The proof of ownership that it was made with, if that holds on."""
    control_path: str


class Runner:
    """The command of one worker, over all its starts."""

    def __init__(
        self,
        arguments: Arguments,
        options: Options,
        variables: Variables,
        inbox: Inbox,
        seated: Seated,
        client: Client,
        keeper: Keeper | None = None,
        talk: Talk | None = None,
    ) -> None:
        """Take a seat, and the client of the worker's own socket.

        With `talk` the command's stdin and stdout are for who speaks its protocol.
        """
        self._talk = talk
        self._arguments = arguments
        self._options = options
        self._inbox = inbox
        self._seated = seated
        self._client = client
        self._keeper = keeper or Nobody()
        self._connect = partial(Client, operation=options.operation)
        worker = seated.worker
        own = {"PENHOLDER_SOCKET": socket_of(worker), "PENHOLDER_WORKER_ID": worker.worker_id}
        self._marks = [f"{name}={value}" for name, value in own.items()]
        environment = {**variables.stored, **variables.passed, **own}
        self._start = Start(arguments.argv, environment, worker.cwd)
        self._facts = _facts(arguments, variables, worker) | ({} if talk is None else talk.facts)
        runtime_dir = Path(os.path.abspath(seated.control_path)).parent
        self._terminal: PtyTerminal | None = None
        if arguments.pty:
            self._terminal = PtyTerminal(own_terminal(is_quiet=arguments.quiet))
        self._endpoint = reaching.make(path_of(runtime_dir, worker.worker_id), inbox)

    def run(
        self, number: int = 1, before: Attempted | None = None, *, is_revived: bool = False
    ) -> int:
        """Start it and stay until its end; see Session.run. Returns the exit code."""
        self._be_reachable()
        self._inbox.catch_suspension()
        watcher = self._watch()
        try:
            return self._see_through(number, before, is_revived=is_revived)
        finally:
            watcher.close()
            self._endpoint.close()
            if self._terminal is not None:
                self._terminal.close()

    def _be_reachable(self) -> None:
        if self._terminal is None:
            pty_serving.serve_none(self._endpoint)
        else:
            self._terminal.serve(self._endpoint)
        try:
            self._endpoint.start()
        except OSError as error:
            # The command runs all the same; who wants to reach it is told that nobody answers.
            self._tell(f"people's words cannot reach the command: {error}")
            return
        told = {"runtime_pid": None, "runtime_socket": str(self._endpoint.path)}
        # What is refused for good the session will hear as well, and decide what comes of it.
        with suppress(*_AWAY):
            self._client.call("worker.set_endpoint", told, Worker)

    def _watch(self) -> Watcher:
        worker, epoch = self._seated.worker, self._seated.runtime_epoch
        watched = Watched(worker.controller_id, worker.worker_id, epoch, self._seated.before)
        client = self._connect(self._seated.control_path, reconnect_s=PATIENCE_S)
        cancel, sent = (None, None) if self._talk is None else (self._talk.cancel, self._talk.sent)
        # In the background it is quiet, too: nobody sits there.
        asked = None if self._arguments.quiet else Asked(client, worker, self._note)
        watcher = Watcher(
            client, watched, self._inbox.stop, self._inbox.broken, cancel, sent, asked
        )
        watcher.start()
        return watcher

    def _see_through(self, number: int, before: Attempted | None, *, is_revived: bool) -> int:
        arguments = self._arguments
        session = Session(
            self._begin,
            self._facts,
            self._inbox,
            self._sender,
            Timing(arguments.kill_after_s, arguments.give_up_s),
            Restarts(arguments.restart),
            (None, None) if arguments.quiet else (1, 2),
            terminal=self._terminal,
            partner=self._partner,
            tell=self._tell,
            note=self._note,
        )
        last = session.run(number, before, is_revived=is_revived)
        code = self._report(session.error, last)
        if session.is_unread:
            code = 128 + signal.SIGPIPE
        elif session.is_uncopied:
            code = code or 1
        self._keeper.ended(code)
        return code

    @property
    def _partner(self) -> Partner | None:
        return None if self._talk is None else self._talk.partner

    def _sender(self, backlog: Backlog, done: Callable[[Exception | None], None]) -> Sender:
        mend = None if self._talk is None else self._talk.mend
        return Sender(self._client, backlog, self._is_stopped, done, self._tell, mend)

    def _begin(self, number: int) -> Started:
        guard = None if self._arguments.keep else self._make_guard()
        try:
            command = Command(self._start, guard, self._terminal, self._partner)
        except GuardGone:
            raise NotStarted("the guard of the command has ended", CANNOT_RUN) from None
        except OSError as error:
            if guard is not None:
                guard.release()
            raise self._not_started(error) from None
        self._keeper.started(number, command.pid)
        if guard is not None:
            guard.keep(command.group)
        return Started(command, partial(self._left_behind, guard), partial(_release, guard))

    def _not_started(self, error: OSError) -> NotStarted:
        argv, cwd = self._start.argv, self._start.cwd
        if error.filename == cwd:
            return NotStarted(f"cannot enter {cwd}: {error.strerror}", CANNOT_RUN)
        message = f"cannot run {name_of(argv)}: {error.strerror}"
        return NotStarted(message, code_of_failed_start(argv, error, cwd))

    def _make_guard(self) -> Guard:
        control = os.path.abspath(self._seated.control_path)
        worker_id = self._seated.worker.worker_id
        tell = command_that_tells(control, worker_id, "process.guarded", self._options)
        fence = self._seated.fence
        # What stands there is the caller's, and need not be what the worker was made with.
        environment = {k: v for k, v in os.environ.items() if k != fences.VARIABLE}
        if fence is not None:
            environment[fences.VARIABLE] = f"{fence.epoch}:{fence.token}"
        kill_after_s = self._arguments.kill_after_s
        try:
            guard = Guard(kill_after_s, self._marks, control, tell, environment)
        except OSError as error:
            raise NotStarted(f"cannot start a guard: {error.strerror}", CANNOT_RUN) from None
        self._keeper.guarded(guard.pid)
        return guard

    def _left_behind(self, guard: Guard | None) -> list[Left]:
        return left_behind(self._marks, () if guard is None else (guard.pid,))

    def _report(self, error: Exception | None, last: Attempted) -> int:
        """Say what went wrong; returns the exit code."""
        if last.failure is not None:
            _say(Failure(last.failure), self._arguments)
        if error is None:
            return last.how.code
        _say(error, self._arguments)
        # What the daemon refused outweighs how the command ended.
        is_refused = isinstance(error, PenholderError)
        return failures.exit_code(error) if is_refused or not last.how.code else last.how.code

    def _tell(self, what: str) -> None:
        _say(Failure(what), self._arguments)

    def _note(self, what: str) -> None:
        # Programs read errors alone there, and hear of this by the worker's stream.
        if not self._arguments.json:
            self._tell(what)

    def _is_stopped(self) -> bool:
        """Tell whether the daemon is there and the worker's socket will not be."""
        asked = {"worker_id": self._seated.worker.worker_id}
        with self._connect(self._seated.control_path, reconnect_s=0) as control:
            try:
                worker = control.call("worker.get", asked, Worker, timeout_s=PATIENCE_S)
            except WorkerNotFound:
                return True
            except (*_AWAY, TimeoutError):
                return False
            return worker.state == "stopped"


def _release(guard: Guard | None) -> None:
    if guard is not None:
        guard.release()


def _say(error: Exception, arguments: Arguments) -> None:
    # A terminal whose keys are lent goes down a line at `\n`, and not to its begin.
    end = b"\r\n" if arguments.pty and sys.stderr.isatty() else b"\n"
    failures.report(error, as_json=bool(arguments.json), command="penholder run", end=end)


def _facts(arguments: Arguments, variables: Variables, worker: Worker) -> dict[str, object]:
    """Return what the first event says of a command, from which another one can be made."""
    words = words_that_fit(arguments.argv)
    more = {} if arguments.restarted_from is None else {"restarted_from": arguments.restarted_from}
    return {
        **words.fields(),
        "cwd": worker.cwd,
        "env": variables.names,
        "restart": arguments.restart,
        "kill_after_s": arguments.kill_after_s,
        "keep": arguments.keep,
        "pty": arguments.pty,
        **more,
    }
