"""The guard of a command: it ends the command where its runner could not.

A runner that is killed (SIGKILL, out of memory) cannot end its command any more, and the command
would go on while its worker counts as lost and another one is started beside it. So a second, small
process watches the runner through its pidfd. A parent-death signal would not do: it reaches one
child only, fires when the thread ends that started it, and is lost over setuid.

The guard has a session of its own, so that what is sent to the runner's group or by its terminal
does not reach it. It hears the command's group from the command itself, just before that becomes
its program, so there is no moment at which a command runs unguarded. It runs without site-packages
and imports nothing but the standard library and `group`: it is small, and there at once.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

from penholder.cli.run.group import (
    Crowd,
    Group,
    Scope,
    end,
    fields_of,
    left_behind,
    started_ticks,
    wait_ended,
)

_TELL_AGAIN_S = 1.0
_TELL_TIMES = 300
"""How often it looks whether there is a daemon to be told."""
_MAY_TELL_LATER = frozenset({9, 11, 12})
"""Exit codes of `penholder`: busy, cannot write, no daemon answers."""
_FENCED = 5
_FENCE = "PENHOLDER_FENCE"
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Whoever ends everybody, such as systemd a scope, has the runner end its command first."""
DONE = b"done\n"


class Orders(NamedTuple):
    """What a guard is started with, as JSON in its one argument."""

    runner: int
    """A pidfd that it inherits."""
    runner_pid: int
    patience_s: float
    scope: str | None
    marks: list[str]
    control: str
    """The socket of the daemon that is told."""
    tell: list[str]
    """The command that appends an event; its data is added as the last word."""


def words_of(group: Group) -> bytes:
    """Say a group as a guard is told it."""
    return b"group %d %d %d\n" % group


def announce(leader: int) -> bytes:
    """Say the group of a leader that is there; of a session's leader all of its groups."""
    return words_of(Group(leader, started_ticks(leader), os.getsid(leader) == leader))


def main() -> int:
    """Guard the command of the runner that started this."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    orders = Orders(**json.loads(sys.argv[1]))
    group = _watch(orders)
    if group is None:
        return 0
    crowd: Crowd = Scope(Path(orders.scope)) if orders.scope else group
    how = end(crowd, orders.patience_s)
    left = fields_of(left_behind(orders.marks))
    _tell(orders, {"runner_pid": orders.runner_pid, "signal": how, **left})
    return 0


def _watch(orders: Orders) -> Group | None:
    """Wait for the runner's end; returns the group to end, None if there is none any more."""
    heard = b""
    # The end of the stream comes when the runner is gone and the command is its program: until then
    # the command has the runner's end of the socket too, and says its group.
    while chunk := os.read(0, 4096):
        heard += chunk
        # The group has ended, and its number may be another's: it must not be touched.
        if DONE in heard:
            return None
    # The stream may end a little before the runner has; its pidfd says when it is gone.
    wait_ended(orders.runner)
    words = heard.split()
    return Group(int(words[1]), int(words[2]), words[3] == b"1") if words else None


def _tell(orders: Orders, data: dict[str, object]) -> None:
    """Append the event, as soon as there is a daemon that takes it."""
    argv = [*orders.tell, json.dumps(data)]
    # A copy: a proof of ownership that no longer holds is taken out of it.
    environment = dict(os.environ)
    for _ in range(_TELL_TIMES):
        # Asked first: a look costs less than a program that finds nobody.
        if _answers(orders.control):
            # As a program, not as a call: the guard imports no client, and is small for as long as
            # it waits.
            pid = os.posix_spawn(argv[0], argv, environment)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code == _FENCED and _FENCE in environment:
                # The owner has gone since. Where there is none, no proof is needed.
                del environment[_FENCE]
                continue
            if code not in _MAY_TELL_LATER:
                return
        time.sleep(_TELL_AGAIN_S)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
