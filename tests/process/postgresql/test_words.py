"""Words that wait, over an outage of the store: it is said, and they go on."""

from collections.abc import Callable

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.postgresql import Server
from tests.helpers.programs import Running
from tests.helpers.waiting import until

WORDS = ("wait w", "logs -f w", "tail", "watch")
AWAY, BACK = "penholder: the daemon cannot reach its store: ", "penholder: the store is back"


@pytest.fixture
def begin(daemon: DaemonProcess, request: pytest.FixtureRequest) -> Callable[[], list[Running]]:
    """Start every word that waits; they are ended with the test."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w")

    def begin() -> list[Running]:
        made = [Running(daemon, *words.split()) for words in WORDS]
        for each in made:
            request.addfinalizer(each.clean_up)
        return made

    return begin


def _await_followers(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        until(lambda: control.call("daemon.status")["subscriptions"] == len(WORDS))


def test_who_waits_is_told_of_an_outage_and_of_its_end(
    daemon: DaemonProcess, server: Server, begin: Callable[[], list[Running]]
) -> None:
    running = begin()
    _await_followers(daemon)
    server.stop()
    for each in running:
        assert each.error_line().startswith(AWAY)
    server.start()
    for each in running:
        assert each.error_line() == BACK
        assert each.process.poll() is None


def test_who_begins_amid_one_goes_on_when_it_is_over(
    daemon: DaemonProcess, server: Server, begin: Callable[[], list[Running]]
) -> None:
    server.stop()
    running = begin()
    for each in running:
        assert each.error_line().startswith(AWAY)
    server.start()
    for each in running:
        assert each.error_line() == BACK
    _await_followers(daemon)
