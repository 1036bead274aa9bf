"""A whole run: daemons, callers, subscribers, what goes wrong, and the history of it all."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.helpers.histories import hosts as hosts_of_a_run
from tests.helpers.histories import scene
from tests.helpers.histories.asking import Asker
from tests.helpers.histories.callers import Caller
from tests.helpers.histories.chaos import Chaos
from tests.helpers.histories.hosts import Host
from tests.helpers.histories.plans import Plan
from tests.helpers.histories.progress import Progress
from tests.helpers.histories.recorded import History
from tests.helpers.histories.subscribers import Subscriber
from tests.helpers.postgresql import Server
from tests.helpers.waiting import until

_CALLERS = 6


def history_of(plan: Plan, server: Server, url: str, frozen_seconds: float) -> History:
    """Carry a plan out and return all that was seen."""
    with hosts_of_a_run.running(server, url, plan.ahead_seconds) as hosts:
        history, progress = History(), Progress()
        _await_all(hosts)
        with hosts[0].connect() as control:
            scene.make(control)
            history.first_states = scene.states(control)
        heard = [Subscriber(f"subscriber of {at}", host) for at, host in enumerate(hosts)]
        chaos = Chaos(server, url, hosts, progress, frozen_seconds)
        _call_meanwhile(plan, hosts, history, progress, chaos)
        _await_all(hosts)
        for daemon, host in enumerate(hosts):
            with host.connect() as control:
                history.finals.append(scene.read_all(daemon, control))
        for each in heard:
            each.end_at(history.finals[0].entries[-1].pos)
        history.told = [each.told() for each in heard]
        return history


def _await_all(hosts: list[Host]) -> None:
    for host in hosts:
        with host.connect() as control:
            until(
                lambda control=control: bool(control.call("daemon.health")["ready"]),  # type: ignore[misc]  # a default cannot be inferred
                "a daemon does not come back",
            )


def _call_meanwhile(
    plan: Plan, hosts: list[Host], history: History, progress: Progress, chaos: Chaos
) -> None:
    numbers = count(1)
    enough = threading.Event()
    with ThreadPoolExecutor() as pool:
        running = []
        for at in range(_CALLERS):
            drawn = random.Random(f"{plan.seed}.{at}")
            asker = Asker(hosts, drawn, progress)
            running.append(pool.submit(Caller(asker, drawn, history, numbers).run, enough))
        try:
            chaos.carry_out(plan)
        finally:
            enough.set()
        for each in running:
            each.result()
