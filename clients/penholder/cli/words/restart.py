"""`penholder restart`: a command begun anew, in its worker while that lives, else in another."""

from collections.abc import Sequence

import msgspec

from penholder.blocking import Client
from penholder.cli.run import again, asking, command
from penholder.cli.run.asking import NoRunner, RunnerRefused
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, UNREACHABLE, Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import acting, afar, frame
from penholder.cli.workers.endings import is_living
from penholder_protocol.nouns import Worker


class _Restarted(msgspec.Struct):
    attempt: int


def run(words: Sequence[str]) -> int:
    """Carry out `penholder restart words…`; returns the exit code."""
    parser = frame.parser(
        "restart",
        "NAME …",
        "Start commands anew, at once.",
        ["penholder restart api", "penholder restart make-1"],
        "Of a worker that lives the command is ended (SIGTERM, SIGKILL after its --kill-after-s)"
        " and started again: the worker and its stream stay. In place of one that has ended"
        " another is made, of the same name, command, directory and policy. A variable that was"
        " passed on by its name (--env NAME) is taken from here. What ran on another host of the"
        " store is begun there alone, unless --here is said.",
    )
    frame.add_names(parser, several=True)
    parser.add_argument(
        "--here", action="store_true", help="begin here what has ended on another host"
    )
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)

    def act(client: Client, worker: Worker) -> Worker:
        if is_living(worker) and _restart(client, worker):
            return worker
        if not found.here:
            afar.require_here(client, worker, "restart")
        return _make_again(client, worker, options)

    with frame.connected(options) as client:
        return acting.on_each("restart", client, found.names, options, act, found.controller)


def _restart(client: Client, worker: Worker) -> bool:
    """Have the runner start its command again; False where it has ended meanwhile."""
    asking.wake(worker)
    try:
        asking.ask(worker, _Restarted, kind="restart")
    except (NoRunner, RunnerRefused) as error:
        now = client.worker.get(worker_id=worker.worker_id)
        if not is_living(now):
            return False
        raise _refusal(client, now, error) from None
    return True


def _refusal(client: Client, worker: Worker, error: Exception) -> Failure:
    why, code = str(error), NOT_IN_THIS_STATE
    if afar.is_elsewhere(worker):
        way = afar.way(client, worker, f"restart {worker.worker_id}")
        why = f"it runs on {afar.host_of(client, worker)}; {way}"
    if afar.is_away(worker):
        why, code = f"{afar.host_of(client, worker)}, where it runs, is not heard of", UNREACHABLE
    return Failure(f"{printable(worker.label)} cannot be restarted: {why}", code)


def _make_again(client: Client, worker: Worker, options: Options) -> Worker:
    return command.detached(again.arguments_of(client, worker), options)
