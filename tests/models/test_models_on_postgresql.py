"""The models of the rooms beside PostgreSQL: what holds on SQLite holds there, over every kill."""

from collections.abc import Callable

import pytest

from tests.helpers import postgresql_programs
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, live_through
from tests.models.test_model import Rooms
from tests.models.test_model_board import BoardsInTime
from tests.models.test_model_controllers import ControllersInTime
from tests.models.test_model_inputs import Inputs
from tests.models.test_model_jobs import JobsInTime
from tests.models.test_model_messages import Messages
from tests.models.test_model_queue import QueueInTime
from tests.models.test_model_runs import RunsInTime
from tests.models.test_model_sessions import Sessions
from tests.models.test_model_state import State
from tests.models.test_model_tasks import TasksInTime
from tests.models.test_model_workers import WorkersInTime

MACHINES = [
    Rooms, BoardsInTime, ControllersInTime, Inputs, JobsInTime, Messages, QueueInTime, RunsInTime,
    Sessions, State, TasksInTime, WorkersInTime,
]  # fmt: skip
"""All but that of blobs, whose bytes are beside the store that is tried here."""


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_in_postgresql_agrees_with_the_model(
    machine: Callable[[FileBench], Machine],
) -> None:
    postgresql_programs.require()
    from tests.models.postgres_bench import PostgresBench

    live_through(lambda: machine(PostgresBench()), histories=2, steps=8)
