"""What holds for every test: generated examples are the same each time, and never timed.

`make soak` draws new ones each time, and more of them. No daemon reads the user's configuration.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from penholder_daemon.core import kept_answers, places
from tests.helpers import soak, stores
from tests.helpers.harness import Bench

_SLOW_MACHINE = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "test",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=_SLOW_MACHINE,
)
settings.register_profile(
    "soak", deadline=None, max_examples=2000, suppress_health_check=_SLOW_MACHINE
)
settings.load_profile("soak" if soak.IS_ASKED_FOR else "test")

os.environ["PENHOLDER_CONFIG"] = os.devnull


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones: one that is left for the end keeps one processor waiting."""
    items.sort(key=lambda item: not {"process", "models"} & set(item.path.parts))


def pytest_sessionfinish() -> None:
    """Close what tests have left open for the tests after them."""
    stores.close()


@pytest.fixture(autouse=True)
def _notes_are_made_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little on either side of what is noted of where it is, whatever a test writes."""
    monkeypatch.setattr(places, "AT_ONCE", 7)
    monkeypatch.setattr(kept_answers, "AT_ONCE", 3)


@pytest.fixture(autouse=True)
def _stores_are_let_go() -> Iterator[None]:
    """Have what a test has opened used again."""
    with stores.let_go():
        yield


@pytest.fixture(autouse=True)
def _signals_mean_what_they_did() -> Iterator[None]:
    """Leave SIGINT alone: what ignores it here has every program of later tests ignore it."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def bench() -> Bench:
    """Give an empty core with its rooms."""
    return Bench()
