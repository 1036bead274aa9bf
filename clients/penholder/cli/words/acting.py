"""Words that do something to several workers, one after the other.

Nothing is done before all names are known. Then all are tried, whatever becomes of one; the exit
code is the first failure's.
"""

import sys
import time
from collections.abc import Callable, Sequence
from math import inf

import msgspec

from penholder.blocking import Client
from penholder.cli.run import asking
from penholder.cli.terminal import failures, output
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import afar, frame
from penholder.cli.workers import names, waiting
from penholder.cli.workers.endings import is_living
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Worker

Act = Callable[[Client, Worker], Worker]
"""Does it to one worker; returns the one that is told of."""
_ENDS = ("runtime.detached", "runtime.exited", "worker.removed")
_STRANGER_S = 10.0
"""What a program that is not `penholder run` gets to end."""
_SILENT_S = 10.0
"""After so long who waits is told for what."""
_LOOK_MS = 1000


def on_each(
    word: str,
    client: Client,
    given: Sequence[str],
    options: Options,
    act: Act,
    controller: str | None,
) -> int:
    """Act on each worker that a NAME means; returns the exit code.

    With --json those that it worked for are one list, as they are afterwards.
    """
    controller_id = frame.controller_of(client, controller)
    code, done = 0, list[Worker]()
    # Before anything is done: a mistyped name must not leave half of it done.
    for worker in names.resolve_all(client, given, controller_id):
        try:
            told = act(client, worker)
            if options.json:
                done.append(waiting.find(client, told.worker_id) or told)
            else:
                print(printable(told.label))
        except (failures.Usage, Failure, PenholderError) as error:
            as_json = bool(options.json)
            failed = failures.report(error, as_json=as_json, command=f"penholder {word}")
            code = code or failed
        sys.stdout.flush()
    if done or (options.json and not code):
        output.print_json(msgspec.json.encode(done))
    return code


def wait_ended(
    client: Client, worker: Worker, after: int, options: Options, *, is_killed: bool = False
) -> None:
    """Wait until nobody has the worker's seat; `after` is the journal's position before.

    A `penholder run` ends by itself, in the time that its command gets. Of another program that is
    not known: raises Failure where it does not, and where its host is not heard of. What there is
    to do meanwhile is said: nothing more where it `is_killed` already.
    """
    patience_s = _STRANGER_S if asking.runner_path(worker) is None else inf
    begun, told = time.monotonic(), ""
    stream, types = [f"controller:{worker.controller_id}"], list(_ENDS)
    while (now := waiting.find(client, worker.worker_id)) is not None and _is_held(now):
        if afar.is_away(now):
            raise afar.left_for_it(client, now)
        waited_s = time.monotonic() - begun
        if waited_s > patience_s:
            raise _goes_on(client, now, is_killed=is_killed)
        if waited_s > _SILENT_S:
            told = _tell_wait(client, now, options, told, is_killed=is_killed)
        found = client.journal.wait(streams=stream, types=types, after=after, timeout_ms=_LOOK_MS)
        after = found.pos


def require_living(worker: Worker) -> None:
    """Refuse what only a living worker can be told."""
    if not is_living(worker):
        raise Failure(
            f"{printable(worker.label)} ({worker.worker_id}) does not run: it is {worker.state}",
            NOT_IN_THIS_STATE,
        )


def _is_held(worker: Worker) -> bool:
    return worker.recovery_state == "attached" or (afar.is_away(worker) and is_living(worker))


def _goes_on(client: Client, worker: Worker, *, is_killed: bool) -> Failure:
    goes_on = f"{printable(worker.label)} is stopped, but its process {worker.runtime_pid} goes on"
    return Failure(f"{goes_on}{_way(client, worker, is_killed=is_killed)}")


def _tell_wait(
    client: Client, worker: Worker, options: Options, told: str, *, is_killed: bool
) -> str:
    """Tell what is waited for, again where the host has fallen silent; returns how it stands."""
    stands = "silent" if afar.is_silent(client, worker) else "waits"
    if stands != told and not options.json:
        name, pid = printable(worker.label), worker.runtime_pid
        way = _way(client, worker, is_killed=is_killed)
        print(f"penholder: waiting for process {pid} of {name} to end{way}", file=sys.stderr)
    return stands


def _way(client: Client, worker: Worker, *, is_killed: bool) -> str:
    """Say what can still be done for an end."""
    if afar.is_elsewhere(worker):
        return f"; {afar.has_to_end_it(client, worker)}"
    if is_killed:
        return ": it was killed, and the kernel has not let go of it yet"
    ends = "ends it" if worker.state == "stopped" else "ends it at once"
    return f"; penholder kill {worker.worker_id} {ends}"
