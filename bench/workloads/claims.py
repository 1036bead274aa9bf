"""Runners that claim tasks of one queue, each task once."""

from functools import partial

from bench.clients import claims
from bench.limits import Broken
from bench.measuring import WARM_UP_SECONDS, measure
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import RunningDaemon, running_daemon
from bench.workloads.run import Run
from penholder_protocol.nouns import NewQueueTask

WORKLOAD = "claims"
_RUNNERS = (1, 8)
_MOST_A_SECOND = 4_000
"""More than are claimed; a queue that runs dry fails the run."""
_SUBMITTED_AT_ONCE = 1_000


def main(run: Run) -> None:
    """Claim a task of a queue, complete it, claim the next; counted are the tasks."""
    with running_daemon() as daemon:
        for runners in _RUNNERS:
            name = Name(WORKLOAD, f"runners: {runners}", "Penholder")
            for number in range(run.rounds):
                _round(run, daemon, name, f"q{runners}.{number}", runners)
            show_round(run.results, [name])


def _round(run: Run, daemon: RunningDaemon, name: Name, queue: str, runners: int) -> None:
    _fill(daemon, queue, int(_MOST_A_SECOND * (run.seconds + 2 * WARM_UP_SECONDS)))
    path = str(daemon.directory / "control.sock")
    clients = [partial(claims.make_turn, path, queue, f"r{number}") for number in range(runners)]
    load = measure(clients, 1, run.seconds, daemon.cpu_seconds)
    by_state = daemon.control.queue.stats(queue=queue).by_state
    if by_state.get("completed") != sum(load.acknowledged) or "running" in by_state:
        raise Broken(f"{sum(load.acknowledged)} tasks were completed, the queue says {by_state}")
    run.results.add(name, load.figures)


def _fill(daemon: RunningDaemon, queue: str, tasks: int) -> None:
    new = [NewQueueTask(tenant_id="t", project_id="p", queue=queue)] * _SUBMITTED_AT_ONCE
    for _ in range(0, tasks, _SUBMITTED_AT_ONCE):
        daemon.control.queue.submit_many(tasks=new)
