"""The models of the rooms beside a real daemon that is killed and started between the calls.

Those that must turn the clock or end processes at will (sessions, seats, approvals) run in
`tests/models` only; of the others the rules that let time pass do.
"""

from collections.abc import Callable

import pytest

from tests.models.daemon_bench import DaemonBench
from tests.models.machine import Machine, MortalBench, live_through
from tests.models.test_model_board import Boards
from tests.models.test_model_controllers import Controllers
from tests.models.test_model_inputs import Inputs
from tests.models.test_model_jobs import Jobs
from tests.models.test_model_messages import Messages
from tests.models.test_model_queue import Queue
from tests.models.test_model_runs import Runs
from tests.models.test_model_state import State
from tests.models.test_model_tasks import Tasks
from tests.models.test_model_workers import Workers

MACHINES = [Boards, Controllers, Inputs, Jobs, Messages, Queue, Runs, State, Tasks, Workers]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_daemon_that_is_killed_agrees_with_the_model(
    machine: Callable[[MortalBench], Machine],
) -> None:
    live_through(lambda: machine(DaemonBench()), histories=2, steps=25)
