"""Floor 2: one room a domain, with its methods, its SQL and its rules.

A room is a file while all that it has is methods that nobody else needs; else it is a folder with
`methods` and `records`, each a file or a folder. Methods may use any room's records. Records may
use other rooms' records, in no circle, and never methods. `all_rooms` lists the rooms in the order
of the documentation; a new one is added there and nowhere else.
"""

from penholder_daemon.core.registry import Registry, Room
from penholder_daemon.rooms.approvals.methods import room as approvals_room
from penholder_daemon.rooms.blobs import room as blobs_room
from penholder_daemon.rooms.board.methods.boards import room as boards_room
from penholder_daemon.rooms.board.methods.briefs import room as briefs_room
from penholder_daemon.rooms.board.methods.workstreams import room as workstreams_room
from penholder_daemon.rooms.controllers.methods import room as controllers_room
from penholder_daemon.rooms.daemon.methods import room as daemon_room
from penholder_daemon.rooms.events import room as events_room
from penholder_daemon.rooms.handoffs.methods import room as handoffs_room
from penholder_daemon.rooms.hosts.methods import room as hosts_room
from penholder_daemon.rooms.inputs.methods import room as inputs_room
from penholder_daemon.rooms.journal import room as journal_room
from penholder_daemon.rooms.messages.methods import room as messages_room
from penholder_daemon.rooms.queue.methods import room as queue_room
from penholder_daemon.rooms.rpc import room as rpc_room
from penholder_daemon.rooms.runs.methods.backends import room as backends_room
from penholder_daemon.rooms.runs.methods.commands import room as commands_room
from penholder_daemon.rooms.runs.methods.jobs import room as jobs_room
from penholder_daemon.rooms.runs.methods.runners import room as runners_room
from penholder_daemon.rooms.runs.methods.runs import room as runs_room
from penholder_daemon.rooms.runtime.methods import room as runtime_room
from penholder_daemon.rooms.sessions.methods import room as sessions_room
from penholder_daemon.rooms.state.methods import room as state_room
from penholder_daemon.rooms.tasks import room as tasks_room
from penholder_daemon.rooms.transactions import room as transactions_room
from penholder_daemon.rooms.workers.methods import room as workers_room


def all_rooms() -> list[Room]:
    """Return every room."""
    return [
        rpc_room,
        transactions_room,
        journal_room,
        hosts_room,
        controllers_room,
        workers_room,
        runtime_room,
        events_room,
        blobs_room,
        inputs_room,
        approvals_room,
        handoffs_room,
        tasks_room,
        messages_room,
        state_room,
        runs_room,
        commands_room,
        runners_room,
        jobs_room,
        backends_room,
        sessions_room,
        queue_room,
        boards_room,
        workstreams_room,
        briefs_room,
        daemon_room,
    ]


def build_registry() -> Registry:
    """Collect every method of every room."""
    return Registry(all_rooms())
