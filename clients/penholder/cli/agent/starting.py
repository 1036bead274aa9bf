"""An agent in the background: its worker made, its first prompt sent, its session waited for.

The prompt is sent to the worker like any later one, before there is a runner. So it is on disk
before anything is started, it comes to the agent once, and it stands in nobody's argv.
"""

import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from penholder import paths
from penholder.blocking import Client
from penholder.cli.agent import told, worktrees
from penholder.cli.agent.kept import AgentPlan
from penholder.cli.agent.launchers import Chosen
from penholder.cli.agent.settings import Settings
from penholder.cli.agent.worktrees import Place, Worktree
from penholder.cli.commands import up
from penholder.cli.run import command, variables
from penholder.cli.run.arguments import Arguments
from penholder.cli.run.command import Beside
from penholder.cli.run.detaching import Program
from penholder.cli.run.kept import Plan
from penholder.cli.run.naming import Naming, base_of
from penholder.cli.run.starting import Made, working_directory
from penholder.cli.run.variables import Variables
from penholder.cli.terminal import silence
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.workers import scope, waiting
from penholder_protocol import __version__
from penholder_protocol.errors import ControllerNotFound, PenholderError
from penholder_protocol.nouns import Entry, Worker

RUNNER = "penholder.cli.agent.kept"
LAUNCHER = "agent "
"""What the launcher of an agent's worker begins with; the launcher's name follows."""
ENDED_BADLY = 22
_FIRST = (told.OPENED, told.FAILED, "process.failed", "process.exited")
_LOOK_MS = 1000


class Wanted(msgspec.Struct):
    """What is to be started, as it was said."""

    prompt: str | None = None
    name: str | None = None
    cwd: str | None = None
    controller: str | None = None
    model: str | None = None
    mode: str | None = None
    session_id: str | None = None
    answer_within_s: float | None = None
    turn_within_s: float | None = None
    restarted_from: str | None = None
    worktree: str | None = None
    """Its branch, empty for one that is called after the agent; None for no worktree."""
    place: Place | None = None
    cancel_grace_s: float = 10.0
    open_within_s: float = 60.0
    ask_again_s: float = 60.0


def is_agent(worker: Worker) -> bool:
    """Tell whether a worker is an agent that was started here."""
    return worker.launcher.startswith(LAUNCHER)


def require(worker: Worker) -> None:
    """Refuse what only agents can be told."""
    if not is_agent(worker):
        raise Failure(
            f"{printable(worker.label)} ({worker.worker_id}) is no agent: it was started by"
            f" {printable(worker.launcher)}"
        )


def start(chosen: Chosen, wanted: Wanted, options: Options) -> Worker:
    """Start an agent, and return its worker when its session takes prompts."""
    if wanted.worktree is not None:
        return _start_apart(chosen, wanted, options)
    if wanted.place is None:
        wanted.place = worktrees.place_of(Path(working_directory(wanted.cwd)))
    return _start(chosen, wanted, options)


def _start_apart(chosen: Chosen, wanted: Wanted, options: Options) -> Worker:
    """Start an agent in a worktree, which is called as the agent is."""
    directory = Path(working_directory(wanted.cwd))
    name = wanted.name or _free_name(chosen, wanted, options)
    state_dir = Path(options.state_dir or paths.default_state_dir()).absolute()
    made = Worktree(directory, state_dir, name, wanted.worktree or None)
    made.make()
    wanted.name, wanted.cwd, wanted.place = name, str(made.directory), made.place
    try:
        return _start(chosen, wanted, options)
    except (Failure, PenholderError):
        # Only where nothing has been done in it: git refuses else, and what it says is no help.
        with suppress(Failure):
            made.take_back()
        raise


def _free_name(chosen: Chosen, wanted: Wanted, options: Options) -> str:
    up.ensure(options)
    with command.control(options) as client:
        controller_id = wanted.controller or scope.directory_controller(client).controller_id
        with suppress(ControllerNotFound):
            return Naming(client, controller_id, None, chosen.name).choose()
    return f"{base_of(chosen.name)}-1"


