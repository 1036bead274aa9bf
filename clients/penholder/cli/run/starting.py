"""A worker for the command: made, seated, and taken back where that is cut short.

Whatever comes between (a signal, a refusal, a daemon that goes away), no worker is left that waits
for a process which will never come: it is stopped, which needs no proof of ownership.

The hard case is the answer that is lost. The worker was made or it was not, and if it was, its id
is not known here. So the making has one idempotency key from the start: asked for again under it,
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
from penholder.cli.terminal import fences
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Attachment, CurrentPosition, Fence, Worker

Connect = Callable[..., Client]
_RETIRE_S = 5.0
_AWAY = (ConnectionLost, DaemonUnreachable, TimeoutError)


class Seated(msgspec.Struct, frozen=True):
    """A worker whose seat this process has."""

    worker: Worker
    runtime_epoch: int
    before: int
    """The journal's position from before there was the worker."""
    fence: Fence | None
    """The proof of ownership that it was made with, if that holds on."""


class Registration:
    """The making of one worker; `take` makes it, `retire` takes it back."""

    def __init__(self, arguments: Arguments, options: Options, connect: Connect) -> None:
        """Take what was said; raises Failure where the working directory cannot be told."""
        self._options = options
        self._connect = connect
        self._path: str | None = None
        self._worker: Worker | None = None
        self._fence: Fence | None = None
        self._params: dict[str, object] = {
            "controller_id": arguments.controller,
            "label": arguments.label,
            "launcher": arguments.launcher,
            "profile": arguments.profile,
            "cwd": working_directory(),
            "start": "starting",
            # Made again under its key, a worker whose answer was lost can be told by its id.
            "idempotency_key": uuid4().hex,
        }
        if arguments.worker_id is not None:
            self._params["worker_id"] = arguments.worker_id

    def take(self, control: Client, path: str) -> Seated:
        """Make the worker and take its seat."""
        before = control.call("journal.position", {}, CurrentPosition).pos
        with fences.held(control, self._options, self._params) as fence:
            # Before the call: from here on there may be a worker, whatever becomes of the answer.
            self._path, self._fence = path, fence
            try:
                self._worker = self._create(control)
            except PenholderError:
                self._path = None  # refused, so there is nothing to take back
                raise
        with self._connect(self._worker.socket_path) as client:
            epoch = client.call("runtime.attach", {}, Attachment).runtime_epoch
            worker = client.call("worker.transition", {"to": "running"}, Worker)
        # A takeover for the making alone is over: what it owned with proves nothing any more.
        is_held = self._options.save or not self._options.take_over
        return Seated(worker, epoch, before, fence if is_held else None)

    def _create(self, control: Client, timeout_s: float | None = None) -> Worker:
        params = {**self._params, "fence": self._fence}
        return control.call("worker.create", params, Worker, timeout_s=timeout_s)

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
        with self._connect(worker.socket_path, reconnect_s=0) as client:
            try:
                client.call("runtime.detach", farewell, Worker, timeout_s=_RETIRE_S)
            except (PenholderError, *_AWAY):
                return False
        return True


def working_directory() -> str:
    """Return the directory that the command will run in; raises Failure where there is none."""
    try:
        path = os.getcwd()
    except OSError as error:
        raise Failure(
            f"the working directory cannot be told ({error.strerror}): it was removed, or may not"
            " be read; change into another one"
        ) from None
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise Failure(
            f"the working directory {shown} has a name that is not UTF-8, which no worker can have;"
            " change into another one"
        ) from None
    return path


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
