"""A worker for the command: made, seated, and taken back where that is cut short.

Whatever comes between (a signal, a refusal, a daemon that goes away), no worker is left that waits
for a process which will never come: it is stopped, which needs no proof of ownership.

The hard case is the answer that is lost. The worker was made or it was not, and if it was, its id
is not known here. So each making has one idempotency key from the start: asked for again under it,
the daemon tells the id of the worker that there is, and only then it can be stopped. If there is
none it is made now, only to be stopped. What was refused has made none, and there is nothing to
take back.

The seat may be taken as well by then. So it is given up first, which stops the worker too; where
there is no seat to give up, the control socket stops it.

The position of the journal is asked for before anything else: who watches the worker from there on
misses nothing that is done to it.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.naming import Naming
from penholder.cli.run.variables import Variables
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.workers import ownership, scope
from penholder.cli.workers.served import socket_of
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Attachment, CurrentPosition, Fence, Worker

Connect = Callable[..., Client]
_RETIRE_S = 5.0
_AWAY = (ConnectionLost, DaemonUnreachable, TimeoutError)
_MOST_NAMES_TRIED = 100


class Made(msgspec.Struct, frozen=True):
    """A worker that nobody sits for yet."""

    worker: Worker
    before: int
    """The journal's position from before there was the worker."""
    fence: Fence | None
    """The proof of ownership that it was made with, if that holds on."""


class Registration:
    """The making of one worker; `make` makes it, `retire` takes it back."""

    def __init__(
        self, arguments: Arguments, options: Options, variables: Variables, connect: Connect
    ) -> None:
        """Take what was said; raises Failure where the working directory cannot be told."""
        self._arguments = arguments
        self._options = options
        self._connect = connect
        self._control_path = ""
        self._path: str | None = None
        """Where what was made is taken back; None while nothing was."""
        self._worker: Worker | None = None
        self._fence: Fence | None = None
        self._params: dict[str, object] = {
            "launcher": arguments.launcher,
            "profile": arguments.profile,
            "cwd": working_directory(arguments.cwd),
            "env": variables.stored,
            "start": "starting",
        }
        if arguments.worker_id is not None:
            self._params["worker_id"] = arguments.worker_id

    def make(self, control: Client, path: str) -> Made:
        """Make the worker."""
        before = control.call("journal.position", {}, CurrentPosition).pos
        controller_id = self._controller(control)
        self._params["controller_id"] = controller_id
        with ownership.held(control, self._options, controller_id) as proof:
            self._control_path, self._fence = path, proof.fence
            worker = self._create_named(control, controller_id)
        # A takeover for the making alone is over: what it owned with proves nothing any more.
        return Made(worker, before, proof.fence if proof.lasts else None)

    def _controller(self, control: Client) -> str:
        if self._arguments.controller is not None:
            return self._arguments.controller
        found = scope.directory_controller(control)
        scope.ensure(control, found)
        return found.controller_id

    def _create_named(self, control: Client, controller_id: str) -> Worker:
        said = self._arguments
        if said.label is not None:
            return self._create_as(control, said.label)
        naming = Naming(control, controller_id, said.name, said.called or said.argv[0])
        for _ in range(_MOST_NAMES_TRIED):
            worker = self._create_as(control, naming.choose())
            is_kept = False
            try:
                is_kept = naming.is_kept(worker.worker_id, worker.label)
            finally:
                if not is_kept:
                    self._remove(control, worker)
            if is_kept:
                return worker
        raise Failure("no name could be had: others took each one first; say one with --name")

    def _create_as(self, control: Client, label: str) -> Worker:
        # Made again under its key, a worker whose answer was lost can be told by its id.
        self._params |= {"label": label, "idempotency_key": uuid4().hex}
        # Before the call: from here on there may be a worker, whatever becomes of the answer.
        self._path, self._worker = self._control_path, None
        try:
            self._worker = self._create(control)
        except PenholderError:
            self._path = None  # refused, so there is nothing to take back
            raise
        return self._worker

    def _create(self, control: Client, timeout_s: float | None = None) -> Worker:
        params = {**self._params, "fence": self._fence}
        return control.call("worker.create", params, Worker, timeout_s=timeout_s)

    def _remove(self, control: Client, worker: Worker) -> None:
        about = {"worker_id": worker.worker_id, "fence": self._fence}
        control.call("worker.transition", {**about, "to": "stopped"}, Worker)
        control.call("worker.remove", about)
        self._path = self._worker = None

    def retire(self, why: str) -> None:
        """Stop what was made, if anything was, as far as a daemon is there to do so."""
        if self._path is None:
            return
        # As far as it goes: this is the end of a program that has something else to report.
        with suppress(PenholderError, *_AWAY), self._connect(self._path, reconnect_s=1) as control:
            worker = self._worker or self._create(control, _RETIRE_S)
            if not self._leave(worker, why):
                ended = {"worker_id": worker.worker_id, "to": "stopped", "last_error": why}
                control.call("worker.transition", ended, Worker, timeout_s=_RETIRE_S)

    def _leave(self, worker: Worker, why: str) -> bool:
        """Give the seat up, in case it was taken."""
        farewell = {"state": "stopped", "last_error": why}
        with self._connect(socket_of(worker), reconnect_s=0) as client:
            try:
                client.call("runtime.detach", farewell, Worker, timeout_s=_RETIRE_S)
            except (PenholderError, *_AWAY):
                return False
        return True


def sit(client: Client) -> int:
    """Take the seat of the worker whose socket this is, and begin; returns the seat's epoch."""
    epoch = take_seat(client)
    client.call("worker.transition", {"to": "running"}, Worker)
    return epoch


def take_seat(client: Client) -> int:
    """Take the seat of the worker whose socket this is, and stay idle; returns its epoch."""
    return client.call("runtime.attach", {}, Attachment).runtime_epoch


def working_directory(given: str | None = None) -> str:
    """Return the directory that the command will run in; raises Failure where there is none."""
    try:
        path = os.getcwd() if given is None else os.path.realpath(given, strict=True)
    except OSError as error:
        raise _no_directory(given, error) from None
    except ValueError as error:
        raise Failure(f"--cwd {given!r}: {error}") from None
    if given is not None and not (os.path.isdir(path) and os.access(path, os.X_OK)):
        raise Failure(f"--cwd {given}: no directory that can be entered")
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise Failure(
            f"the working directory {shown} has a name that is not UTF-8, which no worker can have;"
            " change into another one"
        ) from None
    return path


def _no_directory(given: str | None, error: OSError) -> Failure:
    if given is not None:
        return Failure(f"--cwd {given}: {error.strerror}")
    return Failure(
        f"the working directory cannot be told ({error.strerror}): it was removed, or may not"
        " be read; change into another one"
    )


def command_that_tells(
    control_path: str, worker_id: str, type_: str, options: Options
) -> list[str]:
    """Return the command that appends an event of the worker, up to its data."""
    words = ["event", "append", "--socket", control_path]
    if options.state_dir is not None:
        words += ["--state-dir", os.path.abspath(options.state_dir)]
    words += ["--worker-id", worker_id, "--type", type_]
    program = "from penholder.cli.main import main; raise SystemExit(main())"
    # -P: the working directory may hold modules of any name. The key is made now, so that the event
    # is appended once, however often the guard tries.
    return [sys.executable, "-P", "-c", program, *words, "--idempotency-key", uuid4().hex, "--data"]
