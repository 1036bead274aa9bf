"""`penholder run` from its words to the exit code, in the foreground."""

import os
import sys
from collections.abc import Sequence
from functools import partial

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.commands import up
from penholder.cli.run import detaching, variables
from penholder.cli.run.arguments import Arguments, parse
from penholder.cli.run.inbox import Inbox, Interrupted
from penholder.cli.run.running import PATIENCE_S, Runner, Seated
from penholder.cli.run.starting import Connect, Made, Registration, sit
from penholder.cli.terminal import failures, targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder_protocol.errors import PenholderError


def run(words: Sequence[str]) -> int:
    """Carry out `penholder run words…`; returns the exit code."""
    return begin(*parse(words))


def begin(arguments: Arguments, options: Options) -> int:
    """Make a worker and run its command, here or in the background; returns the exit code."""
    inbox = Inbox()
    # Before there is a worker: a signal that came amid its making would leave it behind.
    inbox.catch_signals()
    named = variables.read(arguments.env, os.environ)
    connect = partial(Client, operation=options.operation)
    registration = Registration(arguments, options, named, connect)
    try:
        with inbox.interruptible():
            up.ensure(options)
            made = _make(registration, options)
            control_path = str(targets.choose(options).path)
            if arguments.detach:
                detaching.detach(arguments, options, named, made, control_path)
                print(made.worker.label)
                return 0
            seated = _sit(made, connect, control_path)
    except detaching.NotKept as error:
        registration.retire(f"could not be started: {error}")
        raise
    except Interrupted as signaled:
        registration.retire(str(signaled))
        _report(Failure(str(signaled)), arguments)
        return 128 + signaled.number
    except (PenholderError, ConnectionLost, DaemonUnreachable) as error:
        registration.retire(f"could not be started: {error}")
        raise
    if sys.stderr.isatty() and not arguments.quiet:
        print(f"penholder run: worker {seated.worker.worker_id}", file=sys.stderr)
    with connect(seated.worker.socket_path, reconnect_s=PATIENCE_S) as client:
        return Runner(arguments, options, named, inbox, seated, client).run()


def _make(registration: Registration, options: Options) -> Made:
    target = targets.choose(options)
    with targets.connect(target, options.operation) as control:
        return registration.make(control, str(target.path))


def _sit(made: Made, connect: Connect, control_path: str) -> Seated:
    with connect(made.worker.socket_path) as client:
        epoch = sit(client)
    return Seated(made.worker, epoch, made.before, made.fence, control_path)


def _report(error: Exception, arguments: Arguments) -> None:
    failures.report(error, as_json=bool(arguments.json), command="penholder run")
