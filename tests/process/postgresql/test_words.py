"""Words over several hosts, and over an outage of the store."""

from collections.abc import Callable

import psycopg
import pytest

from tests.helpers.daemon_process import DaemonProcess, MakeDaemon, make_worker
from tests.helpers.postgresql import Server
from tests.helpers.programs import Running, penholder
from tests.helpers.waiting import until

WORDS = ("wait w", "logs -f w", "tail", "watch")
AWAY, BACK = "penholder: the daemon cannot reach its store: ", "penholder: the store is back"


@pytest.fixture
def begin(daemon: DaemonProcess, request: pytest.FixtureRequest) -> Callable[[], list[Running]]:
    """Start every word that waits, with nothing to say by itself; they are ended with the test."""
    with daemon.connect() as control:
        worker = make_worker(control, worker_id="w")
        # Who follows one without any output is told why there is none.
        control.call("event.append", worker_id=worker, type="output", data={"text": ""})

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


def test_an_end_that_was_left_for_a_host_that_is_away_comes_when_it_is_back(
    make_daemon: MakeDaemon, url: str
) -> None:
    there, here = make_daemon(), make_daemon()
    there.start()
    here.start()
    assert penholder(there, "run", "-d", "--name", "far", "--", "sleep", "600").code == 0
    signaled = penholder(here, "kill", "-s", "HUP", "far")
    assert signaled.code == 1
    assert "on that machine `penholder kill -s HUP" in signaled.err
    assert penholder(here, "send", "far", "hi").code == 0
    there.kill()
    with psycopg.connect(url, autocommit=True) as other, here.connect() as control:
        other.execute("UPDATE penholder.leases SET deadline_ms = 0 WHERE subject LIKE 'host:%'")
        until(lambda: "expired" in {each["state"] for each in control.call("host.list")["items"]})
    stopped = penholder(here, "stop", "far")
    assert (stopped.code, stopped.out) == (12, "")
    assert "its command may still run" in stopped.err
    there.start()
    assert penholder(here, "wait", "far").code == 143
