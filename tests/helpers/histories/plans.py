"""What goes wrong in a run, and in which order: drawn from a seed, the same each time."""

import random
from dataclasses import dataclass
from enum import Enum

DAEMONS = 3


class Kind(Enum):
    """What can go wrong."""

    KILL = "a daemon is killed and started again"
    FREEZE = "a daemon stands still for longer than a transaction may be silent"
    STOP_SERVER = "the server is stopped and started again"
    CRASH_SERVER = "the server crashes and is started again"
    CRASH_AT_COMMIT = "the server crashes while a commit is on its way to it"
    CUT_ALL = "the server ends all connections"
    CUT_BEFORE_COMMIT = "connections are cut just before a commit reaches the server"
    CUT_AFTER_COMMIT = "connections are cut just after a commit has reached the server"
    STALL_AT_COMMIT = "a commit is on its way for longer than a transaction may last"
    KILL_AFTER_COMMIT = "a daemon is killed when its commit has just reached the server"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, once."""

    kind: Kind
    daemon: int
    calls_before: int
    """How many calls are to be answered first."""


@dataclass(frozen=True)
class Plan:
    """All that goes wrong in one run."""

    seed: int
    faults: tuple[Fault, ...]
    ahead_seconds: tuple[int, ...]
    """How far the wall clock of each daemon is ahead."""


def draw(seed: int, rounds: int) -> Plan:
    """Draw a plan in which each kind comes once a round."""
    drawn = random.Random(seed)
    faults: list[Fault] = []
    for _ in range(rounds):
        kinds = list(Kind)
        drawn.shuffle(kinds)
        faults += [Fault(kind, drawn.randrange(DAEMONS), drawn.randrange(10, 80)) for kind in kinds]
    ahead = [0, 3600, -3600]
    drawn.shuffle(ahead)
    return Plan(seed, tuple(faults), tuple(ahead))
