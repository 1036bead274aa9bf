"""Workers of other hosts: what their own daemons are left to do, and where a word is to be said.

Whatever a daemon does, it does for the workers of all hosts. What needs a process, a terminal or a
runner is done on the worker's machine alone. So a word that needs them says where it is to be said,
never what would be done to another process with the same number on this machine.
"""

import shlex
from contextlib import suppress

from penholder.blocking import Client
from penholder.cli.terminal import configuration
from penholder.cli.terminal.failures import UNREACHABLE, Failure
from penholder.cli.terminal.text import printable
from penholder.cli.workers import hosts, living
from penholder.cli.workers.hosts import Host
from penholder_protocol.nouns import Worker


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


def left_for_it(client: Client, worker: Worker) -> Failure:
    """Say that the end of a command is left for a host that is not heard of."""
    return Failure(
        f"{printable(worker.label)} is {worker.state}, but its command may still run:"
        f" {host_of(client, worker)} is not heard of. Its end is left for that host, where it comes"
        " when the daemon there is back; penholder host list shows whether it is",
        UNREACHABLE,
    )


def _host(client: Client, worker: Worker) -> Host:
    found = hosts.known(client).get(worker.host_id)
    return Host(worker.host_id, worker.host_id) if found is None else found


def _named(host: Host) -> str:
    if host.host_name == host.host_id:
        return f"host {host.host_id}"
    return f"host {printable(host.host_name)} ({host.host_id})"
