"""Several daemons on one database keep their promises, whatever happens to them and their server.

A run is drawn from its seed, the timing of threads aside. With this file,
`PENHOLDER_SOAK=1 pytest -k 'together[7]'` tries the seventh again.
"""

import pytest

from tests.helpers import soak
from tests.helpers.histories import judging, plans, runs
from tests.helpers.postgresql import Server

_SEEDS = soak.many(1, 24)
_ROUNDS = soak.many(1, 2)
_LONG_EVERY = 8


def _frozen_seconds(seed: int) -> float:
    """Longer than a transaction may be silent; now and then much longer."""
    return 60.0 if soak.IS_ASKED_FOR and seed % _LONG_EVERY == 0 else 2.5


@pytest.mark.parametrize("seed", range(1, _SEEDS + 1))
def test_daemons_keep_their_promises_together(seed: int, server: Server, url: str) -> None:
    plan = plans.draw(seed, _ROUNDS)
    print(f"seed {seed}: {[each.kind.name for each in plan.faults]}")
    history = runs.history_of(plan, server, url, _frozen_seconds(seed))
    print(
        f"{len(history.appends)} appends, {len(history.reads)} reads, {len(history.holds)} holds,"
        f" {len(history.completions)} completions"
    )
    faults = judging.faults(history)
    assert not faults, "\n".join([f"seed {seed}:", *faults])
