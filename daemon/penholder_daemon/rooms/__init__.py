"""Floor 2: one room a domain, with its methods, its SQL and its rules.

Rooms reach each other only through the other's door, never in a circle; `all_rooms` lists them in
the order of the documentation. A new room is added there and nowhere else.
"""

from penholder_daemon.core.registry import Registry, Room
from penholder_daemon.rooms import (
    backends,
    events,
    handoffs,
    jobs,
    journal,
    messages,
    rpc,
    runners,
    runtime,
    tasks,
    transactions,
)
from penholder_daemon.rooms import restored as daemon
from penholder_daemon.rooms.approvals import methods as approvals
from penholder_daemon.rooms.board import boards, briefs, workstreams
from penholder_daemon.rooms.commands import methods as commands
from penholder_daemon.rooms.controllers import methods as controllers
from penholder_daemon.rooms.queue import reading as queue
from penholder_daemon.rooms.runs import methods as runs
from penholder_daemon.rooms.sessions import methods as sessions
from penholder_daemon.rooms.state import methods as state
from penholder_daemon.rooms.workers import methods as workers


def all_rooms() -> list[Room]:
    """Return every room."""
    return [
        rpc.room,
        transactions.room,
        journal.room,
        controllers.room,
        workers.room,
        runtime.room,
        events.room,
        approvals.room,
        handoffs.room,
        tasks.room,
        messages.room,
        state.room,
        runs.room,
        commands.room,
        runners.room,
        jobs.room,
        backends.room,
        sessions.room,
        queue.room,
        boards.room,
        workstreams.room,
        briefs.room,
        daemon.room,
    ]


def build_registry() -> Registry:
    """Collect every method of every room."""
    return Registry(all_rooms())
