"""Going on with an agent that has nobody to run it any more.

One that was not stopped (its runner and its keeper were killed, or its program ended in error) goes
on in the same worker: its seat is empty, its stream, its session and its questions are there. One
that was stopped stays stopped, and another worker goes on with its session, or with what was handed
over.
"""

import os
from functools import partial

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import handing, history, launchers, starting
from penholder.cli.agent.launchers import Chosen
from penholder.cli.agent.starting import Wanted
from penholder.cli.agent.worktrees import Place
from penholder.cli.run import detaching, naming
from penholder.cli.run.detaching import Program
from penholder.cli.run.starting import Made
from penholder.cli.terminal import targets
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.workers import endings, stream
from penholder_protocol.nouns import Fence, Worker

LIVES = 6
GO_ON = "Go on with what you were doing."


class _Chosen(msgspec.Struct):
    model: str | None = None
    mode: str | None = None


class _Started(msgspec.Struct):
    agent: _Chosen = msgspec.field(default_factory=_Chosen)
    place: Place | None = None


def go_on(
    client: Client, worker: Worker, prompt: str | None, fence: Fence | None, options: Options
) -> Worker:
    """Have an agent go on; returns its worker, the same or a new one."""
    if endings.is_living(worker):
        name = printable(worker.label)
        raise Failure(
            f"{name} lives: process {worker.runtime_pid} has it; penholder agent send {name} gives"
            f" it more to do, penholder stop {name} ends it",
            LIVES,
        )
    chosen = launchers.choose(worker.launcher.removeprefix(starting.LAUNCHER))
    if worker.state == "stopped":
        return _anew(client, chosen, worker, prompt, options)
    return _again(client, chosen, worker, prompt, fence, options)


def _anew(
    client: Client, chosen: Chosen, worker: Worker, prompt: str | None, options: Options
) -> Worker:
    before = history.read(client, worker.worker_id, 0)
    wanted = _wanted(client, worker)
    wanted.session_id = before.session_id
    wanted.prompt = _handed_over(client, worker, prompt or GO_ON)
    wanted.name = worker.label if naming.is_name(worker.label) else None
    wanted.restarted_from = worker.worker_id
    return starting.start(chosen, wanted, options)


def _again(
    client: Client,
    chosen: Chosen,
    worker: Worker,
    prompt: str | None,
    fence: Fence | None,
    options: Options,
) -> Worker:
    wanted = _wanted(client, worker)
    latest = client.event.latest(worker_id=worker.worker_id)
    pos = client.journal.position().pos
    program = Program(
        starting.RUNNER,
        partial(starting.told_of, chosen, wanted, options, since_pos=0),
        after_seq=0 if latest is None else latest.event_seq,
    )
    arguments = starting.arguments_of(chosen, wanted)
    made = Made(worker, pos, fence)
    control_path = str(targets.choose(options).path)
    detaching.detach(arguments, options, starting.variables_of(chosen), made, control_path, program)
    # Not before: who was refused has asked for nothing.
    if prompt is not None:
        about = {"worker_id": worker.worker_id, "kind": "text", "data": {"text": prompt}}
        client.call("worker.send", {**about, "fence": fence})
    starting.wait_for_session(worker, options, pos)
    return worker


def _wanted(client: Client, worker: Worker) -> Wanted:
    """Return what was chosen when it was started."""
    kept = _Started()
    for entry in stream.entries(client, [stream.of_worker(worker.worker_id)], ["process.started"]):
        kept = msgspec.json.decode(entry.data, type=_Started)
        break
    if not os.path.isdir(worker.cwd):
        raise Failure(
            f"the directory of {printable(worker.label)} is gone: {printable(worker.cwd)}"
        )
    return Wanted(
        cwd=worker.cwd,
        controller=worker.controller_id,
        model=kept.agent.model,
        mode=kept.agent.mode,
        place=kept.place,
    )


def _handed_over(client: Client, worker: Worker, prompt: str) -> str:
    """Add to a prompt what was handed over, if anything was."""
    latest = client.handoff.latest(worker_id=worker.worker_id)
    if latest is None:
        return prompt
    try:
        text = handing.read(latest.handoff_path)
    except OSError as error:
        raise Failure(
            f"cannot read what was handed over: {error.filename}: {error.strerror}"
        ) from None
    return f"{prompt}\n\nThis was handed over to you:\n\n{text}"
