"""The models of the rooms beside a real daemon that is killed and started between the calls.

Those that must turn the clock or end processes at will (sessions, controllers, workers, approvals)
run in `tests/unit` only; of the others the rules that let time pass do.
"""

from collections.abc import Callable

import pytest

from tests.process.daemon_bench import DaemonBench
from tests.unit.machine import Machine, MortalBench, drive
from tests.unit.test_model_board import Boards
from tests.unit.test_model_queue import Queue
from tests.unit.test_model_runs import Runs
from tests.unit.test_model_state import State
from tests.unit.test_model_tasks import Tasks


@pytest.mark.parametrize("machine", [Boards, State, Tasks, Queue, Runs])
def test_a_daemon_that_is_killed_agrees_with_the_model(
    machine: Callable[[MortalBench], Machine],
) -> None:
    drive(lambda: machine(DaemonBench()), examples=3, steps=25)
