"""Histories of drawn calls, carried out on both stores: every answer and every row is the same."""

import pytest

from tests.helpers import postgresql, soak
from tests.helpers.differing import Pair

CALLS = soak.many(250, 1000)


@pytest.mark.parametrize("seed", range(soak.many(2, 10)))
def test_the_same_calls_are_answered_alike(seed: int) -> None:
    postgresql.require()
    found = list(Pair(seed).differences(CALLS))
    assert not found, "\n".join([f"{len(found)} differ:", *found[:10]])