def _start(chosen: Chosen, wanted: Wanted, options: Options) -> Worker:
    program = Program(RUNNER, partial(told_of, chosen, wanted, options))
    beside = Beside(variables_of(chosen), program, partial(_send, wanted.prompt, options))
    worker = command.detached(arguments_of(chosen, wanted), options, beside)
    wait_for_session(worker, options)
    return worker


def arguments_of(chosen: Chosen, wanted: Wanted) -> Arguments:
    """Return the run of an agent's program."""
    return Arguments(
        argv=list(chosen.launcher.command),
        called=chosen.name,
        controller=wanted.controller,
        name=wanted.name,
        launcher=f"{LAUNCHER}{chosen.name}",
        cwd=wanted.cwd,
        restart=chosen.launcher.restart,
        detach=True,
        restarted_from=wanted.restarted_from,
    )


def variables_of(chosen: Chosen) -> Variables:
    """Return what the launcher names: the values of neither are stored, as they may be secrets."""
    launcher = chosen.launcher
    missing = [name for name in launcher.pass_env if name not in os.environ]
    if missing:
        raise Failure(
            f"launcher {printable(chosen.name)!r} passes {', '.join(map(printable, missing))}, and"
            " there is no such variable here; set it and try again"
        )
    given = {**{name: os.environ[name] for name in launcher.pass_env}, **launcher.env}
    for name, value in given.items():
        variables.check(name, value)
    return Variables({}, given)


def told_of(
    chosen: Chosen, wanted: Wanted, options: Options, plan: Plan, since_pos: int | None = None
) -> object:
    """Return what its runner is told; `since_pos` is where its worker's stream begins."""
    launcher = chosen.launcher
    state_dir = Path(options.state_dir or paths.default_state_dir()).absolute()
    settings = Settings(
        launcher=chosen.name,
        cwd=plan.worker.cwd,
        since_pos=plan.before if since_pos is None else since_pos,
        version=__version__,
        sessions_dir=str(state_dir / "runners" / "sessions"),
        place=wanted.place,
        protocol=launcher.protocol,
        model=wanted.model or launcher.model,
        mode=wanted.mode or launcher.mode,
        answers=launcher.answers,
        session_id=wanted.session_id,
        answer_within_s=wanted.answer_within_s,
        turn_within_s=wanted.turn_within_s,
        cancel_grace_s=wanted.cancel_grace_s,
        open_within_s=wanted.open_within_s,
        ask_again_s=wanted.ask_again_s,
    )
    return msgspec.to_builtins(AgentPlan(plan, settings))


def _send(prompt: str | None, options: Options, made: Made, control_path: str) -> None:
    if prompt is None:
        return
    about = {"worker_id": made.worker.worker_id, "fence": made.fence}
    with silence.attended(control_path, options.operation) as control:
        control.call("worker.send", {**about, "kind": "text", "data": {"text": prompt}})


def wait_for_session(worker: Worker, options: Options, after: int = 0) -> None:
    """Wait until the agent takes prompts; raises Failure where it does not come to that."""
    with command.control(options) as client:
        first = _first(client, worker, after)
    if first is None or first.type != told.OPENED:
        raise Failure(f"{printable(worker.label)}: {_why(first)}", ENDED_BADLY)


def _first(client: Client, worker: Worker, after: int) -> Entry | None:
    stream = [f"worker:{worker.worker_id}"]
    while True:
        found = client.journal.wait(
            streams=stream, types=list(_FIRST), after=after, limit=1, timeout_ms=_LOOK_MS
        )
        if found.items:
            return found.items[0]
        after = found.pos
        now = waiting.find(client, worker.worker_id)
        if now is None or waiting.has_ended(now):
            return None


class _Reason(msgspec.Struct):
    reason: str | None = None
    error: str | None = None


def _why(entry: Entry | None) -> str:
    said = None
    if entry is not None:
        found = msgspec.json.decode(entry.data, type=_Reason)
        said = found.reason or found.error
    return printable(said or "the agent ended before it had opened a session")
