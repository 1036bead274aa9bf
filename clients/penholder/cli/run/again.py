"""The command of a worker that has ended, read back from what its first event kept.

What was not kept cannot be run again: words that no event could hold, or that are not UTF-8, and
the values of variables that were passed by name only, which are taken from the caller.
"""

import os
from collections.abc import Iterator

import msgspec

from penholder.blocking import Client
from penholder.cli.run import naming
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.restarts import Policy
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import printable
from penholder.cli.workers import stream
from penholder_protocol.nouns import Entry, Worker

_TYPES = ("process.started", "process.failed")


class _Kept(msgspec.Struct):
    """What the event says, as `running` writes it."""

    argv: list[str]
    cwd: str
    env: list[str]
    restart: Policy
    kill_after_s: float
    keep: bool = False
    pty: bool = False
    argv_cut: dict[str, int] | None = None
    argv_escaped: bool = False
    agent: dict[str, str | None] | None = None


def arguments_of(client: Client, worker: Worker) -> Arguments:
    """Return what makes a worker like this one; raises Failure where that cannot be told."""
    name = printable(worker.label)
    kept = _kept(client, worker)
    if kept is None:
        raise Failure(
            f"{name} ({worker.worker_id}) cannot be run again: nothing is kept of a command that"
            " penholder run started"
        )
    if kept.argv_cut is not None or kept.argv_escaped:
        raise Failure(
            f"{name} cannot be run again: its words were too long to be kept, or not UTF-8; start"
            " it with penholder run"
        )
    if kept.agent is not None:
        raise Failure(
            f"{name} is an agent, which goes on with what it was doing:"
            f" penholder agent continue {worker.worker_id}"
        )
    missing = [each for each in kept.env if each not in worker.env and each not in os.environ]
    if missing:
        raise Failure(
            f"{name} cannot be run again from here: {', '.join(missing)} was passed to it by name"
            " only and is not set here; set it and try again"
        )
    return Arguments(
        argv=kept.argv,
        controller=worker.controller_id,
        # As a name, which no living worker may have, where it can be one.
        name=worker.label if naming.is_name(worker.label) else None,
        label=None if naming.is_name(worker.label) else worker.label,
        launcher=worker.launcher,
        profile=worker.profile,
        cwd=kept.cwd,
        env=[f"{each}={worker.env[each]}" if each in worker.env else each for each in kept.env],
        restart=kept.restart,
        kill_after_s=kept.kill_after_s,
        keep=kept.keep,
        pty=kept.pty,
        detach=True,
        restarted_from=worker.worker_id,
    )


def has_terminal(client: Client, worker: Worker) -> bool | None:
    """Tell whether a worker's command has a terminal; None where nothing is kept of it."""
    kept = _kept(client, worker)
    return None if kept is None else kept.pty


def _kept(client: Client, worker: Worker) -> _Kept | None:
    for entry in _starts(client, worker.worker_id):
        try:
            return msgspec.json.decode(entry.data, type=_Kept)
        except msgspec.MsgspecError:
            # Of an older runner, or of a program of that worker's own.
            continue
    return None


def _starts(client: Client, worker_id: str) -> Iterator[Entry]:
    """Yield all starts that there are, oldest first: each says the same of the command."""
    return stream.entries(client, [stream.of_worker(worker_id)], _TYPES)
