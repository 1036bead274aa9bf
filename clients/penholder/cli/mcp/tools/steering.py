"""Workers of one's own: started, sent to, ended, begun anew."""

import time
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from penholder import DaemonUnreachable
from penholder.cli.attach import dialing
from penholder.cli.mcp import saying
from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import whom
from penholder.cli.mcp.tools.base import Name, Params
from penholder.cli.mcp.tools.overview import brief
from penholder.cli.run import asking
from penholder.cli.run.asking import NoRunner, RunnerRefused
from penholder.cli.workers import names, waiting
from penholder.cli.workers.endings import is_living
from penholder_protocol.errors import Fenced
from penholder_protocol.nouns import Fence, Worker

_ENDS_WITHIN_S = 15.0
_LOOK_MS = 1000
_RUNNER_S = 10.0
_GOES_ON = "its process goes on; wait for its end, or stop it with kill: true"
_AFAR = "its process is on another host, whose daemon ends it when it answers; wait for that"


class StartWorker(Params):
    """Params of start_worker."""

    command: Annotated[
        list[str],
        Meta(min_length=1, max_length=1000, description="The program and its arguments; no shell."),
    ]
    name: Annotated[
        str | None,
        Meta(description="1 to 64 of A-Za-z0-9._-, no living worker's; made if left out."),
    ] = None
    cwd: Annotated[str | None, Meta(description="Where it runs; default: this directory.")] = None
    env: Annotated[
        dict[str, str],
        Meta(description="Variables, kept with the worker where others can read them."),
    ] = msgspec.field(default_factory=dict)
    pass_env: Annotated[
        list[str],
        Meta(description="Names of this server's own variables to pass on; so for secrets."),
    ] = msgspec.field(default_factory=list)
    restart: Annotated[
        Literal["never", "on-failure", "always"],
        Meta(description="Whether it is started again when it has ended."),
    ] = "never"
    pty: Annotated[bool, Meta(description="Give it a terminal, for programs that want one.")] = (
        False
    )


def start_worker(job: Job, params: StartWorker) -> dict[str, object]:
    """Start a command in the background as a worker of the held controller."""
    words = ["run", "-d", "--restart", params.restart]
    for flag, value in (("--name", params.name), ("--cwd", params.cwd)):
        if value is not None:
            words.append(f"{flag}={value}")
    if params.pty:
        words.append("--pty")
    variables = [f"{name}={value}" for name, value in params.env.items()]
    words += [f"--env={each}" for each in (*variables, *params.pass_env)]
    _ensure_daemon(job)
    held = job.desk.holding.controller_id(job.client)
    with job.desk.holding.fenced(job.client) as fence:
        told = saying.say(job, [*words, f"--controller={held}"], ["--", *params.command], fence)
    worker = msgspec.json.decode(told, type=Worker)
    return brief(job.client.worker.get(worker_id=worker.worker_id))


def _ensure_daemon(job: Job) -> None:
    """Start a daemon where there is none, as `penholder run` does."""
    try:
        job.client.rpc.ping()
    except DaemonUnreachable:
        saying.say(job, ["up"], [])
        job.renew()


class SendToWorker(Params):
    """Params of send_to_worker."""

    worker: Name
    text: Annotated[str, Meta(min_length=1, description="What it is to be told.")]


def send_to_worker(job: Job, params: SendToWorker) -> dict[str, object]:
    """Type a text into a worker's terminal, or put it into its post, for when it asks for input."""
    worker = whom.own(job, params.worker)
    told: dict[str, object] = {"worker_id": worker.worker_id, "name": worker.label}
    with job.desk.holding.fenced(job.client) as fence:
        if _type(job, worker, params.text, fence):
            return {**told, "note": "typed into its terminal, and Enter"}
        sent = job.client.worker.send(
            worker_id=worker.worker_id, kind="text", data={"text": params.text}, fence=fence
        )
    return {**told, "seq": sent.seq, "note": "it takes this when it next asks for input"}


def _type(job: Job, worker: Worker, text: str, fence: Fence) -> bool:
    """Type a text, if the worker has a terminal."""
    if worker.runtime_socket is None or not is_living(worker):
        return False
    # The runner knows nothing of fences, so the daemon is asked first.
    valid = job.client.controller.validate(
        controller_id=worker.controller_id, epoch=fence.epoch, token=fence.token
    )
    if not valid.valid:
        raise _fenced(job, worker.controller_id)
    try:
        dialing.type_text(worker, text, enter=True)
    except (NoRunner, dialing.NoTerminal):
        return False
    except dialing.Refused as error:
        raise ToolFailure("FAILED", f"nothing was typed: {error}") from None
    return True


def _fenced(job: Job, controller_id: str) -> Fenced:
    held = job.desk.holding.describe(job.client)
    return Fenced(
        f"process {held.owner_pid} owns controller {controller_id} now, under epoch {held.epoch}",
        controller_id=controller_id,
        current_epoch=held.epoch,
    )


class StopWorker(Params):
    """Params of stop_worker."""

    worker: Name
    kill: Annotated[
        bool, Meta(description="SIGKILL at once, in place of SIGTERM and some patience.")
    ] = False


class _Done(msgspec.Struct):
    ok: bool


def stop_worker(job: Job, params: StopWorker) -> dict[str, object]:
    """End a worker for good, and wait a little for that."""
    worker = whom.own(job, params.worker)
    with job.desk.holding.fenced(job.client) as fence:
        if not (params.kill and _kill(worker)):
            job.client.worker.stop(worker_id=worker.worker_id, force=params.kill, fence=fence)
            asking.wake(worker)
    return _brief(_wait_ended(job, worker), worker)


def _kill(worker: Worker) -> bool:
    """Have a worker's runner kill its command; False where the daemon has to do it."""
    if not is_living(worker):
        return False
    asking.wake(worker)
    try:
        asking.ask(worker, _Done, timeout_s=_RUNNER_S, kind="kill")
    except (NoRunner, TimeoutError):
        return False
    except RunnerRefused:
        pass  # it has ended by itself, and is about to say so
    return True


def _wait_ended(job: Job, worker: Worker) -> Worker | None:
    """Return a worker when its seat is empty, or as it is when that takes too long."""
    deadline = time.monotonic() + _ENDS_WITHIN_S
    after = job.client.journal.position().pos
    while True:
        now = waiting.find(job.client, worker.worker_id)
        if now is None or not is_living(now) or time.monotonic() > deadline:
            return now
        found = job.client.journal.wait(
            streams=[f"controller:{worker.controller_id}"],
            types=list(waiting.ENDS),
            after=after,
            timeout_ms=_LOOK_MS,
        )
        after = found.pos


def _brief(now: Worker | None, before: Worker) -> dict[str, object]:
    if now is None:
        return {"worker_id": before.worker_id, "name": before.label, "removed": True}
    told = brief(now)
    if is_living(now):
        told["note"] = _AFAR if now.socket_path is None else _GOES_ON
    return told


class RestartWorker(Params):
    """Params of restart_worker."""

    worker: Name


def restart_worker(job: Job, params: RestartWorker) -> dict[str, object]:
    """Begin a worker's command anew: in its place, or in another's if it has ended."""
    worker = whom.own(job, params.worker)
    with job.desk.holding.fenced(job.client) as fence:
        saying.say(job, ["restart"], [worker.worker_id], fence)
    same = waiting.find(job.client, worker.worker_id)
    if same is not None and is_living(same):
        return brief(same)
    return brief(names.resolve(job.client, worker.label, worker.controller_id))
