"""`penholder run` from what was said to the exit code."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.commands import up
from penholder.cli.run import detaching, variables
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.child import has_keys
from penholder.cli.run.detaching import Program
from penholder.cli.run.inbox import Inbox, Interrupted
from penholder.cli.run.running import PATIENCE_S, Runner, Seated
from penholder.cli.run.starting import Connect, Made, Registration, sit
from penholder.cli.run.variables import Variables
from penholder.cli.terminal import output, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.workers.served import socket_of
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Worker


def begin(arguments: Arguments, options: Options) -> int:
    """Make a worker and run its command, here or in the background; returns the exit code."""
    if arguments.detach:
        worker = detached(arguments, options)
        if arguments.json:
            output.print_json(msgspec.json.encode(worker))
        else:
            print(printable(worker.label))
        return 0
    inbox = Inbox()
    # Before there is a worker: a signal that came amid its making would leave it behind.
    inbox.catch_signals()
    start = _Start(arguments, options)
    with start.taken_back(inbox):
        made, control_path = start.make()
        seated = _sit(made, start.connect, control_path)
    if sys.stderr.isatty() and not arguments.quiet:
        worker = seated.worker
        shown = f"{printable(worker.label)} ({worker.worker_id})"
        # Said at once: who types to it would else wait for an answer, or wonder why it has ended.
        deaf = "" if arguments.pty or not has_keys() else "; it gets no keys: --pty for a terminal"
        print(f"penholder run: worker {shown}{deaf}", file=sys.stderr)
    with start.connect(socket_of(seated.worker), reconnect_s=PATIENCE_S) as client:
        return Runner(arguments, options, start.variables, inbox, seated, client).run()


class Beside(NamedTuple):
    """What a command in the background has that no plain one has."""

    variables: Variables
    """In place of those of the command line."""
    program: Program
    """Its runner."""
    is_made: Callable[[Made, str], None]
    """Called when there is a worker, with the control socket, before its command is started."""


def detached(arguments: Arguments, options: Options, beside: Beside | None = None) -> Worker:
    """Run a command in the background; returns its worker, as it was made, when it runs."""
    inbox = Inbox()
    inbox.catch_signals()
    start = _Start(arguments, options, None if beside is None else beside.variables)
    program = detaching.PLAIN if beside is None else beside.program
    try:
        with start.taken_back(inbox):
            made, control_path = start.make()
            if beside is not None:
                beside.is_made(made, control_path)
            detaching.detach(arguments, options, start.variables, made, control_path, program)
    finally:
        inbox.close()
    return made.worker


@contextmanager
def control(options: Options) -> Iterator[Client]:
    """Yield a client of the control socket."""
    with targets.connect(targets.choose(options), options.operation) as client:
        yield client


class _Start:
    """The making of a worker, taken back where it is cut short."""

    def __init__(
        self, arguments: Arguments, options: Options, given: Variables | None = None
    ) -> None:
        self._options = options
        self.variables = given or variables.read(arguments.env, os.environ)
        self.connect: Connect = partial(Client, operation=options.operation)
        self._registration = Registration(arguments, options, self.variables, self.connect)

    def make(self) -> tuple[Made, str]:
        """Make the worker, and a daemon where there is none."""
        up.ensure(self._options)
        target = targets.choose(self._options)
        with targets.connect(target, self._options.operation) as control:
            return self._registration.make(control, str(target.path)), str(target.path)

    @contextmanager
    def taken_back(self, inbox: Inbox) -> Iterator[None]:
        """Take the worker back where the block is ended by a signal, or fails."""
        try:
            with inbox.interruptible():
                yield
        except Interrupted as signaled:
            self._registration.retire(str(signaled))
            raise Failure(str(signaled), 128 + signaled.number) from None
        except (detaching.NotKept, PenholderError, ConnectionLost, DaemonUnreachable) as error:
            self._registration.retire(f"could not be started: {error}")
            raise


def _sit(made: Made, connect: Connect, control_path: str) -> Seated:
    with connect(socket_of(made.worker)) as client:
        epoch = sit(client)
    return Seated(made.worker, epoch, made.before, made.fence, control_path)
