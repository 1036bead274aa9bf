"""What every unit test may ask for."""

import pytest

from tests.unit.harness import Bench


@pytest.fixture
def bench() -> Bench:
    """Give an empty core with its rooms."""
    return Bench()
