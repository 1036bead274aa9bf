"""Workers of other hosts: what their own daemons are left to do, and where a word is to be said.

Whatever a daemon does, it does for the workers of all hosts. What needs a process, a terminal or a
runner is done on the worker's machine alone. So a word that needs them says where it is to be said,
never what would be done to another process with the same number on this machine.
"""

import shlex
from contextlib import suppress
from datetime import datetime

from penholder.blocking import Client
from penholder.cli.terminal import ages, clock, configuration
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, UNREACHABLE, Failure
from penholder.cli.terminal.text import printable
from penholder.cli.workers import hosts, living
from penholder.cli.workers.hosts import Host
from penholder_protocol.limits import HOST_LEASE_MS
from penholder_protocol.nouns import Worker

_HEARD_WITHIN_S = HOST_LEASE_MS / 1000 / 3 + 5.0
"""A host that is at work renews its lease when a third of it is over."""


def is_elsewhere(worker: Worker) -> bool:
    """Tell whether a worker is of another host than the daemon that was asked."""
    return worker.socket_path is None


def is_away(worker: Worker) -> bool:
    """Tell whether the host of a worker is not heard of."""
    return worker.recovery_state == living.UNREACHABLE


def host_of(client: Client, worker: Worker) -> str:
    """Name the host of a worker for people."""
    return _named(_host(client, worker))


def way(client: Client, worker: Worker, words: str) -> str:
    """Say how a word gets to the machine of a worker; without ssh where nothing leads there."""
    host = _host(client, worker)
    context = None
    with suppress(Failure):  # who cannot read it is told less
        context = configuration.read().context_of(host.host_id, host.host_name)
    if context is None:
        return f"on that machine `penholder {words}` does it"
    return f"`penholder {words} --at {shlex.quote(context)}` does it there"


def require_here(client: Client, worker: Worker, word: str, *, can_move: bool = True) -> None:
    """Refuse to begin here what ran on another host: there are its directory and its environment.

    Raises Failure, which says where it is to be said, and where it `can_move`, what has it begin
    here all the same.
    """
    if not is_elsewhere(worker):
        return
    there = f"it ran on {host_of(client, worker)}"
    if is_away(worker):
        there += ", which is not heard of"
    words = f"{word} {worker.worker_id}"
    here = f"; penholder {words} --here begins it on this machine, in {printable(worker.cwd)}"
    raise Failure(
        f"{printable(worker.label)} is not begun here: {there}; {way(client, worker, words)}"
        f"{here if can_move else ''}",
        UNREACHABLE if is_away(worker) else NOT_IN_THIS_STATE,
    )


def left_for_it(client: Client, worker: Worker) -> Failure:
    """Say that the end of a command is left for a host that is not heard of."""
    return Failure(
        f"{printable(worker.label)} is {worker.state}, but its command may still run:"
        f" {host_of(client, worker)} is not heard of. Its end is left for that host, where it comes"
        " when the daemon there is back; penholder host list shows whether it is",
        UNREACHABLE,
    )


def is_silent(client: Client, worker: Worker) -> bool:
    """Tell whether the host of a worker has let the time pass in which it is to be heard."""
    if not is_elsewhere(worker):
        return False
    return _unheard_s(_host(client, worker), clock.now(client)) > _HEARD_WITHIN_S


def has_to_end_it(client: Client, worker: Worker) -> str:
    """Say whose act an end is, whether that answers, and what comes of it if it does not."""
    host, now = _host(client, worker), clock.now(client)
    unheard_s, left_s = _unheard_s(host, now), ages.seconds_since(host.lease_expires_at, now)
    silence = "" if unheard_s <= _HEARD_WITHIN_S else ", which does not answer"
    left = "" if left_s is None else f" in {ages.duration(-left_s)}"
    return (
        f"that is done by {_named(host)}{silence}: it was last heard of"
        f" {ages.duration(unheard_s)} ago. Where it is not heard of again the end is left for"
        f" it{left}"
    )


def _unheard_s(host: Host, now: datetime) -> float:
    """Return how long ago a host has renewed its lease."""
    gone_s = ages.seconds_since(host.lease_expires_at, now)
    return 0.0 if gone_s is None else max(0.0, HOST_LEASE_MS / 1000 + gone_s)


def _host(client: Client, worker: Worker) -> Host:
    found = hosts.known(client).get(worker.host_id)
    return Host(worker.host_id, worker.host_id) if found is None else found


def _named(host: Host) -> str:
    if host.host_name == host.host_id:
        return f"host {host.host_id}"
    return f"host {printable(host.host_name)} ({host.host_id})"
