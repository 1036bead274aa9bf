"""How many seeds a run tries: few in `make test`, many in `make soak`."""

import os

import pytest


@pytest.fixture
def seeds() -> range:
    """Give the seeds to run; PENHOLDER_SOAK asks for many."""
    return range(2000 if os.environ.get("PENHOLDER_SOAK") else 20)
