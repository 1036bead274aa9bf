"""A command in the background: its orders written, its parent found, its start waited for.

Its parent is a keeper: below the user's systemd where a manager answers, so that a logout does not
end it and nothing can escape it, else a process of its own. What it needs to know goes by a file
that only this user can read and that the keeper removes: not by words, which everybody can read.

Who waits sees the command start in the worker's stream, as everybody does.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from penholder import paths
from penholder.blocking import Client
from penholder.cli.daemon_process import outliving
from penholder.cli.run import apart, unit
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.endpoint import make_private
from penholder.cli.run.inbox import Interrupted
from penholder.cli.run.keeper import Orders
from penholder.cli.run.kept import Plan
from penholder.cli.run.starting import Made
from penholder.cli.run.variables import Variables
from penholder.cli.terminal import silence
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.fences import VARIABLE as FENCE_VARIABLE
from penholder.cli.terminal.options import Options
from penholder.cli.workers import waiting
from penholder_protocol.errors import WorkerNotFound
from penholder_protocol.nouns import Event, Page, Worker

CONFLICT = 4
_START_S = 60.0
_LOOK_MS = 500
_RUNNER = "penholder.cli.run.kept"
_START = "import sys; from {} import main; sys.exit(main())"
_KEEPER = apart.program("penholder.cli.run.keeper")
_FAILED = "process.failed"
_FIRST = ("process.started", _FAILED)


class NotKept(Failure):
    """No parent could be found, or it did not come so far as to start the command."""


class Program(NamedTuple):
    """Which runner a keeper starts: the module whose `main` it is, and what it is told more."""

    module: str = _RUNNER
    wrap: Callable[[Plan], object] = msgspec.to_builtins
    """Makes what the runner is told, as plain JSON, of the plan for the command."""
    after_seq: int | None = None
    """Up to where the worker's stream is of runs before; None for a worker that was just made."""


PLAIN = Program()


def detach(
    arguments: Arguments,
    options: Options,
    variables: Variables,
    made: Made,
    control_path: str,
    program: Program = PLAIN,
) -> None:
    """Have the command of a worker run in the background; returns when it does.

    Raises Failure with 126 or 127 where it cannot be started, NotKept where nobody came to try.
    """
    worker_id = made.worker.worker_id
    state_dir = Path(options.state_dir or paths.default_state_dir()).absolute()
    log = state_dir / "runners" / f"{worker_id}.log"
    orders = Path(control_path).absolute().parent / "runners" / f"{worker_id}.start"
    try:
        make_private(log.parent)
        make_private(orders.parent)
        plan = _plan(arguments, options, variables, made, control_path)
        held = _write(orders, _orders(plan, program, log))
    except OSError as error:
        raise NotKept(f"{error.filename}: {error.strerror}") from None
    try:
        keeper = _start(arguments, worker_id, orders)
        try:
            _wait_until_it_runs(made.worker, control_path, keeper, log, program.after_seq)
        except (NotKept, Interrupted):
            # Its worker is taken back; a unit's runner sees that, and so would this one's, later.
            if keeper is not None:
                keeper.terminate()
            raise
    finally:
        # The keeper has removed it, unless there was none.
        orders.unlink(missing_ok=True)
        os.close(held)


def _plan(
    arguments: Arguments, options: Options, variables: Variables, made: Made, control_path: str
) -> Plan:
    return Plan(
        arguments=msgspec.structs.replace(arguments, quiet=True, json=False),
        options=Options(
            state_dir=options.state_dir and os.path.abspath(options.state_dir),
            operation=options.operation,
        ),
        stored=variables.stored,
        passed=variables.passed,
        worker=made.worker,
        before=made.before,
        fence=made.fence,
        control_path=os.path.abspath(control_path),
    )


def _orders(plan: Plan, program: Program, log: Path) -> Orders:
    umask = os.umask(0o077)
    os.umask(umask)
    return Orders(
        log=str(log),
        program=[sys.executable, "-P", "-c", _START.format(program.module)],
        environment=outliving.belonging_to_none(
            {k: v for k, v in os.environ.items() if k != FENCE_VARIABLE}
        ),
        umask=umask,
        patience_s=plan.arguments.kill_after_s,
        keep=plan.arguments.keep,
        run=program.wrap(plan),
    )


def _write(path: Path, orders: Orders) -> int:
    """Write orders, and hold the file: two at once would start two runners for one worker.

    Held it is by a lock, which goes with its holder. That the file is there says nothing: who is
    killed in between leaves it behind. Returns the descriptor.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise NotKept("another program starts it at this moment", CONFLICT) from None
    with open(descriptor, "w", closefd=False) as file:
        file.truncate()
        json.dump(orders._asdict(), file)
    return descriptor


def _start(arguments: Arguments, worker_id: str, orders: Path) -> "subprocess.Popen[bytes] | None":
    """Start the keeper; returns its process where it is one of our own."""
    words = [*_KEEPER, str(orders)]
    # A unit ends all that is left in it, and so does not suit a command that is to go on.
    if not arguments.keep and unit.start(worker_id, arguments.kill_after_s, words):
        return None
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=outliving.environment(apart.environment()),
            start_new_session=True,
        )
    except OSError as error:
        raise NotKept(f"no keeper can be started: {error.strerror}") from None


def _wait_until_it_runs(
    worker: Worker,
    control_path: str,
    keeper: "subprocess.Popen[bytes] | None",
    log: Path,
    after_seq: int | None,
) -> None:
    deadline = time.monotonic() + _START_S
    with silence.attended(control_path) as control:
        while True:
            # Before the stream is read: what was said before it ended is then in there.
            is_gone = keeper is not None and keeper.poll() is not None
            # One that had ended before still looks so until the seat is taken again.
            is_new = after_seq is None
            is_over = is_gone or (is_new and _has_ended(control, worker.worker_id))
            first = _first_event(control, worker.worker_id, after_seq or 0)
            if first is not None:
                break
            if is_over:
                raise NotKept(f"the runner ended before its command was started; {_said(log)}")
            if time.monotonic() > deadline:
                raise NotKept(f"the command does not run after {_START_S:.0f} s; {_said(log)}")
        if first.type == _FAILED:
            # Its runner ends of itself, and who is told that it failed finds that it has.
            waiting.until_ended(control, worker.worker_id, worker.controller_id)
    if keeper is not None:
        keeper.returncode = 0  # it outlives this program, which need not complain of that
    if first.type == _FAILED:
        failed = msgspec.json.decode(first.data, type=_Failed)
        raise Failure(failed.error, failed.code)


class _Failed(msgspec.Struct):
    error: str
    code: int


def _first_event(control: Client, worker_id: str, after_seq: int) -> Event | None:
    asked = {
        "worker_id": worker_id, "after_seq": after_seq, "types": _FIRST, "limit": 1,
        "timeout_ms": _LOOK_MS,
    }  # fmt: skip
    found = control.call("event.wait", asked, Page[Event]).items
    return found[0] if found else None


def _has_ended(control: Client, worker_id: str) -> bool:
    try:
        worker = control.call("worker.get", {"worker_id": worker_id}, Worker)
    except WorkerNotFound:
        return True
    return worker.state in ("stopped", "error") and worker.recovery_state != "attached"


def _said(log: Path) -> str:
    with suppress(OSError):
        last = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
        return f"{log} says: {last[0]}" if last else f"see {log}"
    return "it said nothing"
