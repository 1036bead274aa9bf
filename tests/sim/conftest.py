"""What decides a simulated run: its seeds (few in `make test`, many in `make soak`), and trio."""

import pytest
from trio._core import _run as trio_run

from tests.helpers import soak


@pytest.fixture
def seeds() -> range:
    """Give the seeds to run."""
    return range(soak.many(20, 2000))


@pytest.fixture
def deterministic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have trio schedule in an order that the seed decides."""
    monkeypatch.setattr(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)
