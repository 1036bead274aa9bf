"""How many seeds a run tries: few in `make test`, many in `make soak`."""

import pytest

from tests.helpers import soak


@pytest.fixture
def seeds() -> range:
    """Give the seeds to run."""
    return range(soak.many(20, 2000))
